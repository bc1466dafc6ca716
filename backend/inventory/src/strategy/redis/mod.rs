//! `redis`: a hold lives in Redis, where Lua arbitrates; its journal is holds and claims in Postgres, and the units' rows
//! are written when it is paid for.
//!
//! - Acknowledged is what the journal has. A grant that does not get there lapses within seconds.
//! - Lua grants only under the epoch that Redis was loaded with. Empty, flushed or replaced, Redis has none: the journal is
//!   read first, under a new epoch, and batches granted under the old one are refused by the journal.
//! - Each grant has a fence, unique in the journal. A fence that was given before means that Redis went back in time
//!   (an old snapshot, a lost tail of its log): a new epoch begins.
//! - Postgres has the last word: a unit with a live claim, or blocked, is refused whatever Redis said, and Redis is told.
//!   Redis learns of releases and payments the same way, when a unit is next asked for.

mod epoch;
mod journal;
mod loading;
mod repair;
mod scripts;
mod store;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::{HoldId, PerformanceId, TenantId, UnitId};
use marquee_entity::catalog::Strategy as Name;

use super::record::{self, Judged};
use super::wish::Wishes;
use super::{ClaimRequest, Guard, Outcome, Part, Strategy, Target};
use crate::block;
#[cfg(feature = "negative-control")]
pub(crate) use epoch::{OPEN, by_id};
use journal::Journalled;
#[cfg(feature = "negative-control")]
pub(crate) use journal::REFUSED;
use store::{Grant, RedisFault, Store};

const CLAIM: Tag = Tag::claim("claim.redis");
/// Epochs begun in a row for one batch before it is told to come back.
const EPOCHS: usize = 4;

type Key = (TenantId, PerformanceId);

/// Claims in Redis, journalled in Postgres.
#[derive(Debug, Clone)]
pub struct Redis {
    /// On, but in negative controls.
    pub guard: Guard,
    store: Store,
    /// The epoch of each performance, as this process knows it.
    epochs: Arc<Mutex<HashMap<Key, i64>>>,
}

/// What Redis answered to a batch.
struct Granted {
    epoch: i64,
    /// Holds and the units they want.
    wanted: Vec<(HoldId, Vec<UnitId>)>,
    grants: Vec<Grant>,
}

