//! What is on sale: one seated performance made by the program's own capabilities, and copies of it by SQL in the shapes
//! that the benchmarks need (standing, smaller, a thousand, two million units).

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use marquee_catalog::plan::seat_refs;
use marquee_catalog::{
    CheckedPlan, NewEvent, NewGate, NewPerformance, NewPriceLevel, NewTicketType, NewVenue, Poster,
    create_event, create_performance, create_venue, import_plan, publish_event,
};
use marquee_core::db::{Db, Tag};
use marquee_inventory::{NewSeat, create_seats};
use marquee_tenants::Directory;
use serde_json::{Value, json};

use crate::database::Database;
use crate::error::BenchError;

const SEED: Tag = Tag::new("bench.seed");
/// The event's name in addresses.
pub const EVENT: &str = "the-rush";
/// Most units of one order: a churn holds them by tens.
const LIMIT: i32 = 20;
const SEATS_IN_A_ROW: usize = 40;
const ROWS_IN_A_SECTION: usize = 25;

/// A performance on sale.
#[derive(Debug, Clone)]
pub struct Show {
    /// Its id.
    pub id: String,
    /// The id of its one price level.
    pub level: String,
    /// How many units it has.
    pub units: usize,
    /// Its seats' ids, the best first; none of a standing one.
    pub seats: Arc<Vec<String>>,
}

/// Makes an event with one seated performance of `seats` seats.
///
/// # Errors
/// When the program refuses any of it.
pub async fn seated(database: &Database, seats: usize) -> Result<Show, BenchError> {
    let failed = |error: &dyn std::fmt::Display| BenchError::failed(format!("cannot seed: {error}"));
    let db = Db::connect(&database.app, &database.platform, 2).await.map_err(|error| failed(&error))?;
    let directory = Directory::new();
    directory.refresh(&db).await.map_err(|error| failed(&error))?;
    let tenant =
        directory.by_name("bench").ok_or_else(|| BenchError::failed("there is no tenant `bench`"))?;
    let plan = CheckedPlan::read(plan(seats).to_string().as_bytes()).map_err(|error| failed(&error))?;
    let tx = db.begin(tenant.id, SEED).await.map_err(|error| failed(&error))?;
    let venue = NewVenue { name: "Bench Arena".into(), address: "1 Quay Street".into(), city: "Cork".into() };
    let venue = create_venue(&tx, &venue).await.map_err(|error| failed(&error))?;
    let imported = import_plan(&tx, venue, &plan).await.map_err(|error| failed(&error))?;
    let event = NewEvent {
        slug: EVENT.to_owned(),
        title: "The Rush".to_owned(),
        summary: "Everybody at once.".to_owned(),
        description: "Ten thousand people and one moment.".to_owned(),
        poster: Poster { style: "theatre:orchard".to_owned(), seed: 7 },
        ..NewEvent::default()
    };
    let event = create_event(&tx, &event).await.map_err(|error| failed(&error))?;
    let starts_at = Utc::now() + TimeDelta::days(60);
    let new = NewPerformance {
        event,
        venue,
        plan: Some(imported.id),
        doors_at: starts_at - TimeDelta::hours(1),
        starts_at,
        ends_at: starts_at + TimeDelta::hours(3),
        on_sale_from: Utc::now() - TimeDelta::days(1),
        on_sale_until: starts_at,
        currency: tenant.currency.clone(),
        strategy: None,
        hold_seconds: 600,
        limit_per_order: LIMIT,
        limit_per_buyer: LIMIT,
        price_levels: vec![NewPriceLevel {
            name: "Seats".to_owned(),
            color: "#7a1f2b".to_owned(),
            categories: vec!["Seats".to_owned()],
            ticket_types: vec![NewTicketType { name: "Adult".to_owned(), face: 4_000, fees: 250, tax: 450 }],
        }],
        gates: vec![NewGate { name: "Main entrance".to_owned(), opens_at: None, price_levels: None }],
    };
    let made = create_performance(&tx, &new).await.map_err(|error| failed(&error))?;
    publish_event(&tx, event).await.map_err(|error| failed(&error))?;
    let level = made
        .price_levels
        .first()
        .ok_or_else(|| BenchError::failed("a performance without a price level"))?
        .id;
    let units: Vec<NewSeat> =
        seat_refs(&plan.document).into_iter().map(|seat| NewSeat::of(seat, level)).collect();
    create_seats(&tx, made.id, &units).await.map_err(|error| failed(&error))?;
    tx.commit().await.map_err(|error| failed(&error))?;
    let seats: Vec<String> = units.into_iter().map(|unit| unit.seat).collect();
    Ok(Show { id: made.id.to_string(), level: level.to_string(), units: seats.len(), seats: Arc::new(seats) })
}

