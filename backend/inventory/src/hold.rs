//! Makes, shows and gives back holds.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use marquee_catalog::{Catalog, Performance, PriceLevel};
use marquee_core::db::{Db, DbError, Tag};
use marquee_core::http::IdempotencyKey;
use marquee_core::ids::{HoldId, PerformanceId, PriceLevelId, UnitId};
use marquee_core::secret::SecretKey;
use marquee_entity::inventory::HoldState;
use marquee_tenants::Tenant;

use crate::availability::Availability;
use crate::claimer::Claimers;
use crate::sheet::Sheet;
use crate::strategy::{
    AnyUnits, ChosenUnit, ClaimRequest, Got, Offer, Outcome, Strategies, Strategy, Target,
};
use crate::turn::{Turn, Turns};
use crate::types::{check_on_sale, ticket_type};
use crate::{HeldUnit, HoldDetail, HoldError, HoldRequest, lifecycle};

const READ: Tag = Tag::new("hold.read");
const RELEASE: Tag = Tag::new("hold.release");
/// How often and in what rhythm a hold is tried again when the performance has just changed its strategy.
const STRATEGY_TRIES: usize = 20;
const STRATEGY_PAUSE: Duration = Duration::from_millis(50);

/// The inventory of all tenants.
#[derive(Debug, Clone)]
pub struct Inventory {
    db: Db,
    catalog: Catalog,
    availability: Availability,
    claimers: Claimers,
    secret: SecretKey,
    turns: Turns,
}

/// A hold as made, or found again by its key.
#[derive(Debug)]
pub struct Made {
    /// The hold.
    pub hold: HoldDetail,
    /// What opens it: the value of `Hold-Token`.
    pub token: String,
    /// Was it made by an earlier call with the same key?
    pub replayed: bool,
}

impl Inventory {
    /// The inventory over its database, claiming at most `claim_batch` requests at once.
    pub fn new(
        db: Db,
        catalog: Catalog,
        availability: Availability,
        secret: SecretKey,
        strategies: Strategies,
        claim_batch: usize,
    ) -> Self {
        let claimers = Claimers::new(db.clone(), availability.clone(), strategies, claim_batch);
        Self { db, catalog, availability, claimers, secret, turns: Turns::default() }
    }

    /// What is free, from memory.
    pub fn availability(&self) -> &Availability {
        &self.availability
    }

    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    /// The strategy of a performance, what it claims against, and the units of seats.
    pub(crate) async fn aim(
        &self,
        tenant: &Tenant,
        performance: PerformanceId,
        seats: &[String],
    ) -> Result<(Arc<dyn Strategy>, Target, Vec<UnitId>), HoldError> {
        let performance =
            self.catalog.performance(tenant, performance).await?.ok_or(HoldError::UnknownPerformance)?;
        let sheet = self.availability.sheet(tenant.id, performance.id).await.map_err(unavailable)?;
        let unit = |seat: &String| {
            sheet.by_seat(seat).map(|unit| unit.id).ok_or_else(|| HoldError::UnknownSeat(seat.clone()))
        };
        let units: Result<Vec<UnitId>, HoldError> = seats.iter().map(unit).collect();
        let (strategy, target) = self.claimers.aim(tenant.id, &performance).await?;
        Ok((strategy, target, units?))
    }

    /// Is `token` the token of this hold?
    pub fn owns(&self, tenant: &Tenant, hold: HoldId, token: &str) -> bool {
        self.secret.verifies("hold", &[tenant.id.0.as_bytes(), hold.0.as_bytes()], token)
    }

    /// Is this a performance that fans of the tenant may look at?
    pub(crate) async fn knows(&self, tenant: &Tenant, performance: PerformanceId) -> Result<bool, HoldError> {
        Ok(self.catalog.performance(tenant, performance).await?.is_some())
    }

    /// Holds what `request` asks for: all of it or nothing. The same key answers with the hold it made first.
    ///
    /// # Errors
    /// As [`HoldError`] says; nothing is held then.
    pub async fn hold(
        &self,
        tenant: &Tenant,
        performance: PerformanceId,
        request: &HoldRequest,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
    ) -> Result<Made, HoldError> {
        self.hold_in_turn(tenant, performance, request, (key, fingerprint), Turn::default()).await
    }

