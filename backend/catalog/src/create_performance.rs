use std::collections::HashSet;

use chrono::{DateTime, Utc};
use marquee_core::db::TenantTx;
use marquee_core::ids::{EventId, GateId, PerformanceId, PlanId, PriceLevelId, TicketTypeId, VenueId};
use marquee_core::money::{Currency, Price};

use crate::strategy::{default_strategy, serves};
use crate::validate::{Faults, NAME, Text};
use crate::{HOLD_SECONDS, Strategy, WriteError, store};

/// The most that one unit may cost in each of its parts, in minor units: what payment providers take in one
/// charge.
const MAX_AMOUNT: i64 = 99_999_999;
/// The most that one order or buyer may have.
const MAX_LIMIT: i32 = 1_000;

/// A performance to be created, with its prices and entrances.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPerformance {
    /// Of which event.
    pub event: EventId,
    /// Where.
    pub venue: VenueId,
    /// Its seating plan; none for standing only.
    pub plan: Option<PlanId>,
    /// When the doors open.
    pub doors_at: DateTime<Utc>,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// First moment of sale.
    pub on_sale_from: DateTime<Utc>,
    /// First moment after the sale, at the latest the end.
    pub on_sale_until: DateTime<Utc>,
    /// What it is sold in.
    pub currency: Currency,
    /// How its units are claimed; by default what suits it.
    pub strategy: Option<Strategy>,
    /// How long a hold lives, 1 to 86,400 seconds.
    pub hold_seconds: i32,
    /// Most units in one order, at least 1.
    pub limit_per_order: i32,
    /// Most units one buyer may have, at least as many as in one order.
    pub limit_per_buyer: i32,
    /// At least one, in the order of display.
    pub price_levels: Vec<NewPriceLevel>,
    /// At least one.
    pub gates: Vec<NewGate>,
}

/// A price level to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPriceLevel {
    /// Its name.
    pub name: String,
    /// Colour on the plan, `#rrggbb`.
    pub color: String,
    /// The plan's seat categories sold at it; none for places without a seat.
    pub categories: Vec<String>,
    /// At least one, in the order of display; the first is the default.
    pub ticket_types: Vec<NewTicketType>,
}

/// A ticket type to be created; amounts in minor units of the performance's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicketType {
    /// Its name.
    pub name: String,
    /// What the promoter asks.
    pub face: i64,
    /// Fees on top.
    pub fees: i64,
    /// Tax on top.
    pub tax: i64,
}

/// An entrance to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGate {
    /// Its name.
    pub name: String,
    /// When it opens; none: it is open whenever somebody scans.
    pub opens_at: Option<DateTime<Utc>>,
    /// Which price levels it takes, by their place in the list; none: every ticket.
    pub price_levels: Option<Vec<usize>>,
}

/// The ids of what was created, each list in the order of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedPerformance {
    /// The performance's.
    pub id: PerformanceId,
    /// How its units are claimed.
    pub strategy: Strategy,
    /// Its price levels'.
    pub price_levels: Vec<CreatedPriceLevel>,
    /// Its gates'.
    pub gates: Vec<GateId>,
}

/// The ids of a created price level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedPriceLevel {
    /// The level's.
    pub id: PriceLevelId,
    /// Its ticket types'.
    pub ticket_types: Vec<TicketTypeId>,
}

