//! Many for few: each unit goes to exactly one, and everybody else is told why not.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use marquee_e2e::crowd::{Buyer, Story, rush};
use marquee_e2e::fixtures::{Terms, hall_seat};
use marquee_e2e::house::House;
use marquee_e2e::ledger::Ack;
use marquee_e2e::site::Fan;
use marquee_e2e::stage::{Stage, chosen, serves_seats, short, under};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use super::{Kind, house, kinds, tally, winners};

/// Contenders, and the rows of units that they contend for.
const CONTESTS: [(usize, usize); 3] = [(2, 1), (50, 5), (1_000, 20)];
/// Seats in a row for those who want two side by side: one pair fits.
const ROW: usize = 3;

/// A performance at which `rows` buyers can be served.
async fn stage<'a>(house: &'a House, terms: &Terms, kind: Kind, rows: usize) -> Stage<'a> {
    match kind {
        Kind::Chosen | Kind::AnySeat => Stage::seats(house, terms, rows, 1).await,
        Kind::Adjacent => Stage::seats(house, terms, rows, ROW).await,
        Kind::Standing => Stage::places(house, terms, rows).await,
    }
}

/// What the contender at this place wants.
fn wish(stage: &Stage<'_>, kind: Kind, rows: usize, at: usize) -> Value {
    match kind {
        Kind::Chosen => chosen(at % rows + 1, 1),
        Kind::AnySeat | Kind::Standing => stage.any(1),
        Kind::Adjacent => stage.adjacent(2),
    }
}

async fn contend(stage: &Stage<'_>, kind: Kind, rows: usize, count: usize) -> Vec<Story> {
    let buyers = (0..count).map(|at| Buyer::new(wish(stage, kind, rows, at))).collect();
    rush(&stage.shop, buyers, Default::default()).await
}

/// Exactly as many have won as can be served, each with what they asked for; the others were told the truth.
fn judge(stage: &Stage<'_>, kind: Kind, rows: usize, stories: &[Story]) -> Vec<Ack> {
    let acks = winners(stories);
    let what = format!("{} {kind:?}: {:?}", stage.strategy, tally(stories));
    assert_eq!(acks.len(), rows, "{what}");
    let units: HashSet<_> = acks.iter().flat_map(|ack| &ack.units).collect();
    assert_eq!(units.len(), acks.iter().map(|ack| ack.units.len()).sum::<usize>(), "{what}");
    let (each, refusals): (usize, &[&str]) = match kind {
        Kind::Chosen => (1, &["409 seat_taken"]),
        Kind::AnySeat | Kind::Standing => (1, &["409 sold_out"]),
        Kind::Adjacent => (2, &["409 no_adjacent", "409 sold_out"]),
    };
    assert!(acks.iter().all(|ack| ack.units.len() == each), "{what}");
    assert!(tally(stories).keys().all(|kind| kind == "201" || refusals.contains(&kind.as_str())), "{what}");
    if kind == Kind::Adjacent {
        let mut by_row: HashMap<String, Vec<usize>> = HashMap::new();
        for seat in acks.iter().flat_map(|ack| &ack.seats) {
            let (row, number) = seat.rsplit_once('-').unwrap();
            by_row.entry(row.to_owned()).or_default().push(number.parse().unwrap());
        }
        assert!(by_row.values().all(|pair| pair.len() == 2 && pair[0].abs_diff(pair[1]) == 1), "{by_row:?}");
    }
    acks
}

pub async fn each_unit_to_exactly_one(strategy: &'static str) {
    let Some(house) = house(strategy).await else { return };
    for kind in kinds(strategy) {
        for (contenders, rows) in CONTESTS {
            let stage = stage(&house, &under(strategy), *kind, rows).await;
            let stories = contend(&stage, *kind, rows, contenders).await;
            let acks = judge(&stage, *kind, rows, &stories);
            assert_eq!(stage.faults(&acks, &HashSet::new()).await, [""; 0], "{strategy} {kind:?}");
        }
        house.audited().await;
    }
}

pub async fn an_expired_hold_is_taken_over_once(strategy: &'static str) {
    const SECONDS: i32 = 3;
    let Some(house) = house(strategy).await else { return };
    let mut stages = Vec::new();
    for kind in kinds(strategy) {
        for (contenders, rows) in CONTESTS {
            let stage = stage(&house, &short(strategy, SECONDS), *kind, rows).await;
            let former = judge(&stage, *kind, rows, &contend(&stage, *kind, rows, rows).await);
            stage.hold_seconds(600).await;
            stages.push((stage, *kind, contenders, rows, former));
        }
    }
    for (stage, kind, contenders, rows, former) in stages {
        stage.lapsed().await;
        let acks = judge(&stage, kind, rows, &contend(&stage, kind, rows, contenders).await);
        let over: HashSet<_> = former.iter().map(|ack| ack.hold).collect();
        let all: Vec<Ack> = former.into_iter().chain(acks).collect();
        assert_eq!(stage.faults(&all, &over).await, [""; 0], "{strategy} {kind:?}");
        let closed = format!(
            "select count(*) from holds where performance_id = '{}' and state = 'expired' and closed_at is not null",
            stage.performance.id
        );
        // Where more than one unit is to be had, another may have been taken instead.
        let closed = house.database.number(&closed).await as usize;
        assert!(closed == rows || kind == Kind::Adjacent, "{strategy} {kind:?}: {closed} of {rows} closed");
    }
    house.audited().await;
}

/// Neither when it was sold, nor while its buyer's bank thinks and the hold's own time is over.
pub async fn what_is_being_paid_for_is_nobody_elses(strategy: &'static str) {
    const SECONDS: i32 = 4;
    let Some(house) = house(strategy).await else { return };
    let kind = if serves_seats(strategy) { Kind::Chosen } else { Kind::Standing };
    let stage = stage(&house, &short(strategy, SECONDS), kind, 1).await;
    let fan = house.fan();
    let hold = fan.hold(&stage.performance, &wish(&stage, kind, 1, 0)).await;
    let order = fan.order(&hold).await;
    // Nobody but the payer's own call may bring it home.
    house.money().webhooks(json!({ "paused": true })).await;
    house.money().fault("POST /v1/payment_intents/*/confirm", 1, "delay_ms", json!(7_000)).await;
    let paying = {
        let (fan, order): (Fan, _) = (fan.clone(), order.clone());
        tokio::spawn(async move { fan.pay(&order, "pm_card_visa").await })
    };
    let state = format!("select state from holds where id = '{}'", hold.id);
    until("the hold to be confirming", 5, async || {
        (house.database.text(&state).await == "confirming").then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(SECONDS as u64)).await;
    let refused = [if kind == Kind::Chosen { "409 seat_taken" } else { "409 sold_out" }.to_owned()];
    let told = contend(&stage, kind, 1, 50).await;
    assert_eq!(tally(&told).into_keys().collect::<Vec<_>>(), refused, "{strategy}, while it was paid for");
    assert_eq!(house.database.text(&state).await, "confirming", "they came in time");
    assert_eq!(paying.await.unwrap().expect(200)["status"], "paid", "{strategy}");
    let told = contend(&stage, kind, 1, 50).await;
    assert_eq!(tally(&told).into_keys().collect::<Vec<_>>(), refused, "{strategy}, when it was sold");
    assert_eq!(house.money().captured(&order.id).await.0, 1);
    if kind == Kind::Chosen {
        assert_eq!(Ack::of(&hold.body).seats, [hall_seat(1, 1)]);
    }
    stage.agrees(&[Ack::of(&hold.body)], &HashSet::from([hold.id.parse().unwrap()])).await;
}
