//! How units are claimed: one interface, four ways.
//!
//! A claim takes a batch of requests for one performance. Each is all or nothing, and one that cannot be had
//! never fails the others. Which units a request for any places gets is chosen in memory (`picker.rs`); a strategy decides
//! whether they are to be had, and Postgres has the last word in all of them.
//!
//! | | chosen seats | any places | side by side |
//! |---|---|---|---|
//! | [`RowLock`] | yes | yes | yes |
//! | [`Ttl`] | yes | yes | yes |
//! | [`SkipLocked`] | no: it passes over what others are reaching for | yes | yes |
//! | [`Redis`] | yes | yes | yes |
//!
//! The catalog refuses a strategy that cannot serve what a performance sells.

mod alone;
mod guard;
mod outcome;
mod picker;
mod record;
mod redis;
mod request;
mod row_lock;
mod skip_locked;
mod take;
mod ttl;
mod wish;

use std::sync::Arc;

use async_trait::async_trait;
use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::{PerformanceId, TenantId, UnitId};
use marquee_core::money::Currency;
use marquee_entity::catalog::Strategy as Name;

pub use guard::Guard;
pub use outcome::{Got, Outcome};
pub use redis::Redis;
pub use request::{AnyUnits, ChosenUnit, ClaimRequest, Offer};
pub use row_lock::RowLock;
pub use skip_locked::SkipLocked;
pub use ttl::Ttl;

use crate::availability::Stock;
use crate::block;
use alone::Alone;
use record::Judged;
use take::{Take, Wanted};
use wish::{Asking, Wishes};

const BLOCK: Tag = Tag::new("units.block");

/// What a claim is made against.
#[derive(Debug, Clone)]
pub struct Target {
    /// Whose.
    pub tenant: TenantId,
    /// Which performance.
    pub performance: PerformanceId,
    /// How long a hold lasts, in seconds.
    pub hold_seconds: i32,
    /// What it sells in.
    pub currency: Currency,
    /// What memory knows of its units.
    pub stock: Stock,
}

/// One performance's share of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// What is claimed against.
    pub target: &'a Target,
    /// Requests for it.
    pub batch: &'a [ClaimRequest],
}

/// A way to claim.
#[async_trait]
pub trait Strategy: Send + Sync + std::fmt::Debug {
    /// Its name in the database and on the command line.
    fn name(&self) -> Name;

    /// Claims for each request of the batch; the outcomes stand in the batch's order. Before a buyer is answered that
    /// something is held, every instance is to be told (`Availability::told`).
    ///
    /// # Errors
    /// `Unavailable` leaves the outcome unknown: the same requests again, with the same hold ids and keys, will find
    /// what was made. `Contention`: nothing happened. Any other error is a defect, and nothing happened.
    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError>;

    /// Claims for several performances of one tenant at once, as [`Strategy::claim`] does for one; the outcomes stand in the
    /// order of the parts. `None` where each has to be claimed by itself.
    async fn claim_together(
        &self,
        _db: &Db,
        _parts: &[Part<'_>],
    ) -> Option<Result<Vec<Vec<Outcome>>, DbError>> {
        None
    }

    /// Takes those of `units` off sale that are free; answers which. No claim gets one meanwhile.
    ///
    /// # Errors
    /// When the database, or what else keeps the holds, is out of reach.
    async fn block(&self, db: &Db, target: &Target, units: &[UnitId]) -> Result<Vec<UnitId>, DbError> {
        block::in_postgres(db, BLOCK, target, units).await
    }

    /// Postgres has changed these units beside the strategy.
    ///
    /// # Errors
    /// As [`Strategy::block`].
    async fn learn(&self, _db: &Db, _target: &Target, _units: &[UnitId]) -> Result<(), DbError> {
        Ok(())
    }
}

/// One of each, as an installation has them.
#[derive(Debug, Clone)]
pub struct Strategies {
    row_lock: Arc<dyn Strategy>,
    ttl: Arc<dyn Strategy>,
    skip_locked: Arc<dyn Strategy>,
    redis: Arc<dyn Strategy>,
}

impl Strategies {
    /// All four. Without Redis, or where its address cannot be read, claims of `redis` are answered as unavailable.
    pub fn new(redis: Option<&str>) -> Self {
        let redis = redis.and_then(|url| {
            Redis::new(url)
                .inspect_err(|error| tracing::warn!(%error, "cannot read the address of redis"))
                .ok()
        });
        Self {
            row_lock: Arc::new(RowLock::default()),
            ttl: Arc::new(Ttl::default()),
            skip_locked: Arc::new(SkipLocked::default()),
            redis: redis.map_or_else(|| Arc::new(Missing) as Arc<dyn Strategy>, |redis| Arc::new(redis)),
        }
    }

