//! Calls that are repeated, wrong, or broken off.

use std::collections::HashSet;

use marquee_e2e::client::fresh_key;
use marquee_e2e::crowd::{Buyer, End, Line, Manner, rush};
use marquee_e2e::fixtures::{hall_seat, seat};
use marquee_e2e::ledger::Ack;
use marquee_e2e::site::{Hold, seats};
use marquee_e2e::stage::{Stage, chosen, serves_seats, short, under};
use serde_json::json;

use super::{held, house, tally, winners};

/// Buyers who hang up.
const RUDE: usize = 60;

pub async fn one_key_is_one_hold(strategy: &'static str) {
    let Some(house) = house(strategy).await else { return };
    let stage = match serves_seats(strategy) {
        true => Stage::seats(&house, &under(strategy), 2, 5).await,
        false => Stage::places(&house, &under(strategy), 10).await,
    };
    let wish = if serves_seats(strategy) { chosen(1, 1) } else { stage.any(2) };
    let key = fresh_key();
    let ten = (0..10).map(|_| Buyer { key: key.clone(), ..Buyer::new(wish.clone()) }).collect();
    let acks = winners(&rush(&stage.shop, ten, Default::default()).await);
    assert_eq!(acks.len(), 10, "{strategy}");
    assert!(acks.iter().all(|ack| *ack == acks[0]), "{strategy}: {acks:#?}");
    assert_eq!(stage.held().await, acks[0].units.len());

    // Later, on both servers: the first answer, word for word.
    let request = stage.shop.request(&key, &wish);
    let mut bodies = HashSet::new();
    for port in &stage.shop.ports {
        let reply = Line::new(*port).ask(&request).await.unwrap();
        assert_eq!((reply.status, reply.replayed), (201, true), "{strategy}");
        bodies.insert(reply.body);
    }
    assert_eq!(bodies.len(), 1, "{strategy}");
    // Another body under the key is a mistake, and changes nothing.
    for other in [stage.any(1), stage.any(3)] {
        let reply = Line::new(stage.shop.ports[1]).ask(&stage.shop.request(&key, &other)).await.unwrap();
        assert_eq!(reply.kind(), "422 idempotency_mismatch", "{strategy}");
    }
    assert_eq!(stage.held().await, acks[0].units.len());

    // Answers lost on the way, and calls broken off: the key finds the same hold.
    let manners = [Manner::LosesTheAnswer, Manner::HangsUp, Manner::LosesTheAnswer];
    let left = 10 - acks[0].units.len();
    let unlucky = (0..left).map(|at| Buyer { manner: manners[at % 3], ..Buyer::new(stage.any(1)) }).collect();
    let stories = rush(&stage.shop, unlucky, Default::default()).await;
    let lucky = held(&stories);
    assert!(stories.iter().all(|story| story.strange.is_empty()), "{strategy}: {stories:#?}");
    assert_eq!(lucky.len(), left, "{strategy}: {:?}", tally(&stories));
    stage.agrees(&[vec![acks[0].clone()], lucky].concat(), &HashSet::new()).await;
}

