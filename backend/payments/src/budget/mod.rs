//! How many calls a provider takes, and whose turn it is.
//!
//! A provider counts the calls that are made with one key, whatever account they are about; so one [`Budget`] belongs to one key
//! and one process. Instances share by configuration: each is given the provider's rate divided by their number.
//!
//! Promises:
//! - calls leave at most at the rate, after a burst of at most half a second's worth;
//! - of those that wait the most urgent leaves first, and among equals the one that came first;
//! - a call waits no longer than its own time allows, and one that had no turn was surely not made;
//! - when the provider is busy nobody calls it for as long as it says, or for a pause that doubles each time.

mod line;
mod meter;

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use line::{Line, Place};
use meter::Meter;

/// How urgent a call is; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A buyer waits for their bank.
    Confirm,
    /// A buyer waits for the payment form.
    Create,
    /// Seats are sold, and their money is reserved.
    Capture,
    /// Money is reserved for seats that others may want.
    Cancel,
    /// Money goes back.
    Refund,
    /// Somebody wants to know what became of an object.
    Refetch,
    /// Lists: what else happened to an order's money, audits, books.
    Report,
}

impl Priority {
    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Create => "create",
            Self::Capture => "capture",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::Refetch => "refetch",
            Self::Report => "report",
        }
    }
}

/// What is left of a provider's budget of calls, for this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLeft {
    /// Calls a second; none where they are not limited.
    pub rate: Option<u32>,
    /// Calls that could be made at once; `u32::MAX` where they are not limited, 0 while the provider is busy.
    pub left: u32,
    /// Calls that wait for their turn.
    pub waiting: usize,
}

impl BudgetLeft {
    /// Brings its gauges on /metrics up to date.
    pub fn publish(self) {
        let left = if self.rate.is_none() && self.left > 0 { f64::INFINITY } else { f64::from(self.left) };
        metrics::gauge!("marquee_provider_budget_left").set(left);
        metrics::gauge!("marquee_provider_waiting").set(self.waiting as f64);
    }
}

/// A call may be made; [`Budget::busy`] wants to know which one met a busy provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    at: Instant,
}

/// There was no turn in the time that a call had: it was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTurn;

/// The budget of one key.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    meter: Meter,
    line: Line,
}

impl Budget {
    /// A budget of `rate` calls a second; none does not limit them.
    pub fn new(rate: Option<NonZeroU32>) -> Self {
        Self { state: Mutex::new(State { meter: Meter::new(rate), line: Line::default() }) }
    }

    /// Waits until a call may be made, at most until `until`.
    ///
    /// # Errors
    /// When that would be later.
    pub async fn turn(&self, priority: Priority, until: Instant) -> Result<Turn, NoTurn> {
        let since = Instant::now();
        let outcome = self.wait(priority, until).await;
        metrics::histogram!("marquee_provider_wait_seconds", "priority" => priority.as_str())
            .record(since.elapsed().as_secs_f64());
        outcome
    }

    async fn wait(&self, priority: Priority, until: Instant) -> Result<Turn, NoTurn> {
        let waiter = {
            let mut state = self.state();
            let now = Instant::now();
            if state.line.is_empty() && state.meter.take(now) {
                return Ok(Turn { at: now });
            }
            let place = state.line.join(priority);
            Waiter { budget: self, place }
        };
        loop {
            let next = {
                let mut state = self.state();
                let now = Instant::now();
                match state.line.is_first(&waiter.place) {
                    true if state.meter.take(now) => return Ok(Turn { at: now }),
                    true => Some(state.meter.free_at(now)),
                    false => None,
                }
            };
            let wake = next.map_or(until, |next| next.min(until));
            tokio::select! {
                () = waiter.place.called() => {}
                () = sleep_until(wake) => {
                    if Instant::now() >= until {
                        return Err(NoTurn);
                    }
                }
            }
        }
    }

    /// The call of this turn found the provider busy: nobody calls it for `told`, or for a pause twice as long as the last.
    pub fn busy(&self, turn: Turn, told: Option<Duration>) {
        let mut state = self.state();
        let pause = state.meter.pause(Instant::now(), turn.at, told);
        tracing::warn!(pause_ms = pause.as_millis(), "the payment provider is busy");
    }

    /// The provider took a call.
    pub fn taken(&self) {
        self.state().meter.taken();
    }

    /// What is left now.
    pub fn left(&self) -> BudgetLeft {
        let state = self.state();
        let (rate, left) = state.meter.left(Instant::now());
        BudgetLeft { rate, left, waiting: state.line.len() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the line when its call is made, given up or dropped.
struct Waiter<'a> {
    budget: &'a Budget,
    place: Place,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.budget.state().line.leave(&self.place);
    }
}

#[cfg(test)]
mod tests;
