//! One value per tenant in memory, never older than it may be while its source answers.
//!
//! Readers find a young value without waiting. An old one is checked against its source first, by one task at a
//! time per tenant however many readers wait; a source that is away or slow leaves the last value standing.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use marquee_core::ids::TenantId;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// A value, and the version its source gave it.
#[derive(Debug)]
pub(crate) struct Versioned<T> {
    pub(crate) version: String,
    pub(crate) value: Arc<T>,
}

impl<T> Clone for Versioned<T> {
    fn clone(&self) -> Self {
        Self { version: self.version.clone(), value: Arc::clone(&self.value) }
    }
}

/// Where values come from.
pub(crate) trait Source: Send + Sync + 'static {
    /// What is kept.
    type Value: Send + Sync + 'static;
    /// Why it cannot be had.
    type Error: Clone + std::fmt::Display + Send + Sync + 'static;

    /// The value as it is now; `None` where it still has the version `known`.
    fn read(
        &self,
        tenant: TenantId,
        known: Option<&str>,
    ) -> impl Future<Output = Result<Option<Versioned<Self::Value>>, Self::Error>> + Send;
}

/// How old a value may be, and how long a reader waits for a younger one when there is an old one to serve.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) max_age: Duration,
    pub(crate) wait: Duration,
}

/// The values of all tenants.
pub(crate) struct Fresh<S: Source> {
    source: Arc<S>,
    patience: Patience,
    slots: Mutex<HashMap<TenantId, Arc<Slot<S>>>>,
}

struct Slot<S: Source> {
    state: Mutex<State<S>>,
    /// Counts the reads that ended.
    rounds: watch::Sender<u64>,
}

struct State<S: Source> {
    current: Option<Versioned<S::Value>>,
    /// When the last read that ended had begun, and whether it failed.
    asked: Option<Instant>,
    failure: Option<S::Error>,
    reading: bool,
}

/// What a slot can say at once.
enum Known<S: Source> {
    /// Young enough, or the source failed a moment ago: this is the answer.
    Answer(Result<Arc<S::Value>, S::Error>),
    /// To be checked first.
    Old(Option<Arc<S::Value>>),
}

impl<S: Source> Fresh<S> {
    pub(crate) fn new(source: S, patience: Patience) -> Self {
        Self { source: Arc::new(source), patience, slots: Mutex::default() }
    }

    /// The tenant's value.
    ///
    /// # Errors
    /// When the source has never answered for this tenant, with its last error.
    pub(crate) async fn get(&self, tenant: TenantId) -> Result<Arc<S::Value>, S::Error> {
        let slot = self.slot(tenant);
        loop {
            let mut rounds = slot.rounds.subscribe();
            let old = match slot.known(self.patience.max_age) {
                Known::Answer(answer) => return answer,
                Known::Old(old) => old,
            };
            self.read(tenant, &slot);
            match old {
                // A closed channel cannot be: the slot holds its sender.
                None => drop(rounds.changed().await),
                Some(old) => {
                    if timeout(self.patience.wait, rounds.changed()).await.is_err() {
                        return Ok(old);
                    }
                }
            }
        }
    }

    fn slot(&self, tenant: TenantId) -> Arc<Slot<S>> {
        Arc::clone(lock(&self.slots).entry(tenant).or_default())
    }

    /// Asks the source, unless somebody is at it. In a task of its own, so that a reader who goes away stops nobody.
    fn read(&self, tenant: TenantId, slot: &Arc<Slot<S>>) {
        {
            let mut state = lock(&slot.state);
            if state.reading {
                return;
            }
            state.reading = true;
        }
        let (source, slot) = (Arc::clone(&self.source), Arc::clone(slot));
        tokio::spawn(async move {
            let round = Round { slot: &slot, asked: Instant::now() };
            let known = lock(&slot.state).current.as_ref().map(|current| current.version.clone());
            let read = source.read(tenant, known.as_deref()).await;
            let mut state = lock(&slot.state);
            match read {
                Ok(value) => {
                    state.failure = None;
                    state.current = value.or_else(|| state.current.take());
                }
                Err(error) => {
                    if state.failure.is_none() {
                        tracing::warn!(tenant.id = %tenant, %error, "the catalog could not be read, what is known stays");
                    }
                    state.failure = Some(error);
                }
            }
            drop(state);
            drop(round);
        });
    }
}

/// Ends a read, also one that panicked: whoever waits goes on.
struct Round<'a, S: Source> {
    slot: &'a Slot<S>,
    asked: Instant,
}

impl<S: Source> Drop for Round<'_, S> {
    fn drop(&mut self) {
        let mut state = lock(&self.slot.state);
        state.reading = false;
        state.asked = Some(self.asked);
        drop(state);
        self.slot.rounds.send_modify(|rounds| *rounds += 1);
    }
}

impl<S: Source> Slot<S> {
    fn known(&self, max_age: Duration) -> Known<S> {
        let state = lock(&self.state);
        let value = state.current.as_ref().map(|current| Arc::clone(&current.value));
        let asked_lately = state.asked.is_some_and(|asked| asked.elapsed() < max_age);
        match (value, &state.failure) {
            (Some(value), _) if asked_lately => Known::Answer(Ok(value)),
            (None, Some(error)) if asked_lately => Known::Answer(Err(error.clone())),
            (value, _) => Known::Old(value),
        }
    }
}

impl<S: Source> Default for Slot<S> {
    fn default() -> Self {
        let state = State { current: None, asked: None, failure: None, reading: false };
        Self { state: Mutex::new(state), rounds: watch::Sender::new(0) }
    }
}

/// The values stay whole if a holder of the lock panics: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
