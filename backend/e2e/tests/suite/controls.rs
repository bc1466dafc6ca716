//! Negative controls, for each strategy: buyers whose servers all believe that the same unit is free. With the guard of the
//! claim it goes to one of them. Without it the constraint refuses all others; and with the constraint dropped too the
//! unit is oversold, and the very checks that every concurrency test makes say so.

use std::collections::HashSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use marquee_core::db::Db;
use marquee_core::http::IdempotencyKey;
use marquee_core::ids::HoldId;
use marquee_core::money::Price;
use marquee_e2e::client::fresh_key;
use marquee_e2e::cluster::cluster;
use marquee_e2e::database::Database;
use marquee_e2e::fixtures::{PerformanceFixture, seat};
use marquee_e2e::ledger::{self, Ack};
use marquee_e2e::stage::serves_seats;
use marquee_inventory::availability::Availability;
use marquee_inventory::strategy::{
    AnyUnits, ChosenUnit, ClaimRequest, Guard, Offer, Outcome, Redis, RowLock, SkipLocked, Strategy, Target,
    Ttl,
};

const BUYERS: usize = 20;

/// One unit, and buyers at as many servers, each of which remembers it as free.
pub(super) struct Contest {
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) db: Db,
    pub(super) database: Database,
    pub(super) performance: PerformanceFixture,
    pub(super) buyers: Vec<(Target, ClaimRequest)>,
}

/// What came of a contest.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) acks: Vec<Ack>,
    pub(super) refused: usize,
    pub(super) errors: usize,
}

pub(crate) fn strategy(name: &str, guard: Guard, redis: &str) -> Box<dyn Strategy> {
    match name {
        "row_lock" => Box::new(RowLock { guard }),
        "ttl" => Box::new(Ttl { guard }),
        "skip_locked" => Box::new(SkipLocked { guard }),
        "redis" => {
            let mut strategy = Redis::new(redis).unwrap();
            strategy.guard = guard;
            Box::new(strategy)
        }
        other => panic!("no strategy `{other}`"),
    }
}

/// A performance's first price level at its first ticket type, as a server remembers it.
pub(crate) fn offer(performance: &PerformanceFixture) -> Arc<Offer> {
    let level = &performance.levels[0];
    Arc::new(Offer {
        price_level: level.id.parse().unwrap(),
        price_level_name: "Stalls".to_owned(),
        ticket_type: level.types[0].parse().unwrap(),
        ticket_type_name: "Full price".to_owned(),
        price: Price::of_parts(4_000, 250, 450, "EUR".parse().unwrap()).unwrap(),
    })
}

pub(super) async fn contest(name: &str, guard: Guard) -> Contest {
    let cluster = cluster().await;
    let number = cluster.number();
    let database = cluster.clone_database(number).await;
    cluster.clear_redis(number).await;
    let tenant = &cluster.fixtures.a;
    let performance = if serves_seats(name) { &tenant.seated } else { &tenant.standing }.clone();
    let (owner, id) = (tenant.id.parse().unwrap(), performance.id.parse().unwrap());
    database
        .run(&format!("update performances set strategy = '{name}' where id = '{}'", performance.id))
        .await;
    let db = database.db(8).await;
    let offer = offer(&performance);
    let wanted = seat('A', 1);
    let sql =
        format!("select id from units where performance_id = '{}' and seat = '{wanted}'", performance.id);
    let chosen = match serves_seats(name) {
        true => {
            let unit = database.text(&sql).await.parse().unwrap();
            vec![ChosenUnit { unit, seat: wanted, offer: Arc::clone(&offer) }]
        }
        false => Vec::new(),
    };
    let any = match serves_seats(name) {
        true => Vec::new(),
        false => vec![AnyUnits { quantity: 1, adjacent: false, offer }],
    };
    let mut buyers = Vec::new();
    for _ in 0..BUYERS {
        let target = Target {
            tenant: owner,
            performance: id,
            hold_seconds: 600,
            currency: "EUR".parse().unwrap(),
            stock: Availability::new(db.clone()).stock(owner, id).await.unwrap(),
        };
        let request = ClaimRequest {
            hold_id: HoldId::generate(),
            key: IdempotencyKey::new(&fresh_key()).unwrap(),
            fingerprint: [7; 32],
            chosen: chosen.clone(),
            any: any.clone(),
        };
        buyers.push((target, request));
    }
    let strategy = strategy(name, guard, &cluster.redis_url(number));
    Contest { strategy, db, database, performance, buyers }
}

