//! Two tenants, made by the program's own onboarding: each sells a seated and a standing performance, under the same
//! names and seat ids, so that only the tenant tells them apart.

use std::collections::HashMap;

use chrono::{TimeDelta, Utc};
use marquee_catalog::plan::seat_refs;
use marquee_catalog::{
    CheckedPlan, CreatedPerformance, NewEvent, NewGate, NewPerformance, NewPriceLevel, NewTicketType,
    NewVenue, Poster, create_event, create_performance, create_venue, import_plan, publish_event,
};
use marquee_core::db::{Db, Tag, TenantTx};
use marquee_core::ids::{PlanId, VenueId};
use marquee_inventory::{NewSeat, create_places, create_seats};
use marquee_tenants::{NewTenant, create_tenant};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::Database;

const MAKE: Tag = Tag::new("fixtures");
/// Standing places of a tenant's second performance.
pub const PLACES: u32 = 400;
/// Seats of the plan: stalls A1 … E10, balcony A1 … B8.
pub const SEATS: usize = 66;
/// Most units of one order and of one buyer.
pub const LIMITS: (i32, i32) = (10, 20);

/// How a performance is sold.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How units are claimed; `None`: as is usual for its kind.
    pub strategy: Option<&'static str>,
    /// How long a hold lasts.
    pub hold_seconds: i32,
}

impl Default for Terms {
    fn default() -> Self {
        Self { strategy: None, hold_seconds: 600 }
    }
}

/// What the template has in it.
#[derive(Debug, Clone)]
pub struct Fixtures {
    /// The first tenant.
    pub a: TenantFixture,
    /// The second tenant.
    pub b: TenantFixture,
}

/// A tenant and what it sells.
#[derive(Debug, Clone)]
pub struct TenantFixture {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: &'static str,
    /// Its host.
    pub host: &'static str,
    /// Its brand.
    pub name: &'static str,
    /// Its account at the payment provider.
    pub account: &'static str,
    /// A performance with seats.
    pub seated: PerformanceFixture,
    /// One without.
    pub standing: PerformanceFixture,
}

/// A performance.
#[derive(Debug, Clone)]
pub struct PerformanceFixture {
    /// Its id.
    pub id: String,
    /// Its event's name in addresses.
    pub event: String,
    /// Price levels in their order.
    pub levels: Vec<LevelFixture>,
    /// Its entrances.
    pub gates: Vec<String>,
    /// Its plan's name in addresses.
    pub plan: Option<String>,
}

/// A price level.
#[derive(Debug, Clone)]
pub struct LevelFixture {
    /// Its id.
    pub id: String,
    /// Its ticket types: adult, child, guest (who pays nothing).
    pub types: Vec<String>,
}

/// A seat of the stalls: rows A to E, seats 1 to 10.
pub fn seat(row: char, number: usize) -> String {
    format!("stalls-{row}-{number}")
}

/// Fills a migrated database.
pub async fn make(database: &Database) -> Fixtures {
    let db = database.db(2).await;
    let brand = |slug, host, name, account| Brand { slug, host, name, account };
    let a = tenant(&db, brand("riverside", "a.test", "Riverside Theatre", "acct_riverside")).await;
    let b = tenant(&db, brand("basement", "b.test", "The Basement", "acct_basement")).await;
    Fixtures { a, b }
}

struct Brand {
    slug: &'static str,
    host: &'static str,
    name: &'static str,
    account: &'static str,
}

async fn tenant(db: &Db, brand: Brand) -> TenantFixture {
    let Brand { slug, host, name, account } = brand;
    let platform = db.begin_platform(MAKE).await.unwrap();
    let new = NewTenant {
        slug: slug.to_owned(),
        name: name.to_owned(),
        legal_name: format!("{name} Ltd"),
        host: host.to_owned(),
        currency: "EUR".parse().unwrap(),
        timezone: chrono_tz::Europe::Dublin,
        locale: "en-IE".to_owned(),
        theme: slug.to_owned(),
        theme_settings: json!({}),
        support_email: format!("help@{host}"),
        mail_from: format!("tickets@{host}"),
        postal_address: "1 Quay Street, Cork".to_owned(),
        payment_account: Some(account.to_owned()),
        platform_fee_bps: 250,
        platform_fee_fixed: 30,
    };
    let id = create_tenant(&platform, &new).await.unwrap();
    platform.commit().await.unwrap();

    let tx = db.begin(id, MAKE).await.unwrap();
    let venue = NewVenue { name: "Main House".into(), address: "1 Quay Street".into(), city: "Cork".into() };
    let venue = create_venue(&tx, &venue).await.unwrap();
    let plan = CheckedPlan::read(plan(&format!("{name} plan")).to_string().as_bytes()).unwrap();
    let imported = import_plan(&tx, venue, &plan).await.unwrap();
    let mut seated =
        performance(&tx, venue, "the-tempest", Some((imported.id, true)), &Terms::default()).await;
    seated.1.plan = Some(imported.hash);
    assert_eq!(seats(&tx, &seated.0, &plan).await, SEATS);
    let standing = performance(&tx, venue, "late-night", None, &Terms::default()).await;
    create_places(&tx, standing.0.id, standing.0.price_levels[0].id, "Floor", PLACES).await.unwrap();
    tx.commit().await.unwrap();
    TenantFixture { id: id.to_string(), slug, host, name, account, seated: seated.1, standing: standing.1 }
}

