//! One supervisor for a state folder.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};

use crate::error::{At as _, DemoError};
use crate::files;
use crate::layout::Layout;

/// A supervisor that was just killed holds its lock until the kernel has cleared it away.
const PATIENCE: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Holds the folder for as long as it lives; the kernel lets go when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the state folder, making it where there is none.
    ///
    /// # Errors
    /// [`DemoError::AlreadyRuns`] when another supervisor has it, [`DemoError::ForeignFolder`] when something else
    /// lies in it.
    pub fn take(layout: &Layout, port: u16) -> Result<Self, DemoError> {
        let path = layout.lock();
        if !path.exists() && holds_anything(layout)? {
            return Err(DemoError::ForeignFolder(layout.dir().to_owned()));
        }
        files::make_private_folder(layout.dir())?;
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .at("cannot open", &path)?;
        let patience = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < patience => std::thread::sleep(LOOK_EVERY),
                Err(TryLockError::WouldBlock) => {
                    return Err(DemoError::AlreadyRuns { port, manifest: layout.manifest() });
                }
                Err(TryLockError::Error(error)) => return Err(error).at("cannot lock", &path),
            }
        }
    }

    /// Removes everything in the folder but the lock itself.
    ///
    /// # Errors
    /// Names the first entry that stays.
    pub fn wipe(&self, layout: &Layout) -> Result<(), DemoError> {
        let entries = fs::read_dir(layout.dir()).at("cannot list", layout.dir())?;
        for entry in entries {
            let path = entry.at("cannot list", layout.dir())?.path();
            if path == layout.lock() {
                continue;
            }
            let removed = match path.symlink_metadata() {
                Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
                _ => fs::remove_file(&path),
            };
            removed.at("cannot remove", &path)?;
        }
        Ok(())
    }
}

fn holds_anything(layout: &Layout) -> Result<bool, DemoError> {
    match fs::read_dir(layout.dir()) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).at("cannot list", layout.dir()),
    }
}