/// A plan in pretix's format: sections of 25 rows of 40 seats, eight sections beside each other.
fn plan(seats: usize) -> Value {
    let in_a_section = SEATS_IN_A_ROW * ROWS_IN_A_SECTION;
    let (width, height) = (SEATS_IN_A_ROW * 20 + 80, ROWS_IN_A_SECTION * 22 + 80);
    let zones: Vec<Value> = (0..seats.div_ceil(in_a_section))
        .map(|section| {
            let here = in_a_section.min(seats - section * in_a_section);
            let rows: Vec<Value> = (0..here.div_ceil(SEATS_IN_A_ROW))
                .map(|row| row_of(section, row, SEATS_IN_A_ROW.min(here - row * SEATS_IN_A_ROW)))
                .collect();
            let at = json!({ "x": (section % 8) * width + 40, "y": (section / 8) * height + 40 });
            let name = section + 1;
            json!({ "name": format!("Section {name}"), "zone_id": format!("s{name}"), "uuid": format!("s{name}-zone"),
                    "position": at, "rows": rows, "areas": [] })
        })
        .collect();
    let rows_of_sections = zones.len().div_ceil(8);
    json!({
        "name": format!("Bench {seats}"),
        "categories": [{ "name": "Seats", "color": "#7a1f2b" }],
        "zones": zones,
        "size": { "width": 8 * width + 40, "height": rows_of_sections * height + 40 },
    })
}

fn row_of(section: usize, row: usize, count: usize) -> Value {
    let (section, row) = (section + 1, row + 1);
    let seats: Vec<Value> = (1..=count)
        .map(|number| {
            let id = format!("s{section}-r{row}-{number}");
            json!({ "seat_number": number.to_string(), "seat_guid": id, "uuid": format!("{id}-u"),
                    "position": { "x": (number - 1) * 20, "y": 0 }, "category": "Seats" })
        })
        .collect();
    json!({ "position": { "x": 0, "y": (row - 1) * 22 }, "row_number": row.to_string(),
            "row_number_position": "start", "seats": seats })
}

/// The shape of copies of a performance.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// How many copies.
    pub copies: usize,
    /// Units of each: the best of the original's.
    pub units: usize,
    /// Standing places in place of seats.
    pub standing: bool,
}

