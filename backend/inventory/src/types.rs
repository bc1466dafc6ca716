//! Requests and holds as callers see them, and the pure rules on them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use marquee_catalog::{Performance, PriceLevel, TicketType};
use marquee_core::ids::{HoldId, PerformanceId, PriceLevelId, TicketTypeId, UnitId};
use marquee_core::money::{Currency, Price};
use marquee_entity::inventory::HoldState;
use serde::{Deserialize, Serialize};

use crate::HoldError;

/// Characters of a seat's id at most, as in a seating plan.
const MAX_SEAT: usize = 190;

/// Asks for chosen seats, for any places of a price level, or for both. All or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// Seats of the plan.
    #[serde(default)]
    pub seats: Vec<SeatRequest>,
    /// So many of a price level, the best that are left.
    #[serde(default)]
    pub places: Vec<PlaceRequest>,
}

/// One chosen seat.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatRequest {
    /// The plan's seat id.
    pub seat: String,
    /// The level's first ticket type unless told otherwise.
    #[serde(default)]
    pub ticket_type: Option<String>,
}

/// Any places of a price level.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceRequest {
    /// The price level's id.
    pub price_level: String,
    /// How many.
    pub quantity: i64,
    /// The level's first ticket type unless told otherwise.
    #[serde(default)]
    pub ticket_type: Option<String>,
    /// Must they be side by side? Not unless told.
    #[serde(default)]
    pub adjacent: bool,
}

/// A hold with its units.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldDetail {
    /// Id.
    pub id: HoldId,
    /// What it is for.
    pub performance_id: PerformanceId,
    /// Where it stands in the database; see `expired`.
    pub state: HoldState,
    /// When its time runs out.
    pub expires_at: DateTime<Utc>,
    /// Had its time run out, by the database's clock, when it was read?
    pub expired: bool,
    /// Sum of its prices, in minor units.
    pub total: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Its units in the order they were asked for.
    pub units: Vec<HeldUnit>,
}

/// A unit in a hold, at its frozen price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HeldUnit {
    /// Id.
    pub unit_id: UnitId,
    /// The plan's seat id; none for a standing place.
    pub seat: Option<String>,
    /// What a person would call it.
    pub label: String,
    /// Id of its price level.
    #[serde(rename = "price_level")]
    pub price_level_id: PriceLevelId,
    /// Name of its price level.
    #[serde(rename = "price_level_name")]
    pub price_level: String,
    /// Id of its ticket type.
    #[serde(rename = "ticket_type")]
    pub ticket_type_id: TicketTypeId,
    /// Name of its ticket type.
    #[serde(rename = "ticket_type_name")]
    pub ticket_type: String,
    /// What it costs.
    pub price: Price,
}

impl HoldRequest {
    /// Refuses what no state of the inventory could satisfy: nothing asked for, impossible numbers, repeated
    /// seats, more than an order may have.
    ///
    /// # Errors
    /// The first such fault.
    pub fn check(&self, limit_per_order: i32) -> Result<(), HoldError> {
        let invalid =
            |pointer: String, detail: &str| HoldError::Invalid { pointer, detail: detail.to_owned() };
        if self.seats.is_empty() && self.places.is_empty() {
            return Err(invalid(String::new(), "name at least one seat or place"));
        }
        let mut seen = HashSet::new();
        for (at, seat) in self.seats.iter().enumerate() {
            if seat.seat.is_empty()
                || seat.seat.chars().count() > MAX_SEAT
                || seat.seat.chars().any(char::is_control)
            {
                return Err(invalid(format!("/seats/{at}/seat"), "a seat's id is short, printable text"));
            }
            if !seen.insert(&seat.seat) {
                return Err(HoldError::DuplicateSeat(seat.seat.clone()));
            }
        }
        for (at, place) in self.places.iter().enumerate() {
            if place.quantity < 1 {
                return Err(invalid(format!("/places/{at}/quantity"), "at least 1"));
            }
        }
        let places = self.places.iter().fold(0_i64, |sum, place| sum.saturating_add(place.quantity));
        let wanted = places.saturating_add(self.seats.len() as i64);
        if wanted > i64::from(limit_per_order) {
            return Err(HoldError::LimitPerOrder(limit_per_order));
        }
        Ok(())
    }
}

/// Is `performance` on sale at `now`?
///
/// # Errors
/// `NotOnSale`, with the opening time if it is to come.
pub fn check_on_sale(performance: &Performance, now: DateTime<Utc>) -> Result<(), HoldError> {
    if !performance.cancelled && now < performance.on_sale_from {
        return Err(HoldError::NotOnSale { opens_at: Some(performance.on_sale_from) });
    }
    if performance.cancelled || now >= performance.on_sale_until || now >= performance.ends_at {
        return Err(HoldError::NotOnSale { opens_at: None });
    }
    Ok(())
}

/// The ticket type asked for, or the level's first.
///
/// # Errors
/// `UnknownTicketType` where the level has none such.
pub fn ticket_type<'a>(level: &'a PriceLevel, wanted: Option<&str>) -> Result<&'a TicketType, HoldError> {
    let found = match wanted {
        None => level.ticket_types.first(),
        Some(wanted) => level.ticket_types.iter().find(|one| one.id.to_string() == wanted),
    };
    found.ok_or_else(|| HoldError::UnknownTicketType(wanted.unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(seats: &[&str], quantities: &[i64]) -> HoldRequest {
        HoldRequest {
            seats: seats
                .iter()
                .map(|seat| SeatRequest { seat: (*seat).to_owned(), ticket_type: None })
                .collect(),
            places: quantities
                .iter()
                .map(|quantity| PlaceRequest {
                    price_level: "x".to_owned(),
                    quantity: *quantity,
                    ticket_type: None,
                    adjacent: false,
                })
                .collect(),
        }
    }

    #[test]
    fn impossible_requests_are_refused() {
        assert!(request(&["a"], &[1]).check(2).is_ok());
        assert!(matches!(request(&[], &[]).check(9), Err(HoldError::Invalid { .. })));
        assert!(matches!(request(&["a", "a"], &[]).check(9), Err(HoldError::DuplicateSeat(_))));
        for quantity in [0, -1, i64::MIN] {
            assert!(matches!(request(&[], &[quantity]).check(9), Err(HoldError::Invalid { .. })));
        }
        for quantities in [&[3][..], &[i64::MAX, i64::MAX], &[1, 2]] {
            assert!(matches!(request(&[], quantities).check(2), Err(HoldError::LimitPerOrder(2))));
        }
        assert!(matches!(request(&["a\0"], &[]).check(9), Err(HoldError::Invalid { .. })));
    }
}
