//! A small programme for unit tests, the same each time.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use marquee_core::ids::{EventId, PerformanceId, PlanId, PriceLevelId, TicketTypeId, VenueId};
use marquee_core::money::Price;
use uuid::Uuid;

use crate::{Credit, Event, Performance, PlanInfo, Poster, PriceLevel, Strategy, TicketType, Venue};

/// 2026-10-01 19:30 UTC.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_883_000, 0).unwrap()
}

pub(crate) fn performance() -> Performance {
    let price = |face, fees, tax| Price::of_parts(face, fees, tax, "EUR".parse().unwrap()).unwrap();
    let ticket_type = |id, name: &str, price| TicketType {
        id: TicketTypeId(Uuid::from_u128(id)),
        name: name.to_owned(),
        price,
    };
    let level = |id, name: &str, category: &str, types| PriceLevel {
        id: PriceLevelId(Uuid::from_u128(id)),
        name: name.to_owned(),
        color: "#f44336".to_owned(),
        categories: vec![category.to_owned()],
        ticket_types: types,
    };
    Performance {
        id: PerformanceId(Uuid::from_u128(2)),
        event_id: EventId(Uuid::from_u128(1)),
        event_slug: "the-cherry-orchard".to_owned(),
        event_title: "The Cherry Orchard".to_owned(),
        venue: Venue {
            id: VenueId(Uuid::from_u128(3)),
            name: "The Main House".to_owned(),
            address: "9 Mill Quay".to_owned(),
            city: "Cork".to_owned(),
        },
        starts_at: start(),
        doors_at: start() - TimeDelta::minutes(45),
        ends_at: start() + TimeDelta::minutes(145),
        on_sale_from: start() - TimeDelta::days(30),
        on_sale_until: start(),
        cancelled: false,
        currency: "EUR".parse().unwrap(),
        strategy: Strategy::Ttl,
        hold_seconds: 600,
        limit_per_order: 10,
        limit_per_buyer: 20,
        plan: Some(PlanInfo { id: PlanId(Uuid::from_u128(4)), hash: "c0ffee".to_owned(), seats: 738 }),
        price_levels: vec![
            level(
                10,
                "Band A",
                "Category I",
                vec![
                    ticket_type(20, "Adult", price(5_071, 250, 479)),
                    ticket_type(21, "Child (under 16)", price(2_561, 100, 239)),
                ],
            ),
            level(11, "Band B", "Category II", vec![ticket_type(22, "Adult", price(3_970, 250, 380))]),
        ],
    }
}

pub(crate) fn event() -> Event {
    Event {
        id: EventId(Uuid::from_u128(1)),
        slug: "the-cherry-orchard".to_owned(),
        title: "The Cherry Orchard".to_owned(),
        subtitle: "Anton Chekhov".to_owned(),
        summary: "The estate is to be sold.".to_owned(),
        description: "It begins with an axe.\n\nIt ends with one.".to_owned(),
        category: "Drama".to_owned(),
        facts: vec!["Ages 12 and over".to_owned()],
        credits: vec![Credit { role: "Lopakhin".to_owned(), name: "Cathal Breen".to_owned() }],
        poster: Poster { style: "theatre:orchard".to_owned(), seed: 1904 },
        published_at: Some(start() - TimeDelta::days(60)),
        performances: vec![Arc::new(performance())],
    }
}
