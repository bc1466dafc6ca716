//! The engine without HTTP, as `marquee demo-seed` uses it: whoever claims and listens learns of its own commits.

use std::collections::HashSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use marquee_catalog::Catalog;
use marquee_core::clock::SystemClock;
use marquee_core::http::IdempotencyKey;
use marquee_core::secret::SecretKey;
use marquee_e2e::client::fresh_key;
use marquee_e2e::house::{House, plan};
use marquee_e2e::stage::{STRATEGIES, Stage, under};
use marquee_inventory::availability::Availability;
use marquee_inventory::strategy::Strategies;
use marquee_inventory::{HoldError, HoldRequest, Inventory, PlaceRequest};
use marquee_tenants::{Directory, Host};
use tokio::task::JoinHandle;

const PLACES: usize = 600;
/// Small sales at a time, the places of each, and buyers who come for them.
const SALES: usize = 24;
const FEW: usize = 5;
const BUYERS: usize = 8;
/// As many as the seed has under way.
const AT_ONCE: usize = 6;
/// Places of one hold.
const PARTY: i64 = 2;

/// The inventory of a process that listens, claiming at most so many at once.
pub(crate) async fn inventory(house: &House, most: usize) -> (Inventory, JoinHandle<()>) {
    let db = house.database.db(8).await;
    let availability = Availability::new(db.clone());
    let catalog = Catalog::new(db.clone(), Arc::new(SystemClock), Arc::new(availability.clone()));
    let current = tokio::spawn(availability.clone().keep_current());
    let strategies = Strategies::new(Some(&house.variable("MARQUEE_REDIS_URL")));
    let secret = SecretKey::from_hex(&"00".repeat(32)).unwrap();
    (Inventory::new(db, catalog, availability, secret, strategies, most), current)
}

fn places(stage: &Stage<'_>, quantity: i64) -> HoldRequest {
    let price_level = stage.performance.levels[0].id.clone();
    let place = PlaceRequest { price_level, quantity, ticket_type: None, adjacent: false };
    HoldRequest { seats: Vec::new(), places: vec![place] }
}

/// A whole house is sold, party after party, batched and unbatched: none is told that it was crowded out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_sells_a_whole_house() {
    let house = plan().without_worker().open().await;
    let directory = Directory::new();
    directory.refresh(&house.database.db(1).await).await.unwrap();
    let tenant = directory.by_host(&Host::parse(house.fixtures.a.host).unwrap()).unwrap();
    for strategy in STRATEGIES.iter().copied() {
        for most in [500, 1] {
            let stage = Stage::places(&house, &under(strategy), PLACES).await;
            let (inventory, current) = inventory(&house, most).await;
            let request = places(&stage, PARTY);
            let performance = stage.performance.id.parse().unwrap();
            let holds = stream::iter(0..PLACES / PARTY as usize).map(|_| async {
                let key = IdempotencyKey::new(&fresh_key()).unwrap();
                inventory.hold(&tenant, performance, &request, &key, [7; 32]).await
            });
            let made: Vec<_> = holds.buffer_unordered(AT_ONCE).collect().await;
            let units: HashSet<_> = made
                .iter()
                .flat_map(|made| made.as_ref().unwrap().hold.units.iter().map(|unit| unit.unit_id))
                .collect();
            assert_eq!(units.len(), PLACES, "{strategy}, {most} in a batch");
            assert_eq!(stage.held().await, PLACES);
            current.abort();
        }
    }
    house.audited().await;
}

/// Many small sales of one tenant at a time, whose batches share transactions: each of them is sold out to the place, and a key
/// that was used for something else spoils nobody's hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_sales_at_a_time_are_each_sold_out() {
    let house = plan().without_worker().open().await;
    let directory = Directory::new();
    directory.refresh(&house.database.db(1).await).await.unwrap();
    let tenant = directory.by_host(&Host::parse(house.fixtures.a.host).unwrap()).unwrap();
    for strategy in STRATEGIES.iter().copied() {
        let (inventory, current) = inventory(&house, 500).await;
        let mut stages = Vec::new();
        for _ in 0..SALES {
            stages.push(Stage::places(&house, &under(strategy), FEW).await);
        }
        let ask = async |stage: &Stage<'_>, quantity: i64, key: &str| {
            let (key, request) = (IdempotencyKey::new(key).unwrap(), places(stage, quantity));
            let fingerprint = [quantity as u8; 32];
            let performance = stage.performance.id.parse().unwrap();
            inventory.hold(&tenant, performance, &request, &key, fingerprint).await
        };
        // The first of each makes a hold, and its key comes again for something else in the midst of all others.
        let keys: Vec<String> = stages.iter().map(|_| fresh_key()).collect();
        for (stage, key) in stages.iter().zip(&keys) {
            ask(stage, 1, key).await.unwrap();
        }
        let again =
            futures::future::join_all(stages.iter().zip(&keys).map(|(stage, key)| ask(stage, 2, key)));
        let fresh: Vec<String> = (0..BUYERS).map(|_| fresh_key()).collect();
        let buyers = (0..BUYERS).flat_map(|at| stages.iter().map(move |stage| (stage, at)));
        let buyers = futures::future::join_all(buyers.map(|(stage, at)| ask(stage, 1, &fresh[at])));
        let (again, told) = tokio::join!(again, buyers);
        assert!(again.iter().all(|told| matches!(told, Err(HoldError::IdempotencyMismatch))), "{strategy}");
        let held = told.iter().filter(|told| told.is_ok()).count();
        let gone = told.iter().filter(|told| matches!(told, Err(HoldError::SoldOut))).count();
        assert_eq!((held, gone), (SALES * (FEW - 1), SALES * (BUYERS - FEW + 1)), "{strategy}: {told:?}");
        for stage in &stages {
            assert_eq!(stage.held().await, FEW, "{strategy}");
        }
        current.abort();
    }
    house.audited().await;
}
