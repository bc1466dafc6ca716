//! JSON in pages: what scripts are given, and what search engines read.

use serde_json::{Value, json};

use crate::pages::{Event, Performance, PriceLevel, Saleable};
use crate::view::{PerformanceView, Views, prices};

impl Views<'_> {
    /// What the scripts of a performance's page are given.
    pub fn performance_data(&self, event: &Event, performance: &Performance) -> Value {
        let view = self.performance(performance);
        let levels: Vec<Value> = performance.price_levels.iter().map(level_data).collect();
        json!({
            "performance": {
                "id": view.id,
                "plan_url": performance.plan_url,
                "limit": performance.limit_per_order,
                "large": view.large,
                "levels": levels,
            },
            "summary": self.summary(event, &view),
        })
    }

    /// What checkout repeats of the event, kept by the browser with the hold.
    fn summary(&self, event: &Event, performance: &PerformanceView) -> Value {
        let poster = self.poster(&event.slug, &event.poster);
        json!({
            "title": event.title,
            "event": event.slug,
            "url": performance.url,
            "date": performance.starts.date,
            "time": performance.starts.time,
            "doors": performance.doors,
            "venue": performance.venue.name,
            "city": performance.venue.city,
            "poster": format!("{}/240.{}", poster.base, poster.format),
        })
    }

    /// Schema.org's description of an event, for search engines.
    pub fn structured(&self, event: &Event) -> Value {
        let origin = &self.site.origin;
        let poster = self.poster(&event.slug, &event.poster);
        let shows: Vec<Value> = event
            .performances
            .iter()
            .map(|performance| {
                let view = self.performance(performance);
                let cheapest = prices(&performance.price_levels).min_by_key(|price| price.total);
                let address = [view.venue.address.unwrap_or_default(), view.venue.city].join(", ");
                let availability = match performance.state {
                    Saleable::OnSale => "InStock",
                    Saleable::Scheduled => "PreOrder",
                    _ => "SoldOut",
                };
                json!({
                    "@context": "https://schema.org",
                    "@type": "Event",
                    "name": event.title,
                    "description": event.summary,
                    "startDate": view.starts.iso,
                    "image": [format!("{origin}{}", poster.share)],
                    "eventStatus": if performance.state == Saleable::Cancelled {
                        "https://schema.org/EventCancelled"
                    } else {
                        "https://schema.org/EventScheduled"
                    },
                    "location": {
                        "@type": "Place",
                        "name": view.venue.name,
                        "address": address,
                    },
                    "organizer": { "@type": "Organization", "name": self.site.name, "url": origin },
                    "offers": cheapest.map(|price| json!({
                        "@type": "AggregateOffer",
                        "lowPrice": price.currency.decimal(price.total),
                        "priceCurrency": price.currency,
                        "availability": format!("https://schema.org/{availability}"),
                        "url": format!("{origin}{}", view.url),
                    })),
                })
            })
            .collect();
        Value::Array(shows)
    }
}

fn level_data(level: &PriceLevel) -> Value {
    let types: Vec<Value> = level
        .ticket_types
        .iter()
        .map(|one| {
            json!({
                "id": one.id,
                "name": one.name,
                "price": {
                    "total": one.price.total,
                    "face": one.price.face,
                    "fees": one.price.fees,
                    "tax": one.price.tax,
                    "currency": one.price.currency,
                },
            })
        })
        .collect();
    json!({ "id": level.id, "name": level.name, "categories": level.categories, "ticket_types": types })
}

/// JSON that may stand inside a script element: nothing in it can end the element.
pub fn embed(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
