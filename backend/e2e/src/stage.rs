//! A performance on sale under one strategy, and what may be asked of it.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::crowd::Shop;
use crate::fixtures::{self, PerformanceFixture, Terms, hall_seat};
use crate::house::House;
use crate::ledger::{self, Ack};
use crate::wait::until;

/// The ways to claim that the program offers. A test compares this list with what `marquee performance set` accepts.
pub const STRATEGIES: &[&str] = &["row_lock", "ttl", "skip_locked", "redis"];
/// Every way there is to be.
pub const ALL_STRATEGIES: [&str; 4] = ["row_lock", "ttl", "skip_locked", "redis"];

/// Whether a strategy can serve a performance with a seating plan, where seats are chosen.
pub fn serves_seats(strategy: &str) -> bool {
    strategy != "skip_locked"
}

/// Terms under a strategy, with holds of ten minutes.
pub fn under(strategy: &'static str) -> Terms {
    Terms { strategy: Some(strategy), ..Terms::default() }
}

/// Terms under a strategy, with holds of so many seconds.
pub fn short(strategy: &'static str, hold_seconds: i32) -> Terms {
    Terms { strategy: Some(strategy), hold_seconds }
}

/// A performance of the first tenant of a house.
#[derive(Debug)]
pub struct Stage<'a> {
    /// Where.
    pub house: &'a House,
    /// How its units are claimed.
    pub strategy: &'static str,
    /// What is on sale.
    pub performance: PerformanceFixture,
    /// Where a crowd buys it: on all servers.
    pub shop: Shop,
}

impl<'a> Stage<'a> {
    /// So many rows of so many seats each.
    pub async fn seats(house: &'a House, terms: &Terms, rows: usize, each: usize) -> Self {
        let hall = fixtures::hall(&house.database, &house.fixtures.a, (rows, each), terms).await;
        Self::open(house, terms, hall).await
    }

    /// So many standing places.
    pub async fn places(house: &'a House, terms: &Terms, places: usize) -> Self {
        let floor = fixtures::floor(&house.database, &house.fixtures.a, places, terms).await;
        Self::open(house, terms, floor).await
    }

    /// A performance that was made before, as soon as every server knows it.
    pub async fn open(house: &'a House, terms: &Terms, performance: PerformanceFixture) -> Self {
        let strategy = terms.strategy.unwrap_or("default");
        let ports = (0..house.servers.len()).map(|at| house.port(at)).collect();
        let tenant = &house.fixtures.a;
        let shop = Shop {
            ports,
            host: tenant.host.to_owned(),
            performance: performance.id.clone(),
            patience: Duration::from_secs(60),
            arrivals: Duration::ZERO,
        };
        let path = format!("/api/v1/performances/{}/availability", performance.id);
        for at in 0..house.servers.len() {
            let client = house.client_of(at, tenant.host);
            until("the servers to know the performance", 10, async || {
                client.get(&path).try_send().await.ok().filter(|answer| answer.status == 200)
            })
            .await;
        }
        Self { house, strategy, performance, shop }
    }

    /// A wish for so many of any units.
    pub fn any(&self, quantity: usize) -> Value {
        json!({ "places": [{ "price_level": self.performance.levels[0].id, "quantity": quantity }] })
    }

    /// A wish for so many units side by side.
    pub fn adjacent(&self, quantity: usize) -> Value {
        json!({ "places": [{ "price_level": self.performance.levels[0].id, "quantity": quantity, "adjacent": true }] })
    }

    /// How long new holds last from now on.
    ///
    /// # Panics
    /// When the program refuses it.
    pub async fn hold_seconds(&self, seconds: u32) {
        let seconds = seconds.to_string();
        let args = ["performance", "set", &self.performance.id, "--hold-seconds", &seconds];
        let done = self.house.marquee(&args).await;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Waits until every hold there is has run out; nobody need have tidied up.
    pub async fn lapsed(&self) {
        let sql = format!(
            "select count(*) from holds where performance_id = '{}' and state = 'active' and expires_at > marquee_now()",
            self.performance.id
        );
        until("the holds to run out", 30, async || {
            (self.house.database.number(&sql).await == 0).then_some(())
        })
        .await;
    }

    /// How many units are in holds that are not over.
    pub async fn held(&self) -> usize {
        ledger::held(&self.house.database, &self.performance.id).await
    }

    /// What is wrong with what was acknowledged; those in `over` were given back or have lapsed.
    pub async fn faults(&self, acks: &[Ack], over: &HashSet<Uuid>) -> Vec<String> {
        ledger::faults(&self.house.database, &self.performance.id, acks, over).await
    }

    /// Checks that rows and acknowledgements agree, and that the audit finds nothing.
    ///
    /// # Panics
    /// When they do not.
    pub async fn agrees(&self, acks: &[Ack], over: &HashSet<Uuid>) {
        let faults = self.faults(acks, over).await;
        assert!(faults.is_empty(), "{}: {faults:#?}", self.strategy);
        self.house.audited().await;
    }
}

/// A wish for one seat of a hall, both counted from 1.
pub fn chosen(row: usize, number: usize) -> Value {
    json!({ "seats": [{ "seat": hall_seat(row, number) }] })
}
