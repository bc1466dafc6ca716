//! A process of a house.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use marquee_demo::process::Service;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;

use crate::keeper::Keeper;

/// How long a process may take to be ready, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process that can be killed and started again on the same ports and data.
#[derive(Debug)]
pub struct Running {
    service: Service,
    keeper: Keeper,
    child: Option<Child>,
}

impl Running {
    /// Starts it and waits until it is ready.
    pub async fn start(keeper: &Keeper, service: Service) -> Self {
        let mut running = Self { service, keeper: keeper.clone(), child: None };
        running.start_again().await;
        running
    }

    /// Starts it after it was stopped, and waits until it is ready.
    ///
    /// # Panics
    /// When it dies or is not ready in time.
    pub async fn start_again(&mut self) {
        self.spawn().await;
        self.ready().await;
    }

    /// Starts it without waiting.
    pub async fn spawn(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name());
        self.child = Some(self.keeper.spawn(self.service.program.clone()).await);
    }

    /// Waits until it is ready.
    ///
    /// # Panics
    /// When it dies or is not ready in time.
    pub async fn ready(&mut self) {
        let started = Instant::now();
        while !self.service.probe.is_ready().await {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "{} ended: {ended:?}\n{}", self.name(), self.log());
            assert!(started.elapsed() < PATIENCE, "{} does not get ready\n{}", self.name(), self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.service.program.name
    }

    /// Where it writes.
    pub fn log_path(&self) -> PathBuf {
        self.service.program.log.clone()
    }

    /// What it wrote last.
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(&self.service.program.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.ok();
        }
    }

    /// Does it run? Not when it was stopped, nor when it died by itself.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> Pid {
        let id = self.child.as_ref().and_then(Child::id);
        Pid::from_raw(id.unwrap_or_else(|| panic!("{} does not run", self.name())).cast_signed())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).ok();
    }

    /// Sends it a signal and waits until it has ended.
    ///
    /// # Panics
    /// When it does not end within 20 seconds.
    pub async fn end(&mut self, signal: Signal) {
        self.signal(signal);
        if let Some(mut child) = self.child.take() {
            let status = tokio::time::timeout(Duration::from_secs(20), child.wait()).await;
            status.unwrap_or_else(|_| panic!("{} does not end", self.service.program.name)).ok();
        }
    }

    /// Asks it to stop and waits until it has; answers whether it ended well.
    ///
    /// # Panics
    /// When it does not stop within 20 seconds.
    pub async fn stop(&mut self) -> bool {
        let Some(mut child) = self.child.take() else { return true };
        if let Some(pid) = child.id() {
            kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM).ok();
        }
        let status = tokio::time::timeout(Duration::from_secs(20), child.wait()).await;
        status.unwrap_or_else(|_| panic!("{} does not stop", self.service.program.name)).unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = self.child.as_mut() {
            child.start_kill().ok();
        }
    }
}
