//! What templates see: every text formatted, every address made, nothing left to compute.

use chrono::{DateTime, Utc};
use marquee_core::money::Price;
use serde::Serialize;
use serde_json::{Value, json};

use crate::format::{Calendar, Moment, money};
use crate::pages::{Event, Performance, Poster, PriceLevel, Saleable, Site};

/// With more seats than this a page opens with the plan's sections, not with all its seats.
const LARGE_PLAN: u32 = 3_000;

/// An event as templates see it.
#[derive(Debug, Clone, Serialize)]
pub struct EventView {
    pub slug: String,
    pub url: String,
    pub title: String,
    /// How many letters wide its title stands, 4 to 16: themes set titles as wide as the screen.
    pub letters: usize,
    pub subtitle: Option<String>,
    pub summary: String,
    pub description: Vec<String>,
    pub category: Option<String>,
    pub facts: Vec<String>,
    pub credits: Vec<CreditView>,
    pub poster: PosterView,
    /// Sorted by start.
    pub performances: Vec<PerformanceView>,
    /// The performance to offer first.
    pub next: Option<PerformanceView>,
    /// When the run begins, or what is left of it.
    pub first: Option<Moment>,
    /// When it ends; none where it is on one day.
    pub last: Option<Moment>,
    /// At what time they all start; none where it differs.
    pub time: Option<String>,
    /// The cheapest ticket that can be bought.
    pub from_price: Option<String>,
    /// `on_sale`, `scheduled`, `sold_out`, `ended` or `cancelled`: the best of its performances'.
    pub state: &'static str,
    pub few_left: bool,
}

/// Cast or running order.
#[derive(Debug, Clone, Serialize)]
pub struct CreditView {
    pub role: String,
    pub name: String,
}

/// Where a poster's pictures are.
#[derive(Debug, Clone, Serialize)]
pub struct PosterView {
    /// `/posters/{slug}-{seed}`
    pub base: String,
    /// `webp` or `jpg`.
    pub format: &'static str,
    /// Picture for links shared elsewhere.
    pub share: String,
}

/// A performance as templates see it.
#[derive(Debug, Clone, Serialize)]
pub struct PerformanceView {
    pub id: String,
    pub url: String,
    pub starts: Moment,
    pub doors: Option<String>,
    pub ends: Option<String>,
    pub venue: VenueView,
    pub state: &'static str,
    /// Tickets can be bought now.
    pub bookable: bool,
    pub few_left: bool,
    /// When sale opens, where it has not.
    pub opens: Option<Moment>,
    pub from_price: Option<String>,
    /// Seats are chosen on a plan.
    pub reserved: bool,
    /// The plan has too many seats to show at once: its sections come first.
    pub large: bool,
    pub levels: Vec<LevelView>,
}

/// A venue.
#[derive(Debug, Clone, Serialize)]
pub struct VenueView {
    pub name: String,
    pub address: Option<String>,
    pub city: String,
}

/// A price level.
#[derive(Debug, Clone, Serialize)]
pub struct LevelView {
    pub id: String,
    pub name: String,
    /// 1 for the first.
    pub index: usize,
    pub from_price: String,
    pub ticket_types: Vec<TicketTypeView>,
}

/// A ticket type.
#[derive(Debug, Clone, Serialize)]
pub struct TicketTypeView {
    pub id: String,
    pub name: String,
    pub total: String,
    pub face: String,
    pub fees: String,
    pub tax: String,
}

/// Events of one month.
#[derive(Debug, Clone, Serialize)]
pub struct MonthView {
    pub name: String,
    pub year: i32,
    pub events: Vec<EventView>,
}

/// Makes views for one site at one moment.
pub struct Views<'a> {
    pub site: &'a Site,
    pub calendar: Calendar<'a>,
    pub now: DateTime<Utc>,
    /// The theme's family of posters.
    pub poster_family: &'a str,
}

