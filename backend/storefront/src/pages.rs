//! What the storefront needs to know, in its own words, and the trait that supplies it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use marquee_core::ids::{EventId, PerformanceId, PriceLevelId, TenantId, TicketTypeId};
use marquee_core::money::Price;

use crate::PageError;

/// Supplies what a site shows. Implementations answer from memory: pages are browsed far more often than sold.
#[async_trait]
pub trait Pages: Send + Sync {
    /// The site's published events with at least one performance that has not ended, in any order.
    ///
    /// # Errors
    /// [`PageError::Unavailable`] when nothing can be said at the moment.
    async fn events(&self, site: &Site) -> Result<Vec<Event>, PageError>;

    /// The published event with this slug.
    ///
    /// # Errors
    /// [`PageError::NotFound`] when the site has none, [`PageError::Unavailable`] as above.
    async fn event(&self, site: &Site, slug: &str) -> Result<Event, PageError>;

    /// The published event one of whose performances has this id.
    ///
    /// # Errors
    /// As for [`Pages::event`].
    async fn event_of(&self, site: &Site, performance: PerformanceId) -> Result<Event, PageError>;
}

/// A tenant's site: who it is and how it looks.
#[derive(Debug, Clone)]
pub struct Site {
    /// The tenant.
    pub id: TenantId,
    /// The name fans know, as in the page's head.
    pub name: String,
    /// One line under the name.
    pub tagline: Option<String>,
    /// The origin for absolute links: scheme, host and port, without a slash at the end.
    pub origin: String,
    /// The theme's name.
    pub theme: String,
    /// Colours that differ from the theme's, by role: `accent` → `#7a1f2b`. Anything else is ignored.
    pub colors: BTreeMap<String, String>,
    /// BCP 47: `en-IE`. Decides texts, dates and prices.
    pub locale: String,
    /// The zone that dates are said in.
    pub timezone: Tz,
    /// How to reach the promoter.
    pub contact: Contact,
    /// Lines at the foot of each page: company, returns, age limit.
    pub legal: Vec<String>,
}

/// How fans reach the promoter.
#[derive(Debug, Clone, Default)]
pub struct Contact {
    /// Mail address.
    pub email: Option<String>,
    /// Telephone number, as dialled.
    pub phone: Option<String>,
    /// Postal address in one line.
    pub address: Option<String>,
}

/// What is played.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its name in addresses, unique at the site.
    pub slug: String,
    /// The title.
    pub title: String,
    /// Who it is by or who plays.
    pub subtitle: Option<String>,
    /// One or two sentences.
    pub summary: String,
    /// Paragraphs of plain text.
    pub description: Vec<String>,
    /// Genre, one or two words.
    pub category: Option<String>,
    /// Short practical facts: length, age.
    pub facts: Vec<String>,
    /// Cast, crew or running order.
    pub credits: Vec<Credit>,
    /// How its poster is drawn.
    pub poster: Poster,
    /// Its performances, in any order.
    pub performances: Vec<Performance>,
}

/// A line of the cast or the running order.
#[derive(Debug, Clone)]
pub struct Credit {
    /// Part, task or stage time.
    pub role: String,
    /// Who.
    pub name: String,
}

/// How a poster is drawn: a family and motif such as `theatre:orchard` or `club:rings`, and a seed. An unknown
/// motif is chosen by the seed, an unknown family is the theme's.
#[derive(Debug, Clone)]
pub struct Poster {
    /// `family:motif`.
    pub style: String,
    /// Varies the drawing.
    pub seed: u32,
}

/// One dated showing.
#[derive(Debug, Clone)]
pub struct Performance {
    /// Its id.
    pub id: PerformanceId,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// When the doors open.
    pub doors_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub ends_at: Option<DateTime<Utc>>,
    /// Where.
    pub venue: Venue,
    /// When sale opens, if not open since ever.
    pub on_sale_from: Option<DateTime<Utc>>,
    /// When sale closes, if before the start.
    pub on_sale_until: Option<DateTime<Utc>>,
    /// What can be bought of it.
    pub state: Saleable,
    /// Less than about a tenth is left.
    pub few_left: bool,
    /// Most tickets in one order.
    pub limit_per_order: u32,
    /// What it costs, in the order of display.
    pub price_levels: Vec<PriceLevel>,
    /// Path of its seating plan for drawing (`/api/v1/plans/{hash}`); none for standing only.
    pub plan_url: Option<String>,
    /// How many seats that plan has.
    pub plan_seats: u32,
}

/// The contract's `state` of a performance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saleable {
    /// Sale has not opened.
    Scheduled,
    /// Can be bought.
    OnSale,
    /// Nothing is left.
    SoldOut,
    /// It has been, or sale has closed.
    Ended,
    /// It will not be.
    Cancelled,
}

/// A place where performances happen.
#[derive(Debug, Clone)]
pub struct Venue {
    /// Its name.
    pub name: String,
    /// Street and number.
    pub address: Option<String>,
    /// Town.
    pub city: String,
}

/// Tickets of one price class.
#[derive(Debug, Clone)]
pub struct PriceLevel {
    /// Its id.
    pub id: PriceLevelId,
    /// Its name: `Band A`, `Early`.
    pub name: String,
    /// Seat categories of the plan sold at this level; empty for standing.
    pub categories: Vec<String>,
    /// Who pays what.
    pub ticket_types: Vec<TicketType>,
}

/// A kind of ticket within a level: adult, child.
#[derive(Debug, Clone)]
pub struct TicketType {
    /// Its id.
    pub id: TicketTypeId,
    /// Its name.
    pub name: String,
    /// What it costs.
    pub price: Price,
}
