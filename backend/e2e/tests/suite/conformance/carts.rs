//! Carts of several units: all or nothing, and never more than the limits allow.

use std::collections::HashSet;

use marquee_e2e::crowd::{Buyer, rush};
use marquee_e2e::fixtures::{LIMITS, hall_seat};
use marquee_e2e::site::Fan;
use marquee_e2e::stage::{Stage, serves_seats, under};
use marquee_e2e::wait::seed;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::{house, tally, winners};

/// Carts at once.
const CARTS: usize = 200;
/// Rows and seats in each.
const HALL: (usize, usize) = (4, 10);

pub async fn overlapping_carts_are_all_or_nothing(strategy: &'static str) {
    let Some(house) = house(strategy).await else { return };
    let mut random = StdRng::seed_from_u64(seed(&format!("overlapping carts, {strategy}")));
    let seats = serves_seats(strategy);
    let stage = match seats {
        true => Stage::seats(&house, &under(strategy), HALL.0, HALL.1).await,
        false => Stage::places(&house, &under(strategy), HALL.0 * HALL.1).await,
    };
    let wishes: Vec<(Value, usize)> = (0..CARTS)
        .map(|_| match seats {
            true => cart(&stage, &mut random),
            false => {
                let quantity = random.random_range(1..=4);
                (stage.any(quantity), quantity)
            }
        })
        .collect();
    let buyers = wishes.iter().map(|(body, _)| Buyer::new(body.clone())).collect();
    let stories = rush(&stage.shop, buyers, Default::default()).await;
    let acks = winners(&stories);
    for ack in &acks {
        let index = stories
            .iter()
            .position(|story| matches!(&story.end, marquee_e2e::crowd::End::Held(one) if one == ack));
        assert_eq!(ack.units.len(), wishes[index.unwrap()].1, "{strategy}: all of it");
    }
    let known = ["201", "409 seat_taken", "409 sold_out", "409 no_adjacent"];
    assert!(tally(&stories).keys().all(|kind| known.contains(&kind.as_str())), "{:?}", tally(&stories));
    let granted: usize = acks.iter().map(|ack| ack.units.len()).sum();
    assert_eq!(stage.held().await, granted, "{strategy}: nothing of a refused cart is kept");
    stage.agrees(&acks, &HashSet::new()).await;
    // Nobody was refused what is there: whoever wants one unit gets each that is left.
    let left = HALL.0 * HALL.1 - granted;
    let late = (0..left + 3).map(|_| Buyer::new(stage.any(1))).collect();
    let late = winners(&rush(&stage.shop, late, Default::default()).await);
    assert_eq!(late.len(), left, "{strategy}");
    stage.agrees(&[acks, late].concat(), &HashSet::new()).await;
}

/// Chosen seats in any order, any seats, seats side by side, or some of each; how many it is.
fn cart(stage: &Stage<'_>, random: &mut StdRng) -> (Value, usize) {
    let mut numbers: Vec<usize> = (1..=HALL.1).collect();
    let row = random.random_range(1..=HALL.0);
    let count = random.random_range(1..=4);
    let mut pick = || hall_seat(row, numbers.swap_remove(random.random_range(0..numbers.len())));
    let seats: Vec<Value> = (0..count).map(|_| json!({ "seat": pick() })).collect();
    let places = |wish: &Value| wish["places"].clone();
    match random.random_range(0..4) {
        0 => (stage.any(count), count),
        1 => (stage.adjacent(count), count),
        2 => (json!({ "seats": seats, "places": places(&stage.any(2)) }), count + 2),
        _ => (json!({ "seats": seats }), count),
    }
}

pub async fn parallel_carts_do_not_pass_a_limit(strategy: &'static str) {
    let Some(house) = house(strategy).await else { return };
    let (an_order, a_buyer) = (LIMITS.0 as usize, LIMITS.1 as usize);
    let stage = match serves_seats(strategy) {
        true => Stage::seats(&house, &under(strategy), 6, 10).await,
        false => Stage::places(&house, &under(strategy), 60).await,
    };
    let greedy = (0..20).map(|_| Buyer::new(stage.any(an_order + 1))).collect();
    let told = tally(&rush(&stage.shop, greedy, Default::default()).await);
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [("422 limit_per_order".to_owned(), 20)]);
    assert_eq!(stage.held().await, 0);

    // Several carts, each within its limit, ordered at once by one buyer on both servers.
    let one = house.fan();
    let two = Fan { email: one.email.clone(), ..house.fan_on(1, &one.tenant) };
    let mut holds = Vec::new();
    for fan in [&one, &two, &one, &two] {
        holds.push(fan.hold(&stage.performance, &stage.any(an_order)).await);
    }
    let orders =
        holds.iter().zip([&one, &two, &one, &two]).map(|(hold, fan)| fan.orders(hold).fresh().send());
    let answers = futures::future::join_all(orders).await;
    let placed = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(placed, a_buyer / an_order, "{strategy}");
    answers.iter().filter(|answer| answer.status != 201).for_each(|answer| {
        answer.refused(409, "limit_per_buyer");
    });
    let acks: Vec<_> = holds.iter().map(|hold| marquee_e2e::ledger::Ack::of(&hold.body)).collect();
    stage.agrees(&acks, &HashSet::new()).await;
}
