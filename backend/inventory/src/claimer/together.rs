//! Small batches of several performances of one tenant, claimed by one transaction: a thousand sales at a time cost what
//! one does.
//!
//! As with requests of one performance, what comes first starts at once, and what comes while others are under way goes
//! together next. Each claimer has few batches under way, so none fills a transaction alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use marquee_core::db::{Db, DbError};
use marquee_core::ids::TenantId;
use marquee_entity::catalog::Strategy as Name;
use tokio::sync::oneshot;

use super::HANGS;
use super::lanes::LANES;
use super::size::BatchSize;
use crate::strategy::{ClaimRequest, Outcome, Part, Strategy, Target};

type Key = (TenantId, Name);
type Answer = Result<Vec<Outcome>, DbError>;

/// What waits to be claimed together, of all tenants.
#[derive(Debug, Clone)]
pub(super) struct Together {
    db: Db,
    most: usize,
    groups: Arc<Mutex<HashMap<Key, Group>>>,
}

/// Of one tenant and strategy.
#[derive(Debug)]
struct Group {
    waiting: Vec<Batch>,
    under_way: usize,
    size: BatchSize,
}

/// One performance's batch.
#[derive(Debug)]
struct Batch {
    target: Target,
    requests: Arc<[ClaimRequest]>,
    answer: oneshot::Sender<Answer>,
}

impl Together {
    pub(super) fn new(db: Db, most: usize) -> Self {
        Self { db, most, groups: Arc::default() }
    }

    /// Claims a batch, together with others if there are any.
    ///
    /// # Errors
    /// As [`Strategy::claim`] says.
    pub(super) async fn claim(
        &self,
        strategy: &Arc<dyn Strategy>,
        target: Target,
        batch: Arc<[ClaimRequest]>,
    ) -> Answer {
        let key = (target.tenant, strategy.name());
        let (answer, told) = oneshot::channel();
        {
            let mut groups = self.groups();
            let size = || BatchSize::new(self.most);
            let group = groups.entry(key).or_insert_with(|| Group {
                waiting: Vec::new(),
                under_way: 0,
                size: size(),
            });
            group.waiting.push(Batch { target, requests: batch, answer });
            if group.under_way < LANES {
                group.under_way += 1;
                drop(self.db.home().spawn(self.clone().work(key, Arc::clone(strategy))));
            }
        }
        told.await.unwrap_or_else(|_| Err(DbError::Unavailable("the claimer ended".to_owned())))
    }

    async fn work(self, key: Key, strategy: Arc<dyn Strategy>) {
        let mut lane = Lane { together: &self, key, open: true };
        while let Some(batches) = self.next(key) {
            let (began, claimed) = (Instant::now(), batches.iter().map(|batch| batch.requests.len()).sum());
            self.serve(&strategy, batches).await;
            let took = began.elapsed();
            if let Some(group) = self.groups().get_mut(&key) {
                group.size.learn(claimed, took);
            }
        }
        lane.open = false;
    }

    /// What is claimed next; whoever gave up waiting wants nothing any more, or asks anew. When nothing waits this lane is
    /// closed. The group stays, with what it has learnt: there are no more of them than tenants and strategies.
    fn next(&self, key: Key) -> Option<Vec<Batch>> {
        let mut groups = self.groups();
        let group = groups.get_mut(&key)?;
        group.waiting.retain(|batch| !batch.answer.is_closed());
        let mut requests = 0;
        let taken = group.waiting.iter().take_while(|batch| {
            requests += batch.requests.len();
            requests <= group.size.limit()
        });
        // At least one, however large it is.
        let taken = taken.count().max(1).min(group.waiting.len());
        if taken > 0 {
            return Some(group.waiting.drain(..taken).collect());
        }
        group.under_way -= 1;
        None
    }

    async fn serve(&self, strategy: &Arc<dyn Strategy>, batches: Vec<Batch>) {
        let parts: Vec<Part<'_>> =
            batches.iter().map(|batch| Part { target: &batch.target, batch: &batch.requests }).collect();
        let together = match parts.len() {
            1 => None,
            _ => tokio::time::timeout(HANGS, strategy.claim_together(&self.db, &parts))
                .await
                .unwrap_or_else(|_| Some(Err(DbError::Unavailable("no answer".to_owned())))),
        };
        match together {
            Some(Ok(outcomes)) => {
                for (batch, outcomes) in batches.into_iter().zip(outcomes) {
                    batch.tell(Ok(outcomes));
                }
            }
            Some(Err(DbError::Unavailable(reason))) => {
                for batch in batches {
                    batch.tell(Err(DbError::Unavailable(reason.clone())));
                }
            }
            // One of them wants what somebody keeps, and would have this lane wait again. The others need not wait for it.
            Some(Err(DbError::Contention)) => {
                for batch in batches {
                    let (db, strategy) = (self.db.clone(), Arc::clone(strategy));
                    drop(self.db.home().spawn(async move { batch.claim_alone(&db, &strategy).await }));
                }
            }
            // One of them spoils it for all, or they cannot be claimed together.
            Some(Err(_)) | None => {
                let alone = batches.into_iter().map(|batch| batch.claim_alone(&self.db, strategy));
                futures::future::join_all(alone).await;
            }
        }
    }