pub async fn a_bad_wish_changes_nothing(strategy: &'static str) {
    let Some(house) = house(strategy).await else { return };
    let stage = match serves_seats(strategy) {
        true => Stage::seats(&house, &under(strategy), 2, 5).await,
        false => Stage::places(&house, &under(strategy), 10).await,
    };
    let (fan, other) = (house.fan(), house.fan_on(1, &house.fixtures.a));
    let hold = fan.hold(&stage.performance, &stage.any(1)).await;
    let before = house.database.state().await;
    let stranger = &fan.tenant.standing.levels[0].id;
    let level = &stage.performance.levels[0].id;
    let twice = json!({ "seats": [{ "seat": hall_seat(1, 1) }, { "seat": hall_seat(1, 1) }] });
    let (own, foreign) =
        (seats(&[hall_seat(1, 2), hall_seat(9, 9)]), seats(&[hall_seat(1, 2), seat('A', 1)]));
    let mut bad = vec![
        (twice, 422, "duplicate_seat"),
        (own, 422, "unknown_seat"),
        (foreign, 422, "unknown_seat"),
        (json!({ "places": [{ "price_level": stranger, "quantity": 1 }] }), 422, "unknown_price_level"),
        (json!({ "places": [{ "price_level": level, "quantity": 0 }] }), 422, "validation_failed"),
        (json!({ "places": [{ "price_level": level, "quantity": -1 }] }), 422, "validation_failed"),
        (
            json!({ "places": [{ "price_level": level, "quantity": 1, "price": 1 }] }),
            422,
            "validation_failed",
        ),
        (json!({}), 422, "validation_failed"),
    ];
    if !serves_seats(strategy) {
        bad.push((chosen(1, 1), 422, "unknown_seat"));
    }
    for (body, status, code) in bad {
        for fan in [&fan, &other] {
            let answer = fan.asks(&stage.performance, &body).fresh().send().await;
            assert_eq!(answer.problem(), (status, code.to_owned()), "{strategy}: {body}");
        }
    }
    let path = format!("/api/v1/holds/{}", hold.id);
    let elsewhere = fan.hold(&fan.tenant.standing, &marquee_e2e::site::places(&fan.tenant.standing, 1)).await;
    for token in ["wrong", &elsewhere.token, &hold.token[1..]] {
        for call in [fan.client.get(&path), other.client.delete(&path)] {
            call.header("hold-token", token).send().await.refused(404, "not_found");
        }
    }
    // Another tenant's host does not know it, whatever the token.
    let neighbour = house.fan_on(1, &house.fixtures.b);
    neighbour.client.delete(&path).header("hold-token", &hold.token).send().await.refused(404, "not_found");
    give_back(&fan, &elsewhere).await;
    assert_eq!(stage.held().await, 1);
    give_back(&fan, &hold).await;
    let acks = [Ack::of(&hold.body)];
    stage.agrees(&acks, &HashSet::from([acks[0].hold])).await;
    assert_ne!(house.database.state().await, before, "the fingerprint sees what changes");
    assert_eq!(stage.held().await, 0);
}

/// Ten times on two servers: it is given back once.
async fn give_back(fan: &marquee_e2e::site::Fan, hold: &Hold) {
    let path = format!("/api/v1/holds/{}", hold.id);
    let calls = (0..10).map(|_| fan.client.delete(&path).header("hold-token", &hold.token).send());
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
    answers.iter().filter(|answer| answer.status != 204).for_each(|answer| {
        answer.refused(410, "hold_expired");
    });
}

pub async fn whoever_hangs_up_blocks_nothing(strategy: &'static str) {
    const SECONDS: i32 = 5;
    let Some(house) = house(strategy).await else { return };
    let stage = match serves_seats(strategy) {
        true => Stage::seats(&house, &short(strategy, SECONDS), RUDE, 1).await,
        false => Stage::places(&house, &short(strategy, SECONDS), RUDE).await,
    };
    let wish = |at: usize| if serves_seats(strategy) { chosen(at + 1, 1) } else { stage.any(1) };
    // Half of them come back under their key, and find their hold or make it.
    let rude: Vec<Buyer> =
        (0..RUDE).map(|at| Buyer { manner: Manner::HangsUp, ..Buyer::new(wish(at)) }).collect();
    for (at, buyer) in rude.iter().enumerate().skip(RUDE / 2) {
        let mut line = Line::new(stage.shop.ports[at % 2]);
        line.send(&stage.shop.request(&buyer.key, &buyer.body)).await.unwrap();
    }
    let back: Vec<Buyer> = rude.into_iter().take(RUDE / 2).collect();
    let stories = rush(&stage.shop, back, Default::default()).await;
    let first = held(&stories);
    assert!(
        stories.iter().all(|story| matches!(story.end, End::Held(_))),
        "{strategy}: {:?}",
        tally(&stories)
    );
    // The others never do; when their time is over everything can be had, by others.
    stage.lapsed().await;
    let late = (0..RUDE).map(|at| Buyer::new(wish(at))).collect();
    let stories = rush(&stage.shop, late, Default::default()).await;
    let second = winners(&stories);
    assert_eq!(second.len(), RUDE, "{strategy}: {:?}", tally(&stories));
    let over: HashSet<_> = first.iter().map(|ack| ack.hold).collect();
    stage.agrees(&[first, second].concat(), &over).await;
}