impl Contest {
    /// One after the other, or all at once. A claim that passes over what others have locked leaves them alone when all
    /// come at once; those that come later find the unit unlocked.
    pub(super) async fn run(&self, at_once: bool) -> Tally {
        let claims = self.buyers.iter().map(|(target, request)| async move {
            (request, self.strategy.claim(&self.db, target, std::slice::from_ref(request)).await)
        });
        let claimed = stream::iter(claims).buffered(if at_once { BUYERS } else { 1 });
        let mut tally = Tally::default();
        for (request, outcome) in claimed.collect::<Vec<_>>().await {
            match outcome.map(|outcomes| outcomes.into_iter().next().unwrap()) {
                Ok(Outcome::Held { units, .. }) => tally.acks.push(Ack {
                    hold: request.hold_id.0,
                    token: String::new(),
                    units: units.iter().map(|got| got.unit.0).collect(),
                    seats: Vec::new(),
                }),
                Ok(_) => tally.refused += 1,
                Err(_) => tally.errors += 1,
            }
        }
        tally
    }

    async fn faults(&self, tally: &Tally) -> Vec<String> {
        ledger::faults(&self.database, &self.performance.id, &tally.acks, &HashSet::new()).await
    }

    async fn without_constraint(self) -> Self {
        self.database.run("drop index claims_live_unit_key").await;
        self
    }
}

async fn the_guard_alone_keeps_a_unit_single(name: &str) {
    for at_once in [false, true] {
        let contest = contest(name, Guard::On).await.without_constraint().await;
        let tally = contest.run(at_once).await;
        assert_eq!((tally.acks.len(), tally.refused, tally.errors), (1, BUYERS - 1, 0), "{name}");
        assert_eq!(contest.faults(&tally).await, [""; 0], "{name}");
    }
}

async fn without_the_guard_the_constraint_refuses(name: &str) {
    let contest = contest(name, Guard::Off).await;
    let tally = contest.run(false).await;
    assert_eq!(tally.acks.len(), 1, "{name}: {tally:?}");
    assert_eq!(tally.refused + tally.errors, BUYERS - 1, "{name}: {tally:?}");
    assert_eq!(contest.faults(&tally).await, [""; 0], "{name}");
}

async fn without_guard_and_constraint_the_checks_fail(name: &str) {
    let contest = contest(name, Guard::Off).await.without_constraint().await;
    let tally = contest.run(false).await;
    assert!(tally.acks.len() > 1, "{name}: {tally:?}");
    let faults = contest.faults(&tally).await;
    assert!(faults.iter().any(|fault| fault.ends_with("in two live claims")), "{name}: {faults:?}");
    assert!(faults.iter().any(|fault| fault.contains("acknowledged to")), "{name}: {faults:?}");
}

macro_rules! controls {
    ($($strategy:ident)*) => {$(
        mod $strategy {
            const STRATEGY: &str = stringify!($strategy);

            #[tokio::test]
            async fn the_guard_alone_keeps_a_unit_single() {
                super::the_guard_alone_keeps_a_unit_single(STRATEGY).await;
            }

            #[tokio::test]
            async fn without_the_guard_the_constraint_refuses() {
                super::without_the_guard_the_constraint_refuses(STRATEGY).await;
            }

            #[tokio::test]
            async fn without_guard_and_constraint_the_checks_fail() {
                super::without_guard_and_constraint_the_checks_fail(STRATEGY).await;
            }
        }
    )*};
}

controls!(row_lock ttl skip_locked redis);