    /// The strategy of that name.
    pub fn named(&self, name: Name) -> &Arc<dyn Strategy> {
        match name {
            Name::RowLock => &self.row_lock,
            Name::Ttl => &self.ttl,
            Name::SkipLocked => &self.skip_locked,
            Name::Redis => &self.redis,
        }
    }
}

/// Stands for `redis` in an installation that has none.
#[derive(Debug)]
struct Missing;

#[async_trait]
impl Strategy for Missing {
    fn name(&self) -> Name {
        Name::Redis
    }

    async fn claim(&self, _: &Db, _: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        Ok(vec![Outcome::Unavailable; batch.len()])
    }
}

/// Claims in one transaction.
#[async_trait]
impl<T: Take> Strategy for T {
    fn name(&self) -> Name {
        T::NAME
    }

    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        let outcomes = claim_in_one_transaction(db, self, &[Part { target, batch }]).await?;
        Ok(outcomes.into_iter().next().unwrap_or_default())
    }

    async fn claim_together(
        &self,
        db: &Db,
        parts: &[Part<'_>],
    ) -> Option<Result<Vec<Vec<Outcome>>, DbError>> {
        Some(claim_in_one_transaction(db, self, parts).await)
    }
}

/// Claims a batch in one transaction: `take` takes the units, then holds and claims are recorded. What is held then is
/// staged to be told.
async fn claim_in_one_transaction<T: Take>(
    db: &Db,
    take: &T,
    parts: &[Part<'_>],
) -> Result<Vec<Vec<Outcome>>, DbError> {
    let Some(first) = parts.first().map(|part| part.target) else { return Ok(Vec::new()) };
    let mut wishes: Vec<Wishes<'_>> =
        parts.iter().map(|part| Wishes::of(part.batch, &part.target.stock)).collect();
    // Until the end of this function: until the rows are not locked any more.
    let _asking: Vec<Asking> = wishes.iter_mut().map(|wishes| std::mem::take(&mut wishes.asking)).collect();
    let mut tx = db.begin(first.tenant, T::CLAIM).await?;
    if let Some(locked) = take.alone()
        && let ([part], [wishes]) = (parts, wishes.as_mut_slice())
        && part.batch.len() == 1
        && let Some(wish) = wishes.wanted.pop_if(|wish| wish.units.len() == 1)
    {
        let taken = alone::take(&tx, first, T::NAME, locked, &wish).await;
        match taken.inspect_err(|error| wishes.fail(error))? {
            Alone::Held(until) => {
                tx.commit().await?;
                let (held, outcome) = wishes.end_alone(wish, until);
                first.stock.stage(vec![((first.tenant, first.performance), held)]);
                return Ok(vec![vec![outcome]]);
            }
            Alone::NotFree => {}
            Alone::NotMade => {
                drop(tx);
                tx = db.begin(first.tenant, T::CLAIM).await?;
            }
        }
        wishes.wanted.push(wish);
    }
    let wanted = Wanted::of(parts, &wishes);
    if !wanted.lines.is_empty() {
        let taken = take.take(&tx, &wanted).await;
        let taken = taken.inspect_err(|error| wishes.iter_mut().for_each(|one| one.fail(error)))?;
        parts.iter().zip(&mut wishes).for_each(|(part, wishes)| wishes.judge(part.batch, &taken));
    }
    let judged = parts.iter().zip(wishes).map(|(part, wishes)| Judged { part: *part, wishes });
    let settled = record::settle(&tx, T::NAME, judged.collect(), Vec::new()).await?;
    tx.commit().await?;
    if !settled.held.is_empty() {
        first.stock.stage(settled.held);
    }
    Ok(settled.outcomes)
}

/// Every statement that claims, or stands in a claim's way, by name, so that a test can assert how it is planned.
#[cfg(feature = "negative-control")]
pub fn statements() -> Vec<(&'static str, String)> {
    use crate::store;
    vec![
        ("ttl", take::conditional_update(Guard::On, take::Locked::Wait)),
        ("skip_locked", take::conditional_update(Guard::On, take::Locked::Skip)),
        ("alone", alone::statement(take::Locked::Wait)),
        ("alone_skip_locked", alone::statement(take::Locked::Skip)),
        ("row_lock", row_lock::lock_statement(Guard::On)),
        ("row_lock_update", row_lock::UPDATE.to_owned()),
        ("redis_open", redis::OPEN.to_owned()),
        ("redis_refused", redis::REFUSED.to_owned()),
        ("redis_units", redis::by_id()),
        ("record", record::RECORD.to_owned()),
        ("earlier", record::EARLIER.to_owned()),
        ("give_back", store::GIVE_BACK.to_owned()),
        ("expire", store::EXPIRE.to_owned()),
        ("lapsed", store::LAPSED.to_owned()),
        ("block", store::BLOCK.to_owned()),
    ]
}
