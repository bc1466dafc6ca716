//! Makes, shows and gives back holds.

use std::sync::Arc;
use std::time::Duration;

use marquee_catalog::{Catalog, Performance, PriceLevel};
use marquee_core::clock::SharedClock;
use marquee_core::db::{Db, DbError, Tag};
use marquee_core::http::IdempotencyKey;
use marquee_core::ids::{HoldId, PerformanceId};
use marquee_core::secret::SecretKey;
use marquee_entity::catalog::Strategy as StrategyName;
use marquee_entity::inventory::HoldState;
use marquee_tenants::Tenant;

use crate::availability::Availability;
use crate::seats::Seats;
use crate::strategy::{
    AnyUnits, ChosenUnit, ClaimRequest, Offer, Outcome, SkipLocked, Strategy, Target, Ttl,
};
use crate::types::{check_on_sale, ticket_type};
use crate::{HoldDetail, HoldError, HoldRequest, lifecycle};

const READ: Tag = Tag::new("hold.read");
const RELEASE: Tag = Tag::new("hold.release");
/// Tries of a claim that others are in the way of.
const TRIES: u32 = 6;

/// The inventory of all tenants.
#[derive(Debug, Clone)]
pub struct Inventory {
    db: Db,
    catalog: Catalog,
    availability: Availability,
    seats: Seats,
    secret: SecretKey,
    clock: SharedClock,
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
    /// The inventory over its database.
    pub fn new(
        db: Db,
        catalog: Catalog,
        availability: Availability,
        secret: SecretKey,
        clock: SharedClock,
    ) -> Self {
        let seats = Seats::new(db.clone());
        Self { db, catalog, availability, seats, secret, clock }
    }

    /// What is free, from memory.
    pub fn availability(&self) -> &Availability {
        &self.availability
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
        let performance =
            self.catalog.performance(tenant, performance).await?.ok_or(HoldError::UnknownPerformance)?;
        request.check(performance.limit_per_order)?;
        check_on_sale(&performance, self.clock.now())?;
        let claim = self.resolve(tenant, &performance, request, key, fingerprint).await?;
        let outcome = self.claim(tenant, &performance, claim).await?;
        let (hold, replayed) = match outcome {
            Outcome::Held(hold) => (hold, false),
            Outcome::Replayed(hold) => (hold, true),
            Outcome::Mismatch => return Err(HoldError::IdempotencyMismatch),
            Outcome::SeatTaken(seats) => return Err(HoldError::SeatTaken(seats)),
            Outcome::SoldOut | Outcome::Contended => return Err(HoldError::SoldOut),
            Outcome::NoAdjacent => return Err(HoldError::NoAdjacent),
        };
        let token = self.secret.token("hold", &[tenant.id.0.as_bytes(), hold.0.as_bytes()]);
        let hold = self.read(tenant, hold).await?;
        Ok(Made { hold, token, replayed })
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

    async fn resolve(
        &self,
        tenant: &Tenant,
        performance: &Performance,
        request: &HoldRequest,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
    ) -> Result<ClaimRequest, HoldError> {
        let offer = |level: &PriceLevel, kind: Option<&str>| {
            let kind = ticket_type(level, kind)?;
            Ok::<_, HoldError>(Offer {
                price_level: level.id,
                ticket_type: kind.id,
                price: kind.price.clone(),
            })
        };
        let mut chosen = Vec::with_capacity(request.seats.len());
        if !request.seats.is_empty() {
            let seats = self.seats.of(tenant.id, performance.id).await.map_err(unavailable)?;
            for wanted in &request.seats {
                let unknown = || HoldError::UnknownSeat(wanted.seat.clone());
                let seat = seats.get(&wanted.seat).ok_or_else(unknown)?;
                let level =
                    performance.price_levels.iter().find(|one| one.id == seat.level).ok_or_else(unknown)?;
                let offer = offer(level, wanted.ticket_type.as_deref())?;
                chosen.push(ChosenUnit { unit: seat.unit, seat: wanted.seat.clone(), offer });
            }
        }
        let mut any = Vec::with_capacity(request.places.len());
        for wanted in &request.places {
            let level = performance.price_levels.iter().find(|one| one.id.to_string() == wanted.price_level);
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

    async fn claim(
        &self,
        tenant: &Tenant,
        performance: &Performance,
        claim: ClaimRequest,
    ) -> Result<Outcome, HoldError> {
        let strategy: &dyn Strategy = match performance.strategy {
            StrategyName::SkipLocked => &SkipLocked::default(),
            StrategyName::Ttl | StrategyName::RowLock | StrategyName::Redis => &Ttl::default(),
        };
        let target = Target {
            tenant: tenant.id,
            performance: performance.id,
            hold_seconds: performance.hold_seconds,
            currency: performance.currency.clone(),
        };
        let batch = [claim];
        let mut tries = 0;
        loop {
            tries += 1;
            let claimed = strategy.claim(&self.db, &target, &batch).await;
            let again = match &claimed {
                Ok(outcomes) => outcomes.first() == Some(&Outcome::Contended),
                Err(error) => error.is_contention(),
            };
            if again && tries < TRIES {
                tokio::time::sleep(Duration::from_millis(u64::from(tries) * 10)).await;
                continue;
            }
            let outcome = claimed?.into_iter().next().unwrap_or(Outcome::Contended);
            metrics::counter!("marquee_holds_total", "strategy" => strategy.name().as_str(), "outcome" => outcome.name())
                .increment(1);
            return Ok(outcome);
        }
    }
}

fn unavailable(error: Arc<DbError>) -> HoldError {
    HoldError::Db(DbError::Unavailable(error.to_string()))
}
