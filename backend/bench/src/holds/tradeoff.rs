//! The strategies side by side, in measured numbers.

use std::collections::HashMap;

use super::faults::Outage;
use crate::report::{Table, milliseconds, number};
use crate::requests::Wish;
use crate::stage::Claiming;

/// Strategy, way of claiming, wish, connections.
pub(super) type Key = (String, Claiming, Wish, usize);

/// A rate with its latencies.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) rate: f64,
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
    /// Answers that were not the expected one.
    pub(super) others: Option<String>,
}

/// What the parts found, each strategy's own words where it refused.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) holds: HashMap<Key, Result<Measured, String>>,
    /// By strategy: when Redis was restarted, and Postgres.
    pub(super) redis: HashMap<String, Outage>,
    pub(super) postgres: HashMap<String, Outage>,
}

/// Over as many connections as there were.
const MANY: usize = 256;

impl Found {
    pub(super) fn table(&self, strategies: &[String]) -> Table {
        let head = [
            "strategy",
            "chosen seat, batched",
            "unbatched",
            "any place, batched",
            "unbatched",
            "p99 batched",
            "p99 unbatched",
            "Redis killed and restarted",
            "Postgres restarted at once",
        ];
        let row = |strategy: &String| {
            let at = |claiming, wish| self.holds.get(&(strategy.clone(), claiming, wish, MANY));
            let rate = |claiming, wish| match at(claiming, wish) {
                Some(Ok(measured)) => format!("{}/s", number(measured.rate)),
                Some(Err(_)) => "— (refused)".to_owned(),
                None => "–".to_owned(),
            };
            // Of the kind that the strategy serves.
            let p99 = |claiming| {
                let of =
                    |wish| at(claiming, wish).and_then(|found| found.as_ref().ok()).and_then(|one| one.p99);
                of(Wish::ChosenSeat)
                    .or_else(|| of(Wish::AnyPlace))
                    .map_or_else(|| "–".to_owned(), milliseconds)
            };
            let outage =
                |of: &HashMap<String, Outage>| of.get(strategy).map_or_else(|| "–".to_owned(), Outage::shown);
            vec![
                format!("`{strategy}`"),
                rate(Claiming::Batched, Wish::ChosenSeat),
                rate(Claiming::Unbatched, Wish::ChosenSeat),
                rate(Claiming::Batched, Wish::AnyPlace),
                rate(Claiming::Unbatched, Wish::AnyPlace),
                p99(Claiming::Batched),
                p99(Claiming::Unbatched),
                outage(&self.redis),
                outage(&self.postgres),
            ]
        };
        Table {
            name: "trade-offs".to_owned(),
            head: head.map(str::to_owned).to_vec(),
            rows: strategies.iter().map(row).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_or_not_measured_shows_as_such() {
        let mut found = Found::default();
        let key = |claiming, wish| ("skip_locked".to_owned(), claiming, wish, MANY);
        let measured = Measured { rate: 12_345.6, p50: Some(1.0), p99: Some(2.5), others: None };
        found.holds.insert(key(Claiming::Batched, Wish::AnyPlace), Ok(measured));
        found.holds.insert(key(Claiming::Batched, Wish::ChosenSeat), Err("no".to_owned()));
        let outage = Outage {
            seconds: Some(0.4),
            refused: 7,
            lost: 0,
            doubled: 0,
            held: 900,
            audit: Ok(()),
            away: 0.3,
        };
        found.postgres.insert("skip_locked".to_owned(), outage);
        let table = found.table(&["skip_locked".to_owned()]);
        assert_eq!(
            table.rows[0],
            [
                "`skip_locked`",
                "— (refused)",
                "–",
                "12,346/s",
                "–",
                "2.50 ms",
                "–",
                "–",
                "0.40 s (itself 0.30 s); 7 refused, 0 lost"
            ]
        );
    }
}
