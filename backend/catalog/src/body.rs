//! Events as the API tells them.

use chrono::{DateTime, Utc};
use marquee_core::ids::{EventId, PerformanceId, PriceLevelId, TenantId, TicketTypeId};
use marquee_core::money::{Currency, Price};
use serde::Serialize;
use utoipa::ToSchema;

use crate::show_performance::SaleWindow;
use crate::{Catalog, Credit, Event, Performance, PerformanceState, Poster, PriceLevel, TicketType, Venue};

/// A page of the list of events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventList {
    /// The events.
    pub(crate) data: Vec<EventBody>,
    /// Where the next page begins; null on the last one.
    pub(crate) next: Option<String>,
}

/// A published event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventBody {
    id: EventId,
    /// Its name in addresses.
    slug: String,
    title: String,
    subtitle: String,
    /// One or two sentences.
    summary: String,
    /// Paragraphs of plain text, separated by blank lines.
    description: String,
    category: String,
    /// Short practical facts.
    facts: Vec<String>,
    /// Cast, crew or running order.
    credits: Vec<Credit>,
    poster: Poster,
    /// By start.
    performances: Vec<PerformanceBody>,
}

/// One dated showing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PerformanceBody {
    id: PerformanceId,
    starts_at: DateTime<Utc>,
    doors_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    venue: Venue,
    on_sale: SaleWindow,
    state: PerformanceState,
    /// Some are left, but not many.
    few_left: bool,
    /// Where the seating plan is; null for standing only.
    plan_url: Option<String>,
    limit_per_order: i32,
    limit_per_buyer: i32,
    currency: Currency,
    /// In the order of display.
    price_levels: Vec<PriceLevelBody>,
}

/// Units sold at the same prices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceLevelBody {
    id: PriceLevelId,
    name: String,
    /// Colour on the plan, `#rrggbb`.
    color: String,
    /// The plan's seat categories sold at it; empty for standing.
    categories: Vec<String>,
    /// Free units, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    free: Option<u64>,
    /// Who pays what; the first is the default.
    ticket_types: Vec<TicketTypeBody>,
}

/// A kind of ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketTypeBody {
    id: TicketTypeId,
    name: String,
    /// All-in: total = face + fees + tax.
    price: Price,
}

impl EventBody {
    pub(crate) fn of(catalog: &Catalog, tenant: TenantId, event: &Event) -> Self {
        let performances =
            event.performances.iter().map(|one| PerformanceBody::of(catalog, tenant, one)).collect();
        Self {
            id: event.id,
            slug: event.slug.clone(),
            title: event.title.clone(),
            subtitle: event.subtitle.clone(),
            summary: event.summary.clone(),
            description: event.description.clone(),
            category: event.category.clone(),
            facts: event.facts.clone(),
            credits: event.credits.clone(),
            poster: event.poster.clone(),
            performances,
        }
    }
}

impl PerformanceBody {
    fn of(catalog: &Catalog, tenant: TenantId, performance: &Performance) -> Self {
        let availability = catalog.availability(tenant, performance);
        let level = |level: &PriceLevel| PriceLevelBody {
            id: level.id,
            name: level.name.clone(),
            color: level.color.clone(),
            categories: level.categories.clone(),
            free: catalog.free_of_level(tenant, performance.id, level.id),
            ticket_types: level.ticket_types.iter().map(TicketTypeBody::of).collect(),
        };
        Self {
            id: performance.id,
            starts_at: performance.starts_at,
            doors_at: performance.doors_at,
            ends_at: performance.ends_at,
            venue: performance.venue.clone(),
            on_sale: SaleWindow { from: performance.on_sale_from, until: performance.on_sale_until },
            state: performance.state(catalog.now(), availability),
            few_left: availability.few_left(),
            plan_url: performance.plan.as_ref().map(|plan| plan.url()),
            limit_per_order: performance.limit_per_order,
            limit_per_buyer: performance.limit_per_buyer,
            currency: performance.currency.clone(),
            price_levels: performance.price_levels.iter().map(level).collect(),
        }
    }
}

impl TicketTypeBody {
    fn of(ticket_type: &TicketType) -> Self {
        let TicketType { id, name, price } = ticket_type.clone();
        Self { id, name, price }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::TimeDelta;
    use marquee_core::clock::ManualClock;
    use marquee_core::db::Db;

    use super::*;
    use crate::{FreeUnits, fixtures};

    /// Twelve free units in each level, of as many as the plan has.
    struct Twelve;

    impl FreeUnits for Twelve {
        fn free(&self, _: TenantId, _: PerformanceId) -> Option<u64> {
            Some(12)
        }

        fn free_of_level(&self, _: TenantId, _: PerformanceId, _: PriceLevelId) -> Option<u64> {
            Some(12)
        }
    }

    #[tokio::test]
    async fn an_event_as_the_contract_has_it() {
        // Opened when first needed, which it is not.
        let db = Db::connect("postgres://nobody@127.0.0.1:1/none", "postgres://nobody@127.0.0.1:1/none", 1);
        let clock = ManualClock::at(fixtures::start() - TimeDelta::hours(1));
        let catalog = Catalog::new(db.await.unwrap(), Arc::new(clock), Arc::new(Twelve));
        let body = EventBody::of(&catalog, TenantId::generate(), &fixtures::event());
        insta::assert_json_snapshot!(body);
    }
}