async fn performance(
    tx: &TenantTx,
    venue: VenueId,
    slug: &str,
    plan: Option<(PlanId, bool)>,
    terms: &Terms,
) -> (CreatedPerformance, PerformanceFixture) {
    let event = NewEvent {
        slug: slug.to_owned(),
        title: if plan.is_some() { "The Tempest" } else { "Late Night" }.to_owned(),
        summary: "One night only.".to_owned(),
        description: "A storm, an island, and everybody goes home wiser.".to_owned(),
        poster: Poster { style: "theatre:orchard".to_owned(), seed: 7 },
        ..NewEvent::default()
    };
    let event = create_event(tx, &event).await.unwrap();
    let starts_at = Utc::now() + TimeDelta::days(30);
    let kind =
        |name: &str, [face, fees, tax]: [i64; 3]| NewTicketType { name: name.to_owned(), face, fees, tax };
    let level = |name: &str, color: &str, categories: &[&str], prices: [[i64; 3]; 2]| NewPriceLevel {
        name: name.to_owned(),
        color: color.to_owned(),
        categories: categories.iter().map(|one| (*one).to_owned()).collect(),
        ticket_types: vec![kind("Adult", prices[0]), kind("Child", prices[1]), kind("Guest", [0, 0, 0])],
    };
    let price_levels = match plan {
        Some((_, balcony)) => {
            let stalls = level("Stalls", "#7a1f2b", &["Stalls"], [[4_000, 250, 450], [2_000, 125, 225]]);
            let prices = [[2_500, 200, 300], [1_250, 100, 150]];
            let above = balcony.then(|| level("Balcony", "#3f6b5c", &["Balcony"], prices));
            [stalls].into_iter().chain(above).collect()
        }
        None => vec![level("Floor", "#41597a", &[], [[2_000, 150, 220], [1_000, 75, 110]])],
    };
    let gates = ["Main entrance", "Side entrance"]
        .map(|name| NewGate { name: name.to_owned(), opens_at: None, price_levels: None })
        .to_vec();
    let new = NewPerformance {
        event,
        venue,
        plan: plan.map(|(id, _)| id),
        doors_at: starts_at - TimeDelta::hours(1),
        starts_at,
        ends_at: starts_at + TimeDelta::hours(3),
        on_sale_from: Utc::now() - TimeDelta::days(1),
        on_sale_until: starts_at,
        currency: "EUR".parse().unwrap(),
        strategy: terms.strategy.map(|name| name.parse().unwrap()),
        hold_seconds: terms.hold_seconds,
        limit_per_order: LIMITS.0,
        limit_per_buyer: LIMITS.1,
        price_levels,
        gates,
    };
    let made = create_performance(tx, &new).await.unwrap();
    publish_event(tx, event).await.unwrap();
    let levels = made.price_levels.iter().map(|level| LevelFixture {
        id: level.id.to_string(),
        types: level.ticket_types.iter().map(ToString::to_string).collect(),
    });
    let fixture = PerformanceFixture {
        id: made.id.to_string(),
        event: slug.to_owned(),
        levels: levels.collect(),
        gates: made.gates.iter().map(ToString::to_string).collect(),
        plan: None,
    };
    (made, fixture)
}

/// Puts every seat of the plan on sale; answers how many.
async fn seats(tx: &TenantTx, made: &CreatedPerformance, plan: &CheckedPlan) -> usize {
    let levels: HashMap<&str, _> =
        ["Stalls", "Balcony"].into_iter().zip(made.price_levels.iter().map(|level| level.id)).collect();
    let seats: Vec<NewSeat> = seat_refs(&plan.document)
        .into_iter()
        .map(|seat| {
            let level = levels[seat.category_name.as_str()];
            NewSeat::of(seat, level)
        })
        .collect();
    create_seats(tx, made.id, &seats).await.unwrap();
    seats.len()
}

