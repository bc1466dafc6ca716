//! Keeps a process running: started again when it dies, with a bounded pause, until it is asked to stop.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::error::DemoError;
use crate::leftovers::{self, Registry};
use crate::logs;
use crate::process::{Service, ended};

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a process may take to end in order.
const GRACE: Duration = Duration::from_secs(15);
/// How long after a hurried end the process is killed.
const HURRIED_GRACE: Duration = Duration::from_secs(2);
/// A new process is announced after this time even if it is not ready: its id is true already.
const ANNOUNCED_WITHIN: Duration = Duration::from_secs(4);
const BOOT_PATIENCE: Duration = Duration::from_secs(60);
/// Deaths before the first readiness after which the boot is given up.
const BOOT_DEATHS: u32 = 5;

/// The processes' ids, shared by all their keepers.
pub type SharedRegistry = Arc<Mutex<Registry>>;

/// What a keeper reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A process runs, and it is ready or has had its time to be.
    Up {
        /// Which.
        name: &'static str,
        /// Its id.
        pid: u32,
    },
    /// A process died and is started again.
    Died {
        /// Which.
        name: &'static str,
        /// How it ended.
        how: String,
        /// The how many-th time in a row.
        times: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Run,
    Stop,
    Hurry,
}

#[derive(Debug, Clone, Default)]
struct Health {
    ready: bool,
    deaths: u32,
    last: String,
}

/// A process that is being kept.
#[derive(Debug)]
pub struct Kept {
    name: &'static str,
    service: Arc<Service>,
    order: watch::Sender<Order>,
    health: watch::Receiver<Health>,
    task: JoinHandle<()>,
}

impl Kept {
    /// Starts `service` and keeps it running.
    pub fn start(service: Service, registry: SharedRegistry, events: mpsc::UnboundedSender<Event>) -> Self {
        let service = Arc::new(service);
        let (order, orders) = watch::channel(Order::Run);
        let (healths, health) = watch::channel(Health::default());
        let keeper = Keeper { service: service.clone(), registry, events, healths };
        Self { name: service.program.name, service, order, health, task: tokio::spawn(keeper.keep(orders)) }
    }

    /// Waits until it is ready for the first time.
    ///
    /// # Errors
    /// [`DemoError::NotReady`] when it dies again and again, or takes too long.
    pub async fn ready(&self) -> Result<(), DemoError> {
        let mut health = self.health.clone();
        let settled = health.wait_for(|health| health.ready || health.deaths >= BOOT_DEATHS);
        let why = match tokio::time::timeout(BOOT_PATIENCE, settled).await {
            Ok(Ok(health)) if health.ready => return Ok(()),
            Ok(Ok(health)) => health.last.clone(),
            Ok(Err(_)) => "its keeper ended".to_owned(),
            Err(_) => format!("no answer in {} s", BOOT_PATIENCE.as_secs()),
        };
        let log = self.service.program.log.clone();
        Err(DemoError::NotReady { name: self.name, why, tail: logs::tail(&log), log })
    }

    /// Asks it to end in order.
    pub fn stop(&self) {
        self.order.send_if_modified(|order| std::mem::replace(order, Order::Stop) == Order::Run);
    }

    /// Ends it now.
    pub fn hurry(&self) {
        self.order.send_replace(Order::Hurry);
    }

    /// Which process.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it has ended, and will not be started again.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until it has ended. May be asked again only while [`Kept::has_ended`] says no.
    pub async fn ended(&mut self) {
        // A keeper that panicked is no longer there to end its process; the kernel does when the supervisor ends.
        let _ = (&mut self.task).await;
    }
}

struct Keeper {
    service: Arc<Service>,
    registry: SharedRegistry,
    events: mpsc::UnboundedSender<Event>,
    healths: watch::Sender<Health>,
}

