//! The read model: what fans may see of a tenant's programme, and the pure rules over it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use marquee_core::ids::{EventId, PerformanceId, PlanId, PriceLevelId, TenantId, TicketTypeId, VenueId};
use marquee_core::money::{Currency, Price};
pub use marquee_entity::catalog::{PerformanceState, Strategy};
use serde::{Deserialize, Serialize};

/// Below so many free units a performance has few left, however small it is.
const FEW_UNITS: u64 = 20;
/// Below this share of its units (one in so many) a performance has few left, however large it is.
const FEW_SHARE: u64 = 10;

/// How long a hold may live, in seconds.
pub const HOLD_SECONDS: std::ops::RangeInclusive<i32> = 1..=86_400;

/// What is played.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its name in addresses, unique at the tenant.
    pub slug: String,
    /// The title.
    pub title: String,
    /// Who it is by or who plays; empty if nothing is to be said.
    pub subtitle: String,
    /// One or two sentences.
    pub summary: String,
    /// Paragraphs of plain text, separated by blank lines.
    pub description: String,
    /// Genre, one or two words; may be empty.
    pub category: String,
    /// Short practical facts: length, age.
    pub facts: Vec<String>,
    /// Cast, crew or running order.
    pub credits: Vec<Credit>,
    /// How its poster is drawn.
    pub poster: Poster,
    /// Since when fans see it.
    pub published_at: Option<DateTime<Utc>>,
    /// Its performances, by start.
    pub performances: Vec<Arc<Performance>>,
}

/// A line of the cast or the running order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// Part, task or stage time.
    pub role: String,
    /// Who.
    pub name: String,
}

/// How a poster is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Poster {
    /// Family and motif, `theatre:orchard`; empty: the theme chooses.
    pub style: String,
    /// Varies the drawing.
    pub seed: u32,
}

/// One dated showing of an event, with its own inventory.
#[derive(Debug, Clone, PartialEq)]
pub struct Performance {
    /// Its id.
    pub id: PerformanceId,
    /// The event's id.
    pub event_id: EventId,
    /// The event's name in addresses.
    pub event_slug: String,
    /// The event's title.
    pub event_title: String,
    /// Where.
    pub venue: Venue,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When the doors open.
    pub doors_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// First moment of sale.
    pub on_sale_from: DateTime<Utc>,
    /// First moment after the sale.
    pub on_sale_until: DateTime<Utc>,
    /// It will not take place.
    pub cancelled: bool,
    /// What it is sold in.
    pub currency: Currency,
    /// How its units are claimed.
    pub strategy: Strategy,
    /// How long a hold lives, in seconds.
    pub hold_seconds: i32,
    /// Most units in one order.
    pub limit_per_order: i32,
    /// Most units one buyer may have.
    pub limit_per_buyer: i32,
    /// Its seating plan; none for standing only.
    pub plan: Option<PlanInfo>,
    /// What it costs, in the order of display.
    pub price_levels: Vec<PriceLevel>,
}

/// A place where performances happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Venue {
    /// Its id.
    pub id: VenueId,
    /// Its name.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// Town.
    pub city: String,
}

/// Which seating plan, and how many seats it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanInfo {
    /// Its id.
    pub id: PlanId,
    /// SHA-256 of its document and drawing, in hex: its name in addresses.
    pub hash: String,
    /// How many seats it has.
    pub seats: i32,
}

impl PlanInfo {
    /// Where its drawing is served.
    pub fn url(&self) -> String {
        format!("/api/v1/plans/{}", self.hash)
    }
}

/// Units sold at the same prices.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceLevel {
    /// Its id.
    pub id: PriceLevelId,
    /// Its name: `Band A`, `Early`.
    pub name: String,
    /// Colour on the plan, `#rrggbb`.
    pub color: String,
    /// The plan's seat categories sold at it; empty for standing.
    pub categories: Vec<String>,
    /// Who pays what, in the order of display; the first is the default.
    pub ticket_types: Vec<TicketType>,
}

/// A kind of ticket within a level: adult, child.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketType {
    /// Its id.
    pub id: TicketTypeId,
    /// Its name.
    pub name: String,
    /// What a unit costs, with its parts.
    pub price: Price,
}

/// How many units are free right now, told from memory by whoever keeps the inventory. `None`: not known
/// (yet).
pub trait FreeUnits: Send + Sync {
    /// Free units of a performance.
    fn free(&self, tenant: TenantId, performance: PerformanceId) -> Option<u64>;

    /// Free units of one of its price levels.
    fn free_of_level(&self, _: TenantId, _: PerformanceId, _: PriceLevelId) -> Option<u64> {
        None
    }

    /// All units of a performance, in whatever state.
    fn capacity(&self, _: TenantId, _: PerformanceId) -> Option<u64> {
        None
    }
}

