//! `marquee plan generate`: an arena of any size, with an event on sale in it.

use std::collections::HashSet;
use std::process::ExitCode;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use clap::Args;
use marquee_catalog::plan::{CATEGORIES, PlanDocument, SeatCount, best_first, seat_refs};
use marquee_catalog::{
    CheckedPlan, CreatedPerformance, ImportedPlan, NewEvent, NewGate, NewPerformance, NewPriceLevel,
    NewTicketType, NewVenue, Poster, create_event, create_performance, import_plan, publish_event,
};
use marquee_core::config::Config;
use marquee_core::db::Tag;
use marquee_core::ids::EventId;
use marquee_inventory::{NewSeat, add_seats};
use marquee_tenants::Tenant;
use serde_json::json;

use crate::cli::{Failure, print_json, print_line};
use crate::compose::Foundation;
use crate::stock;

const GENERATE: Tag = Tag::new("plan.generate");
/// Units of one transaction: one of 60,000 seats needs a single one, and none takes longer than a few seconds.
const SLICE: usize = 60_000;
/// How long a buyer has, in seconds.
const HOLD_SECONDS: i32 = 600;
/// Most tickets of one order, and of one buyer.
const LIMITS: (i32, i32) = (10, 20);
/// Face, fees and tax of a seat of each category, in minor units.
const PRICES: [[i64; 3]; CATEGORIES.len()] =
    [[7_500, 650, 1_350], [5_900, 550, 1_050], [4_300, 450, 750], [2_700, 350, 450], [2_700, 350, 450]];

#[derive(Debug, Args)]
pub struct Options {
    /// How many seats: 1 to 2,000,000.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seats: String,
    /// The tenant: slug or id.
    #[arg(long)]
    tenant: String,
    /// Answer as JSON: `{performance_id,event_id,event,plan_id,hash,seats}`.
    #[arg(long)]
    json: bool,
}

/// What was made before the units.
struct Made {
    event: EventId,
    plan: ImportedPlan,
    performance: CreatedPerformance,
    levels: Vec<NewPriceLevel>,
}

pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let count: SeatCount =
        options.seats.parse().map_err(|error| format!("--seats {}: {error}", options.seats))?;
    let foundation = Foundation::open(Config::from_env()?).await?;
    let tenant = foundation.tenant(&options.tenant)?;
    let plan = CheckedPlan::generated(count)?;
    let slug = format!("opening-night-{}", ending());
    let made = announce(&foundation, &tenant, &plan, (count, &slug)).await?;

    let units = best_units(plan.document, &made)?;
    for (at, slice) in units.chunks(SLICE).enumerate() {
        let tx = foundation.db.begin(tenant.id, GENERATE).await?;
        add_seats(&tx, made.performance.id, at * SLICE, slice).await?;
        tx.commit().await?;
    }
    // Fans see the event once all of its seats are there.
    let tx = foundation.db.begin(tenant.id, GENERATE).await?;
    publish_event(&tx, made.event).await?;
    tx.commit().await?;

    let shown = json!({
        "performance_id": made.performance.id,
        "event_id": made.event,
        "event": slug,
        "plan_id": made.plan.id,
        "hash": made.plan.hash,
        "seats": count.get(),
    });
    foundation.record("plan.generate", Some(tenant.id), shown.clone()).await?;
    if options.json {
        return print_json(&shown);
    }
    print_line(format!(
        "{count} seats on sale: {}",
        foundation.config.public_url(&tenant.host, &format!("/events/{slug}"))
    ));
    print_line(made.performance.id);
    Ok(ExitCode::SUCCESS)
}

