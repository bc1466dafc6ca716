//! Letters that unit tests write.

use super::types::{About, Facts, Row};
use crate::sample;

pub(crate) fn facts(theme: &str, about: About) -> Facts {
    let paper = sample::paper(theme);
    let rows = paper
        .tickets
        .into_iter()
        .map(|ticket| Row {
            label: ticket.label,
            ticket_type: ticket.ticket_type,
            price_level: ticket.price_level,
            total: ticket.total,
        })
        .collect();
    Facts { order: paper.order, about, rows }
}

/// Every letter there is, by name.
pub(crate) fn all(theme: &str) -> Vec<(&'static str, Facts)> {
    let amount = sample::paper(theme).order.total;
    let note = Some("The lead is ill, and there is nobody who could take over tonight.".to_owned());
    let one_of_two = |mut facts: Facts| {
        facts.rows.truncate(1);
        facts
    };
    vec![
        ("cancelled", facts(theme, About::Cancelled { amount, note: note.clone() })),
        ("cancelled_free", facts(theme, About::Cancelled { amount: 0, note: None })),
        (
            "postponed",
            facts(
                theme,
                About::Postponed {
                    before: "2026-11-20T20:00:00Z".parse().unwrap(),
                    return_until: "2026-11-27T18:00:00Z".parse().unwrap(),
                    amount,
                    note,
                },
            ),
        ),
        ("refund", one_of_two(facts(theme, About::Refund { amount: 5_850, staying: 1 }))),
        ("seat_lost", facts(theme, About::SeatLost { amount })),
    ]
}
