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
/// Linux counts processor time in hundredths of a second, whatever its own clock does.
const TICKS: f64 = 100.0;

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

impl Running {
    /// Processor time that it has used, in seconds.
    pub fn spent(&self) -> f64 {
        self.child.id().map_or(0.0, |id| spent(id, false))
    }

    /// Processor time that it and its children have used, those that have ended included, in seconds.
    pub fn family_spent(&self) -> f64 {
        let Some(first) = self.child.id() else { return 0.0 };
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children"));
        let children = children.unwrap_or_default();
        let children = children.split_ascii_whitespace().filter_map(|id| id.parse().ok());
        spent(first, true) + children.map(|id| spent(id, false)).sum::<f64>()
    }
}

/// Reads `/proc/<id>/stat`: user and system time, and with `ended` that of children who were waited for.
fn spent(id: u32, ended: bool) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name in brackets may have blanks in it; behind it stands the third field.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace();
    let times = fields.skip(11).take(if ended { 4 } else { 2 });
    let ticks: f64 = times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / TICKS
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