impl Views<'_> {
    /// An event with its performances in order of time.
    pub fn event(&self, event: &Event) -> EventView {
        let mut sorted: Vec<&Performance> = event.performances.iter().collect();
        sorted.sort_by_key(|performance| performance.starts_at);
        let performances: Vec<PerformanceView> = sorted.iter().map(|one| self.performance(one)).collect();
        // What is over or was called off does not stretch the run, unless all of it is.
        let gone = [Saleable::Ended, Saleable::Cancelled].map(state_name);
        let any = performances.iter().any(|one| !gone.contains(&one.state));
        let run: Vec<&PerformanceView> =
            performances.iter().filter(|one| !(any && gone.contains(&one.state))).collect();
        let best = sorted.iter().map(|one| one.state).min_by_key(|state| rank(*state));
        let next = performances.iter().find(|one| Some(one.state) == best.map(state_name)).cloned();
        let cheapest = sorted
            .iter()
            .filter(|one| matches!(one.state, Saleable::OnSale | Saleable::Scheduled))
            .flat_map(|one| prices(&one.price_levels))
            .min_by_key(|price| price.total);
        EventView {
            slug: event.slug.clone(),
            url: format!("/events/{}", event.slug),
            title: event.title.clone(),
            letters: letters_wide(&event.title),
            subtitle: event.subtitle.clone(),
            summary: event.summary.clone(),
            description: event.description.clone(),
            category: event.category.clone(),
            facts: event.facts.clone(),
            credits: event
                .credits
                .iter()
                .map(|credit| CreditView { role: credit.role.clone(), name: credit.name.clone() })
                .collect(),
            poster: self.poster(&event.slug, &event.poster),
            time: next
                .as_ref()
                .map(|next| next.starts.time.clone())
                .filter(|time| run.iter().all(|one| one.starts.time == *time)),
            first: run.first().map(|one| one.starts.clone()),
            last: run
                .last()
                .filter(|last| run.first().is_some_and(|first| first.starts.date != last.starts.date))
                .map(|one| one.starts.clone()),
            next,
            from_price: cheapest.map(|price| self.price(price.total, price)),
            state: best.map_or("ended", state_name),
            few_left: !sorted.is_empty()
                && sorted.iter().all(|one| one.few_left || one.state != Saleable::OnSale)
                && best == Some(Saleable::OnSale),
            performances,
        }
    }

    /// Events by the month in which what is left of their run begins, both in order of time.
    pub fn months(&self, events: &[Event]) -> Vec<MonthView> {
        let mut views: Vec<EventView> = events.iter().map(|event| self.event(event)).collect();
        views.sort_by(|a, b| first_start(a).cmp(first_start(b)));
        let mut months: Vec<(String, MonthView)> = Vec::new();
        for view in views {
            let Some(first) = &view.first else { continue };
            let (key, name, year) = (first.month_key.clone(), first.month_long.clone(), first.year);
            match months.last_mut() {
                Some((last, month)) if *last == key => month.events.push(view),
                _ => months.push((key, MonthView { name, year, events: vec![view] })),
            }
        }
        months.into_iter().map(|(_, month)| month).collect()
    }

    /// One performance.
    pub fn performance(&self, performance: &Performance) -> PerformanceView {
        let time = |at: Option<DateTime<Utc>>| at.map(|at| self.calendar.moment(at).time);
        let opens = performance.on_sale_from.filter(|from| *from > self.now);
        let cheapest = prices(&performance.price_levels).min_by_key(|price| price.total);
        PerformanceView {
            id: performance.id.to_string(),
            url: format!("/performances/{}", performance.id),
            starts: self.calendar.moment(performance.starts_at),
            doors: time(performance.doors_at),
            ends: time(performance.ends_at),
            venue: VenueView {
                name: performance.venue.name.clone(),
                address: performance.venue.address.clone(),
                city: performance.venue.city.clone(),
            },
            state: state_name(performance.state),
            bookable: performance.state == Saleable::OnSale,
            few_left: performance.few_left && performance.state == Saleable::OnSale,
            opens: opens.map(|at| self.calendar.moment(at)),
            from_price: cheapest.map(|price| self.price(price.total, price)),
            reserved: performance.plan_url.is_some(),
            large: performance.plan_seats > LARGE_PLAN,
            levels: performance
                .price_levels
                .iter()
                .enumerate()
                .map(|(index, level)| self.level(index + 1, level))
                .collect(),
        }
    }

    fn level(&self, index: usize, level: &PriceLevel) -> LevelView {
        let cheapest = level.ticket_types.iter().map(|one| &one.price).min_by_key(|price| price.total);
        LevelView {
            id: level.id.to_string(),
            name: level.name.clone(),
            index,
            from_price: cheapest.map(|price| self.price(price.total, price)).unwrap_or_default(),
            ticket_types: level
                .ticket_types
                .iter()
                .map(|one| TicketTypeView {
                    id: one.id.to_string(),
                    name: one.name.clone(),
                    total: self.price(one.price.total, &one.price),
                    face: self.price(one.price.face, &one.price),
                    fees: self.price(one.price.fees, &one.price),
                    tax: self.price(one.price.tax, &one.price),
                })
                .collect(),
        }
    }

    /// Where an event's poster is.
    pub fn poster(&self, slug: &str, poster: &Poster) -> PosterView {
        let base = format!("/posters/{slug}-{}", poster.seed);
        let format = picture_format(&poster.style, self.poster_family);
        // Where links are shared, WebP is not known everywhere.
        let share = if format == "webp" { "png" } else { format };
        PosterView { share: format!("{base}/share.{share}"), base, format }
    }

    fn price(&self, amount: i64, price: &Price) -> String {
        money(amount, &price.currency, &self.site.locale)
    }
}

