//! One value per tenant in memory, never older than it may be while its source answers.
//!
//! Readers find a young value without waiting. One that ages is served too, and checked against its source meanwhile, so that
//! whoever comes often never waits. An old one is checked first. One task at a time per tenant checks, however many readers
//! there are; a source that is away or slow leaves the last value standing.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use marquee_core::ids::TenantId;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

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
    /// From this age on a value is checked while it is served.
    pub(crate) ages_at: Duration,
    /// From this age on it is checked before it is served.
    pub(crate) max_age: Duration,
    /// So long a reader waits for that.
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
    /// As of when that is known: when the last read began that came to an end, or when one failed.
    as_of: Option<Instant>,
    /// How the last read failed, if it did.
    failure: Option<S::Error>,
    /// When the read under way began.
    reading: Option<Instant>,
}

/// What a slot can say to a reader.
enum Known<S: Source> {
    /// The answer.
    Young(Result<Arc<S::Value>, S::Error>),
    /// It ages, or the source is away or slow: it must do until the source has answered.
    Standing(Arc<S::Value>),
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
        let arrived = Instant::now();
        loop {
            let mut rounds = slot.rounds.subscribe();
            let old = match slot.known(arrived, self.patience) {
                Known::Young(answer) => return answer,
                Known::Standing(value) => {
                    self.read(tenant, &slot);
                    return Ok(value);
                }
                Known::Old(old) => old,
            };
            self.read(tenant, &slot);
            match old {
                // A closed channel cannot be: the slot holds its sender.
                None => drop(rounds.changed().await),
                Some(old) => {
                    if timeout_at(arrived + self.patience.wait, rounds.changed()).await.is_err() {
                        return Ok(old);
                    }
                }
            }
        }
    }

    fn slot(&self, tenant: TenantId) -> Arc<Slot<S>> {
        Arc::clone(lock(&self.slots).entry(tenant).or_default())
    }

    /// Asks the source, unless somebody is at it. In a task of its own, so that a reader who goes away stops
    /// nobody.
    fn read(&self, tenant: TenantId, slot: &Arc<Slot<S>>) {
        {
            let mut state = lock(&slot.state);
            if state.reading.is_some() {
                return;
            }
            state.reading = Some(Instant::now());
        }
        let (source, slot) = (Arc::clone(&self.source), Arc::clone(slot));
        tokio::spawn(async move {
            let round = Round(&slot);
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
                        tracing::warn!(tenant.id = %tenant, %error, "the catalog cannot be read, what is known stays");
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
struct Round<'a, S: Source>(&'a Slot<S>);

impl<S: Source> Drop for Round<'_, S> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        let began = state.reading.take();
        state.as_of = if state.failure.is_none() { began } else { Some(Instant::now()) };
        drop(state);
        self.0.rounds.send_modify(|rounds| *rounds += 1);
    }
}

impl<S: Source> Slot<S> {
    fn known(&self, arrived: Instant, patience: Patience) -> Known<S> {
        let state = lock(&self.state);
        let value = state.current.as_ref().map(|current| Arc::clone(&current.value));
        let within = |age| state.as_of.is_some_and(|as_of| as_of >= arrived || as_of.elapsed() < age);
        let (young, good) = (within(patience.ages_at), within(patience.max_age));
        let slow = state.reading.is_some_and(|began| began.elapsed() > patience.wait);
        match (value, &state.failure) {
            (Some(value), _) if young => Known::Young(Ok(value)),
            (None, Some(error)) if young => Known::Young(Err(error.clone())),
            (Some(value), failure) if good || slow || failure.is_some() => Known::Standing(value),
            (value, _) => Known::Old(value),
        }
    }
}

impl<S: Source> Default for Slot<S> {
    fn default() -> Self {
        let state = State { current: None, as_of: None, failure: None, reading: None };
        Self { state: Mutex::new(state), rounds: watch::Sender::new(0) }
    }
}