    fn groups(&self) -> MutexGuard<'_, HashMap<Key, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane of a group, closed also when it ends by a panic: otherwise what comes later would wait for it.
struct Lane<'a> {
    together: &'a Together,
    key: Key,
    open: bool,
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        if self.open
            && let Some(group) = self.together.groups().get_mut(&self.key)
        {
            group.under_way = group.under_way.saturating_sub(1);
        }
    }
}

impl Batch {
    async fn claim_alone(self, db: &Db, strategy: &Arc<dyn Strategy>) {
        let claimed = tokio::time::timeout(HANGS, strategy.claim(db, &self.target, &self.requests)).await;
        self.tell(claimed.unwrap_or_else(|_| Err(DbError::Unavailable("no answer".to_owned()))));
    }

    fn tell(self, answer: Answer) {
        // Whoever gave up waiting is not there to be told.
        drop(self.answer.send(answer));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use marquee_core::http::IdempotencyKey;
    use marquee_core::ids::{HoldId, PerformanceId};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::availability::tests::{nowhere, stock};

    /// Panics so many times, then sells nothing, one batch for each permit.
    #[derive(Debug)]
    struct Odd {
        panics: AtomicUsize,
        permits: Semaphore,
        claimed: Mutex<Vec<HoldId>>,
    }

    impl Odd {
        fn new(panics: usize, permits: usize) -> Arc<Self> {
            let (panics, permits) = (AtomicUsize::new(panics), Semaphore::new(permits));
            Arc::new(Self { panics, permits, claimed: Mutex::default() })
        }
    }

    #[async_trait]
    impl Strategy for Odd {
        fn name(&self) -> Name {
            Name::Ttl
        }

        async fn claim(&self, _: &Db, _: &Target, batch: &[ClaimRequest]) -> Answer {
            let left =
                self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            assert!(left.is_err(), "this one panics");
            self.claimed.lock().unwrap().extend(batch.iter().map(|request| request.hold_id));
            self.permits.acquire().await.unwrap().forget();
            Ok(vec![Outcome::SoldOut; batch.len()])
        }
    }

    async fn claim(together: &Together, strategy: &Arc<Odd>, tenant: TenantId, hold_id: HoldId) -> Answer {
        let target = Target {
            tenant,
            performance: PerformanceId::generate(),
            hold_seconds: 600,
            currency: "EUR".parse().unwrap(),
            stock: stock(),
        };
        let key = IdempotencyKey::new("a-key-of-somebody").unwrap();
        let request =
            ClaimRequest { hold_id, key, fingerprint: [7; 32], chosen: Vec::new(), any: Vec::new() };
        let strategy: Arc<dyn Strategy> = Arc::clone(strategy) as _;
        let claim = together.claim(&strategy, target, Arc::new([request]));
        tokio::time::timeout(Duration::from_secs(10), claim).await.expect("it is answered")
    }

    #[tokio::test]
    async fn a_lane_that_panics_is_opened_again() {
        let (together, strategy) = (Together::new(nowhere(), 500), Odd::new(2 * LANES, usize::MAX >> 4));
        let tenant = TenantId::generate();
        for _ in 0..2 * LANES {
            let told = claim(&together, &strategy, tenant, HoldId::generate()).await;
            assert!(matches!(told, Err(DbError::Unavailable(_))), "{told:?}");
        }
        let told = claim(&together, &strategy, tenant, HoldId::generate()).await;
        assert_eq!(told.unwrap(), [Outcome::SoldOut]);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_claimed() {
        let (together, strategy) = (Together::new(nowhere(), 500), Odd::new(0, 0));
        let tenant = TenantId::generate();
        let (abandoned, last) = (HoldId::generate(), HoldId::generate());
        let mut under_way = Vec::new();
        for lane in 1..=LANES {
            let (together, strategy) = (together.clone(), Arc::clone(&strategy));
            let claimed = Arc::clone(&strategy);
            let first = async move { claim(&together, &strategy, tenant, HoldId::generate()).await };
            under_way.push(tokio::spawn(first));
            // Each has a lane of its own.
            while claimed.claimed.lock().unwrap().len() < lane {
                tokio::task::yield_now().await;
            }
        }
        let given_up = claim(&together, &strategy, tenant, abandoned);
        assert!(tokio::time::timeout(Duration::from_millis(20), given_up).await.is_err());
        strategy.permits.add_permits(LANES + 1);
        assert!(claim(&together, &strategy, tenant, last).await.is_ok());
        for first in under_way {
            assert!(first.await.unwrap().is_ok());
        }
        let claimed = strategy.claimed.lock().unwrap().clone();
        assert!(!claimed.contains(&abandoned) && claimed.contains(&last), "{claimed:?}");
    }
}
