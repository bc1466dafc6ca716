//! Reading a tenant's programme.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use marquee_core::db::{Db, Tag, TenantTx};
use marquee_core::ids::{EventId, PerformanceId, PlanId, PriceLevelId, TenantId, TicketTypeId, VenueId};
use marquee_core::money::{Currency, Price};
use marquee_core::params;
use marquee_entity::catalog::Strategy;
use sea_orm::FromQueryResult;

use crate::fresh::Versioned;
use crate::{
    CatalogError, Credit, Event, Performance, PlanInfo, Poster, PriceLevel, Programme, TicketType, Venue,
};

const READ: Tag = Tag::new("catalog.read");
const PLAN: Tag = Tag::new("catalog.plan");

#[derive(Debug, FromQueryResult)]
struct VersionRow {
    version: String,
}

#[derive(Debug, FromQueryResult)]
struct EventRow {
    id: EventId,
    slug: String,
    title: String,
    subtitle: String,
    summary: String,
    description: String,
    category: String,
    facts: Vec<String>,
    credits: serde_json::Value,
    poster: serde_json::Value,
    published_at: Option<DateTime<Utc>>,
}

#[derive(Debug, FromQueryResult)]
struct PerformanceRow {
    id: PerformanceId,
    event_id: EventId,
    venue_id: VenueId,
    venue_name: String,
    venue_address: String,
    venue_city: String,
    plan_id: Option<PlanId>,
    plan_hash: Option<String>,
    plan_seats: Option<i32>,
    starts_at: DateTime<Utc>,
    doors_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    on_sale_from: DateTime<Utc>,
    on_sale_until: DateTime<Utc>,
    cancelled: bool,
    currency: String,
    strategy: Strategy,
    hold_seconds: i32,
    limit_per_order: i32,
    limit_per_buyer: i32,
}

#[derive(Debug, FromQueryResult)]
struct PriceLevelRow {
    id: PriceLevelId,
    performance_id: PerformanceId,
    name: String,
    color: String,
    categories: Vec<String>,
}

#[derive(Debug, FromQueryResult)]
struct TicketTypeRow {
    id: TicketTypeId,
    price_level_id: PriceLevelId,
    name: String,
    face: i64,
    fees: i64,
    tax: i64,
    currency: String,
}

#[derive(Debug, FromQueryResult)]
struct HashRow {
    hash: String,
}

#[derive(Debug, FromQueryResult)]
struct DrawingRow {
    drawing: String,
}

/// The drawing of a plan that is known to be there.
pub(crate) async fn drawing(db: &Db, tenant: TenantId, hash: &str) -> Result<String, CatalogError> {
    let tx = db.begin(tenant, PLAN).await?;
    let sql = "select drawing from seating_plans where tenant_id = $1 and hash = $2";
    let row: DrawingRow = tx.one(sql, params![hash]).await?;
    tx.commit().await?;
    Ok(row.drawing)
}

/// The programme as it is now; `None` where it still has the version `known`.
pub(crate) async fn programme(
    db: &Db,
    tenant: TenantId,
    known: Option<&str>,
) -> Result<Option<Versioned<Programme>>, CatalogError> {
    let tx = db.begin(tenant, READ).await?;
    // Read before the rest: a change in between is found at the next check.
    let version = version(&tx).await?;
    let read = if known == Some(version.as_str()) { None } else { Some(everything(&tx).await?) };
    tx.commit().await?;
    Ok(read.map(|programme| Versioned { version, value: Arc::new(programme) }))
}

/// A text that changes with every commit that touches the programme. Sums, not maxima: of two transactions
/// that overlap, the one that commits last may have the earlier time. Prices have no time of their own: who
/// changes one touches its performance.
async fn version(tx: &TenantTx) -> Result<String, CatalogError> {
    let row: VersionRow = tx
        .one(
            "select concat_ws('/',
                (select concat(count(*), '-', sum(extract(epoch from updated_at)))
                 from events where tenant_id = $1),
                (select concat(count(*), '-', sum(extract(epoch from updated_at)))
                 from performances where tenant_id = $1),
                (select concat(count(*), '-', sum(extract(epoch from updated_at)))
                 from venues where tenant_id = $1),
                (select count(*) from seating_plans where tenant_id = $1)) as version",
            params![],
        )
        .await?;
    Ok(row.version)
}

