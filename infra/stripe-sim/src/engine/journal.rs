//! The append-only record on disk. A call is answered only when its line has been synced. At the start it is rewritten
//! where most of it has been overtaken.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use tokio::sync::watch;

use super::state::{Change, State};

/// A journal with no more changes than that is left as it is.
const WORTH_REWRITING: usize = 20_000;

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
        let read = replay(&mut file, &path, state)?;
        file.set_len(read.bytes).map_err(io)?;
        let shortest = if read.changes > WORTH_REWRITING { state.changes() } else { Vec::new() };
        if read.changes > WORTH_REWRITING && shortest.len() * 2 < read.changes {
            file = rewrite(&path, &shortest).map_err(io)?;
        }
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

/// What a journal consisted of.
struct Read {
    bytes: u64,
    changes: usize,
}

/// Puts a journal of these changes in the place of the old one: either is whole at any moment.
fn rewrite(path: &Path, changes: &[Change]) -> std::io::Result<File> {
    let new = path.with_extension("new");
    let mut out = BufWriter::new(File::create(&new)?);
    for change in changes {
        serde_json::to_writer(&mut out, &[change])?;
        out.write_all(b"\n")?;
    }
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&new, path)?;
    OpenOptions::new().read(true).write(true).open(path)
}

/// Reads all whole lines.
fn replay(file: &mut File, path: &Path, state: &mut State) -> Result<Read, JournalError> {
    let io = |source| JournalError::Io { path: path.to_owned(), source };
    let mut reader = BufReader::new(file);
    let mut whole = Read { bytes: 0, changes: 0 };
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
        whole.changes += changes.len();
        whole.bytes += read as u64;
        changes.into_iter().for_each(|change| state.apply(change));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Account;

    #[test]
    fn what_has_been_overtaken_is_left_out_at_the_start() {
        let dir = std::env::temp_dir().join(format!("stripe-sim-journal-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("journal.jsonl");
        let mut out = BufWriter::new(File::create(&path).unwrap());
        for number in 0..=WORTH_REWRITING {
            let account = Account::new(&format!("acct_{}", number % 3), &format!("Name {number}"), 7);
            let changes = [Change::from(account), Change::Clock { offset_ms: 5 }];
            serde_json::to_writer(&mut out, &changes).unwrap();
            out.write_all(b"\n").unwrap();
        }
        out.flush().unwrap();
        let long = std::fs::metadata(&path).unwrap().len();
        let open = || {
            let mut state = State::default();
            drop(Journal::open(&dir, &mut state).unwrap());
            serde_json::to_string(&state.changes()).unwrap()
        };
        let first = open();
        assert!(std::fs::metadata(&path).unwrap().len() * 1000 < long, "rewritten");
        assert_eq!(open(), first, "with nothing lost");
        assert!(first.contains("Name 20000") && first.contains("offset_ms"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
