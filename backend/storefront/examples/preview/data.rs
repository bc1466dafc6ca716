//! The demo programme as the storefront's own structs.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use marquee_core::ids::{EventId, PerformanceId, PriceLevelId, TenantId, TicketTypeId};
use marquee_core::money::Price;
use marquee_storefront::{
    Contact, Credit, Event, PageError, Pages, Performance, Poster, PriceLevel, Saleable, Site, TicketType,
    Venue,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub struct World {
    pub sites: BTreeMap<String, Arc<Site>>,
    events: BTreeMap<TenantId, Vec<Event>>,
    /// The seating plans by the last part of their address.
    plans: BTreeMap<String, Value>,
    /// How much of a performance is sold, from 0 to 1.
    pub sold: BTreeMap<PerformanceId, f64>,
}

impl World {
    pub fn load(port: u16, plan: Option<&str>, large: Option<&str>) -> Self {
        let read = |source: &str| serde_json::from_str(source).expect("a plan");
        let plans = BTreeMap::from([
            ("riverside".to_owned(), plan.map_or_else(small_plan, read)),
            ("arena".to_owned(), large.map_or_else(crate::bowl::plan, read)),
        ]);
        let mut world =
            Self { sites: BTreeMap::new(), events: BTreeMap::new(), plans, sold: BTreeMap::new() };
        for theme in ["riverside", "basement", "arena"] {
            let path = format!("{}/../../tenant-themes/{theme}/demo-events.json", env!("CARGO_MANIFEST_DIR"));
            let demo: Value =
                serde_json::from_str(&std::fs::read_to_string(path).expect("demo events")).expect("json");
            let site = site(theme, port, &demo["site"]);
            let events = demo["events"].as_array().expect("events");
            let events = events.iter().map(|one| world.read_event(theme, &demo, one, &site)).collect();
            world.events.insert(site.id, events);
            world.sites.insert(theme.to_owned(), Arc::new(site));
        }
        world
    }

    fn read_event(&mut self, theme: &str, demo: &Value, one: &Value, site: &Site) -> Event {
        let slug = text(&one["slug"]);
        let levels: Vec<PriceLevel> = list(&one["price_levels"])
            .map(|level| level_of(&slug, level, &text(&demo["site"]["currency"])))
            .collect();
        let performances = list(&one["performances"])
            .enumerate()
            .map(|(at, show)| {
                self.performance(theme, demo, &format!("{slug}/{at}"), show, site, levels.clone())
            })
            .collect();
        Event {
            id: EventId(id(&slug)),
            slug: slug.clone(),
            title: text(&one["title"]),
            subtitle: one["subtitle"].as_str().map(str::to_owned),
            summary: text(&one["summary"]),
            description: list(&one["description"]).map(text).collect(),
            category: one["category"].as_str().map(str::to_owned),
            facts: list(&one["facts"]).map(text).collect(),
            credits: list(&one["credits"])
                .map(|credit| Credit { role: text(&credit["role"]), name: text(&credit["name"]) })
                .collect(),
            poster: Poster {
                style: text(&one["poster"]["style"]),
                seed: u32::try_from(one["poster"]["seed"].as_u64().unwrap_or(0)).unwrap_or(0),
            },
            performances,
        }
    }

    fn performance(
        &mut self,
        theme: &str,
        demo: &Value,
        key: &str,
        show: &Value,
        site: &Site,
        price_levels: Vec<PriceLevel>,
    ) -> Performance {
        let sold_out = show["sold_out"] == json!(true);
        let from =
            show["on_sale_in_seconds"].as_i64().map(|seconds| Utc::now() + TimeDelta::seconds(seconds));
        let sold = if sold_out { 1.0 } else { show["sold"].as_f64().unwrap_or(0.0) };
        let day = show["days_from_now"].as_u64().unwrap_or(0);
        let moment = |field: &str, day: u64| show[field].as_str().map(|time| at(site.timezone, day, time));
        let starts_at = moment("starts_at", day).expect("a start");
        let ends_at =
            moment("ends_at", day).map(|end| if end < starts_at { end + TimeDelta::days(1) } else { end });
        let venue = list(&demo["venues"]).find(|venue| venue["key"] == show["venue"]).expect("a venue");
        let performance = PerformanceId(id(key));
        self.sold.insert(performance, sold);
        let plan = self.plans.get(theme).filter(|_| venue["kind"] == "seated");
        Performance {
            id: performance,
            starts_at,
            doors_at: moment("doors_at", day),
            ends_at,
            venue: Venue {
                name: text(&venue["name"]),
                address: venue["address"].as_str().map(str::to_owned),
                city: text(&venue["city"]),
            },
            on_sale_from: from,
            on_sale_until: None,
            state: if sold_out { Saleable::SoldOut } else { Saleable::OnSale },
            few_left: sold > 0.88,
            limit_per_order: 8,
            price_levels,
            plan_url: plan.map(|_| format!("/api/v1/plans/{theme}")),
            plan_seats: plan.map_or(0, seats_of),
        }
    }

    /// The plan with this name.
    pub fn plan(&self, name: &str) -> Option<&Value> {
        self.plans.get(name)
    }

    /// The plan of a performance.
    pub fn plan_of(&self, show: &Performance) -> Option<&Value> {
        self.plan(show.plan_url.as_ref()?.rsplit('/').next()?)
    }

    /// All performances with their event and site.
    pub fn find(&self, performance: PerformanceId) -> Option<(&Event, &Performance)> {
        self.events.values().flatten().find_map(|event| {
            event.performances.iter().find(|one| one.id == performance).map(|one| (event, one))
        })
    }
}

fn seats_of(plan: &Value) -> u32 {
    list(&plan["sections"]).map(|one| list(&one["seats"]["id"]).count() as u32).sum()
}

/// An event as it is now: a sale may have opened since.
fn now(event: &Event) -> Event {
    let mut event = event.clone();
    for performance in &mut event.performances {
        if performance.on_sale_from.is_some_and(|from| from > Utc::now()) {
            performance.state = Saleable::Scheduled;
        }
    }
    event
}

#[async_trait]
impl Pages for World {
    async fn events(&self, site: &Site) -> Result<Vec<Event>, PageError> {
        Ok(self.events.get(&site.id).into_iter().flatten().map(now).collect())
    }

    async fn event(&self, site: &Site, slug: &str) -> Result<Event, PageError> {
        let events = self.events.get(&site.id).ok_or(PageError::NotFound)?;
        if slug == "unavailable" {
            return Err(PageError::Unavailable("asked for".to_owned()));
        }
        events.iter().find(|event| event.slug == slug).map(now).ok_or(PageError::NotFound)
    }

    async fn event_of(&self, site: &Site, performance: PerformanceId) -> Result<Event, PageError> {
        let events = self.events.get(&site.id).ok_or(PageError::NotFound)?;
        let has = |event: &&Event| event.performances.iter().any(|one| one.id == performance);
        events.iter().find(has).map(now).ok_or(PageError::NotFound)
    }
}

fn site(theme: &str, port: u16, one: &Value) -> Site {
    let contact = &one["contact"];
    let optional = |value: &Value| value.as_str().map(str::to_owned);
    Site {
        id: TenantId(id(theme)),
        name: text(&one["name"]),
        tagline: optional(&one["tagline"]),
        origin: format!("http://{theme}.localhost:{port}"),
        theme: theme.to_owned(),
        colors: BTreeMap::new(),
        locale: text(&one["locale"]),
        timezone: text(&one["timezone"]).parse().expect("a time zone"),
        contact: Contact {
            email: optional(&contact["email"]),
            phone: optional(&contact["phone"]),
            address: optional(&contact["address"]),
        },
        legal: list(&one["legal"]).map(text).collect(),
    }
}

fn level_of(slug: &str, level: &Value, currency: &str) -> PriceLevel {
    let key = format!("{slug}/{}", text(&level["key"]));
    let amount = |price: &Value, part: &str| price[part].as_i64().unwrap_or(0);
    PriceLevel {
        id: PriceLevelId(id(&key)),
        name: text(&level["name"]),
        categories: list(&level["categories"]).map(text).collect(),
        ticket_types: list(&level["ticket_types"])
            .map(|one| TicketType {
                id: TicketTypeId(id(&format!("{key}/{}", text(&one["key"])))),
                name: text(&one["name"]),
                price: Price {
                    total: amount(&one["price"], "total"),
                    face: amount(&one["price"], "face"),
                    fees: amount(&one["price"], "fees"),
                    tax: amount(&one["price"], "tax"),
                    currency: currency.parse().expect("a currency"),
                },
            })
            .collect(),
    }
}

fn at(zone: Tz, day: u64, time: &str) -> DateTime<Utc> {
    let date = Utc::now().with_timezone(&zone).date_naive() + Days::new(day);
    let time = NaiveTime::parse_from_str(time, "%H:%M").expect("a time");
    zone.from_local_datetime(&date.and_time(time)).earliest().expect("a moment").with_timezone(&Utc)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The same id for the same words, so that addresses survive a restart.
fn id(words: &str) -> Uuid {
    let digest = words.bytes().fold(0xcbf2_9ce4_8422_2325_u128, |sum, byte| {
        (sum ^ u128::from(byte)).wrapping_mul(0x0100_0000_01b3_0000_0000_0001_0000_01b3)
    });
    uuid::Builder::from_random_bytes(digest.to_be_bytes()).into_uuid()
}

/// Six rows of twelve before a stage.
fn small_plan() -> Value {
    let rows = "ABCDEF";
    let mut seats = json!({ "id": [], "row": [], "number": [], "x": [], "y": [], "category": [] });
    for (at, row) in rows.chars().enumerate() {
        for number in 1..=12_usize {
            let mut add =
                |column: &str, value: Value| seats[column].as_array_mut().expect("column").push(value);
            add("id", json!(format!("{row}{number}")));
            add("row", json!(row.to_string()));
            add("number", json!(number.to_string()));
            add("x", json!(60 + number * 25));
            add("y", json!(160 + at * 25));
            add("category", json!(at.min(4)));
        }
    }
    let categories: Vec<Value> = ["I", "II", "III", "IV", "V"]
        .iter()
        .map(|n| json!({ "name": format!("Category {n}"), "color": "#888888" }))
        .collect();
    json!({
        "size": { "width": 450, "height": 340 },
        "categories": categories,
        "sections": [{ "id": "stalls", "name": "Stalls", "outline": [], "seats": seats }],
        "areas": [{ "shape": "rectangle", "x": 100, "y": 40, "width": 250, "height": 60 }],
    })
}
