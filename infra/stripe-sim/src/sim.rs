//! The running simulator: state, journal, clock and controls, shared by all handlers.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::engine::clock::{Ids, Moved};
use crate::engine::faults::Faults;
use crate::engine::idempotency::InFlight;
use crate::engine::jobs;
use crate::engine::journal::Journal;
use crate::engine::limits::Limits;
use crate::engine::requests::RequestLog;
use crate::engine::state::{Change, State};
use crate::engine::tx::{Origin, Tx};
use crate::webhooks::settings::Settings;

/// The running simulator.
pub struct Sim {
    /// `sk_test_…`
    pub secret_key: String,
    /// `pk_test_…`
    pub publishable_key: String,
    /// Where browsers reach it: `http://host:port`.
    pub base_url: String,
    /// The simulator's time.
    pub clock: Moved,
    /// Randomness.
    pub ids: Ids,
    /// The record on disk.
    pub journal: Journal,
    /// Faults asked for.
    pub faults: Faults,
    /// How many calls a second are let through.
    pub limits: Limits,
    /// Whether refunds begin as pending.
    pub pending_refunds: AtomicBool,
    /// The last calls.
    pub requests: RequestLog,
    /// Keys whose call has not been answered.
    pub in_flight: InFlight,
    /// Carries events.
    pub http: reqwest::Client,
    /// How events are delivered.
    pub webhooks: Mutex<Settings>,
    /// Tells the deliverer that there is something to do.
    pub wake: Notify,
    /// Everything known.
    pub state: Mutex<State>,
}

impl Sim {
    /// Looks at the state.
    pub fn with_state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state: all of it at once, and answered only when it is on disk.
    pub async fn transact<T>(&self, origin: Origin, work: impl FnOnce(&mut Tx) -> T) -> T {
        let result = self.with_state(|state| {
            let now = self.clock.now_ms();
            self.catch_up(state, now);
            let mut tx = Tx::new(state, &self.ids, now, origin);
            let result = work(&mut tx);
            self.journal.append(&tx.finish());
            result
        });
        self.journal.settled().await;
        self.wake.notify_one();
        result
    }

    /// Does what was due by now, so that nobody sees a state that has passed.
    fn catch_up(&self, state: &mut State, now_ms: i64) -> bool {
        let done = jobs::run_due(state, &self.ids, now_ms, &self.base_url);
        done.iter().for_each(|changes| self.journal.append(changes));
        !done.is_empty()
    }

    /// Does what is due; answers when something is next.
    pub async fn tick(&self) -> Option<i64> {
        let (any, next) = self.with_state(|state| {
            let any = self.catch_up(state, self.clock.now_ms());
            (any, state.jobs.next_ms())
        });
        if any {
            self.journal.settled().await;
        }
        next
    }

    /// Moves the clock forward; what becomes due by that has happened when this returns.
    pub async fn advance(&self, ms: i64) {
        self.with_state(|state| {
            let offset_ms = self.clock.offset_ms().saturating_add(ms);
            self.clock.set_offset_ms(offset_ms);
            let change = Change::Clock { offset_ms };
            self.journal.append(std::slice::from_ref(&change));
            state.apply(change);
            self.catch_up(state, self.clock.now_ms());
        });
        self.journal.settled().await;
        self.wake.notify_one();
    }

    /// The delivery settings in force.
    pub fn webhook_settings(&self) -> Settings {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
