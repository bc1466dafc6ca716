//! More requests than may wait: some are told to come back, none hangs, all others are answered once it goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt as _};
use marquee_catalog::Catalog;
use marquee_core::clock::SystemClock;
use marquee_core::http::IdempotencyKey;
use marquee_e2e::campaign::{alone, rounds, tell};
use marquee_e2e::client::fresh_key;
use marquee_e2e::cluster::{Cluster, cluster, family};
use marquee_e2e::crowd::{Buyer, End, raise_open_files, rush};
use marquee_e2e::house::plan;
use marquee_e2e::stage::{Stage, under};
use marquee_inventory::availability::Availability;
use marquee_inventory::strategy::Strategies;
use marquee_inventory::{HoldError, HoldRequest, Inventory, PlaceRequest};
use marquee_tenants::{Directory, Host};
use nix::sys::signal::{Signal, kill};

use crate::strategies;

/// The contract's queue holds at least so many.
const QUEUE: usize = 20_000;
/// One more than may wait, and as many as may be under way meanwhile.
const CROWD: usize = QUEUE + 1 + 600;
const UNITS: usize = 500;
/// Files that a server or this process needs besides connections.
const OTHER_FILES: u64 = 700;

/// Stops every process of Postgres where it stands, until the answer is dropped.
async fn stand_still(cluster: &'static Cluster) -> Standstill {
    let first = cluster.postgres.lock().await.pid();
    // The first process stops first, so that no further one comes.
    kill(first, Signal::SIGSTOP).unwrap();
    let all = family(first);
    signal(&all, Signal::SIGSTOP);
    Standstill(all)
}

struct Standstill(Vec<nix::unistd::Pid>);

impl Drop for Standstill {
    fn drop(&mut self) {
        signal(&self.0, Signal::SIGCONT);
    }
}

fn signal(processes: &[nix::unistd::Pid], signal: Signal) {
    for process in processes {
        // One that has ended meanwhile needs none.
        kill(*process, signal).ok();
    }
}

/// Over HTTP, with as many connections as this machine lets one process have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_before_a_database_that_stands_still() {
    let _alone = alone().await;
    let cluster = cluster().await;
    let crowd = CROWD.min((raise_open_files() - OTHER_FILES) as usize);
    for strategy in strategies().into_iter().take(rounds().try_into().unwrap()) {
        let house = plan().open().await;
        let stage = Stage::places(&house, &under(strategy), UNITS).await;
        let buyers = (0..crowd).map(|_| Buyer::new(stage.any(1))).collect();
        let still = stand_still(cluster).await;
        let rushing = tokio::spawn({
            let shop = stage.shop.clone();
            async move { rush(&shop, buyers, Default::default()).await }
        });
        // Long enough for the patience of whoever waits in the server to end.
        tokio::time::sleep(Duration::from_secs(12)).await;
        drop(still);
        let stories = rushing.await.unwrap();
        let strange: Vec<&String> = stories.iter().flat_map(|story| &story.strange).take(10).collect();
        assert!(strange.is_empty(), "{strategy}: {strange:#?}");
        let unanswered = stories.iter().filter(|story| matches!(story.end, End::Unanswered)).count();
        let held = stories.iter().filter(|story| matches!(story.end, End::Held(_))).count();
        let turned_away = stories.iter().filter(|story| story.turned_away > 0).count();
        let slowest = stories.iter().flat_map(|story| story.latencies.iter()).max().unwrap();
        tell(&format!(
            "{crowd} wait for a database that stands still, {strategy}: {turned_away} were told to come back, {held} held, \
             slowest answer {slowest:.1?}"
        ));
        assert_eq!((unanswered, held, stage.held().await), (0, UNITS, UNITS), "{strategy}");
        assert!(turned_away > 0, "{strategy}: nobody was told to come back");
        house.audited().await;
    }
}

/// Without sockets, so that it can be one more than may wait: that one is told at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_more_than_may_wait() {
    let _alone = alone().await;
    let cluster = cluster().await;
    let house = plan().open().await;
    for strategy in strategies() {
        let stage = Stage::places(&house, &under(strategy), UNITS).await;
        let inventory =
            Arc::new(inventory(&house.database.db(8).await, &house.variable("MARQUEE_REDIS_URL")));
        let directory = Directory::new();
        directory.refresh(&house.database.db(1).await).await.unwrap();
        let tenant = directory.by_host(&Host::parse(house.fixtures.a.host).unwrap()).unwrap();
        let performance = stage.performance.id.parse().unwrap();
        let place = PlaceRequest {
            price_level: stage.performance.levels[0].id.clone(),
            quantity: 1,
            ticket_type: None,
            adjacent: false,
        };
        let request = HoldRequest { seats: Vec::new(), places: vec![place] };
        let ask = || {
            let (inventory, tenant, request) = (Arc::clone(&inventory), Arc::clone(&tenant), request.clone());
            let key = IdempotencyKey::new(&fresh_key()).unwrap();
            async move {
                let asked = Instant::now();
                let told = inventory.hold(&tenant, performance, &request, &key, [7; 32]).await;
                (asked.elapsed(), told.map(drop))
            }
        };
        ask().await.1.unwrap();
        let still = stand_still(cluster).await;
        let mut asking: FuturesUnordered<_> = (0..CROWD).map(|_| tokio::spawn(ask())).collect();
        let mut told = Vec::with_capacity(CROWD);
        // Those for whom there is no room are told before anything moves again.
        while let Ok(Some(one)) = tokio::time::timeout(Duration::from_secs(3), asking.next()).await {
            told.push(one.unwrap());
        }
        let at_once = told.len();
        drop(still);
        while let Some(one) = asking.next().await {
            told.push(one.unwrap());
        }
        assert!(told.iter().take(at_once).all(|(_, told)| matches!(told, Err(HoldError::Overloaded))));
        let held = told.iter().filter(|(_, told)| told.is_ok()).count();
        let gone = told.iter().filter(|(_, told)| matches!(told, Err(HoldError::SoldOut))).count();
        let slowest = told.iter().map(|(took, _)| *took).max().unwrap();
        tell(&format!(
            "{CROWD} at once, {strategy}: {at_once} turned away at once, {held} held, {gone} sold out, slowest {slowest:.1?}"
        ));
        assert!((1..=CROWD - QUEUE).contains(&at_once), "{strategy}: {at_once} turned away");
        assert_eq!(held + 1, UNITS, "{strategy}");
        assert!(slowest < Duration::from_secs(30), "{strategy}: {slowest:?}");
        assert_eq!(stage.held().await, UNITS);
    }
    house.audited().await;
}

fn inventory(db: &marquee_core::db::Db, redis: &str) -> Inventory {
    let availability = Availability::new(db.clone());
    let catalog = Catalog::new(db.clone(), Arc::new(SystemClock), Arc::new(availability.clone()));
    let secret = marquee_core::secret::SecretKey::from_hex(&"00".repeat(32)).unwrap();
    tokio::spawn(availability.clone().keep_current());
    Inventory::new(db.clone(), catalog, availability, secret, Strategies::new(Some(redis)), 500)
}
