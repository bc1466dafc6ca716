//! What an earlier supervisor of the same folder left behind when it was killed.
//!
//! A process is known by its id *and* the moment it started, within one boot of the machine: an id alone may belong
//! to somebody else by now. Postgres' own children are found by the folder they run in.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::error::DemoError;
use crate::files;

const GRACE: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One process, named so that nobody else can be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    pid: u32,
    /// In clock ticks since the machine booted.
    started: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    boot: String,
    processes: BTreeMap<String, Identity>,
}

/// The record of running processes, kept in a file for the next supervisor.
#[derive(Debug)]
pub struct Registry {
    path: PathBuf,
    record: Record,
}

impl Registry {
    /// An empty record that will be kept at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path, record: Record { boot: boot_id(), processes: BTreeMap::new() } }
    }

    /// Notes that `name` runs as `pid`.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn note(&mut self, name: &str, pid: u32) -> Result<(), DemoError> {
        let started = start_of(pid).unwrap_or(0);
        self.record.processes.insert(name.to_owned(), Identity { pid, started });
        files::write_json(&self.path, &self.record)
    }

    /// Name and id of each process.
    pub fn pids(&self) -> impl Iterator<Item = (&str, u32)> {
        self.record.processes.iter().map(|(name, identity)| (name.as_str(), identity.pid))
    }
}

/// Ends the processes of an earlier record and waits until they are gone.
///
/// # Errors
/// When the record cannot be read or removed.
pub async fn end_recorded(path: &Path) -> Result<Vec<String>, DemoError> {
    let record: Record = files::read_json(path)?.unwrap_or_default();
    let mut alive = record.processes;
    alive.retain(|_, identity| record.boot == boot_id() && is_alive(*identity));
    let ended = alive.keys().cloned().collect();
    // Each was told by the kernel when its supervisor died, so most are on their way out already.
    send(&alive, Signal::SIGTERM);
    let deadline = Instant::now() + GRACE;
    while !alive.is_empty() {
        tokio::time::sleep(LOOK_EVERY).await;
        alive.retain(|_, identity| is_alive(*identity));
        if Instant::now() > deadline {
            send(&alive, Signal::SIGKILL);
        }
    }
    files::remove_file(path)?;
    Ok(ended)
}

/// Ends every Postgres process that runs in `cluster` and waits until they are gone, so that the shared memory is free.
pub async fn end_postgres(cluster: &Path) {
    let deadline = Instant::now() + GRACE;
    loop {
        let left = postgres_in(cluster);
        if left.is_empty() || Instant::now() > deadline {
            return;
        }
        for pid in left {
            let _ = kill(pid, Signal::SIGKILL);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn postgres_in(cluster: &Path) -> Vec<Pid> {
    let Ok(home) = cluster.metadata() else { return Vec::new() };
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let runs_there = |process: &Path| {
        let is_postgres = fs::read_link(process.join("exe"))
            .is_ok_and(|exe| exe.file_name().is_some_and(|n| n == "postgres"));
        is_postgres
            && fs::metadata(process.join("cwd"))
                .is_ok_and(|cwd| (cwd.dev(), cwd.ino()) == (home.dev(), home.ino()))
    };
    entries
        .flatten()
        .filter_map(|entry| {
            entry.file_name().to_str()?.parse().ok().map(|pid| (entry.path(), Pid::from_raw(pid)))
        })
        .filter(|(process, _)| runs_there(process))
        .map(|(_, pid)| pid)
        .collect()
}

fn send(processes: &BTreeMap<String, Identity>, signal: Signal) {
    for pid in processes.values().filter_map(|identity| i32::try_from(identity.pid).ok()) {
        // One that ended meanwhile is what was wanted.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn is_alive(identity: Identity) -> bool {
    start_of(identity.pid) == Some(identity.started)
}

/// When a process started; `None` when there is none or only its exit status is left.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_start(&stat)
}

/// Reads the 22nd field of `/proc/PID/stat`; the second may hold spaces and brackets, so counting begins after it.
fn parse_start(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_read_behind_any_name() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(parse_start(&format!("12 (a) b ) {fields}")), Some(4711));
        assert_eq!(parse_start(&format!("12 (gone) {}", fields.replacen('S', "Z", 1))), None);
        assert_eq!(parse_start("12 (cut"), None);
    }

    #[tokio::test]
    async fn only_the_recorded_process_is_ended() {
        let path = std::env::temp_dir().join(format!("marquee-pids-{}.json", std::process::id()));
        let mut mine = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let mut registry = Registry::new(path.clone());
        registry.note("mine", mine.id()).unwrap();
        registry.note("other", other.id()).unwrap();
        // The id belongs to somebody who started later than the one recorded.
        registry.record.processes.get_mut("other").unwrap().started -= 1;
        files::write_json(&path, &registry.record).unwrap();

        assert_eq!(end_recorded(&path).await.unwrap(), ["mine"]);
        assert!(!path.exists());
        assert!(!mine.wait().unwrap().success());
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