impl Redis {
    /// Over the Redis at `url`.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn new(url: &str) -> Result<Self, redis::RedisError> {
        Ok(Self { guard: Guard::On, store: Store::new(url)?, epochs: Arc::default() })
    }

    /// Takes units in Redis for nobody's hold, so that no claim has them; answers those that were free there.
    async fn reserve(&self, db: &Db, target: &Target, units: &[UnitId]) -> Result<Vec<UnitId>, DbError> {
        let key = (target.tenant, target.performance);
        let nobody = HoldId::generate();
        let alone: Vec<(HoldId, Vec<UnitId>)> = units.iter().map(|unit| (nobody, vec![*unit])).collect();
        for _ in 0..EPOCHS {
            let epoch = self.epoch(db, key).await.map_err(away)?;
            match self.store.grant(key, epoch, target.stock.db_now(), true, &alone).await {
                Ok(grants) => {
                    let granted = units.iter().zip(&grants);
                    return Ok(granted
                        .filter(|(_, grant)| matches!(grant, Grant::Whole { .. }))
                        .map(|(unit, _)| *unit)
                        .collect());
                }
                Err(RedisFault::Epoch) => self.rebuild(db, key, None).await.map_err(away)?,
                Err(fault) => return Err(away(fault.into())),
            }
        }
        Err(DbError::Contention)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Key, i64>> {
        self.epochs.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The epoch to claim under; the first one begins here.
    async fn epoch(&self, db: &Db, key: Key) -> Result<i64, Fault> {
        if let Some(epoch) = self.known().get(&key).copied() {
            return Ok(epoch);
        }
        let mut epoch = epoch::current(db, key.0, key.1).await?;
        if epoch.is_none() {
            self.rebuild(db, key, None).await?;
            epoch = epoch::current(db, key.0, key.1).await?;
        }
        let epoch = epoch.ok_or(Fault::Db(DbError::Contention))?;
        self.known().insert(key, epoch);
        Ok(epoch)
    }

    /// Redis does not hold the epoch in force, or holds one that is not to be trusted: takes over what somebody else began, or
    /// begins one. One loader at a time: the others wait for it.
    async fn rebuild(&self, db: &Db, key: Key, distrusted: Option<i64>) -> Result<(), Fault> {
        self.known().remove(&key);
        let Some(loading) = self.store.may_load(key).await? else {
            return Ok(self.store.until_loaded(key).await?);
        };
        // A large house takes longer than a batch has: it is loaded also when this batch is given up meanwhile.
        let (this, of) = (self.clone(), db.clone());
        let load = async move { loading.during(this.load_anew(&of, key, distrusted)).await };
        let ended = |_| Err(Fault::Db(DbError::Unavailable("the loading task ended".to_owned())));
        db.home().spawn(load).await.unwrap_or_else(ended)
    }

    async fn load_anew(&self, db: &Db, key: Key, distrusted: Option<i64>) -> Result<(), Fault> {
        let in_force = epoch::current(db, key.0, key.1).await?;
        if in_force.is_some() && in_force != distrusted && self.store.epoch(key).await? == in_force {
            return Ok(());
        }
        self.load(db, key, in_force).await
    }

    async fn load(&self, db: &Db, key: Key, known: Option<i64>) -> Result<(), Fault> {
        let Some(journal) = epoch::begin(db, key.0, key.1, known).await? else { return Ok(()) };
        tracing::info!(
            performance.id = %key.1, epoch = journal.epoch, units = journal.units.len(), "redis is loaded from the journal"
        );
        self.store.install(key, journal.epoch, journal.fence, &journal.units).await?;
        self.known().insert(key, journal.epoch);
        Ok(())
    }

    /// Redis is away: keys that made a hold before are answered, everybody else is told to come back.
    async fn without_redis(
        &self,
        db: &Db,
        target: &Target,
        batch: &[ClaimRequest],
    ) -> Result<Vec<Outcome>, DbError> {
        let tx = db.begin(target.tenant, CLAIM).await?;
        let mut wishes = Wishes::default();
        wishes.refused.extend(batch.iter().map(|request| (request.hold_id, Outcome::Unavailable)));
        let judged = Judged { part: Part { target, batch }, wishes };
        let settled = record::settle(&tx, self.name(), vec![judged], Vec::new()).await?;
        tx.commit().await?;
        Ok(settled.outcomes.into_iter().next().unwrap_or_default())
    }
}

#[async_trait]
impl Strategy for Redis {
    fn name(&self) -> Name {
        Name::Redis
    }

    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        let key = (target.tenant, target.performance);
        for _ in 0..EPOCHS {
            let wishes = Wishes::of(batch, &target.stock);
            let wanted: Vec<(HoldId, Vec<UnitId>)> = wishes
                .wanted
                .iter()
                .map(|wish| (wish.request.hold_id, wish.units.iter().map(|got| got.unit).collect()))
                .collect();
            let granted = async {
                let epoch = self.epoch(db, key).await?;
                let judge = self.guard == Guard::On;
                match self.store.grant(key, epoch, target.stock.db_now(), judge, &wanted).await {
                    Ok(grants) => Ok(Some((epoch, grants))),
                    Err(RedisFault::Epoch) => self.rebuild(db, key, None).await.map(|()| None),
                    Err(fault) => Err(fault.into()),
                }
            };
            let granted = match granted.await {
                Ok(Some((epoch, grants))) => Granted { epoch, wanted, grants },
                Ok(None) => continue,
                Err(Fault::Db(error)) => return Err(error),
                Err(Fault::Redis(fault)) => {
                    tracing::debug!(%fault, "holds wait for redis");
                    return self.without_redis(db, target, batch).await;
                }
            };
            match self.journal(db, target, batch, wishes, granted.epoch, &granted.grants).await? {
                Journalled::Done(mut outcomes) => {
                    self.conclude(db, target, &granted, batch, &mut outcomes).await?;
                    return Ok(outcomes);
                }
                Journalled::Stale => match self.rebuild(db, key, Some(granted.epoch)).await {
                    Ok(()) => {}
                    Err(Fault::Db(error)) => return Err(error),
                    Err(Fault::Redis(_)) => return self.without_redis(db, target, batch).await,
                },
            }
        }
        Ok(vec![Outcome::Contended; batch.len()])
    }

    async fn block(&self, db: &Db, target: &Target, units: &[UnitId]) -> Result<Vec<UnitId>, DbError> {
        let reserved = self.reserve(db, target, units).await?;
        let blocked = block::in_postgres(db, super::BLOCK, target, &reserved).await;
        // What is blocked is blocked: Redis learns it when one of them is next asked for.
        if let Err(error) = self.set_right(db, target, &reserved).await {
            tracing::warn!(%error, "redis could not be told which units are blocked");
        }
        blocked
    }

    async fn learn(&self, db: &Db, target: &Target, units: &[UnitId]) -> Result<(), DbError> {
        // A process that has claimed nothing yet does not know the epoch.
        match self.epoch(db, (target.tenant, target.performance)).await {
            Ok(_) => self.repair(db, target, units).await.map(drop),
            // Redis is away: it learns when a unit is next asked for.
            Err(Fault::Redis(_)) => Ok(()),
            Err(Fault::Db(error)) => Err(error),
        }
    }
}

/// What may be away.
enum Fault {
    Db(DbError),
    Redis(RedisFault),
}

impl From<DbError> for Fault {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<RedisFault> for Fault {
    fn from(fault: RedisFault) -> Self {
        Self::Redis(fault)
    }
}

fn away(fault: Fault) -> DbError {
    match fault {
        Fault::Db(error) => error,
        Fault::Redis(fault) => DbError::Unavailable(fault.to_string()),
    }
}