/// Venue, plan, event and performance, which nobody sees yet.
async fn announce(
    foundation: &Foundation,
    tenant: &Tenant,
    plan: &CheckedPlan,
    (count, slug): (SeatCount, &str),
) -> Result<Made, Failure> {
    let tx = foundation.db.begin(tenant.id, GENERATE).await?;
    let name = plan.document.name.clone();
    let venue = NewVenue { city: tenant.name.clone(), name, address: String::new() };
    let venue = stock::venue(&tx, &venue).await?;
    let imported = import_plan(&tx, venue, plan).await?;
    let event = NewEvent {
        slug: slug.to_owned(),
        title: "Opening night".to_owned(),
        subtitle: format!("All {count} seats"),
        summary: "The first night in the new house.".to_owned(),
        // The theme's own family of posters.
        poster: Poster { style: String::new(), seed: count.get() },
        ..NewEvent::default()
    };
    let event = create_event(&tx, &event).await?;
    let now = foundation.clock.now();
    let starts_at = evening(tenant, now)?;
    let gates = ["North entrance", "South entrance"]
        .map(|name| NewGate { name: name.to_owned(), opens_at: None, price_levels: None })
        .to_vec();
    let new = NewPerformance {
        event,
        venue,
        plan: Some(imported.id),
        doors_at: starts_at - TimeDelta::minutes(90),
        starts_at,
        ends_at: starts_at + TimeDelta::hours(3),
        on_sale_from: now - TimeDelta::minutes(1),
        on_sale_until: starts_at,
        currency: tenant.currency.clone(),
        strategy: None,
        hold_seconds: HOLD_SECONDS,
        limit_per_order: LIMITS.0,
        limit_per_buyer: LIMITS.1,
        price_levels: price_levels(&plan.document),
        gates,
    };
    let performance = create_performance(&tx, &new).await?;
    tx.commit().await?;
    Ok(Made { event, plan: imported, performance, levels: new.price_levels })
}

/// Eight in the evening at the tenant's place, two months from now.
fn evening(tenant: &Tenant, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    let today = now.with_timezone(&tenant.timezone).date_naive();
    let day = today.checked_add_days(Days::new(60)).ok_or("the date is out of range")?;
    let time = NaiveTime::from_hms_opt(20, 0, 0).unwrap_or_default();
    let local = day.and_time(time).and_local_timezone(tenant.timezone);
    Ok(local.earliest().ok_or("the clock skips that time")?.to_utc())
}

/// A price level for each category of which there are seats.
fn price_levels(plan: &PlanDocument) -> Vec<NewPriceLevel> {
    let used: HashSet<&str> = plan.seats().map(|view| view.seat.category.as_str()).collect();
    let level = |((name, color), [face, fees, tax]): ((&str, &str), [i64; 3])| NewPriceLevel {
        name: name.to_owned(),
        color: color.to_owned(),
        categories: vec![name.to_owned()],
        ticket_types: vec![NewTicketType { name: "Standard".to_owned(), face, fees, tax }],
    };
    let priced = CATEGORIES.into_iter().zip(PRICES);
    priced.filter(|((name, _), _)| used.contains(name)).map(level).collect()
}

/// The units, the best first. Takes the plan, which needs much memory where it is large.
fn best_units(plan: PlanDocument, made: &Made) -> Result<Vec<NewSeat>, Failure> {
    let mut seats = seat_refs(&plan);
    best_first(&plan, &mut seats);
    drop(plan);
    stock::units(seats, &made.levels, &made.performance)
}

/// What tells the event from others of its kind in addresses.
fn ending() -> String {
    let id = EventId::generate().to_string();
    id.rsplit('-').next().unwrap_or(&id).to_owned()
}

#[cfg(test)]
mod tests {
    use marquee_catalog::plan::bowl;

    use super::*;

    #[test]
    fn every_category_with_seats_has_its_price() {
        let levels = |seats| price_levels(&bowl(SeatCount::new(seats).unwrap()));
        assert_eq!(levels(1).len(), 1);
        let names: Vec<String> = levels(5_000).into_iter().map(|level| level.name).collect();
        assert_eq!(names, CATEGORIES.map(|(name, _)| name));
    }

    #[test]
    fn endings_differ() {
        let endings: HashSet<String> = (0..100).map(|_| ending()).collect();
        assert_eq!(endings.len(), 100);
    }
}
