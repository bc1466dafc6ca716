//! Small files that hold secrets or must be true at every moment.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::error::{At as _, DemoError};

/// Replaces `path` whole: a reader sees the old text or the new one. Mode 0600.
///
/// # Errors
/// When the file cannot be written beside its place or moved there.
pub fn write_private(path: &Path, text: &str) -> Result<(), DemoError> {
    let draft = path.with_extension("draft");
    let write = || {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&draft, path)
    };
    write().at("cannot write", path)
}

/// Makes a folder that only its owner may enter; one that is there stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn make_private_folder(path: &Path) -> Result<(), DemoError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).at("cannot make", path)
}

/// Removes a file; one that is not there is as good as removed.
///
/// # Errors
/// When it is there and stays.
pub fn remove_file(path: &Path) -> Result<(), DemoError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).at("cannot remove", path),
        _ => Ok(()),
    }
}

/// Reads a JSON file; `None` when there is none.
///
/// # Errors
/// When it cannot be read or is not the JSON expected.
pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, DemoError> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| DemoError::Unreadable { path: path.to_owned(), why: error.to_string() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("cannot read", path),
    }
}

/// Writes a value as readable JSON, whole and private.
///
/// # Errors
/// As [`write_private`].
pub fn write_json<T: serde::Serialize>(path: &Path, value: &T) -> Result<(), DemoError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| DemoError::Unreadable { path: path.to_owned(), why: error.to_string() })?;
    write_private(path, &format!("{text}\n"))
}