/// The values stay whole if a holder of the lock panics: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    /// Answers with its own version, one read for each permit.
    #[derive(Clone)]
    struct Gated {
        permits: Arc<Semaphore>,
        reads: Arc<AtomicU64>,
        version: Arc<AtomicU64>,
        away: Arc<AtomicBool>,
    }

    impl Source for Gated {
        type Value = u64;
        type Error = &'static str;

        async fn read(
            &self,
            _: TenantId,
            known: Option<&str>,
        ) -> Result<Option<Versioned<u64>>, &'static str> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            self.permits.acquire().await.unwrap().forget();
            if self.away.load(Ordering::SeqCst) {
                return Err("away");
            }
            let value = self.version.load(Ordering::SeqCst);
            let version = value.to_string();
            Ok((known != Some(version.as_str())).then(|| Versioned { version, value: Arc::new(value) }))
        }
    }

    struct Case {
        source: Gated,
        fresh: Arc<Fresh<Gated>>,
        tenant: TenantId,
    }

    impl Case {
        fn new(permits: usize, max_age: Duration, wait: Duration) -> Self {
            Self::ageing(permits, max_age, max_age, wait)
        }

        fn ageing(permits: usize, ages_at: Duration, max_age: Duration, wait: Duration) -> Self {
            let source = Gated {
                permits: Arc::new(Semaphore::new(permits)),
                reads: Arc::default(),
                version: Arc::default(),
                away: Arc::default(),
            };
            let fresh = Arc::new(Fresh::new(source.clone(), Patience { ages_at, max_age, wait }));
            Self { source, fresh, tenant: TenantId::generate() }
        }

        async fn get(&self) -> Result<u64, &'static str> {
            self.fresh.get(self.tenant).await.map(|value| *value)
        }

        /// Reads until the answer is `value`.
        async fn until(&self, value: u64) {
            let reached = async {
                while self.get().await != Ok(value) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(10), reached).await.unwrap();
        }

        fn reads(&self) -> u64 {
            self.source.reads.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn many_readers_cause_one_read() {
        let case = Case::new(0, LONG, LONG);
        let readers: Vec<_> = (0..200)
            .map(|_| {
                let (fresh, tenant) = (Arc::clone(&case.fresh), case.tenant);
                tokio::spawn(async move { fresh.get(tenant).await.map(|value| *value) })
            })
            .collect();
        // All of them come to wait before the source may answer.
        while lock(&case.fresh.slots).is_empty() || case.fresh.slot(case.tenant).rounds.receiver_count() < 200
        {
            tokio::task::yield_now().await;
        }
        case.source.permits.add_permits(1_000);
        for reader in readers {
            assert_eq!(reader.await.unwrap(), Ok(0));
        }
        assert_eq!(case.reads(), 1);
    }

    #[tokio::test]
    async fn an_old_value_is_checked_before_it_is_served() {
        let case = Case::new(1_000, Duration::ZERO, LONG);
        assert_eq!(case.get().await, Ok(0));
        case.source.version.store(1, Ordering::SeqCst);
        assert_eq!(case.get().await, Ok(1));
        assert_eq!(case.get().await, Ok(1), "unchanged: the source says so and the value stays");
        assert_eq!(case.reads(), 3);
    }

    #[tokio::test]
    async fn a_young_value_costs_no_read() {
        let case = Case::new(1_000, LONG, LONG);
        assert_eq!(case.get().await, Ok(0));
        case.source.version.store(1, Ordering::SeqCst);
        assert_eq!(case.get().await, Ok(0));
        assert_eq!(case.reads(), 1);
    }

    #[tokio::test]
    async fn a_value_that_ages_is_served_while_it_is_checked() {
        let case = Case::ageing(1, Duration::ZERO, LONG, LONG);
        assert_eq!(case.get().await, Ok(0));
        case.source.version.store(1, Ordering::SeqCst);
        for _ in 0..20 {
            // The source says nothing yet: whoever had to wait for it would wait for an hour.
            assert_eq!(case.get().await, Ok(0));
            tokio::task::yield_now().await;
        }
        assert_eq!(case.reads(), 2, "and is asked once");
        case.source.permits.add_permits(1_000);
        case.until(1).await;
    }

    #[tokio::test]
    async fn an_old_value_is_checked_although_younger_ones_are_served() {
        let case = Case::ageing(1_000, Duration::ZERO, Duration::from_millis(30), LONG);
        assert_eq!(case.get().await, Ok(0));
        case.source.version.store(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(40)).await;
        assert_eq!(case.get().await, Ok(1));
    }

    #[tokio::test]
    async fn the_last_value_stays_while_the_source_is_away() {
        let case = Case::new(1_000, Duration::ZERO, LONG);
        case.source.away.store(true, Ordering::SeqCst);
        assert_eq!(case.get().await, Err("away"), "nothing is known from before");
        case.source.away.store(false, Ordering::SeqCst);
        case.until(0).await;
        case.source.away.store(true, Ordering::SeqCst);
        case.source.version.store(1, Ordering::SeqCst);
        for _ in 0..100 {
            assert_eq!(case.get().await, Ok(0));
        }
        case.source.away.store(false, Ordering::SeqCst);
        case.until(1).await;
    }

    #[tokio::test]
    async fn a_slow_source_makes_nobody_wait_long() {
        let case = Case::new(1, Duration::ZERO, Duration::from_millis(5));
        assert_eq!(case.get().await, Ok(0));
        for _ in 0..20 {
            assert_eq!(case.get().await, Ok(0), "the source hangs");
        }
        assert_eq!(case.reads(), 2, "and is asked once");
        case.source.version.store(1, Ordering::SeqCst);
        case.source.permits.add_permits(1_000);
        case.until(1).await;
    }

    #[tokio::test]
    async fn a_reader_who_leaves_stops_nobody() {
        let case = Case::new(0, LONG, LONG);
        assert!(tokio::time::timeout(Duration::from_millis(1), case.get()).await.is_err());
        case.source.permits.add_permits(1);
        assert_eq!(case.get().await, Ok(0));
        assert_eq!(case.reads(), 1);
    }
}
