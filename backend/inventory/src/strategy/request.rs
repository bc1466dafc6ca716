//! What buyers wish, already checked against the catalog.

use std::sync::Arc;

use marquee_core::http::IdempotencyKey;
use marquee_core::ids::{HoldId, PriceLevelId, TicketTypeId, UnitId};
use marquee_core::money::Price;

/// One buyer's wish.
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
    pub offer: Arc<Offer>,
}

/// So many units of a price level.
#[derive(Debug, Clone)]
pub struct AnyUnits {
    /// How many, at least one.
    pub quantity: usize,
    /// Side by side?
    pub adjacent: bool,
    /// Their offer.
    pub offer: Arc<Offer>,
}

/// What a unit is sold as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Price level.
    pub price_level: PriceLevelId,
    /// Its name.
    pub price_level_name: String,
    /// Ticket type.
    pub ticket_type: TicketTypeId,
    /// Its name.
    pub ticket_type_name: String,
    /// Price, frozen by the claim.
    pub price: Price,
}