    /// The same, for a request that has its turn: it ends when the request waits for its claim.
    pub(crate) async fn hold_in_turn(
        &self,
        tenant: &Tenant,
        performance: PerformanceId,
        request: &HoldRequest,
        (key, fingerprint): (&IdempotencyKey, [u8; 32]),
        mut turn: Turn,
    ) -> Result<Made, HoldError> {
        for _ in 0..STRATEGY_TRIES {
            let turn = std::mem::take(&mut turn);
            match self.hold_once(tenant, performance, request, (key, fingerprint), turn).await {
                // The catalog follows within moments.
                Err(HoldError::StrategyChanged) => tokio::time::sleep(STRATEGY_PAUSE).await,
                known => return known,
            }
        }
        Err(HoldError::Overloaded)
    }

    async fn hold_once(
        &self,
        tenant: &Tenant,
        performance: PerformanceId,
        request: &HoldRequest,
        (key, fingerprint): (&IdempotencyKey, [u8; 32]),
        mut turn: Turn,
    ) -> Result<Made, HoldError> {
        let performance = turn.unless_it_waits(self.catalog.performance(tenant, performance)).await?;
        let performance = performance.ok_or(HoldError::UnknownPerformance)?;
        request.check(performance.limit_per_order)?;
        if let Err(refusal) = check_on_sale(&performance, self.availability.db_now()) {
            drop(turn);
            let made = self.made_before(tenant, performance.id, key, fingerprint, &refusal).await?;
            return made.ok_or(refusal);
        }
        let sheet = turn.unless_it_waits(self.availability.sheet(tenant.id, performance.id)).await;
        let sheet = sheet.map_err(unavailable)?;
        let claim = resolve(&sheet, &performance, request, key, fingerprint)?;
        let id = claim.hold_id;
        drop(turn);
        let (hold, replayed) = match self.claimers.claim(tenant.id, &performance, claim).await? {
            Outcome::Held { until, units } => (made(&sheet, &performance, id, until, units)?, false),
            // Made by this very request, whose first answer from the database was lost.
            Outcome::Replayed(hold) => (self.read(tenant, hold).await?, hold != id),
            Outcome::Mismatch => return Err(HoldError::IdempotencyMismatch),
            Outcome::SeatTaken(seats) => return Err(HoldError::SeatTaken(seats)),
            Outcome::SoldOut => return Err(HoldError::SoldOut),
            Outcome::NoAdjacent => return Err(HoldError::NoAdjacent),
            Outcome::StrategyChanged => return Err(HoldError::StrategyChanged),
            Outcome::Unavailable => return Err(HoldError::Unavailable),
            Outcome::Contended => return Err(HoldError::Overloaded),
        };
        Ok(self.opened(tenant, hold, replayed))
    }

    /// The hold that the key made while the sale was open: whoever lost the answer finds it again also when the sale is over.
    /// Before a sale there is none to be looked for.
    async fn made_before(
        &self,
        tenant: &Tenant,
        performance: PerformanceId,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        refusal: &HoldError,
    ) -> Result<Option<Made>, HoldError> {
        if !matches!(refusal, HoldError::NotOnSale { opens_at: None }) {
            return Ok(None);
        }
        let tx = self.db.begin(tenant.id, READ).await?;
        let Some(earlier) = crate::store::hold_of_key(&tx, performance, key.as_str()).await? else {
            return Ok(None);
        };
        if earlier.fingerprint != fingerprint {
            return Err(HoldError::IdempotencyMismatch);
        }
        let hold = lifecycle::read_hold(&tx, earlier.id).await?.ok_or(HoldError::UnknownHold)?;
        tx.commit().await?;
        Ok(Some(self.opened(tenant, hold, true)))
    }

    fn opened(&self, tenant: &Tenant, hold: HoldDetail, replayed: bool) -> Made {
        let token = self.secret.token("hold", &[tenant.id.0.as_bytes(), hold.id.0.as_bytes()]);
        Made { hold, token, replayed }
    }

    /// The hold, if it is not over.
    pub(crate) async fn show(
        &self,
        tenant: &Tenant,
        hold: HoldId,
        token: &str,
    ) -> Result<HoldDetail, HoldError> {
        if !self.owns(tenant, hold, token) {
            return Err(HoldError::UnknownHold);
        }
        let hold = self.read(tenant, hold).await?;
        match hold.state {
            HoldState::Released | HoldState::Expired => Err(HoldError::Over),
            HoldState::Active if hold.expired => Err(HoldError::Over),
            HoldState::Active | HoldState::Confirming | HoldState::Completed => Ok(hold),
        }
    }

