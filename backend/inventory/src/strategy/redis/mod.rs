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
mod scripts;
mod store;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::{HoldId, PerformanceId, TenantId, UnitId};
use marquee_core::params;
use marquee_entity::catalog::Strategy as Name;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::wish::{Taken, Wishes};
use super::{ClaimRequest, Guard, Outcome, Strategy, Target, record};
use crate::availability::Change;
use store::{Entry, Grant, RedisFault, Store};

const CLAIM: Tag = Tag::new("claim.redis");
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

#[derive(Debug, FromQueryResult)]
struct UnitRow {
    id: UnitId,
}

/// What became of a batch that Redis granted.
enum Journalled {
    Done(Vec<Outcome>),
    /// The journal is in another epoch, or Redis gave a fence twice.
    Stale,
}

impl Redis {
    /// Over the Redis at `url`.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn new(url: &str) -> Result<Self, redis::RedisError> {
        Ok(Self { guard: Guard::On, store: Store::new(url)?, epochs: Arc::default() })
    }

    /// Takes free seats off sale in Redis first and then in Postgres, so that no claim has them meanwhile.
    /// Answers those that may be blocked; the others are held or gone.
    ///
    /// # Errors
    /// When Redis or Postgres is out of reach.
    pub async fn reserve_for_block(
        &self,
        db: &Db,
        target: &Target,
        units: &[UnitId],
    ) -> Result<Vec<UnitId>, DbError> {
        let key = (target.tenant, target.performance);
        let staff = HoldId::generate();
        let alone: Vec<(HoldId, Vec<UnitId>)> = units.iter().map(|unit| (staff, vec![*unit])).collect();
        for _ in 0..EPOCHS {
            let epoch = self.epoch(db, key).await.map_err(away)?;
            match self.store.grant(key, epoch, target.stock.db_now(), true, &alone).await {
                Ok(grants) => {
                    let whole = |(unit, grant): (&UnitId, &Grant)| {
                        matches!(grant, Grant::Whole { taken_from, .. } if taken_from.is_empty())
                            .then_some(*unit)
                    };
                    return Ok(units.iter().zip(&grants).filter_map(whole).collect());
                }
                Err(RedisFault::Epoch) => self.rebuild(db, key, epoch).await.map_err(away)?,
                Err(fault) => return Err(away(fault.into())),
            }
        }
        Err(DbError::Contention)
    }

    /// Tells Redis what Postgres says of these units.
    ///
    /// # Errors
    /// When Postgres is out of reach.
    pub async fn refresh(&self, db: &Db, target: &Target, units: &[UnitId]) -> Result<(), DbError> {
        self.repair(db, target, units).await.map(drop)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Key, i64>> {
        self.epochs.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The epoch to claim under; the first one begins here.
    async fn epoch(&self, db: &Db, key: Key) -> Result<i64, Fault> {
        if let Some(epoch) = self.known().get(&key).copied() {
            return Ok(epoch);
        }
        let epoch = match epoch::current(db, key.0, key.1).await? {
            Some(epoch) => epoch,
            None => {
                self.load(db, key, None).await?;
                return self.known().get(&key).copied().ok_or(Fault::Db(DbError::Contention));
            }
        };
        self.known().insert(key, epoch);
        Ok(epoch)
    }

    /// Redis does not hold `epoch`: takes over the one that somebody else began, or begins one.
    async fn rebuild(&self, db: &Db, key: Key, epoch: i64) -> Result<(), Fault> {
        self.known().remove(&key);
        let in_force = epoch::current(db, key.0, key.1).await?;
        if in_force != Some(epoch) && in_force.is_some() && self.store.epoch(key).await? == in_force {
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

    /// Sets units in Redis to what Postgres says; answers those that are free in both then.
    async fn repair(&self, db: &Db, target: &Target, units: &[UnitId]) -> Result<HashSet<UnitId>, DbError> {
        let key = (target.tenant, target.performance);
        let Some(epoch) = self.known().get(&key).copied() else { return Ok(HashSet::new()) };
        let Ok(seen) = self.store.look(key, units).await else { return Ok(HashSet::new()) };
        let seen: HashMap<UnitId, String> = units.iter().copied().zip(seen).collect();
        let now = target.stock.db_now();
        let mut free = HashSet::new();
        let mut wrong = Vec::new();
        for (unit, truth) in epoch::units(db, target.tenant, units).await? {
            let Some(value) = seen.get(&unit) else { continue };
            // A grant under way is not in the journal yet.
            let under_way = matches!(
                Entry::of_value(value), Entry::Held { until, journalled: false, .. } if until > now
            );
            if under_way && truth == Entry::Free {
                continue;
            }
            if truth == Entry::Free {
                free.insert(unit);
            }
            if truth.to_value() != *value {
                wrong.push((unit, value.clone(), truth));
            }
        }
        if !wrong.is_empty()
            && let Err(fault) = self.store.sync(key, epoch, wrong).await
        {
            tracing::debug!(%fault, "units could not be set right in redis");
        }
        Ok(free)
    }

    async fn journal(
        &self,
        db: &Db,
        target: &Target,
        batch: &[ClaimRequest],
        mut wishes: Wishes<'_>,
        epoch: i64,
        grants: &[Grant],
    ) -> Result<Journalled, DbError> {
        let granted: Vec<UnitId> = wishes
            .wanted
            .iter()
            .zip(grants)
            .filter(|(_, grant)| matches!(grant, Grant::Whole { .. }))
            .flat_map(|(wish, _)| wish.units.iter().map(|got| got.unit))
            .collect();
        let tx = db.begin(target.tenant, CLAIM).await?;
        let opened = epoch::open(&tx, target.performance, target.hold_seconds).await?;
        let Some((_, until)) = opened.filter(|(in_force, _)| *in_force == epoch) else {
            return Ok(Journalled::Stale);
        };
        let over: HashSet<HoldId> = grants
            .iter()
            .flat_map(|grant| match grant {
                Grant::Whole { taken_from, .. } => taken_from.as_slice(),
                Grant::Lost { .. } => &[],
            })
            .copied()
            .collect();
        let mut changes: Vec<Change> = Vec::new();
        if !over.is_empty() {
            changes.extend(crate::store::expire_holds(&tx, over).await?.into_iter().map(Change::freed));
        }
        let refused = self.refused_by_postgres(&tx, &granted).await?;
        let mut taken = Vec::new();
        for (wish, grant) in wishes.wanted.iter().zip(grants) {
            let lost: HashSet<UnitId> = match grant {
                Grant::Whole { .. } => HashSet::new(),
                Grant::Lost { units, .. } => units.iter().copied().collect(),
            };
            let units = || wish.units.iter().map(|got| got.unit);
            let open = |unit: &UnitId| !lost.contains(unit) && !refused.contains(unit);
            let until = units().all(|unit| open(&unit)).then_some(until);
            taken.extend(units().filter(open).map(|unit| Taken { unit, until, taken_from: None }));
        }
        let fences = wishes.wanted.iter().zip(grants).filter_map(|(wish, grant)| match grant {
            Grant::Whole { fence, .. } => Some((wish.request.hold_id, *fence)),
            Grant::Lost { .. } => None,
        });
        wishes.fences = fences.collect();
        wishes.judge(batch, &taken);
        wishes.wait_for(batch, &under_way(grants));
        let settled = record::settle(&tx, target, self.name(), batch, wishes, changes).await;
        let (outcomes, changes) = match settled {
            Err(DbError::Unique(key)) if key == "holds_fence_key" => return Ok(Journalled::Stale),
            settled => settled?,
        };
        tx.commit().await?;
        target.stock.apply(&changes);
        Ok(Journalled::Done(outcomes))
    }

    /// Units with a live claim, or blocked: never to be had, whatever Redis said.
    async fn refused_by_postgres(&self, tx: &TenantTx, units: &[UnitId]) -> Result<HashSet<UnitId>, DbError> {
        if units.is_empty() || self.guard != Guard::On {
            return Ok(HashSet::new());
        }
        let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
        let rows: Vec<UnitRow> = tx.all(REFUSED, params![ids]).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Tells Redis how the batch ended: journalled holds are marked so, everything else is set to what Postgres says.
    /// Seats that Redis refused although memory has them free are set right too, and claimed again if they are.
    async fn conclude(
        &self,
        db: &Db,
        target: &Target,
        epoch: i64,
        wanted: &[(HoldId, Vec<UnitId>)],
        grants: &[Grant],
        batch: &[ClaimRequest],
        outcomes: &mut [Outcome],
    ) -> Result<(), DbError> {
        let held: HashMap<HoldId, _> = batch
            .iter()
            .zip(outcomes.iter())
            .filter_map(|(request, outcome)| match outcome {
                Outcome::Held { until, .. } => Some((request.hold_id, *until)),
                _ => None,
            })
            .collect();
        let journalled = |hold: HoldId, until| Entry::Held { hold, until, journalled: true };
        let (mut kept, mut doubtful) = (Vec::new(), Vec::new());
        for ((hold, units), grant) in wanted.iter().zip(grants) {
            match (held.get(hold), grant) {
                (Some(until), _) => kept.extend(units.iter().map(|unit| (*unit, journalled(*hold, *until)))),
                (None, Grant::Whole { .. }) => doubtful.extend(units),
                (None, Grant::Lost { units, .. }) => {
                    doubtful.extend(units.iter().filter(|unit| target.stock.is_open(**unit)));
                }
            }
        }
        if !kept.is_empty() {
            let key = (target.tenant, target.performance);
            let units: Vec<UnitId> = kept.iter().map(|(unit, _)| *unit).collect();
            let marked = async {
                let seen = self.store.look(key, &units).await?;
                let ours = kept.into_iter().zip(seen).filter(|((_, entry), value)| {
                    matches!((entry, Entry::of_value(value)),
                        (Entry::Held { hold: ours, .. }, Entry::Held { hold, .. }) if *ours == hold)
                });
                self.store.sync(key, epoch, ours.map(|((unit, entry), value)| (unit, value, entry))).await
            };
            if let Err(fault) = marked.await {
                tracing::debug!(%fault, "holds could not be marked as journalled in redis");
            }
        }
        if doubtful.is_empty() {
            return Ok(());
        }
        let free = self.repair(db, target, &doubtful).await?;
        for (request, outcome) in batch.iter().zip(outcomes.iter_mut()) {
            if let Outcome::SeatTaken(seats) = outcome
                && request
                    .chosen
                    .iter()
                    .filter(|one| seats.contains(&one.seat))
                    .all(|one| free.contains(&one.unit))
            {
                *outcome = Outcome::Contended;
            }
        }
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
        let (outcomes, _) = record::settle(&tx, target, self.name(), batch, wishes, Vec::new()).await?;
        tx.commit().await?;
        Ok(outcomes)
    }
}

pub(crate) const REFUSED: &str = "select u.id from units u
     where u.tenant_id = $1 and u.id = any($2::uuid[])
       and (u.state = 'blocked' or exists (select 1 from claims c
            where c.tenant_id = $1 and c.unit_id = u.id and c.closed_at is null))";

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
                    Err(RedisFault::Epoch) => self.rebuild(db, key, epoch).await.map(|()| None),
                    Err(fault) => Err(fault.into()),
                }
            };
            let (epoch, grants) = match granted.await {
                Ok(Some(granted)) => granted,
                Ok(None) => continue,
                Err(Fault::Db(error)) => return Err(error),
                Err(Fault::Redis(fault)) => {
                    tracing::debug!(%fault, "holds wait for redis");
                    return self.without_redis(db, target, batch).await;
                }
            };
            match self.journal(db, target, batch, wishes, epoch, &grants).await? {
                Journalled::Done(mut outcomes) => {
                    self.conclude(db, target, epoch, &wanted, &grants, batch, &mut outcomes).await?;
                    return Ok(outcomes);
                }
                Journalled::Stale => match self.rebuild(db, key, epoch).await {
                    Ok(()) => {}
                    Err(Fault::Db(error)) => return Err(error),
                    Err(Fault::Redis(_)) => return self.without_redis(db, target, batch).await,
                },
            }
        }
        Ok(vec![Outcome::Contended; batch.len()])
    }
}

/// Units of grants that are not journalled yet.
fn under_way(grants: &[Grant]) -> HashSet<UnitId> {
    let of = |grant: &Grant| match grant {
        Grant::Whole { .. } => Vec::new(),
        Grant::Lost { under_way, .. } => under_way.clone(),
    };
    grants.iter().flat_map(of).collect()
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
