//! The append-only record on disk. A call is answered only when its line has been synced.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use tokio::sync::watch;

use super::state::{Change, State};

/// Why the journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("the journal at `{path}` cannot be used")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line in the middle is not one of ours.
    #[error("line {line} of the journal at `{path}` cannot be read")]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

/// Handle to the writer.
pub struct Journal {
    lines: Option<mpsc::Sender<(u64, Vec<u8>)>>,
    appended: AtomicU64,
    synced: watch::Receiver<u64>,
}

impl Journal {
    /// Keeps nothing.
    pub fn none() -> Self {
        Self { lines: None, appended: AtomicU64::new(0), synced: watch::channel(0).1 }
    }

    /// Replays `dir`'s journal into `state` and opens it for more. A torn last line, left by a crash before it was
    /// synced and thus before anybody was told, is cut off.
    ///
    /// # Errors
    /// When the file cannot be read or written, or when a line that is not the last is broken.
    pub fn open(dir: &Path, state: &mut State) -> Result<Self, JournalError> {
        let path = dir.join("journal.jsonl");
        let io = |source| JournalError::Io { path: path.clone(), source };
        std::fs::create_dir_all(dir).map_err(io)?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        let whole = replay(&mut file, &path, state)?;
        file.set_len(whole).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)?;

        let (lines, inbox) = mpsc::channel();
        let (synced, watch) = watch::channel(0);
        std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || write_lines(&mut file, &inbox, &synced))
            .map_err(io)?;
        Ok(Self { lines: Some(lines), appended: AtomicU64::new(0), synced: watch })
    }

    /// Hands a transaction to the writer. Call it under the state's lock, so that lines keep the order of effects.
    pub fn append(&self, changes: &[Change]) {
        let Some(lines) = &self.lines else { return };
        if changes.is_empty() {
            return;
        }
        match serde_json::to_vec(changes) {
            Ok(mut line) => {
                line.push(b'\n');
                let number = self.appended.fetch_add(1, Ordering::SeqCst) + 1;
                // The writer only stops when the process does.
                let _ = lines.send((number, line));
            }
            Err(error) => tracing::error!(%error, "a transaction could not be written down"),
        }
    }

    /// Waits until everything appended so far is on disk.
    pub async fn settled(&self) {
        let wanted = self.appended.load(Ordering::SeqCst);
        let mut synced = self.synced.clone();
        if self.lines.is_some() && synced.wait_for(|number| *number >= wanted).await.is_err() {
            // The writer is gone: the process is ending, and nothing may be promised any more.
            std::future::pending::<()>().await;
        }
    }
}

/// Reads all whole lines; answers how many bytes they take.
fn replay(file: &mut File, path: &Path, state: &mut State) -> Result<u64, JournalError> {
    let io = |source| JournalError::Io { path: path.to_owned(), source };
    let mut reader = BufReader::new(file);
    let mut whole = 0;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(io)?;
        if !line.ends_with(b"\n") {
            break;
        }
        let changes: Vec<Change> = serde_json::from_slice(&line).map_err(|source| JournalError::Broken {
            path: path.to_owned(),
            line: number,
            source,
        })?;
        changes.into_iter().for_each(|change| state.apply(change));
        whole += read as u64;
    }
    Ok(whole)
}

/// Writes what has come in, one sync for all of it.
fn write_lines(file: &mut File, inbox: &mpsc::Receiver<(u64, Vec<u8>)>, synced: &watch::Sender<u64>) {
    while let Ok((mut last, mut batch)) = inbox.recv() {
        while let Ok((number, line)) = inbox.try_recv() {
            last = number;
            batch.extend(line);
        }
        if let Err(error) = file.write_all(&batch).and_then(|()| file.sync_data()) {
            // Going on would promise what is not kept.
            tracing::error!(%error, "the journal cannot be written");
            std::process::exit(1);
        }
        synced.send_replace(last);
    }
}
