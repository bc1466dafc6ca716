//! One log a process, appended to by the process itself and kept from growing without end.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::error::{At as _, DemoError};

/// A log longer than this is moved to `NAME.log.1`.
const LONGEST: u64 = 8 << 20;
const EVERY: Duration = Duration::from_secs(5);
const TAIL: u64 = 2_000;

/// Opens a log for appending.
///
/// # Errors
/// When it cannot be opened.
pub fn open(path: &Path) -> Result<File, DemoError> {
    File::options().append(true).create(true).mode(0o600).open(path).at("cannot open", path)
}

/// Adds a line.
///
/// # Errors
/// When it cannot be written.
pub fn append(path: &Path, line: &str) -> Result<(), DemoError> {
    open(path)?.write_all(format!("{line}\n").as_bytes()).at("cannot write", path)
}

/// The last lines, as far as there are any.
pub fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(12);
    lines.iter().skip(from).map(|line| format!("    {line}\n")).collect()
}

/// Bounds every log of a folder, for as long as it is awaited.
pub async fn keep_short(folder: &Path) {
    loop {
        tokio::time::sleep(EVERY).await;
        // Bounding is tidying: what fails now is tried again in a moment, and nothing depends on it.
        let _ = shorten(folder, LONGEST);
    }
}

/// The writers hold their logs open, so a long one is copied and then emptied in place; they append from its start.
fn shorten(folder: &Path, longest: u64) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_log = path.extension().is_some_and(|extension| extension == "log");
        if is_log && path.metadata()?.len() > longest {
            fs::copy(&path, path.with_extension("log.1"))?;
            File::options().write(true).open(&path)?.set_len(0)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_moves_aside_and_its_writer_goes_on() {
        let folder = std::env::temp_dir().join(format!("marquee-logs-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("redis.log");
        let mut writer = open(&path).unwrap();
        writer.write_all(&[b'x'; 200]).unwrap();
        shorten(&folder, 100).unwrap();
        writer.write_all(b"after\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after\n");
        assert_eq!(fs::metadata(folder.join("redis.log.1")).unwrap().len(), 200);
        assert_eq!(tail(&path), "    after\n");
        fs::remove_dir_all(&folder).unwrap();
    }
}
