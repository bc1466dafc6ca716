//! How a process is described and started.
//!
//! Each is started through `setpriv` (util-linux), which replaces itself by the program, so the process id is the
//! program's. It does two things that safe Rust cannot do in a child: it has the kernel send a signal when the
//! supervisor dies, and it gives up root for the processes that must not have it.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::error::{At as _, DemoError};
use crate::logs;
use crate::probe::Probe;

/// Variables that every process gets from the terminal; nothing else leaks in.
const PASSED_ON: [&str; 6] = ["PATH", "HOME", "LANG", "TZ", "RUST_LOG", "RUST_BACKTRACE"];

/// The system user that a process runs as, where it is not the one who started the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub uid: Uid,
    /// Group id; no other group is kept.
    pub gid: Gid,
}

impl Owner {
    /// Who owns `path`.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn of(path: &Path) -> Result<Self, DemoError> {
        let found = path.metadata().at("cannot look at", path)?;
        Ok(Self { uid: Uid::from_raw(found.uid()), gid: Gid::from_raw(found.gid()) })
    }
}

/// One argument of a command line.
#[derive(Debug, Clone)]
pub enum Arg {
    /// As it stands.
    Text(String),
    /// A folder, opened by the supervisor and handed down: the process reaches it by descriptor, with no right to
    /// walk the path that leads there and no limit on that path's length. The text stands before the path.
    Folder(&'static str, PathBuf),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A command: what runs, as whom, where.
#[derive(Debug, Clone)]
pub struct Program {
    /// Name for logs and people.
    pub name: &'static str,
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<Arg>,
    /// Its environment, beside what is passed on from the terminal.
    pub env: Vec<(String, String)>,
    /// Where it runs.
    pub cwd: PathBuf,
    /// As whom; `None`: as the supervisor's own user.
    pub owner: Option<Owner>,
    /// Its log; appended to.
    pub log: PathBuf,
}

/// A process to keep running.
#[derive(Debug, Clone)]
pub struct Service {
    /// What runs.
    pub program: Program,
    /// Asks it to end in order.
    pub stop: Signal,
    /// Ends it faster, at no cost to the data.
    pub hurry: Signal,
    /// How it shows that it is ready.
    pub probe: Probe,
    /// A folder in which nothing else of its kind may run: left-over parts of an earlier process are ended first.
    pub exclusive: Option<PathBuf>,
}

impl Program {
    /// Starts it with its output going to its log and nothing on its input.
    ///
    /// # Errors
    /// When the log, a folder or `setpriv` cannot be opened.
    pub fn spawn(&self, when_parent_dies: Signal) -> Result<Child, DemoError> {
        let log = logs::open(&self.log)?;
        let errors = log.try_clone().at("cannot open", &self.log)?;
        let (mut command, _folders) = self.command(when_parent_dies)?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        command.spawn().map_err(|source| DemoError::System { what: "cannot start a process", source })
    }

    /// Runs it to its end. Its output goes to its log, and each line of its standard output to `line` as well.
    ///
    /// # Errors
    /// [`DemoError::Step`] when it does not succeed.
    pub async fn run(&self, input: Option<&str>, mut line: impl FnMut(&str)) -> Result<(), DemoError> {
        let log = logs::open(&self.log)?;
        let (mut command, _folders) = self.command(Signal::SIGTERM)?;
        let input_end = if input.is_some() { Stdio::piped() } else { Stdio::null() };
        command.stdin(input_end).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let system = |source| DemoError::System { what: "cannot run a process", source };
        let mut child = command.spawn().map_err(system)?;
        if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
            pipe.write_all(text.as_bytes()).await.map_err(system)?;
        }
        if let Some(output) = child.stdout.take() {
            let mut lines = BufReader::new(output).lines();
            while let Some(text) = lines.next_line().await.map_err(system)? {
                logs::append(&self.log, &text)?;
                line(&text);
            }
        }
        let status = child.wait().await.map_err(system)?;
        if status.success() {
            return Ok(());
        }
        Err(DemoError::Step {
            name: self.name.to_owned(),
            status: ended(status),
            log: self.log.clone(),
            tail: logs::tail(&self.log),
        })
    }

    /// The command line, and the open folders that must live until the process is started.
    fn command(&self, when_parent_dies: Signal) -> Result<(Command, Vec<File>), DemoError> {
        let mut command = std::process::Command::new("setpriv");
        command.arg("--pdeathsig").arg(signal_name(when_parent_dies));
        if let Some(owner) = self.owner {
            command.arg("--reuid").arg(owner.uid.to_string()).arg("--regid").arg(owner.gid.to_string());
            command.arg("--clear-groups");
        }
        command.arg("--").arg(&self.path);
        let mut folders = Vec::new();
        for arg in &self.args {
            match arg {
                Arg::Text(text) => command.arg(text),
                Arg::Folder(before, path) => {
                    let folder = inheritable(path)?;
                    let handed_down = format!("{before}/proc/self/fd/{}", folder.as_raw_fd());
                    folders.push(folder);
                    command.arg(handed_down)
                }
            };
        }
        command.env_clear().current_dir(&self.cwd);
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        // A Ctrl-C at the terminal goes to its foreground group; the supervisor alone decides who stops when.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok((command.into(), folders))
    }
}

/// Opens a folder such that a child keeps it open.
fn inheritable(path: &Path) -> Result<File, DemoError> {
    let folder = File::open(path).at("cannot open", path)?;
    fcntl(&folder, FcntlArg::F_SETFD(FdFlag::empty()))
        .map_err(std::io::Error::from)
        .at("cannot hand down", path)?;
    Ok(folder)
}

fn signal_name(signal: Signal) -> &'static str {
    signal.as_str().trim_start_matches("SIG")
}

/// How a process ended, for people.
pub fn ended(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => {
            Signal::try_from(signal).map_or_else(|_| format!("signal {signal}"), |known| known.to_string())
        }
        (None, None) => "unknown".to_owned(),
    }
}

/// The first executable file called `name` on the `PATH`.
///
/// # Errors
/// [`DemoError::MissingProgram`] when there is none.
pub fn on_path(name: &str) -> Result<PathBuf, DemoError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| DemoError::MissingProgram(name.to_owned()))
}
