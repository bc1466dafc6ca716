//! A process of the benchmark's own: started, killed, started again, and ended with the value.

use std::time::{Duration, Instant};

use marquee_demo::process::{Service, ended};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;

use crate::error::BenchError;

/// How long a process may take to be ready or to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one may take to end when its value is dropped.
const GRACE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(10);

/// A running process.
#[derive(Debug)]
pub struct Running {
    service: Service,
    child: Child,
}

impl Running {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started, ends, or does not get ready.
    pub async fn start(service: Service) -> Result<Self, BenchError> {
        let child = service.program.spawn(service.hurry)?;
        let mut running = Self { service, child };
        running.ready().await?;
        Ok(running)
    }

    /// Sends a signal and waits until the process is gone.
    ///
    /// # Errors
    /// When it stays.
    pub async fn end_by(&mut self, signal: Signal) -> Result<(), BenchError> {
        send(&self.child, signal);
        match tokio::time::timeout(PATIENCE, self.child.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(BenchError::failed(format!("{} does not end", self.service.program.name))),
        }
    }

    /// Starts it again after its end, without waiting until it is ready.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_again(&mut self) -> Result<(), BenchError> {
        self.child = self.service.program.spawn(self.service.hurry)?;
        Ok(())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// When it ends, or takes too long.
    pub async fn ready(&mut self) -> Result<(), BenchError> {
        let started = Instant::now();
        let name = self.service.program.name;
        let log = self.service.program.log.display();
        while !self.service.probe.is_ready().await {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(BenchError::failed(format!("{name} ended ({}); see {log}", ended(status))));
            }
            if started.elapsed() > PATIENCE {
                return Err(BenchError::failed(format!("{name} does not get ready; see {log}")));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

/// A child that was not waited for yet has its id to itself.
fn send(child: &Child, signal: Signal) {
    if let Some(pid) = child.id() {
        let _ = kill(Pid::from_raw(pid.cast_signed()), signal);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        send(&self.child, self.service.hurry);
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if started.elapsed() > GRACE {
                let _ = self.child.start_kill();
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}
