//! Taking seats off sale goes through the strategy: a blocked seat is never held, and a held one is not blocked.

use std::collections::HashSet;

use marquee_core::ids::UnitId;
use marquee_e2e::crowd::{Buyer, rush};
use marquee_e2e::fixtures::hall_seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::ledger::Ack;
use marquee_e2e::stage::{Stage, chosen, under};
use marquee_inventory::strategy::Guard;

use crate::controls::contest;

/// Rows and seats in each.
const HALL: (usize, usize) = (6, 10);
const BUYERS: usize = 300;

/// Servers that all remember every unit as free, and one that is told to block them all.
async fn blocked_or_held(name: &str) {
    for (first, at_once) in [(true, false), (false, false), (false, true)] {
        let contest = contest(name, Guard::On).await;
        let sql = format!("select id from units where performance_id = '{}'", contest.performance.id);
        let units: Vec<UnitId> =
            contest.database.texts(&sql).await.iter().map(|id| id.parse().map(UnitId).unwrap()).collect();
        let target = &contest.buyers[0].0;
        let block = || async { contest.strategy.block(&contest.db, target, &units).await.unwrap() };
        let (blocked, tally) = match (first, at_once) {
            (true, _) => {
                let blocked = block().await;
                (blocked, contest.run(false).await)
            }
            (false, false) => {
                let tally = contest.run(false).await;
                (block().await, tally)
            }
            (false, true) => {
                let (tally, blocked) = tokio::join!(contest.run(true), block());
                (blocked, tally)
            }
        };
        let held: HashSet<UnitId> =
            tally.acks.iter().flat_map(|ack| ack.units.iter().copied().map(UnitId)).collect();
        let off: HashSet<UnitId> = blocked.iter().copied().collect();
        assert!(held.is_disjoint(&off), "{name}: held and blocked");
        assert_eq!(tally.errors, 0, "{name}");
        if first {
            assert_eq!(
                (off.len(), held.len()),
                (units.len(), 0),
                "{name}: all were free, so all are blocked"
            );
        } else if !at_once {
            assert!(!held.is_empty() && off.len() == units.len() - held.len(), "{name}: {off:?}");
        }
        let sql = format!(
            "select count(*) from units where performance_id = '{}' and state = 'blocked'",
            contest.performance.id
        );
        assert_eq!(contest.database.number(&sql).await as usize, off.len(), "{name}");
    }
}

/// The seats that the command names.
async fn told(house: &House, verb: &str, stage: &Stage<'_>, seats: &[String]) -> HashSet<String> {
    let mut args = vec!["performance", verb, stage.performance.id.as_str()];
    args.extend(seats.iter().map(String::as_str));
    let done = house.marquee(&args).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect()
}

fn seats_of(acks: &[Ack]) -> HashSet<String> {
    acks.iter().flat_map(|ack| ack.seats.iter().cloned()).collect()
}

fn held(stories: &[marquee_e2e::crowd::Story]) -> Vec<Ack> {
    let ack = |story: &marquee_e2e::crowd::Story| match &story.end {
        marquee_e2e::crowd::End::Held(ack) => Some(ack.clone()),
        _ => None,
    };
    stories.iter().filter_map(ack).collect()
}

/// By the command line, while a crowd buys on two servers.
async fn during_a_sale(strategy: &'static str) {
    let house = plan().servers(2).without_worker().open().await;
    let stage = Stage::seats(&house, &under(strategy), HALL.0, HALL.1).await;
    let all: Vec<String> =
        (1..=HALL.0).flat_map(|row| (1..=HALL.1).map(move |number| hall_seat(row, number))).collect();
    let fan = house.fan();
    let hold = fan.hold(&stage.performance, &chosen(1, 1)).await;
    // Of a held seat and a free one the free one is blocked, and it cannot be held.
    let both = [hall_seat(1, 1), hall_seat(1, 2)];
    assert_eq!(told(&house, "block", &stage, &both).await, HashSet::from([hall_seat(1, 2)]));
    for at in 0..2 {
        let fan = house.fan_on(at, &house.fixtures.a);
        fan.asks(&stage.performance, &chosen(1, 2)).fresh().send().await.refused(409, "seat_taken");
    }
    // Half of the hall while everybody buys.
    let half: Vec<String> = all.iter().skip(1).step_by(2).cloned().collect();
    let buyers =
        (0..BUYERS).map(|at| Buyer::new(chosen(at % HALL.0 + 1, at / HALL.0 % HALL.1 + 1))).collect();
    let (stories, blocked) =
        tokio::join!(rush(&stage.shop, buyers, Default::default()), told(&house, "block", &stage, &half));
    let strange: Vec<&String> = stories.iter().flat_map(|story| &story.strange).collect();
    assert!(strange.is_empty(), "{strategy}: {strange:?}");
    let acks: Vec<Ack> = [vec![Ack::of(&hold.body)], held(&stories)].concat();
    let taken = seats_of(&acks);
    assert!(taken.is_disjoint(&blocked), "{strategy}: held and blocked");
    assert!(!taken.contains(&hall_seat(1, 2)), "{strategy}");
    // Whatever was not blocked went to somebody.
    assert_eq!(taken.len() + blocked.len() + 1, all.len(), "{strategy}");
    stage.agrees(&acks, &HashSet::new()).await;
    // Back on sale it can be held.
    let back: Vec<String> = blocked.into_iter().chain([hall_seat(1, 2)]).collect();
    assert_eq!(told(&house, "unblock", &stage, &back).await.len(), back.len(), "{strategy}");
    let late = (0..back.len()).map(|_| Buyer::new(stage.any(1))).collect();
    let late = held(&rush(&stage.shop, late, Default::default()).await);
    assert_eq!(seats_of(&late), back.into_iter().collect(), "{strategy}");
    stage.agrees(&[acks, late].concat(), &HashSet::new()).await;
}

/// Where no seats are sold there is none to name.
async fn places_have_no_names(strategy: &'static str) {
    let house = plan().without_worker().open().await;
    let stage = Stage::places(&house, &under(strategy), 10).await;
    let before = house.database.state().await;
    let done = house.marquee(&["performance", "block", &stage.performance.id, &hall_seat(1, 1)]).await;
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(house.database.state().await, before);
}

macro_rules! blocks {
    ($($strategy:ident)*) => {$(
        mod $strategy {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_unit_is_blocked_or_held() {
                super::blocked_or_held(stringify!($strategy)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_seat_is_blocked_or_held_during_a_sale() {
                match marquee_e2e::stage::serves_seats(stringify!($strategy)) {
                    true => super::during_a_sale(stringify!($strategy)).await,
                    false => super::places_have_no_names(stringify!($strategy)).await,
                }
            }
        }
    )*};
}

blocks!(row_lock ttl skip_locked redis);
