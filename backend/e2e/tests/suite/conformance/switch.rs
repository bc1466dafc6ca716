//! The strategy of a performance changes between sales: what was sold stays sold, what was given back can be had, and
//! while holds are live it cannot change.

use std::collections::HashSet;

use marquee_e2e::crowd::{Buyer, Line, rush};
use marquee_e2e::house::plan;
use marquee_e2e::ledger::Ack;
use marquee_e2e::stage::{Stage, chosen, under};

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