    /// Gives the hold back.
    pub(crate) async fn give_back(
        &self,
        tenant: &Tenant,
        hold: HoldId,
        token: &str,
    ) -> Result<(), HoldError> {
        if !self.owns(tenant, hold, token) {
            return Err(HoldError::UnknownHold);
        }
        let tx = self.db.begin(tenant.id, RELEASE).await?;
        let found = lifecycle::lock_hold(&tx, hold).await?.ok_or(HoldError::UnknownHold)?;
        match found.state {
            HoldState::Active => {
                let outcome = if found.expired { HoldState::Expired } else { HoldState::Released };
                lifecycle::release(&tx, hold, outcome).await?;
                tx.commit().await?;
                if found.expired { Err(HoldError::Over) } else { Ok(()) }
            }
            HoldState::Confirming | HoldState::Completed => Err(HoldError::InPayment),
            HoldState::Released | HoldState::Expired => Err(HoldError::Over),
        }
    }

    async fn read(&self, tenant: &Tenant, hold: HoldId) -> Result<HoldDetail, HoldError> {
        let tx = self.db.begin(tenant.id, READ).await?;
        let found = lifecycle::read_hold(&tx, hold).await?;
        tx.commit().await?;
        found.ok_or(HoldError::UnknownHold)
    }
}

/// Checks a request against what is on sale, and names units and prices.
fn resolve(
    sheet: &Sheet,
    performance: &Performance,
    request: &HoldRequest,
    key: &IdempotencyKey,
    fingerprint: [u8; 32],
) -> Result<ClaimRequest, HoldError> {
    let mut chosen = Vec::with_capacity(request.seats.len());
    for wanted in &request.seats {
        let unknown = || HoldError::UnknownSeat(wanted.seat.clone());
        let seat = sheet.by_seat(&wanted.seat).ok_or_else(unknown)?;
        let level = performance.price_levels.iter().find(|one| one.id == seat.level).ok_or_else(unknown)?;
        let offer = offer(level, wanted.ticket_type.as_deref())?;
        chosen.push(ChosenUnit { unit: seat.id, seat: wanted.seat.clone(), offer });
    }
    let mut any = Vec::with_capacity(request.places.len());
    for wanted in &request.places {
        let level = wanted.price_level.parse().ok().map(PriceLevelId);
        let level = performance.price_levels.iter().find(|one| Some(one.id) == level);
        let level = level.ok_or_else(|| HoldError::UnknownPriceLevel(wanted.price_level.clone()))?;
        any.push(AnyUnits {
            quantity: wanted.quantity.try_into().unwrap_or(usize::MAX),
            // Standing places have no neighbours.
            adjacent: wanted.adjacent && performance.plan.is_some(),
            offer: offer(level, wanted.ticket_type.as_deref())?,
        });
    }
    Ok(ClaimRequest { hold_id: HoldId::generate(), key: key.clone(), fingerprint, chosen, any })
}

fn offer(level: &PriceLevel, kind: Option<&str>) -> Result<Arc<Offer>, HoldError> {
    let kind = ticket_type(level, kind)?;
    Ok(Arc::new(Offer {
        price_level: level.id,
        price_level_name: level.name.clone(),
        ticket_type: kind.id,
        ticket_type_name: kind.name.clone(),
        price: kind.price.clone(),
    }))
}

/// A hold just made, told from memory.
fn made(
    sheet: &Sheet,
    performance: &Performance,
    id: HoldId,
    until: DateTime<Utc>,
    units: Vec<Got>,
) -> Result<HoldDetail, HoldError> {
    let unit = |got: Got| {
        let known = sheet.by_id(got.unit)?;
        Some(HeldUnit {
            unit_id: got.unit,
            seat: known.seat.map(str::to_owned),
            label: known.label.to_owned(),
            price_level_id: got.offer.price_level,
            price_level: got.offer.price_level_name.clone(),
            ticket_type_id: got.offer.ticket_type,
            ticket_type: got.offer.ticket_type_name.clone(),
            price: got.offer.price.clone(),
        })
    };
    let units: Option<Vec<HeldUnit>> = units.into_iter().map(unit).collect();
    let units = units.ok_or(HoldError::Db(DbError::NoRow))?;
    Ok(HoldDetail {
        id,
        performance_id: performance.id,
        state: HoldState::Active,
        expires_at: until,
        expired: false,
        total: units.iter().map(|unit| unit.price.total).sum(),
        currency: performance.currency.clone(),
        units,
    })
}

fn unavailable(error: Arc<DbError>) -> HoldError {
    HoldError::Db(DbError::Unavailable(error.to_string()))
}