async fn everything(tx: &TenantTx) -> Result<Programme, CatalogError> {
    let events: Vec<EventRow> = tx
        .all(
            "select id, slug, title, subtitle, summary, description, category, facts, credits, poster,
                    published_at
             from events where tenant_id = $1",
            params![],
        )
        .await?;
    let performances: Vec<PerformanceRow> = tx
        .all(
            "select p.id, p.event_id, p.venue_id, v.name as venue_name, v.address as venue_address,
                    v.city as venue_city, p.plan_id, s.hash as plan_hash, s.seats as plan_seats, p.starts_at,
                    p.doors_at, p.ends_at, p.on_sale_from, p.on_sale_until,
                    p.cancelled_at is not null as cancelled, p.currency, p.strategy, p.hold_seconds, p.limit_per_order, p.limit_per_buyer
             from performances p
             join venues v on v.tenant_id = $1 and v.id = p.venue_id
             left join seating_plans s on s.tenant_id = $1 and s.id = p.plan_id
             where p.tenant_id = $1 order by p.starts_at, p.id",
            params![],
        )
        .await?;
    let levels: Vec<PriceLevelRow> = tx
        .all(
            "select id, performance_id, name, color, categories from price_levels
             where tenant_id = $1 order by performance_id, position",
            params![],
        )
        .await?;
    let types: Vec<TicketTypeRow> = tx
        .all(
            "select id, price_level_id, name, face, fees, tax, currency from ticket_types
             where tenant_id = $1 order by price_level_id, position",
            params![],
        )
        .await?;
    let plans: Vec<HashRow> =
        tx.all("select hash from seating_plans where tenant_id = $1", params![]).await?;
    let events = assemble(events, performances, levels, types)?;
    Ok(Programme::new(events, plans.into_iter().map(|row| row.hash)))
}

/// Joins the rows. What refers to a row that a concurrent commit brought in between two queries waits for the
/// next reading.
fn assemble(
    events: Vec<EventRow>,
    performances: Vec<PerformanceRow>,
    levels: Vec<PriceLevelRow>,
    types: Vec<TicketTypeRow>,
) -> Result<Vec<Event>, CatalogError> {
    let mut types_of: HashMap<PriceLevelId, Vec<TicketType>> = HashMap::new();
    for row in types {
        let level = row.price_level_id;
        types_of.entry(level).or_default().push(ticket_type(row)?);
    }
    let mut levels_of: HashMap<PerformanceId, Vec<PriceLevel>> = HashMap::new();
    for row in levels {
        levels_of.entry(row.performance_id).or_default().push(PriceLevel {
            id: row.id,
            name: row.name,
            color: row.color,
            categories: row.categories,
            ticket_types: types_of.remove(&row.id).unwrap_or_default(),
        });
    }
    let mut events: Vec<Event> = events.into_iter().map(event).collect::<Result<_, _>>()?;
    let at: HashMap<EventId, usize> = events.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
    for row in performances {
        let Some(event) = at.get(&row.event_id).and_then(|at| events.get_mut(*at)) else { continue };
        let levels = levels_of.remove(&row.id).unwrap_or_default();
        let performance = performance(row, event, levels)?;
        event.performances.push(Arc::new(performance));
    }
    Ok(events)
}

fn event(row: EventRow) -> Result<Event, CatalogError> {
    let unreadable = |error: serde_json::Error| unreadable("event", row.id, &error);
    let poster: Poster = serde_json::from_value(row.poster).map_err(unreadable)?;
    let credits: Vec<Credit> = serde_json::from_value(row.credits).map_err(unreadable)?;
    Ok(Event {
        id: row.id,
        slug: row.slug,
        title: row.title,
        subtitle: row.subtitle,
        summary: row.summary,
        description: row.description,
        category: row.category,
        facts: row.facts,
        credits,
        poster,
        published_at: row.published_at,
        performances: Vec::new(),
    })
}

fn performance(
    row: PerformanceRow,
    event: &Event,
    price_levels: Vec<PriceLevel>,
) -> Result<Performance, CatalogError> {
    let currency = currency(&row.currency, "performance", row.id)?;
    let plan = match (row.plan_id, row.plan_hash, row.plan_seats) {
        (Some(id), Some(hash), Some(seats)) => Some(PlanInfo { id, hash, seats }),
        _ => None,
    };
    Ok(Performance {
        id: row.id,
        event_id: row.event_id,
        event_slug: event.slug.clone(),
        event_title: event.title.clone(),
        venue: Venue {
            id: row.venue_id,
            name: row.venue_name,
            address: row.venue_address,
            city: row.venue_city,
        },
        starts_at: row.starts_at,
        doors_at: row.doors_at,
        ends_at: row.ends_at,
        on_sale_from: row.on_sale_from,
        on_sale_until: row.on_sale_until,
        cancelled: row.cancelled,
        currency,
        strategy: row.strategy,
        hold_seconds: row.hold_seconds,
        limit_per_order: row.limit_per_order,
        limit_per_buyer: row.limit_per_buyer,
        plan,
        price_levels,
    })
}

fn ticket_type(row: TicketTypeRow) -> Result<TicketType, CatalogError> {
    let currency = currency(&row.currency, "ticket type", row.id)?;
    let price = Price::of_parts(row.face, row.fees, row.tax, currency)
        .map_err(|error| unreadable("ticket type", row.id, &error))?;
    Ok(TicketType { id: row.id, name: row.name, price })
}

fn currency(text: &str, what: &str, id: impl std::fmt::Display) -> Result<Currency, CatalogError> {
    text.parse().map_err(|error| unreadable(what, id, &error))
}

fn unreadable(what: &str, id: impl std::fmt::Display, why: &dyn std::fmt::Display) -> CatalogError {
    CatalogError::Unreadable(format!("{what} `{id}`: {why}"))
}