/// Knows of no units: every performance counts as available. For tools that sell nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnknownUnits;

impl FreeUnits for UnknownUnits {
    fn free(&self, _: TenantId, _: PerformanceId) -> Option<u64> {
        None
    }
}

/// What is known of a performance's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Availability {
    /// Free ones, if known.
    pub free: Option<u64>,
    /// All of them, if known.
    pub capacity: Option<u64>,
}

impl Availability {
    /// Fewer than twenty, or than a tenth of all, are left; but some are.
    pub fn few_left(self) -> bool {
        let Some(free) = self.free.filter(|free| *free > 0) else { return false };
        free < FEW_UNITS || self.capacity.is_some_and(|all| free.saturating_mul(FEW_SHARE) < all)
    }
}

impl Performance {
    /// Where the performance stands at `now`. What ends it weighs more than what holds it back, and that more
    /// than what is left: cancelled, ended, scheduled, sold out, on sale. Unknown availability counts as
    /// available.
    pub fn state(&self, now: DateTime<Utc>, availability: Availability) -> PerformanceState {
        if self.cancelled {
            PerformanceState::Cancelled
        } else if now >= self.ends_at || now >= self.on_sale_until {
            PerformanceState::Ended
        } else if now < self.on_sale_from {
            PerformanceState::Scheduled
        } else if availability.free == Some(0) {
            PerformanceState::SoldOut
        } else {
            PerformanceState::OnSale
        }
    }

    /// The price level with this id.
    pub fn price_level(&self, id: PriceLevelId) -> Option<&PriceLevel> {
        self.price_levels.iter().find(|level| level.id == id)
    }

    /// The price level at which seats of a category of the plan are sold.
    pub fn level_of_category(&self, category: &str) -> Option<&PriceLevel> {
        self.price_levels.iter().find(|level| level.categories.iter().any(|one| one == category))
    }
}

impl PriceLevel {
    /// The ticket type with this id; without one the level's first.
    pub fn ticket_type(&self, id: Option<TicketTypeId>) -> Option<&TicketType> {
        match id {
            Some(id) => self.ticket_types.iter().find(|one| one.id == id),
            None => self.ticket_types.first(),
        }
    }
}

impl Event {
    /// Do fans see it?
    pub fn is_published(&self) -> bool {
        self.published_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::fixtures;

    fn free(units: u64) -> Availability {
        Availability { free: Some(units), capacity: Some(100) }
    }

    #[test]
    fn states_weigh_in_their_order() {
        let mut one = fixtures::performance();
        let moment = TimeDelta::microseconds(1);
        let state = |one: &Performance, now, left| one.state(now, free(left));
        assert_eq!(state(&one, one.on_sale_from - moment, 0), PerformanceState::Scheduled);
        assert_eq!(state(&one, one.on_sale_from, 1), PerformanceState::OnSale);
        assert_eq!(state(&one, one.on_sale_from, 0), PerformanceState::SoldOut);
        assert_eq!(one.state(one.on_sale_from, Availability::default()), PerformanceState::OnSale);
        assert_eq!(state(&one, one.on_sale_until - moment, 1), PerformanceState::OnSale);
        assert_eq!(state(&one, one.on_sale_until, 1), PerformanceState::Ended);
        assert_eq!(state(&one, one.on_sale_until, 0), PerformanceState::Ended);
        one.on_sale_from = one.ends_at + moment;
        one.on_sale_until = one.ends_at + moment * 2;
        assert_eq!(state(&one, one.ends_at, 1), PerformanceState::Ended, "over before its sale began");
        one.cancelled = true;
        assert_eq!(state(&one, one.ends_at, 0), PerformanceState::Cancelled);
    }

    #[test]
    fn few_are_left_below_twenty_or_a_tenth() {
        let few = |free, capacity| Availability { free, capacity }.few_left();
        assert!(!few(None, Some(100)));
        assert!(!few(Some(0), Some(100)), "none is not few");
        assert!(few(Some(1), None));
        assert!(few(Some(19), Some(100)));
        assert!(!few(Some(20), Some(100)));
        assert!(!few(Some(20), None));
        assert!(few(Some(73), Some(738)));
        assert!(!few(Some(74), Some(738)));
        assert!(!few(Some(u64::MAX), Some(u64::MAX)));
    }

    #[test]
    fn the_first_ticket_type_is_the_default() {
        let one = fixtures::performance();
        let level = one.level_of_category("Category I").unwrap();
        assert_eq!(level.ticket_type(None), level.ticket_types.first());
        assert_eq!(level.ticket_type(Some(level.ticket_types[1].id)), level.ticket_types.get(1));
        assert_eq!(level.ticket_type(Some(TicketTypeId::generate())), None);
        assert_eq!(one.level_of_category("Category X"), None);
    }
}
