//! The demo's programme as it lies beside each theme, with dates relative to today.

use chrono::NaiveTime;
use marquee_catalog::Credit;
use serde::Deserialize;

/// A demo tenant: its files are compiled in.
#[derive(Debug, Clone, Copy)]
pub struct DemoTenant {
    /// Slug, theme and first label of the host.
    pub slug: &'static str,
    /// Its programme, as JSON.
    pub programme: &'static str,
    /// Platform's share, in basis points and minor units for each unit.
    pub fee: (i32, i64),
}

/// Every tenant of the demo.
pub const TENANTS: [DemoTenant; 3] = [
    DemoTenant {
        slug: "riverside",
        programme: include_str!("../../../../tenant-themes/riverside/demo-events.json"),
        fee: (250, 30),
    },
    DemoTenant {
        slug: "basement",
        programme: include_str!("../../../../tenant-themes/basement/demo-events.json"),
        fee: (300, 20),
    },
    DemoTenant {
        slug: "arena",
        programme: include_str!("../../../../tenant-themes/arena/demo-events.json"),
        fee: (200, 25),
    },
];

/// A tenant's whole programme.
#[derive(Debug, Deserialize)]
pub struct Programme {
    pub site: Site,
    pub venues: Vec<Venue>,
    pub events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
pub struct Site {
    pub name: String,
    pub tagline: String,
    pub locale: String,
    pub timezone: String,
    pub currency: String,
    pub contact: Contact,
    pub legal: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Contact {
    pub email: String,
    pub phone: Option<String>,
    pub address: String,
}

#[derive(Debug, Deserialize)]
pub struct Venue {
    pub key: String,
    pub name: String,
    pub address: String,
    pub city: String,
    pub kind: VenueKind,
    /// Of how many seats its plan is made; none: it has the theatre's.
    pub seats: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueKind {
    Seated,
    Standing,
}

#[derive(Debug, Deserialize)]
pub struct Event {
    pub slug: String,
    pub title: String,
    #[serde(default)]
    pub subtitle: String,
    pub summary: String,
    pub description: Vec<String>,
    #[serde(default)]
    pub category: String,
    #[serde(default)]
    pub facts: Vec<String>,
    #[serde(default)]
    pub credits: Vec<Credit>,
    pub poster: marquee_catalog::Poster,
    pub performances: Vec<Performance>,
    pub price_levels: Vec<PriceLevel>,
}

#[derive(Debug, Deserialize)]
pub struct Performance {
    /// Name in `demo.json`, where it has one.
    pub key: Option<String>,
    pub days_from_now: u32,
    pub starts_at: NaiveTime,
    pub doors_at: NaiveTime,
    pub ends_at: NaiveTime,
    /// Share that is sold already.
    #[serde(default)]
    pub sold: f64,
    #[serde(default)]
    pub sold_out: bool,
    /// Its sale opens so long after the demo's start.
    pub on_sale_in_seconds: Option<i64>,
    pub venue: String,
}

#[derive(Debug, Deserialize)]
pub struct PriceLevel {
    pub name: String,
    #[serde(default)]
    pub color: Option<String>,
    #[serde(default)]
    pub categories: Vec<String>,
    /// Standing places of the level.
    pub places: Option<u32>,
    pub ticket_types: Vec<TicketType>,
}

#[derive(Debug, Deserialize)]
pub struct TicketType {
    pub name: String,
    pub price: PriceParts,
}

#[derive(Debug, Deserialize)]
pub struct PriceParts {
    pub face: i64,
    pub fees: i64,
    pub tax: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programmes_can_be_read() {
        for tenant in TENANTS {
            let programme: Programme = serde_json::from_str(tenant.programme).unwrap();
            assert!(programme.events.len() >= 4, "{}", tenant.slug);
            let performances = || programme.events.iter().flat_map(|event| &event.performances);
            for key in ["not_open_yet", "sold_out"] {
                assert!(performances().any(|one| one.key.as_deref() == Some(key)), "{} {key}", tenant.slug);
            }
        }
    }
}
