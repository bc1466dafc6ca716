//! Negative controls: with the guard of a claim switched off the constraint refuses, and with the constraint dropped too
//! a seat is oversold, so that the tests of the real thing could see it.

use std::sync::Arc;

use marquee_core::db::Db;
use marquee_core::http::IdempotencyKey;
use marquee_core::ids::HoldId;
use marquee_core::money::Price;
use marquee_e2e::client::fresh_key;
use marquee_e2e::cluster::cluster;
use marquee_e2e::database::Database;
use marquee_e2e::fixtures::{PerformanceFixture, TenantFixture, seat};
use marquee_inventory::availability::Availability;
use marquee_inventory::strategy::{
    AnyUnits, ChosenUnit, ClaimRequest, Guard, Offer, Outcome, SkipLocked, Strategy, Target, Ttl,
};

const BUYERS: usize = 40;

struct Contest {
    db: Db,
    database: Database,
    target: Target,
    requests: Vec<ClaimRequest>,
}

/// What came of a contest.
#[derive(Debug, Default)]
struct Tally {
    held: usize,
    refused: usize,
    errors: usize,
}

async fn contest(tenant: &TenantFixture, performance: &PerformanceFixture, chosen: bool) -> Contest {
    let cluster = cluster().await;
    let database = cluster.clone_database(cluster.number()).await;
    let db = database.db(8).await;
    let (owner, id) = (tenant.id.parse().unwrap(), performance.id.parse().unwrap());
    let target = Target {
        tenant: owner,
        performance: id,
        hold_seconds: 600,
        currency: "EUR".parse().unwrap(),
        stock: Availability::new(db.clone()).stock(owner, id).await.unwrap(),
    };
    let level = &performance.levels[0];
    let offer = Arc::new(Offer {
        price_level: level.id.parse().unwrap(),
        price_level_name: "Stalls".to_owned(),
        ticket_type: level.types[0].parse().unwrap(),
        ticket_type_name: "Full price".to_owned(),
        price: Price::of_parts(4_000, 250, 450, "EUR".parse().unwrap()).unwrap(),
    });
    let wanted = seat('A', 1);
    let sql = match chosen {
        true => {
            format!("select id from units where performance_id = '{}' and seat = '{wanted}'", performance.id)
        }
        false => {
            format!("select id from units where performance_id = '{}' order by rank limit 1", performance.id)
        }
    };
    let unit = database.text(&sql).await.parse().unwrap();
    let requests = (0..BUYERS).map(|_| ClaimRequest {
        hold_id: HoldId::generate(),
        key: IdempotencyKey::new(&fresh_key()).unwrap(),
        fingerprint: [7; 32],
        chosen: if chosen {
            vec![ChosenUnit { unit, seat: wanted.clone(), offer: offer.clone() }]
        } else {
            Vec::new()
        },
        any: if chosen {
            Vec::new()
        } else {
            vec![AnyUnits { quantity: 1, adjacent: false, offer: offer.clone() }]
        },
    });
    Contest { requests: requests.collect(), db, database, target }
}

impl Contest {
    async fn run(&self, strategy: &dyn Strategy) -> Tally {
        let claims =
            self.requests.iter().map(|one| strategy.claim(&self.db, &self.target, std::slice::from_ref(one)));
        let mut tally = Tally::default();
        for outcome in futures::future::join_all(claims).await {
            match outcome.map(|outcomes| outcomes.into_iter().next().unwrap()) {
                Ok(Outcome::Held { .. }) => tally.held += 1,
                Ok(_) => tally.refused += 1,
                Err(_) => tally.errors += 1,
            }
        }
        tally
    }

    /// The most live holds that one unit is in.
    async fn most_holds_of_a_unit(&self) -> i64 {
        let sql = "select coalesce(max(n), 0) from (select count(*) n from claims where closed_at is null group by unit_id) x";
        self.database.number(sql).await
    }

    async fn without_constraint(self) -> Self {
        self.database.run("drop index claims_live_unit_key").await;
        self
    }
}

#[tokio::test]
async fn the_guard_alone_keeps_a_seat_single() {
    let tenant = cluster().await.fixtures.a.clone();
    let contest = contest(&tenant, &tenant.seated, true).await.without_constraint().await;
    let tally = contest.run(&Ttl::default()).await;
    assert_eq!((tally.held, tally.refused, tally.errors), (1, BUYERS - 1, 0));
    assert_eq!(contest.most_holds_of_a_unit().await, 1);
}

#[tokio::test]
async fn without_the_guard_the_constraint_refuses() {
    let tenant = cluster().await.fixtures.a.clone();
    let seated = contest(&tenant, &tenant.seated, true).await;
    let tally = seated.run(&Ttl { guard: Guard::Off }).await;
    assert_eq!((tally.held, tally.errors), (1, BUYERS - 1), "{tally:?}");
    assert_eq!(seated.most_holds_of_a_unit().await, 1);

    // All choose the same best place in memory; those that pass over its locked row are told to try again.
    let standing = contest(&tenant, &tenant.standing, false).await;
    let tally = standing.run(&SkipLocked { guard: Guard::Off }).await;
    assert!(tally.errors > 0 && tally.held + tally.refused + tally.errors == BUYERS, "{tally:?}");
    assert_eq!(standing.most_holds_of_a_unit().await, 1);
}

#[tokio::test]
async fn without_guard_and_constraint_a_seat_is_oversold() {
    let tenant = cluster().await.fixtures.a.clone();
    let contest = contest(&tenant, &tenant.seated, true).await.without_constraint().await;
    let tally = contest.run(&Ttl { guard: Guard::Off }).await;
    assert!(tally.held > 1, "{tally:?}");
    assert!(contest.most_holds_of_a_unit().await > 1, "the test would not see an oversold seat");
}