impl Keeper {
    async fn keep(self, mut orders: watch::Receiver<Order>) {
        let mut pause = Pause::default();
        while *orders.borrow_and_update() == Order::Run {
            if let Some(folder) = &self.service.exclusive {
                leftovers::end_postgres(folder).await;
            }
            let started = Instant::now();
            let how = match self.service.program.spawn(self.service.stop) {
                Ok(mut child) => {
                    // A child that has not been waited for has its id.
                    let pid = child.id().unwrap_or_default();
                    self.note(pid);
                    let died = tokio::select! {
                        status = child.wait() => Some(status),
                        never = self.announce(pid) => match never {},
                        () = told_to_end(&mut orders) => None,
                    };
                    let Some(status) = died else {
                        self.end(&mut child, &mut orders).await;
                        return;
                    };
                    status.map_or_else(|error| error.to_string(), ended)
                }
                Err(error) => error.to_string(),
            };
            let (wait, times) = pause.after(started.elapsed());
            self.healths.send_modify(|health| {
                health.deaths += 1;
                health.last.clone_from(&how);
            });
            self.report(Event::Died { name: self.service.program.name, how, times });
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = told_to_end(&mut orders) => return,
            }
        }
    }

    fn note(&self, pid: u32) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = registry.note(self.service.program.name, pid) {
            // The process runs all the same; only a supervisor after a kill would miss the line.
            let _ = logs::append(&self.service.program.log, &error.to_string());
        }
    }

    /// Reports the process as up once it is ready, or once it has had its time; never returns.
    async fn announce(&self, pid: u32) -> Infallible {
        let name = self.service.program.name;
        let late = Instant::now() + ANNOUNCED_WITHIN;
        let mut announced = false;
        while !self.service.probe.is_ready().await {
            if !announced && Instant::now() > late {
                self.report(Event::Up { name, pid });
                announced = true;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.healths.send_modify(|health| health.ready = true);
        if !announced {
            self.report(Event::Up { name, pid });
        }
        std::future::pending().await
    }

    async fn end(&self, child: &mut Child, orders: &mut watch::Receiver<Order>) {
        if *orders.borrow_and_update() == Order::Stop {
            signal(child, self.service.stop);
            tokio::select! {
                _ = child.wait() => return,
                _ = orders.wait_for(|order| *order == Order::Hurry) => {}
                () = tokio::time::sleep(GRACE) => {}
            }
        }
        signal(child, self.service.hurry);
        if tokio::time::timeout(HURRIED_GRACE, child.wait()).await.is_err() {
            signal(child, Signal::SIGKILL);
            let _ = child.wait().await;
        }
    }

    fn report(&self, event: Event) {
        // Nobody listens any more when the supervisor is on its way out.
        let _ = self.events.send(event);
    }
}

/// Waits for an order to end; a supervisor that is gone means the same.
async fn told_to_end(orders: &mut watch::Receiver<Order>) {
    let _ = orders.wait_for(|order| *order != Order::Run).await;
}

/// The child has not been waited for, so its id is its own.
fn signal(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// The pause before a restart: none at first, growing while a process keeps dying young, never beyond three seconds,
/// so that with its start it is back within five.
#[derive(Debug, Default)]
struct Pause {
    deaths: u32,
}

impl Pause {
    const OLD_ENOUGH: Duration = Duration::from_secs(10);
    const STEPS: [u64; 6] = [0, 100, 300, 1000, 2000, 3000];

    /// How long to wait after a process that lived for `lifetime`, and how many deaths in a row that makes.
    fn after(&mut self, lifetime: Duration) -> (Duration, u32) {
        if lifetime >= Self::OLD_ENOUGH {
            self.deaths = 0;
        }
        let step = usize::try_from(self.deaths).unwrap_or(usize::MAX).min(Self::STEPS.len() - 1);
        self.deaths = self.deaths.saturating_add(1);
        let wait = Self::STEPS.get(step).copied().unwrap_or(3000);
        (Duration::from_millis(wait), self.deaths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_is_slowed_down_but_never_beyond_three_seconds() {
        let mut pause = Pause::default();
        let young = Duration::from_millis(5);
        let waits: Vec<u128> = (0..8).map(|_| pause.after(young).0.as_millis()).collect();
        assert_eq!(waits, [0, 100, 300, 1000, 2000, 3000, 3000, 3000]);
        assert_eq!(pause.after(Duration::from_secs(60)), (Duration::ZERO, 1));
    }
}