/// The kind of picture that suits a poster: flat shapes are small without loss, grain is not.
pub fn picture_format(style: &str, theme_family: &str) -> &'static str {
    let family = style.split(':').next().unwrap_or_default();
    let known = matches!(family, "theatre" | "club" | "arena");
    if (if known { family } else { theme_family }) == "theatre" { "webp" } else { "jpg" }
}

/// All prices of some levels.
pub fn prices(levels: &[PriceLevel]) -> impl Iterator<Item = &Price> {
    levels.iter().flat_map(|level| &level.ticket_types).map(|one| &one.price)
}

fn first_start(view: &EventView) -> &str {
    view.first.as_ref().map_or("", |first| &first.iso)
}

/// How many letters wide a title stands: its longest word; of three words and more, what makes about two lines.
fn letters_wide(title: &str) -> usize {
    let words: Vec<usize> = title.split_whitespace().map(|word| word.chars().count()).collect();
    let longest = words.iter().max().copied().unwrap_or(0);
    let all: usize = words.iter().sum::<usize>() + words.len().saturating_sub(1);
    let two_lines = if words.len() > 2 { (all * 13).div_ceil(20) } else { 0 };
    longest.max(two_lines).clamp(4, 16)
}

/// What a fan would rather see comes first.
fn rank(state: Saleable) -> u8 {
    match state {
        Saleable::OnSale => 0,
        Saleable::Scheduled => 1,
        Saleable::SoldOut => 2,
        Saleable::Cancelled => 3,
        Saleable::Ended => 4,
    }
}

/// The contract's word for a state.
pub fn state_name(state: Saleable) -> &'static str {
    match state {
        Saleable::Scheduled => "scheduled",
        Saleable::OnSale => "on_sale",
        Saleable::SoldOut => "sold_out",
        Saleable::Ended => "ended",
        Saleable::Cancelled => "cancelled",
    }
}

/// The site as templates see it.
pub fn site(site: &Site) -> Value {
    json!({
        "name": site.name,
        "letters": letters_wide(&site.name),
        "tagline": site.tagline,
        "origin": site.origin,
        "email": site.contact.email,
        "phone": site.contact.phone,
        "address": site.contact.address,
        "legal": site.legal,
    })
}