/// Another performance of a tenant, with `rows` rows of `each` seats ([`hall_seat`]) at one price level.
pub async fn hall(
    database: &Database,
    tenant: &TenantFixture,
    (rows, each): (usize, usize),
    terms: &Terms,
) -> PerformanceFixture {
    let db = database.db(1).await;
    let tx = db.begin(tenant.id.parse().unwrap(), MAKE).await.unwrap();
    let name = format!("hall-{}", Uuid::new_v4().simple());
    let plan = CheckedPlan::read(hall_plan(&name, rows, each).to_string().as_bytes()).unwrap();
    let venue = NewVenue { name: name.clone(), address: "2 Quay Street".into(), city: "Cork".into() };
    let venue = create_venue(&tx, &venue).await.unwrap();
    let imported = import_plan(&tx, venue, &plan).await.unwrap();
    let made = performance(&tx, venue, &name, Some((imported.id, false)), terms).await;
    assert_eq!(seats(&tx, &made.0, &plan).await, rows * each);
    tx.commit().await.unwrap();
    PerformanceFixture { plan: Some(imported.hash), ..made.1 }
}

/// Another performance of a tenant, with so many standing places.
pub async fn floor(
    database: &Database,
    tenant: &TenantFixture,
    places: usize,
    terms: &Terms,
) -> PerformanceFixture {
    let db = database.db(1).await;
    let tx = db.begin(tenant.id.parse().unwrap(), MAKE).await.unwrap();
    let name = format!("floor-{}", Uuid::new_v4().simple());
    let venue = NewVenue { name: name.clone(), address: "3 Quay Street".into(), city: "Cork".into() };
    let venue = create_venue(&tx, &venue).await.unwrap();
    let made = performance(&tx, venue, &name, None, terms).await;
    let level = made.0.price_levels[0].id;
    create_places(&tx, made.0.id, level, "Floor", places.try_into().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    made.1
}

/// A seat of a [`hall`], both counted from 1.
pub fn hall_seat(row: usize, number: usize) -> String {
    format!("hall-{row}-{number}")
}

fn hall_plan(name: &str, rows: usize, each: usize) -> Value {
    let rows: Vec<Value> = (1..=rows)
        .map(|row| {
            let seats = (1..=each).map(|number| {
                json!({ "seat_number": number.to_string(), "seat_guid": hall_seat(row, number),
                        "uuid": format!("{}-uuid", hall_seat(row, number)), "category": "Stalls",
                        "position": { "x": (number - 1) * 30, "y": 0 } })
            });
            json!({ "position": { "x": 0, "y": row * 40 }, "row_number": row.to_string(),
                    "row_number_position": "start", "seats": seats.collect::<Vec<_>>() })
        })
        .collect();
    json!({
        "name": name,
        "categories": [{ "name": "Stalls", "color": "#7a1f2b" }],
        "zones": [{ "name": "Stalls", "zone_id": "hall", "uuid": "hall-zone", "position": { "x": 60, "y": 60 },
                    "rows": rows, "areas": [] }],
        "size": { "width": 120 + each * 30, "height": 160 + (rows.len() + 1) * 40 },
    })
}

/// A small house in pretix's format.
pub fn plan(name: &str) -> Value {
    let row = |zone: &str, category: &str, letter: char, y: usize, count: usize| {
        let seats: Vec<Value> = (1..=count)
            .map(|number| {
                json!({
                    "seat_number": number.to_string(),
                    "seat_guid": format!("{zone}-{letter}-{number}"),
                    "uuid": format!("{zone}-{letter}-{number}-uuid"),
                    "position": { "x": (number - 1) * 30, "y": 0 },
                    "category": category,
                })
            })
            .collect();
        json!({
            "position": { "x": 0, "y": y },
            "row_number": letter.to_string(),
            "row_number_position": "start",
            "seats": seats,
        })
    };
    let zone = |name: &str, id: &str, at: usize, rows: Vec<Value>| {
        json!({ "name": name, "zone_id": id, "uuid": format!("{id}-zone"), "position": { "x": 60, "y": at },
                "rows": rows, "areas": [] })
    };
    let stalls = "ABCDE"
        .chars()
        .enumerate()
        .map(|(at, letter)| row("stalls", "Stalls", letter, at * 40, 10))
        .collect();
    let balcony =
        "AB".chars().enumerate().map(|(at, letter)| row("balcony", "Balcony", letter, at * 40, 8)).collect();
    json!({
        "name": name,
        "categories": [{ "name": "Stalls", "color": "#7a1f2b" }, { "name": "Balcony", "color": "#3f6b5c" }],
        "zones": [zone("Stalls", "stalls", 60, stalls), zone("Balcony", "balcony", 320, balcony)],
        "size": { "width": 420, "height": 440 },
    })
}
