//! Makes a tenant and its programme, where they are not there yet.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use marquee_catalog::{
    CreatedPerformance, NewEvent, NewGate, NewPerformance, NewPriceLevel, NewTicketType, NewVenue,
    PerformanceChanges, create_event, create_performance, import_plan, publish_event, set_performance,
};
use marquee_core::db::TenantTx;
use marquee_core::ids::{EventId, PerformanceId, PlanId, VenueId};
use marquee_core::params;
use marquee_inventory::{create_places, create_seats};
use marquee_tenants::{NewTenant, Tenant};
use sea_orm::FromQueryResult;
use serde_json::json;

use super::plan::{Plans, best_seats};
use super::programme::{DemoTenant, Event, Performance, Programme, Venue, VenueKind};
use super::{Built, SEED};
use crate::cli::Failure;
use crate::compose::Foundation;
use crate::stock;

/// A buyer may have so many tickets in one order, and so many of one performance.
const LIMIT_PER_ORDER: i32 = 10;
const LIMIT_PER_BUYER: i32 = 20;
/// How long a buyer has, in seconds.
const HOLD_SECONDS: i32 = 600;
const COLORS: [&str; 5] = ["#7a1f2b", "#b0563b", "#3f6b5c", "#41597a", "#8a7a4f"];

/// The tenant, made if it is not there.
pub(super) async fn tenant(
    foundation: &Foundation,
    demo: &DemoTenant,
    programme: &Programme,
    host: &str,
) -> Result<std::sync::Arc<Tenant>, Failure> {
    if let Ok(tenant) = foundation.tenant(demo.slug) {
        return Ok(tenant);
    }
    let site = &programme.site;
    let new = NewTenant {
        slug: demo.slug.to_owned(),
        name: site.name.clone(),
        legal_name: site.legal.first().cloned().unwrap_or_else(|| site.name.clone()),
        host: host.to_owned(),
        currency: site.currency.parse()?,
        timezone: site.timezone.parse::<Tz>()?,
        locale: site.locale.clone(),
        theme: demo.slug.to_owned(),
        theme_settings: json!({ "tagline": site.tagline, "legal": site.legal, "phone": site.contact.phone }),
        support_email: site.contact.email.clone(),
        mail_from: site.contact.email.clone(),
        postal_address: site.contact.address.clone(),
        payment_account: Some(format!("acct_{}", demo.slug)),
        platform_fee_bps: demo.fee.0,
        platform_fee_fixed: demo.fee.1,
    };
    let tx = foundation.db.begin_platform(SEED).await?;
    marquee_tenants::create_tenant(&tx, &new).await?;
    tx.commit().await?;
    foundation.directory.refresh(&foundation.db).await?;
    foundation.tenant(demo.slug)
}

#[derive(Debug, FromQueryResult)]
struct EventRow {
    id: EventId,
}

#[derive(Debug, FromQueryResult)]
struct PerformanceRow {
    id: PerformanceId,
    reserved: bool,
}

/// Every performance of the programme; an event that is there already is left as it is, but for the sale that is
/// to open soon after each start.
pub(super) async fn programme(
    foundation: &Foundation,
    tenant: &Tenant,
    programme: &Programme,
) -> Result<Vec<Built>, Failure> {
    let mut plans = Plans::default();
    let mut built = Vec::new();
    for event in &programme.events {
        let tx = foundation.db.begin(tenant.id, SEED).await?;
        let there: Option<EventRow> = tx
            .optional(
                "select id from events where tenant_id = $1 and slug = $2",
                params![event.slug.as_str()],
            )
            .await?;
        let performances = match there {
            Some(row) => find(&tx, event, row.id).await?,
            None => make(&tx, tenant, programme, event, &mut plans).await?,
        };
        tx.commit().await?;
        built.extend(performances);
    }
    Ok(built)
}

async fn find(tx: &TenantTx, event: &Event, id: EventId) -> Result<Vec<Built>, Failure> {
    let rows: Vec<PerformanceRow> = tx
        .all(
            "select id, plan_id is not null as reserved from performances
             where tenant_id = $1 and event_id = $2 order by id",
            params![id],
        )
        .await?;
    let mut found = Vec::new();
    for (row, told) in rows.iter().zip(&event.performances) {
        if let Some(seconds) = told.on_sale_in_seconds {
            let opens = Utc::now() + TimeDelta::seconds(seconds);
            let changes = PerformanceChanges { on_sale_from: Some(opens), ..PerformanceChanges::default() };
            set_performance(tx, row.id, &changes).await?;
        }
        found.push(Built { id: row.id, key: told.key.clone(), reserved: row.reserved, sold: share(told) });
    }
    Ok(found)
}

fn share(performance: &Performance) -> f64 {
    if performance.sold_out { 1.0 } else { performance.sold }
}

