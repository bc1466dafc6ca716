//! One call's work on the state: reads, writes, events. It becomes one line of the journal.

use serde_json::Value;

use super::clock::Ids;
use super::jobs::{Job, Work};
use super::state::{Change, State};
use crate::events::Event;
use crate::webhooks::queue::Delivery;

/// On whose behalf a transaction runs.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The connected account in whose name the call acts.
    pub account: Option<String>,
    /// The request that causes the changes.
    pub request: Option<String>,
    /// Its idempotency key.
    pub key: Option<String>,
    /// Where browsers reach the simulator: `http://host:port`.
    pub base_url: String,
    /// Whether refunds begin as pending.
    pub pending_refunds: bool,
}

/// A transaction.
pub struct Tx<'a> {
    /// The state, with this transaction's writes in it.
    pub state: &'a mut State,
    /// On whose behalf.
    pub origin: Origin,
    /// Seconds since the Unix epoch.
    pub now: i64,
    now_ms: i64,
    ids: &'a Ids,
    changes: Vec<Change>,
}

impl<'a> Tx<'a> {
    /// Begins.
    pub fn new(state: &'a mut State, ids: &'a Ids, now_ms: i64, origin: Origin) -> Self {
        Self { state, origin, now: now_ms.div_euclid(1000), now_ms, ids, changes: Vec::new() }
    }

    /// Ends: the changes, for the journal.
    pub fn finish(self) -> Vec<Change> {
        self.changes
    }

    /// The account in whose name the call acts.
    pub fn account(&self) -> Option<&str> {
        self.origin.account.as_deref()
    }

    /// Writes a row.
    pub fn put(&mut self, row: impl Into<Change>) {
        let change = row.into();
        self.state.apply(change.clone());
        self.changes.push(change);
    }

    /// A new id.
    pub fn id(&self, prefix: &str) -> String {
        self.ids.object(prefix)
    }

    /// A random text.
    pub fn secret(&self, length: usize) -> String {
        self.ids.text(length)
    }

    /// Lets something happen `seconds` from now, on the simulator's clock.
    pub fn schedule(&mut self, seconds: i64, work: Work) {
        let job = Job { id: self.id("job"), due_ms: self.now_ms + seconds * 1000, work };
        self.put(job);
    }

    /// Records an event about an object of the call's account, and queues its deliveries.
    pub fn emit(&mut self, kind: &str, object: Value) {
        self.emit_for(self.origin.account.clone(), kind, object);
    }

    /// Records an event about an object of `account`, and queues its deliveries.
    pub fn emit_for(&mut self, account: Option<String>, kind: &str, object: Value) {
        let event = Event {
            id: self.id("evt"),
            account,
            created: self.now,
            kind: kind.to_owned(),
            object,
            request: self.origin.request.clone(),
            idempotency_key: self.origin.key.clone(),
            api_version: None,
            livemode: false,
            connect: None,
        };
        self.record(event);
    }

    /// Records an event and queues its deliveries.
    pub fn record(&mut self, event: Event) {
        let connect = event.goes_to_connect();
        let endpoints: Vec<String> = self
            .state
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.connect == connect && endpoint.wants(&event.kind))
            .map(|e| e.id.clone())
            .collect();
        let id = event.id.clone();
        self.put(event);
        for endpoint in endpoints {
            self.put(Delivery { event: id.clone(), endpoint, created_ms: self.now_ms });
        }
    }
}