/// Creates a performance with its price levels, ticket types and gates. Its units are the inventory's to
/// create.
///
/// # Errors
/// `Invalid` with every fault of its fields, `NoEvent`, `NoVenue`, `NoPlan`, `Strategy`, `UnknownCategories`,
/// `UnpricedCategories`.
pub async fn create_performance(
    tx: &TenantTx,
    new: &NewPerformance,
) -> Result<CreatedPerformance, WriteError> {
    check(new)?;
    let strategy = new.strategy.unwrap_or_else(|| default_strategy(new.plan.is_some()));
    serves(strategy, new.plan.is_some())?;
    if !store::write::event_exists(tx, new.event).await? {
        return Err(WriteError::NoEvent(new.event));
    }
    if !store::write::venue_exists(tx, new.venue).await? {
        return Err(WriteError::NoVenue(new.venue));
    }
    if let Some(plan) = new.plan {
        let categories = store::write::plan_categories(tx, plan).await?;
        if categories.is_empty() {
            return Err(WriteError::NoPlan(plan));
        }
        covers(&new.price_levels, &categories)?;
    }
    write(tx, new, strategy).await
}

/// A category of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlanCategory {
    pub(crate) name: String,
    /// Are there seats of it?
    pub(crate) used: bool,
}

/// Every category that has seats is sold, and every category that is sold exists.
fn covers(levels: &[NewPriceLevel], categories: &[PlanCategory]) -> Result<(), WriteError> {
    let sold: HashSet<&str> = levels.iter().flat_map(|level| &level.categories).map(String::as_str).collect();
    let mut unknown: Vec<String> = sold
        .iter()
        .filter(|name| !categories.iter().any(|one| one.name == **name))
        .map(|name| (*name).to_owned())
        .collect();
    if !unknown.is_empty() {
        unknown.sort();
        return Err(WriteError::UnknownCategories(unknown));
    }
    let unpriced: Vec<String> = categories
        .iter()
        .filter(|one| one.used && !sold.contains(one.name.as_str()))
        .map(|one| one.name.clone())
        .collect();
    if unpriced.is_empty() { Ok(()) } else { Err(WriteError::UnpricedCategories(unpriced)) }
}

fn check(new: &NewPerformance) -> Result<(), WriteError> {
    let mut faults = Faults::default();
    faults.check(new.doors_at <= new.starts_at, "doors_at", "order", "must not be after the start");
    faults.check(new.starts_at < new.ends_at, "ends_at", "order", "must be after the start");
    let on_sale = new.on_sale_from < new.on_sale_until;
    faults.check(on_sale, "on_sale_until", "order", "must be after the sale's beginning");
    faults.check(new.on_sale_until <= new.ends_at, "on_sale_until", "order", "must not be after the end");
    faults.range("hold_seconds", new.hold_seconds, HOLD_SECONDS);
    faults.range("limit_per_order", new.limit_per_order, 1..=MAX_LIMIT);
    faults.range("limit_per_buyer", new.limit_per_buyer, new.limit_per_order.clamp(1, MAX_LIMIT)..=MAX_LIMIT);
    check_levels(&mut faults, new);
    faults.length("gates", new.gates.len(), 1..=50);
    faults.distinct(new.gates.iter().map(|gate| gate.name.as_str()), |at| format!("gates/{at}/name"));
    for (at, gate) in new.gates.iter().enumerate() {
        faults.text(format!("gates/{at}/name"), &gate.name, Text::required(NAME));
        let levels = gate.price_levels.as_deref();
        let exist = levels.is_none_or(|levels| levels.iter().all(|level| *level < new.price_levels.len()));
        faults.check(
            exist,
            &format!("gates/{at}/price_levels"),
            "unknown",
            "names a price level that is not there",
        );
    }
    faults.finish()
}

