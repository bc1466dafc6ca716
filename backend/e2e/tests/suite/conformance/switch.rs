//! The strategy of a performance changes between sales: what was sold stays sold, what was given back can be had, and
//! while holds are live it cannot change.

use std::collections::HashSet;

use marquee_e2e::crowd::{Buyer, Line, rush};
use marquee_e2e::house::plan;
use marquee_e2e::ledger::Ack;
use marquee_e2e::stage::{Stage, chosen, short, under};

use super::{tally, winners};

const UNITS: usize = 20;
const CONTENDERS: usize = 100;

/// Under each of these in turn a unit is sold, all others are held by many who reach for them, and given back.
async fn sales(seats: bool, strategies: &[&'static str]) {
    let house = plan().servers(2).without_worker().open().await;
    let stage = match seats {
        true => Stage::seats(&house, &under(strategies[0]), UNITS, 1).await,
        false => Stage::places(&house, &under(strategies[0]), UNITS).await,
    };
    let set = async |strategy: &str| {
        let args = ["performance", "set", &stage.performance.id, "--strategy", strategy];
        house.marquee(&args).await.status.code()
    };
    let wish = |at: usize| if seats { chosen(at % UNITS + 1, 1) } else { stage.any(1) };
    let (mut told, mut over) = (Vec::new(), HashSet::new());
    for (turn, strategy) in strategies.iter().enumerate() {
        assert_eq!(set(strategy).await, Some(0), "{strategy}");
        let fan = house.fan_on(turn % 2, &house.fixtures.a);
        let hold = fan.hold(&stage.performance, &wish(turn)).await;
        let other = strategies.iter().find(|other| *other != strategy).unwrap();
        assert_eq!(set(other).await, Some(1), "{strategy}: a hold is live");
        fan.buy(&hold).await;
        let sold = Ack::of(&hold.body);
        over.insert(sold.hold);
        told.push(sold);
        let buyers = (0..CONTENDERS).map(|at| Buyer::new(wish(at))).collect();
        let stories = rush(&stage.shop, buyers, Default::default()).await;
        let held = winners(&stories);
        assert_eq!(held.len(), UNITS - turn - 1, "turn {turn}, {strategy}: {:?}", tally(&stories));
        assert_eq!(set(other).await, Some(1), "{strategy}: holds are live");
        told.extend(held.iter().cloned());
        stage.agrees(&told, &over).await;
        for (at, ack) in held.iter().enumerate() {
            let mut line = Line::new(stage.shop.ports[at % 2]);
            assert_eq!(line.ask(&stage.shop.giving_back(ack)).await.unwrap().status, 204, "{strategy}");
            over.insert(ack.hold);
        }
    }
    stage.agrees(&told, &over).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_are_sold_under_one_strategy_after_the_other() {
    sales(true, &["ttl", "redis", "row_lock", "redis", "ttl"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_are_sold_under_one_strategy_after_the_other() {
    sales(false, &["skip_locked", "redis", "ttl", "redis", "skip_locked", "row_lock"]).await;
}

/// A hold of Redis that has lapsed and that nobody has tidied up is closed by the change: its unit's row is free, and its claim
/// would stand in everybody's way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lapsed_hold_of_redis_is_in_nobodys_way_afterwards() {
    let house = plan().servers(2).without_worker().open().await;
    for strategy in ["ttl", "row_lock"] {
        let stage = Stage::seats(&house, &short("redis", 1), 2, 1).await;
        let lapsed = [1, 2].map(async |row| house.fan().hold(&stage.performance, &chosen(row, 1)).await);
        let lapsed: Vec<Ack> =
            futures::future::join_all(lapsed).await.iter().map(|hold| Ack::of(&hold.body)).collect();
        stage.lapsed().await;
        let args =
            ["performance", "set", &stage.performance.id, "--strategy", strategy, "--hold-seconds", "600"];
        assert_eq!(house.marquee(&args).await.status.code(), Some(0), "{strategy}");
        // One alone, and one in a larger wish.
        let mut told = lapsed.clone();
        for (at, row) in [1, 2].into_iter().enumerate() {
            let fan = house.fan_on(at, &house.fixtures.a);
            told.push(Ack::of(&fan.hold(&stage.performance, &chosen(row, 1)).await.body));
        }
        stage.agrees(&told, &lapsed.iter().map(|ack| ack.hold).collect()).await;
    }
}

/// A batch of Redis that is being journalled is waited for before it is judged whether holds are live.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_redis_waits_for_what_is_being_journalled() {
    let house = plan().without_worker().open().await;
    let stage = Stage::seats(&house, &short("redis", 1), 2, 1).await;
    house.fan().hold(&stage.performance, &chosen(1, 1)).await;
    stage.lapsed().await;
    // What a batch has locked until it commits.
    let mut batch = house.database.owner().await;
    let open = format!(
        "begin; select epoch from hold_epochs where performance_id = '{}' for share",
        stage.performance.id
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(open)).execute(&mut batch).await.unwrap();
    let args = ["performance", "set", &stage.performance.id, "--strategy", "ttl"];
    let set = house.marquee(&args);
    tokio::pin!(set);
    let early = tokio::time::timeout(std::time::Duration::from_millis(1_500), &mut set).await;
    assert!(early.is_err(), "it waits for the batch");
    let live = format!(
        "update holds set expires_at = marquee_now() + interval '1 minute' where performance_id = '{}' and state = 'active';
         commit",
        stage.performance.id
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(live)).execute(&mut batch).await.unwrap();
    assert_eq!(set.await.status.code(), Some(1), "the batch's hold is live");
}
