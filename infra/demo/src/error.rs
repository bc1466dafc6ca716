//! What can go wrong, in words for the person at the terminal.

use std::path::PathBuf;

use thiserror::Error;

/// Why the demo does not start or cannot go on.
#[derive(Debug, Error)]
pub enum DemoError {
    /// A file or folder could not be read, written or removed.
    #[error("{what} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb: `cannot write`.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// Another supervisor holds this state folder.
    #[error("the demo already runs on port {port} (see {}); stop it first, or start another beside it: make demo PORT={}", manifest.display(), port.wrapping_add(10))]
    AlreadyRuns {
        /// The port asked for.
        port: u16,
        /// Where the running one describes itself.
        manifest: PathBuf,
    },
    /// The folder holds something, and it is not a demo's state.
    #[error("{} is not a state folder of the demo; it is left as it is", .0.display())]
    ForeignFolder(PathBuf),
    /// Another program listens on the sites' port.
    #[error("port {port} is taken by another program; choose another: make demo PORT={}", port.wrapping_add(10))]
    PortTaken {
        /// The port asked for.
        port: u16,
    },
    /// No free port was found for one of the processes.
    #[error("found no free port on 127.0.0.1 between 20000 and 32000")]
    NoFreePort,
    /// A program that the demo needs is not there.
    #[error("{0} is missing; `make demo` installs what it can, and says what it cannot")]
    MissingProgram(String),
    /// The cluster on disk was made by a Postgres that is not installed.
    #[error("{} was made by Postgres {found}, which is not installed here; install it, or start over with FRESH=1", path.display())]
    ClusterVersion {
        /// The cluster.
        path: PathBuf,
        /// Its major version.
        found: String,
    },
    /// A command that must succeed once did not.
    #[error("{name} failed ({status}); the end of {}:\n{tail}", log.display())]
    Step {
        /// Its name.
        name: String,
        /// How it ended.
        status: String,
        /// Where it wrote.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A process did not get ready.
    #[error("{name} did not get ready ({why}); the end of {}:\n{tail}", log.display())]
    NotReady {
        /// Its name.
        name: &'static str,
        /// What was seen.
        why: String,
        /// Where it wrote.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A stored file cannot be understood.
    #[error("cannot read {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused something without a path to name.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A signal asked for the end while the demo was starting.
    #[error("stopped while starting")]
    Interrupted,
}

/// Attaches what was tried and where to an I/O error.
pub trait At<T> {
    /// Names the attempt (`cannot write`) and its path.
    ///
    /// # Errors
    /// The same error, named.
    fn at(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T, DemoError>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T, DemoError> {
        self.map_err(|source| DemoError::File { what, path: path.into(), source })
    }
}