fn check_levels(faults: &mut Faults, new: &NewPerformance) {
    let levels = &new.price_levels;
    faults.length("price_levels", levels.len(), 1..=100);
    faults.distinct(levels.iter().map(|level| level.name.as_str()), |at| format!("price_levels/{at}/name"));
    let all_categories = levels.iter().flat_map(|level| &level.categories).map(String::as_str);
    faults.distinct(all_categories, |_| "price_levels".to_owned());
    for (at, level) in levels.iter().enumerate() {
        let field = |name: &str| format!("price_levels/{at}/{name}");
        faults.text(field("name"), &level.name, Text::required(NAME));
        faults.color(field("color"), &level.color);
        let fits = new.plan.is_some() || level.categories.is_empty();
        faults.check(fits, &field("categories"), "unknown", "categories need a seating plan");
        faults.length(field("ticket_types"), level.ticket_types.len(), 1..=50);
        faults.distinct(level.ticket_types.iter().map(|one| one.name.as_str()), |one| {
            field(&format!("ticket_types/{one}/name"))
        });
        for (type_at, ticket_type) in level.ticket_types.iter().enumerate() {
            let field = |name: &str| field(&format!("ticket_types/{type_at}/{name}"));
            faults.text(field("name"), &ticket_type.name, Text::required(NAME));
            let NewTicketType { face, fees, tax, .. } = ticket_type;
            for (name, amount) in [("face", face), ("fees", fees), ("tax", tax)] {
                faults.range(field(name), *amount, 0..=MAX_AMOUNT);
            }
            let total = Price::of_parts(*face, *fees, *tax, new.currency.clone()).map(|price| price.total);
            let fits = total.is_ok_and(|total| total <= MAX_AMOUNT);
            faults.check(fits, &field("face"), "out_of_range", "face, fees and tax together are too much");
        }
    }
}

