//! The running simulator: state, journal, clock and controls, shared by all handlers.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::engine::clock::{Clock, Ids};
use crate::engine::faults::Faults;
use crate::engine::idempotency::InFlight;
use crate::engine::journal::Journal;
use crate::engine::requests::RequestLog;
use crate::engine::state::State;
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
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Ids,
    /// The record on disk.
    pub journal: Journal,
    /// Faults asked for.
    pub faults: Faults,
    /// The last calls.
    pub requests: RequestLog,
    /// Keys whose call has not been answered.
    pub in_flight: InFlight,
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
            let mut tx = Tx::new(state, &self.ids, self.clock.now_ms(), origin);
            let result = work(&mut tx);
            self.journal.append(&tx.finish());
            result
        });
        self.journal.settled().await;
        self.wake.notify_one();
        result
    }

    /// The delivery settings in force.
    pub fn webhook_settings(&self) -> Settings {
        *self.webhooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