/// Copies a performance with its prices and units. Whatever columns the tables have are carried over.
///
/// # Errors
/// As the database says.
pub async fn copies(database: &Database, source: &Show, shape: Shape) -> Result<Vec<Show>, BenchError> {
    let Shape { copies, units, standing } = shape;
    let units = units.min(source.units);
    let base = u64::try_from(Utc::now().timestamp_millis()).unwrap_or_default();
    let id = |kind: u32, copy: &str, place: &str| {
        format!(
            "(lpad(to_hex({base} + {copy}), 12, '0') || '{kind:04x}8000' || lpad(to_hex({place}), 12, '0'))::uuid"
        )
    };
    let source_id = &source.id;
    let each = format!("cross join generate_series(1, {copies}) n (n)");
    let (performance, level) = (id(0x7001, "n", "1"), id(0x7002, "n", "s.position"));
    let none = || "null".to_owned();
    let mut own = vec![("id", performance.clone())];
    if standing {
        own.push(("plan_id", none()));
    }
    let mut statements = vec![format!(
        "{} from performances s {each} where s.id = '{source_id}'",
        insert(database, "performances", &own).await?
    )];
    let own = [("id", level.clone()), ("performance_id", performance.clone())];
    let mut own = own.to_vec();
    if standing {
        own.push(("categories", "'{}'".to_owned()));
    }
    statements.push(format!(
        "{} from price_levels s {each} where s.performance_id = '{source_id}'",
        insert(database, "price_levels", &own).await?
    ));
    let level_of = id(0x7002, "n", "l.position");
    let own = [
        ("id", id(0x7003, "n", "l.position * 1000 + s.position")),
        ("performance_id", performance.clone()),
        ("price_level_id", level_of.clone()),
    ];
    let with_level = "join price_levels l on l.tenant_id = s.tenant_id and l.id = s.price_level_id";
    statements.push(format!(
        "{} from ticket_types s {with_level} {each} where s.performance_id = '{source_id}'",
        insert(database, "ticket_types", &own).await?
    ));
    let mut own =
        vec![("id", id(0x7004, "n", "s.k")), ("performance_id", performance), ("price_level_id", level_of)];
    if standing {
        own.extend([("seat", none()), ("section", none()), ("row_key", "0".to_owned())]);
        own.push(("place", "s.k::int".to_owned()));
    }
    statements.push(format!(
        "{} from (select u.*, row_number() over (order by u.rank, u.id) as k from units u
                  where u.performance_id = '{source_id}') s {with_level} {each} where s.k <= {units} order by n.n, s.k",
        insert(database, "units", &own).await?
    ));
    database.run(&statements.join(";\n")).await?;
    let none_or_some = if standing { Vec::new() } else { source.seats.iter().take(units).cloned().collect() };
    let seats = Arc::new(none_or_some);
    let id_of = |kind: u32, copy: usize, place: u64| {
        format!("{:012x}{kind:04x}8000{place:012x}", base + copy as u64)
            .parse::<uuid::Uuid>()
            .map(|id| id.to_string())
    };
    (1..=copies)
        .map(|copy| {
            let id = id_of(0x7001, copy, 1).map_err(BenchError::failed)?;
            let level = id_of(0x7002, copy, 0).map_err(BenchError::failed)?;
            Ok(Show { id, level, units, seats: Arc::clone(&seats) })
        })
        .collect()
}

/// `insert into table (…) select …`, each column as it is in `s` but for those of `own`.
async fn insert(database: &Database, table: &str, own: &[(&str, String)]) -> Result<String, BenchError> {
    let sql = format!(
        "select column_name::text from information_schema.columns
         where table_schema = 'public' and table_name = '{table}' and is_generated = 'NEVER' order by ordinal_position"
    );
    let columns = database.texts(&sql).await?;
    let value = |column: &String| {
        own.iter()
            .find(|(name, _)| name == column)
            .map_or_else(|| format!("s.\"{column}\""), |(_, value)| value.clone())
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    Ok(format!("insert into {table} (\"{}\") select {}", columns.join("\", \""), values.join(", ")))
}

/// Brings statistics and visibility up to date, as they are in a database that has lived for a while. Not of an empty table:
/// nothing would do that in life either, and plans would be made as if it stayed empty.
///
/// # Errors
/// As the database says.
pub async fn settle(database: &Database) -> Result<(), BenchError> {
    for table in ["units", "holds", "claims", "performances", "price_levels", "ticket_types"] {
        let any = format!("select 1::text from {table} limit 1");
        if !database.texts(&any).await?.is_empty() {
            database.run(&format!("vacuum analyze {table}")).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_has_no_faults_and_every_seat() {
        for seats in [500, 1_040, 3_001] {
            let plan = CheckedPlan::read(plan(seats).to_string().as_bytes()).unwrap();
            assert_eq!(seat_refs(&plan.document).len(), seats);
        }
    }
}
