//! A small programme for tests, with a moment that stands still.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use marquee_core::clock::ManualClock;
use marquee_core::ids::{EventId, PerformanceId, PriceLevelId, TenantId, TicketTypeId};
use marquee_core::money::Price;
use uuid::Uuid;

use crate::pages::*;
use crate::{PageError, PaymentScript, Storefront};

/// Text that would end a script or an attribute if it were not escaped.
pub const HOSTILE: &str = r#"</script><script>alert("x")</script>' onload='y'&amp;"#;

/// The moment of all tests: a Tuesday noon in November.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_521_600, 0).unwrap()
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn site(theme: &str) -> Site {
    Site {
        id: TenantId(id(1)),
        name: "Riverside Theatre".into(),
        tagline: Some("Since 1931".into()),
        origin: "http://riverside.localhost:8080".into(),
        theme: theme.into(),
        colors: BTreeMap::new(),
        locale: "en-IE".into(),
        timezone: chrono_tz::Europe::Dublin,
        contact: Contact {
            email: Some("boxoffice@riverside.example".into()),
            phone: Some("+353 21 555 0136".into()),
            address: Some("9 Mill Quay, Cork".into()),
        },
        legal: vec!["A registered charity.".into()],
    }
}

pub fn price(total: i64) -> Price {
    Price::of_parts(total - 300, 250, 50, "EUR".parse().unwrap()).unwrap()
}

pub fn performance(number: u128, state: Saleable) -> Performance {
    let starts_at = now() + TimeDelta::days(10 + number as i64 % 40);
    Performance {
        id: PerformanceId(id(number)),
        starts_at,
        doors_at: Some(starts_at - TimeDelta::minutes(45)),
        ends_at: None,
        venue: Venue {
            name: "The Main House".into(),
            address: Some("9 Mill Quay".into()),
            city: "Cork".into(),
        },
        on_sale_from: (state == Saleable::Scheduled).then(|| now() + TimeDelta::minutes(2)),
        on_sale_until: None,
        state,
        few_left: false,
        limit_per_order: 8,
        price_levels: vec![PriceLevel {
            id: PriceLevelId(id(900)),
            name: "Band A".into(),
            categories: vec!["Category I".into()],
            ticket_types: vec![
                TicketType { id: TicketTypeId(id(901)), name: "Adult".into(), price: price(5800) },
                TicketType { id: TicketTypeId(id(902)), name: "Child".into(), price: price(2900) },
            ],
        }],
        plan_url: Some("/api/v1/plans/c0ffee".into()),
        plan_seats: 1_240,
    }
}

pub fn event(slug: &str, performances: Vec<Performance>) -> Event {
    Event {
        id: EventId(id(7)),
        slug: slug.into(),
        title: "The Cherry Orchard".into(),
        subtitle: Some("Anton Chekhov".into()),
        summary: "The estate is to be sold.".into(),
        description: vec!["It begins with an axe.".into()],
        category: Some("Drama".into()),
        facts: vec!["Two hours".into(), "Ages 12 and over".into()],
        credits: vec![Credit { role: "Lopakhin".into(), name: "Cathal Breen".into() }],
        poster: Poster { style: "theatre:orchard".into(), seed: 1904 },
        performances,
    }
}

/// One event for each thing that can be said of a performance, one with nothing optional, and one that is hostile.
pub struct Programme(pub Vec<Event>);

impl Programme {
    pub fn full() -> Self {
        let mut standing = performance(11, Saleable::OnSale);
        standing.plan_url = None;
        standing.few_left = true;
        standing.ends_at = Some(standing.starts_at + TimeDelta::hours(7));
        let mut large = performance(18, Saleable::OnSale);
        large.plan_seats = 60_000;
        let mut bare = event("bare", vec![performance(16, Saleable::OnSale)]);
        (bare.subtitle, bare.category) = (None, None);
        (bare.facts, bare.credits, bare.description) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(show) = bare.performances.first_mut() {
            (show.doors_at, show.venue.address) = (None, None);
        }
        let mut hostile = event("hostile", vec![performance(17, Saleable::OnSale)]);
        hostile.title = HOSTILE.into();
        hostile.summary = HOSTILE.into();
        hostile.description = vec![HOSTILE.into()];
        hostile.credits = vec![Credit { role: HOSTILE.into(), name: HOSTILE.into() }];
        if let Some(show) = hostile.performances.first_mut() {
            show.venue.name = HOSTILE.into();
            show.price_levels[0].name = HOSTILE.into();
        }
        Self(vec![
            event("seated", vec![performance(10, Saleable::OnSale), performance(20, Saleable::SoldOut)]),
            event("standing", vec![standing]),
            event("scheduled", vec![performance(12, Saleable::Scheduled)]),
            event("sold-out", vec![performance(13, Saleable::SoldOut)]),
            event("cancelled", vec![performance(14, Saleable::Cancelled)]),
            event("ended", vec![performance(15, Saleable::Ended)]),
            event("large", vec![large]),
            event("empty", Vec::new()),
            bare,
            hostile,
        ])
    }
}

#[async_trait]
impl Pages for Programme {
    async fn events(&self, _: &Site) -> Result<Vec<Event>, PageError> {
        Ok(self.0.clone())
    }

    async fn event(&self, _: &Site, slug: &str) -> Result<Event, PageError> {
        if slug == "down" {
            return Err(PageError::Unavailable("the database is away".into()));
        }
        self.0.iter().find(|event| event.slug == slug).cloned().ok_or(PageError::NotFound)
    }

    async fn event_of(&self, _: &Site, performance: PerformanceId) -> Result<Event, PageError> {
        let has = |event: &&Event| event.performances.iter().any(|one| one.id == performance);
        self.0.iter().find(has).cloned().ok_or(PageError::NotFound)
    }
}

/// A storefront over a programme: the first label of the host is the theme, `unknown` has no site.
pub fn storefront(programme: Programme) -> Storefront {
    let site_of = |request: &actix_web::HttpRequest| {
        let host = request.headers().get("host")?.to_str().ok()?;
        let theme = host.split('.').next()?;
        (theme != "unknown").then(|| Arc::new(site(theme)))
    };
    let payment =
        PaymentScript { url: "https://pay.example/v3/".into(), origins: vec!["https://pay.example".into()] };
    Storefront::new(Arc::new(programme), Box::new(site_of), payment, Arc::new(ManualClock::at(now())))
        .unwrap()
}