async fn write(
    tx: &TenantTx,
    new: &NewPerformance,
    strategy: Strategy,
) -> Result<CreatedPerformance, WriteError> {
    let id = PerformanceId::generate();
    store::write::performance(tx, id, new, strategy).await?;
    let mut price_levels = Vec::new();
    for (at, level) in new.price_levels.iter().enumerate() {
        let level_id = PriceLevelId::generate();
        store::write::price_level(tx, (id, level_id), at as i32, level).await?;
        let mut ticket_types = Vec::new();
        for (at, ticket_type) in level.ticket_types.iter().enumerate() {
            let type_id = TicketTypeId::generate();
            store::write::ticket_type(tx, (id, level_id, type_id), at as i32, ticket_type, &new.currency)
                .await?;
            ticket_types.push(type_id);
        }
        price_levels.push(CreatedPriceLevel { id: level_id, ticket_types });
    }
    let mut gates = Vec::new();
    for (at, gate) in new.gates.iter().enumerate() {
        let gate_id = GateId::generate();
        let levels = gate.price_levels.as_ref().map(|levels| {
            levels.iter().filter_map(|level| price_levels.get(*level)).map(|level| level.id).collect()
        });
        store::write::gate(tx, (id, gate_id), at as i32, gate, levels).await?;
        gates.push(gate_id);
    }
    Ok(CreatedPerformance { id, strategy, price_levels, gates })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn new() -> NewPerformance {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let hour = TimeDelta::hours(1);
        let ticket_type = NewTicketType { name: "Adult".to_owned(), face: 1_000, fees: 100, tax: 110 };
        NewPerformance {
            event: EventId::generate(),
            venue: VenueId::generate(),
            plan: None,
            doors_at: at,
            starts_at: at + hour,
            ends_at: at + hour * 3,
            on_sale_from: at - hour,
            on_sale_until: at + hour,
            currency: "EUR".parse().unwrap(),
            strategy: None,
            hold_seconds: 600,
            limit_per_order: 10,
            limit_per_buyer: 20,
            price_levels: vec![NewPriceLevel {
                name: "Standing".to_owned(),
                color: "#112233".to_owned(),
                categories: Vec::new(),
                ticket_types: vec![ticket_type],
            }],
            gates: vec![NewGate { name: "Main door".to_owned(), opens_at: None, price_levels: None }],
        }
    }

    fn faults(change: impl FnOnce(&mut NewPerformance)) -> Vec<(String, &'static str)> {
        let mut new = new();
        change(&mut new);
        match check(&new) {
            Err(WriteError::Invalid(faults)) => {
                faults.into_iter().map(|fault| (fault.field, fault.code)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn one(field: &str, code: &'static str) -> Vec<(String, &'static str)> {
        vec![(field.to_owned(), code)]
    }

    #[test]
    fn a_sound_performance_passes() {
        check(&new()).unwrap();
    }

    #[test]
    fn windows_and_limits_are_checked() {
        let hour = TimeDelta::hours(1);
        assert_eq!(faults(|new| new.doors_at = new.starts_at + hour), one("doors_at", "order"));
        assert_eq!(faults(|new| new.ends_at = new.starts_at), one("ends_at", "order"));
        assert_eq!(faults(|new| new.on_sale_from = new.on_sale_until), one("on_sale_until", "order"));
        assert_eq!(faults(|new| new.on_sale_until = new.ends_at + hour), one("on_sale_until", "order"));
        for seconds in [0, -1, 86_401, i32::MIN] {
            assert_eq!(faults(|new| new.hold_seconds = seconds), one("hold_seconds", "out_of_range"));
        }
        assert_eq!(faults(|new| new.limit_per_order = 0), one("limit_per_order", "out_of_range"));
        assert_eq!(faults(|new| new.limit_per_buyer = 9), one("limit_per_buyer", "out_of_range"));
        assert_eq!(faults(|new| new.limit_per_buyer = 1_001), one("limit_per_buyer", "out_of_range"));
    }

    #[test]
    fn amounts_are_neither_negative_nor_absurd() {
        let at = "price_levels/0/ticket_types/0";
        let with = |face: i64, fees: i64| {
            faults(move |new| {
                let ticket_type = &mut new.price_levels[0].ticket_types[0];
                (ticket_type.face, ticket_type.fees) = (face, fees);
            })
        };
        assert_eq!(with(-1, 0), one(&format!("{at}/face"), "out_of_range"));
        assert_eq!(with(0, -1), one(&format!("{at}/fees"), "out_of_range"));
        assert_eq!(with(99_999_999, 1), one(&format!("{at}/face"), "out_of_range"));
        assert!(!with(i64::MAX, i64::MAX).is_empty());
    }

    #[test]
    fn lists_have_entries_that_differ() {
        assert_eq!(faults(|new| new.price_levels.clear()), one("price_levels", "empty"));
        assert_eq!(faults(|new| new.gates.clear()), one("gates", "empty"));
        let types = "price_levels/0/ticket_types";
        assert_eq!(faults(|new| new.price_levels[0].ticket_types.clear()), one(types, "empty"));
        let doubled = faults(|new| new.price_levels.push(new.price_levels[0].clone()));
        assert_eq!(doubled, one("price_levels/1/name", "duplicate"));
        let gate = faults(|new| new.gates[0].price_levels = Some(vec![0, 1]));
        assert_eq!(gate, one("gates/0/price_levels", "unknown"));
        let categories = faults(|new| new.price_levels[0].categories.push("Category I".to_owned()));
        assert_eq!(categories, one("price_levels/0/categories", "unknown"));
    }

    #[test]
    fn every_category_with_seats_needs_a_price() {
        let category = |name: &str, used| PlanCategory { name: name.to_owned(), used };
        let plan = [category("I", true), category("II", true), category("III", false)];
        let level = |categories: &[&str]| NewPriceLevel {
            categories: categories.iter().map(|name| (*name).to_owned()).collect(),
            ..new().price_levels[0].clone()
        };
        assert!(covers(&[level(&["I"]), level(&["II"])], &plan).is_ok());
        assert!(covers(&[level(&["I", "II", "III"]), level(&[])], &plan).is_ok());
        let Err(WriteError::UnpricedCategories(names)) = covers(&[level(&["I"])], &plan) else { panic!() };
        assert_eq!(names, ["II"]);
        let Err(WriteError::UnknownCategories(names)) = covers(&[level(&["I", "II", "IV"])], &plan) else {
            panic!()
        };
        assert_eq!(names, ["IV"]);
    }
}