async fn make(
    tx: &TenantTx,
    tenant: &Tenant,
    programme: &Programme,
    event: &Event,
    plans: &mut Plans,
) -> Result<Vec<Built>, Failure> {
    let id = create_event(
        tx,
        &NewEvent {
            slug: event.slug.clone(),
            title: event.title.clone(),
            subtitle: event.subtitle.clone(),
            summary: event.summary.clone(),
            description: event.description.join("\n\n"),
            category: event.category.clone(),
            facts: event.facts.clone(),
            credits: event.credits.clone(),
            poster: event.poster.clone(),
        },
    )
    .await?;
    let mut built = Vec::new();
    for performance in &event.performances {
        let told = told(programme, &performance.venue)?;
        let venue =
            NewVenue { name: told.name.clone(), address: told.address.clone(), city: told.city.clone() };
        let venue = stock::venue(tx, &venue).await?;
        let plan = match told.kind {
            VenueKind::Seated => Some(plans.of(told)?),
            VenueKind::Standing => None,
        };
        let imported = match &plan {
            Some(plan) => Some(import_plan(tx, venue, plan).await?.id),
            None => None,
        };
        let new = describe(tenant, event, performance, id, venue, imported)?;
        let made = create_performance(tx, &new).await?;
        match &plan {
            Some(plan) => {
                let units = stock::units(best_seats(told, plan), &new.price_levels, &made)?;
                create_seats(tx, made.id, &units).await?;
            }
            None => places(tx, event, &made).await?,
        }
        let reserved = plan.is_some();
        built.push(Built { id: made.id, key: performance.key.clone(), reserved, sold: share(performance) });
    }
    publish_event(tx, id).await?;
    Ok(built)
}

fn told<'a>(programme: &'a Programme, venue: &str) -> Result<&'a Venue, Failure> {
    let mut venues = programme.venues.iter();
    venues.find(|one| one.key == venue).ok_or_else(|| format!("no venue `{venue}`").into())
}

fn describe(
    tenant: &Tenant,
    event: &Event,
    performance: &Performance,
    id: EventId,
    venue: VenueId,
    plan: Option<PlanId>,
) -> Result<NewPerformance, Failure> {
    let at = |time: NaiveTime, later_days: u64| local(tenant, performance.days_from_now, time, later_days);
    let starts_at = at(performance.starts_at, 0)?;
    // A club night ends in the morning.
    let ends_at = at(performance.ends_at, u64::from(performance.ends_at < performance.starts_at))?;
    let on_sale_from = match performance.on_sale_in_seconds {
        Some(seconds) => Utc::now() + TimeDelta::seconds(seconds),
        None => Utc::now() - TimeDelta::days(21),
    };
    let price_levels = event
        .price_levels
        .iter()
        .zip(COLORS.iter().cycle())
        .map(|(level, color)| NewPriceLevel {
            name: level.name.clone(),
            color: level.color.clone().unwrap_or_else(|| (*color).to_owned()),
            categories: level.categories.clone(),
            ticket_types: level
                .ticket_types
                .iter()
                .map(|kind| NewTicketType {
                    name: kind.name.clone(),
                    face: kind.price.face,
                    fees: kind.price.fees,
                    tax: kind.price.tax,
                })
                .collect(),
        })
        .collect();
    let gates = ["Main entrance", "Side entrance"]
        .map(|name| NewGate { name: name.to_owned(), opens_at: None, price_levels: None })
        .to_vec();
    Ok(NewPerformance {
        event: id,
        venue,
        plan,
        doors_at: at(performance.doors_at, 0)?,
        starts_at,
        ends_at,
        on_sale_from,
        on_sale_until: starts_at,
        currency: tenant.currency.clone(),
        strategy: None,
        hold_seconds: HOLD_SECONDS,
        limit_per_order: LIMIT_PER_ORDER,
        limit_per_buyer: LIMIT_PER_BUYER,
        price_levels,
        gates,
    })
}

/// A time of day at the tenant's place, so many days from today.
fn local(tenant: &Tenant, days: u32, time: NaiveTime, later: u64) -> Result<DateTime<Utc>, Failure> {
    let today = Utc::now().with_timezone(&tenant.timezone).date_naive();
    let day = today.checked_add_days(Days::new(u64::from(days) + later)).ok_or("the date is out of range")?;
    let local = day.and_time(time).and_local_timezone(tenant.timezone);
    Ok(local.earliest().ok_or("the clock skips that time")?.to_utc())
}

async fn places(tx: &TenantTx, event: &Event, made: &CreatedPerformance) -> Result<(), Failure> {
    for (told, level) in event.price_levels.iter().zip(&made.price_levels) {
        let label = format!("Standing · {}", told.name);
        create_places(tx, made.id, level.id, &label, told.places.unwrap_or_default()).await?;
    }
    Ok(())
}
