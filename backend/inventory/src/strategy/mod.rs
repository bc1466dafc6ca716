//! How units are claimed: one interface, several ways.
//!
//! A claim takes a batch of requests for one performance. Each is all or nothing, and one that cannot be had
//! never fails the others. A strategy opens its own transactions, so that one that keeps holds elsewhere fits too.

mod any;
mod chosen;
mod guard;
mod record;

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::http::IdempotencyKey;
use marquee_core::ids::{HoldId, PerformanceId, PriceLevelId, TenantId, TicketTypeId, UnitId};
use marquee_core::money::{Currency, Price};
use marquee_entity::catalog::Strategy as Name;

pub use guard::Guard;

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
}

/// One buyer's wish, already checked against the catalog.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// The id the hold will have.
    pub hold_id: HoldId,
    /// The buyer's key.
    pub key: IdempotencyKey,
    /// Hash of what was asked for.
    pub fingerprint: [u8; 32],
    /// Chosen seats.
    pub chosen: Vec<ChosenUnit>,
    /// Any places.
    pub any: Vec<AnyUnits>,
}

/// A chosen unit at its price.
#[derive(Debug, Clone)]
pub struct ChosenUnit {
    /// The unit.
    pub unit: UnitId,
    /// The plan's seat id, to name it in a refusal.
    pub seat: String,
    /// Its offer.
    pub offer: Offer,
}

/// So many units of a price level.
#[derive(Debug, Clone)]
pub struct AnyUnits {
    /// How many, at least one.
    pub quantity: usize,
    /// Side by side?
    pub adjacent: bool,
    /// Their offer.
    pub offer: Offer,
}

/// What a unit is sold as.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Price level.
    pub price_level: PriceLevelId,
    /// Ticket type.
    pub ticket_type: TicketTypeId,
    /// Price, frozen by the claim.
    pub price: Price,
}

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The hold is made.
    Held(HoldId),
    /// The key had made this hold before.
    Replayed(HoldId),
    /// The key was used for something else.
    Mismatch,
    /// These chosen seats are not to be had.
    SeatTaken(Vec<String>),
    /// Not enough of a level are left.
    SoldOut,
    /// Enough are left, but not side by side.
    NoAdjacent,
    /// Others were reaching for what is left: the same request may succeed when they are done.
    Contended,
}

impl Outcome {
    /// Its name on /metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Held(_) => "held",
            Self::Replayed(_) => "replayed",
            Self::Mismatch => "mismatch",
            Self::SeatTaken(_) => "seat_taken",
            Self::SoldOut => "sold_out",
            Self::NoAdjacent => "no_adjacent",
            Self::Contended => "contended",
        }
    }
}

/// A way to claim.
#[async_trait]
pub trait Strategy: Send + Sync + std::fmt::Debug {
    /// Its name in the database and on the command line.
    fn name(&self) -> Name;

    /// Claims for each request of the batch; the outcomes stand in the batch's order.
    ///
    /// # Errors
    /// `Unavailable` leaves the outcome unknown: the same keys will find what was made. `Contention`: nothing
    /// happened. Any other error is a defect, and nothing happened.
    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError>;
}

/// Claims chosen seats by one conditional update ("free, or held and expired", decided at the write); places
/// that were not chosen it takes like [`SkipLocked`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Ttl {
    /// On, but in negative controls.
    pub guard: Guard,
}

/// Claims any free units of a price level, passing over those that others are reaching for. It serves no chosen seats.
#[derive(Debug, Clone, Copy, Default)]
pub struct SkipLocked {
    /// On, but in negative controls.
    pub guard: Guard,
}

const CLAIM_TTL: Tag = Tag::new("claim.ttl");
const CLAIM_SKIP_LOCKED: Tag = Tag::new("claim.skip_locked");

#[async_trait]
impl Strategy for Ttl {
    fn name(&self) -> Name {
        Name::Ttl
    }

    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        claim_in_one_transaction(db, CLAIM_TTL, self.guard, target, batch).await
    }
}

#[async_trait]
impl Strategy for SkipLocked {
    fn name(&self) -> Name {
        Name::SkipLocked
    }

    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        claim_in_one_transaction(db, CLAIM_SKIP_LOCKED, self.guard, target, batch).await
    }
}

/// Units that a request got, with what the claim learnt about each.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) unit: UnitId,
    pub(crate) offer: Offer,
    /// When the hold on it ends.
    pub(crate) until: DateTime<Utc>,
    /// The expired hold it was taken from.
    pub(crate) taken_from: Option<HoldId>,
}

/// Where each request of a batch stands while its transaction runs.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) got: HashMap<HoldId, Vec<Got>>,
    pub(crate) refused: HashMap<HoldId, Outcome>,
}

async fn claim_in_one_transaction(
    db: &Db,
    tag: Tag,
    guard: Guard,
    target: &Target,
    batch: &[ClaimRequest],
) -> Result<Vec<Outcome>, DbError> {
    let tx: TenantTx = db.begin(target.tenant, tag).await?;
    let mut tally = Tally::default();
    chosen::claim(&tx, target, batch, guard, &mut tally).await?;
    for request in batch {
        any::claim(&tx, target, request, guard, &mut tally).await?;
    }
    let outcomes = record::settle(&tx, target, batch, tally).await?;
    tx.commit().await?;
    Ok(outcomes)
}
