//! A generated arena: on sale as soon as the command ends, numbers that skip at aisles, neighbours that are neighbours.

use std::collections::{BTreeMap, HashMap, HashSet};

use data_encoding::BASE64;
use marquee_e2e::fixtures::{LevelFixture, PerformanceFixture};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, seats};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

const SEATS: usize = 5_000;
const WHEELCHAIR: &str = "Wheelchair and companion";

/// What the command made, as fans see it.
struct Arena {
    performance: PerformanceFixture,
    /// Price levels by name.
    levels: HashMap<String, String>,
    event: Value,
    drawing: Value,
}

/// A seat of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Drawn {
    id: String,
    number: String,
    category: String,
}

async fn generate(house: &House, seats: usize) -> Value {
    let output = house
        .marquee(&["plan", "generate", "--seats", &seats.to_string(), "--tenant", "riverside", "--json"])
        .await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn arena(house: &House, fan: &Fan) -> Arena {
    let made = generate(house, SEATS).await;
    let slug = made["event"].as_str().unwrap();
    let event = until("the event to be there", 5, async || {
        let answer = fan.client.get(&format!("/api/v1/events/{slug}")).send().await;
        (answer.status == 200).then(|| answer.json())
    })
    .await;
    let shown = &event["performances"][0];
    assert_eq!(shown["id"], made["performance_id"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let levels = shown["price_levels"].as_array().unwrap();
    let drawing = fan.client.get(shown["plan_url"].as_str().unwrap()).send().await.expect(200);
    let performance = PerformanceFixture {
        id: text(&shown["id"]),
        event: slug.to_owned(),
        levels: levels
            .iter()
            .map(|level| LevelFixture { id: text(&level["id"]), types: Vec::new() })
            .collect(),
        gates: Vec::new(),
        plan: Some(text(&made["hash"])),
    };
    let levels = levels.iter().map(|level| (text(&level["name"]), text(&level["id"]))).collect();
    Arena { performance, levels, drawing, event }
}

impl Arena {
    /// The drawn seats of each section and row, in their order.
    fn rows(&self) -> BTreeMap<(String, String), Vec<Drawn>> {
        let mut rows: BTreeMap<(String, String), Vec<Drawn>> = BTreeMap::new();
        for section in self.drawing["sections"].as_array().unwrap() {
            let column = |name: &str| section["seats"][name].as_array().unwrap();
            let text = |name: &str, at: usize| column(name)[at].as_str().unwrap().to_owned();
            for at in 0..column("id").len() {
                let category = column("category")[at].as_u64().unwrap() as usize;
                let category = self.drawing["categories"][category]["name"].as_str().unwrap().to_owned();
                let seat = Drawn { id: text("id", at), number: text("number", at), category };
                let key = (section["name"].as_str().unwrap().to_owned(), text("row", at));
                rows.entry(key).or_default().push(seat);
            }
        }
        rows
    }

    fn row_of(&self, seat: &str) -> Vec<Drawn> {
        let mut rows = self.rows().into_values();
        rows.find(|row| row.iter().any(|one| one.id == seat)).unwrap_or_else(|| panic!("no seat {seat}"))
    }

    fn ask(&self, level: &str, quantity: usize) -> Value {
        let level = &self.levels[level];
        json!({ "places": [{ "price_level": level, "quantity": quantity, "adjacent": true }] })
    }
}

fn held(body: &Value) -> Vec<String> {
    let units = body["units"].as_array().unwrap();
    units.iter().map(|unit| unit["seat"].as_str().unwrap().to_owned()).collect()
}

/// Whether numbers follow on each other: across an aisle they do not.
fn consecutive(numbers: &[String]) -> bool {
    let numbers: Vec<usize> = numbers.iter().map(|number| number.parse().unwrap()).collect();
    numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

#[tokio::test]
async fn an_arena_is_on_sale_as_soon_as_it_is_made() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let arena = arena(&house, &fan).await;
    let shown = &arena.event["performances"][0];
    assert_eq!(shown["state"], "on_sale");
    let names: HashSet<&str> = arena.levels.keys().map(String::as_str).collect();
    let expected = ["Lower tier, front", "Lower tier", "Middle tier", "Upper tier", WHEELCHAIR];
    assert_eq!(names, HashSet::from(expected));
    for level in shown["price_levels"].as_array().unwrap() {
        let price = &level["ticket_types"][0]["price"];
        let part = |name: &str| price[name].as_i64().unwrap();
        assert_eq!(part("total"), part("face") + part("fees") + part("tax"), "{price}");
        assert_eq!(price["currency"], "EUR");
    }
    let sections = arena.drawing["sections"].as_array().unwrap();
    assert!(sections.iter().all(|section| section["outline"].as_array().unwrap().len() > 3));
    let ids: HashSet<String> = arena.rows().into_values().flatten().map(|seat| seat.id).collect();
    assert_eq!(ids.len(), SEATS);

    let availability = format!("/api/v1/performances/{}/availability", arena.performance.id);
    let body = until("every seat to be free", 5, async || {
        let body = fan.client.get(&availability).send().await.expect(200);
        let free = body["price_levels"].as_array()?.iter().filter_map(|level| level["free"].as_u64());
        (free.sum::<u64>() == SEATS as u64).then_some(body)
    })
    .await;
    let bits = body["sections"].as_array().unwrap().iter().map(|section| {
        let bytes = BASE64.decode(section["free"].as_str().unwrap().as_bytes()).unwrap();
        bytes.iter().map(|byte| byte.count_ones() as usize).sum::<usize>()
    });
    assert_eq!(bits.sum::<usize>(), SEATS, "a bit for each seat of the drawing");

    // Once more: another event, the same plan.
    let again = generate(&house, SEATS).await;
    assert_ne!(again["event"], arena.performance.event.as_str());
    assert_eq!(again["hash"], arena.performance.plan.as_deref().unwrap());
    let plans = "select count(*) from seating_plans where seats = 5000";
    assert_eq!(house.database.number(plans).await, 1);
    house.audited().await;
}

#[tokio::test]
async fn who_sits_across_an_aisle_is_no_neighbour() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let arena = arena(&house, &fan).await;
    let rows = arena.rows();
    let seated = || rows.values().filter(|row| row[0].category != WHEELCHAIR);
    let aisles = seated().flat_map(|row| row.windows(2)).filter(|pair| {
        let [a, b] = [&pair[0], &pair[1]].map(|seat| seat.number.parse::<usize>().unwrap());
        assert!(b == a + 1 || b == a + 3, "{pair:?}");
        b == a + 3
    });
    assert!(aisles.count() > 100, "rows have aisles at which numbers skip");

    // Chosen seats on both sides of an aisle are as good as any.
    let row = &rows[&("101".to_owned(), "A".to_owned())];
    let across = row.windows(2).find(|pair| !consecutive(&[pair[0].number.clone(), pair[1].number.clone()]));
    let wanted: Vec<String> = across.unwrap().iter().map(|seat| seat.id.clone()).collect();
    let hold = fan.hold(&arena.performance, &seats(&wanted)).await;
    assert_eq!(held(&hold.body).into_iter().collect::<HashSet<_>>(), wanted.iter().cloned().collect());
    let label = hold.body["units"][0]["label"].as_str().unwrap();
    assert!(label.starts_with("101 · Row A · Seat "), "{label}");
    let taken = fan.asks(&arena.performance, &seats(&wanted[..1])).fresh().send().await;
    assert_eq!(taken.refused(409, "seat_taken")["seats"], json!([wanted[0]]));

    // Parties sit in one row, with no aisle among them.
    for (level, quantity) in
        [("Lower tier, front", 8), ("Lower tier, front", 8), ("Upper tier", 10), ("Middle tier", 6)]
    {
        let hold = fan.hold(&arena.performance, &arena.ask(level, quantity)).await;
        let ids: HashSet<String> = held(&hold.body).into_iter().collect();
        let row = arena.row_of(ids.iter().next().unwrap());
        let numbers: Vec<String> =
            row.iter().filter(|seat| ids.contains(&seat.id)).map(|seat| seat.number.clone()).collect();
        assert_eq!(numbers.len(), quantity, "one row: {ids:?}");
        assert!(consecutive(&numbers), "no aisle among {level} {numbers:?}");
    }

    // Two side by side on the platform are a wheelchair place and its companion's seat.
    let hold = fan.hold(&arena.performance, &arena.ask(WHEELCHAIR, 2)).await;
    let ids = held(&hold.body);
    let row = arena.row_of(&ids[0]);
    let mut numbers: Vec<&str> =
        row.iter().filter(|seat| ids.contains(&seat.id)).map(|seat| seat.number.as_str()).collect();
    numbers.sort_unstable();
    let [companion, wheelchair] = numbers[..] else { panic!("{ids:?} are in two rows") };
    assert_eq!(companion.strip_suffix('C').unwrap(), wheelchair.strip_suffix('W').unwrap());
    let three = fan.asks(&arena.performance, &arena.ask(WHEELCHAIR, 3)).fresh().send().await;
    three.refused(409, "no_adjacent");
    house.audited().await;
}

#[tokio::test]
async fn what_is_no_arena_changes_nothing() {
    let house = plan().without_worker().open().await;
    let before = house.database.state().await;
    for seats in ["0", "-1", "2000001", "many", "5e3", "99999999999999999999"] {
        let output = house.marquee(&["plan", "generate", "--seats", seats, "--tenant", "riverside"]).await;
        assert_eq!(output.status.code(), Some(1), "{seats}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("1 to 2,000,000"), "{seats}: {said}");
    }
    let output = house.marquee(&["plan", "generate", "--seats", "10", "--tenant", "nobody"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nobody"));
    assert_eq!(house.database.state().await, before);

    // The smallest arena there is.
    let output = house.marquee(&["plan", "generate", "--seats", "1", "--tenant", "riverside"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let id: uuid::Uuid = said.lines().last().unwrap().parse().unwrap();
    let units = format!("select count(*) from units where performance_id = '{id}' and state = 'free'");
    assert_eq!(house.database.number(&units).await, 1);
}
