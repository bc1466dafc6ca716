//! The program itself: migrations, the seed, the server and the worker.

use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use crate::environment::{self, Variables};
use crate::error::DemoError;
use crate::layout::Layout;
use crate::ports::Ports;
use crate::probe::Probe;
use crate::process::{Arg, Program, Service};

/// The built program and what it needs to run in this demo.
#[derive(Debug)]
pub struct App<'a> {
    layout: &'a Layout,
    path: PathBuf,
    shared: Variables,
}

impl<'a> App<'a> {
    /// The program `marquee` in the folder of built programs.
    ///
    /// # Errors
    /// When it is not built.
    pub fn new(layout: &'a Layout, bin: &Path, shared: Variables) -> Result<Self, DemoError> {
        let path = bin.join("marquee");
        if !path.is_file() {
            return Err(DemoError::MissingProgram(layout.shown(&path)));
        }
        Ok(Self { layout, path, shared })
    }

    /// Where the program lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Brings the database to the newest schema.
    ///
    /// # Errors
    /// When a migration fails.
    pub async fn migrate(&self) -> Result<(), DemoError> {
        let args = vec!["migrate".into(), "up".into()];
        self.program("migrate", args, self.shared.clone()).run(None, |_| {}).await
    }

    /// Fills an empty house and reports what is in it, in `seed.json`. Each line it prints goes to `progress`.
    ///
    /// # Errors
    /// When seeding fails.
    pub async fn seed(&self, progress: impl FnMut(&str)) -> Result<(), DemoError> {
        let report = self.layout.seed().display().to_string();
        let args = vec!["demo-seed".into(), "--manifest-out".into(), report.into()];
        self.program("demo-seed", args, self.shared.clone()).run(None, progress).await
    }

    /// The server as the supervisor keeps it, serving on `bind` (addresses separated by commas).
    pub fn server(&self, port: u16, bind: &str, ports: &Ports) -> Service {
        let env = environment::with_addresses(&self.shared, bind, ports.server_metrics);
        self.service("server", "serve", env, Probe::Page(port, "/readyz"))
    }

    /// The worker as the supervisor keeps it.
    pub fn worker(&self, ports: &Ports) -> Service {
        let env = environment::with_addresses(&self.shared, "127.0.0.1:0", ports.worker_metrics);
        self.service("worker", "worker", env, Probe::Port(ports.worker_metrics))
    }

    fn service(&self, name: &'static str, command: &str, env: Variables, probe: Probe) -> Service {
        Service {
            program: self.program(name, vec![command.into()], env),
            stop: Signal::SIGTERM,
            hurry: Signal::SIGKILL,
            probe,
            exclusive: None,
        }
    }

    fn program(&self, name: &'static str, args: Vec<Arg>, env: Variables) -> Program {
        Program {
            name,
            path: self.path.clone(),
            args,
            env,
            cwd: self.layout.root().to_owned(),
            owner: None,
            log: self.layout.log(name),
        }
    }
}
