use std::sync::Arc;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use tokio::time::{advance, sleep, timeout};

use super::*;

const ALL: [Priority; 7] = [
    Priority::Confirm,
    Priority::Create,
    Priority::Capture,
    Priority::Cancel,
    Priority::Refund,
    Priority::Refetch,
    Priority::Report,
];

/// The first pause, as documented.
const FIRST: Duration = Duration::from_millis(250);

fn budget(rate: u32) -> Arc<Budget> {
    Arc::new(Budget::new(NonZeroU32::new(rate)))
}

/// Timers go by the millisecond.
fn about(one: Duration, other: Duration) {
    assert!(one.abs_diff(other) <= Duration::from_millis(5), "{one:?}, not {other:?}");
}

fn later(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn without_a_rate_only_a_busy_provider_makes_calls_wait() {
    let budget = budget(0);
    let mut turn = budget.turn(Priority::Report, later(1)).await.unwrap();
    for _ in 0..10_000 {
        turn = budget.turn(Priority::Report, later(1)).await.unwrap();
    }
    assert_eq!(turn.at.elapsed(), Duration::ZERO);
    assert_eq!(budget.left(), BudgetLeft { rate: None, left: u32::MAX, waiting: 0 });
    budget.busy(turn, Some(Duration::from_secs(2)));
    assert_eq!(budget.left().left, 0);
    assert_eq!(budget.turn(Priority::Confirm, later(1)).await, Err(NoTurn));
    let since = Instant::now();
    budget.turn(Priority::Confirm, later(9)).await.unwrap();
    about(since.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_burst_and_then_the_rate() {
    let budget = budget(10);
    assert_eq!(budget.left(), BudgetLeft { rate: Some(10), left: 5, waiting: 0 });
    let since = Instant::now();
    for _ in 0..5 {
        budget.turn(Priority::Confirm, later(9)).await.unwrap();
    }
    assert_eq!((since.elapsed(), budget.left().left), (Duration::ZERO, 0));
    for _ in 0..20 {
        budget.turn(Priority::Confirm, later(9)).await.unwrap();
    }
    assert!(
        since.elapsed().abs_diff(Duration::from_secs(2)) < Duration::from_millis(50),
        "{:?}",
        since.elapsed()
    );
    advance(Duration::from_secs(60)).await;
    assert_eq!(budget.left().left, 5, "what is not used is not saved up");
}

#[tokio::test(start_paused = true)]
async fn a_rate_of_one_call_a_second_is_one() {
    let budget = budget(1);
    let since = Instant::now();
    for _ in 0..4 {
        budget.turn(Priority::Confirm, later(9)).await.unwrap();
    }
    about(since.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_the_line_to_the_next() {
    let budget = budget(1);
    budget.turn(Priority::Confirm, later(1)).await.unwrap();
    let first = timeout(Duration::from_millis(500), budget.turn(Priority::Confirm, later(9)));
    let second = async {
        sleep(Duration::from_millis(1)).await;
        let since = Instant::now();
        budget.turn(Priority::Report, later(9)).await.unwrap();
        since.elapsed()
    };
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_err(), "dropped while it waited");
    assert!(second < Duration::from_millis(1_100), "{second:?}");
    assert_eq!(budget.left().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn pauses_double_until_a_call_is_taken_and_calls_under_way_together_count_once() {
    let budget = budget(0);
    let pause = async || {
        let since = Instant::now();
        let turn = budget.turn(Priority::Confirm, later(60)).await.unwrap();
        (turn, since.elapsed())
    };
    let mut expected = FIRST;
    let (mut turn, _) = pause().await;
    let twin = turn;
    budget.busy(turn, None);
    budget.busy(twin, None);
    for _ in 0..4 {
        let waited;
        (turn, waited) = pause().await;
        about(waited, expected);
        budget.busy(turn, None);
        expected *= 2;
    }
    let (turn, _) = pause().await;
    budget.taken();
    budget.busy(turn, None);
    about(pause().await.1, FIRST);
}

/// Whatever comes in whatever order: no second sees more than the rate and the burst, and nobody leaves before somebody
/// more urgent, or as urgent and earlier, who waited already.
#[tokio::test(start_paused = true)]
async fn rate_and_order_hold_for_any_crowd() {
    let seed = std::env::var("MARQUEE_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(rand::random);
    eprintln!("MARQUEE_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..40 {
        let rate = random.random_range(1..=100);
        let budget = budget(rate);
        let mut calls: Vec<(u64, Priority)> = (0..random.random_range(1..=120))
            .map(|_| (random.random_range(0..2_000), ALL[random.random_range(0..ALL.len())]))
            .collect();
        calls.shuffle(&mut random);
        let start = Instant::now();
        let tasks: Vec<_> = calls
            .into_iter()
            .map(|(at, priority)| {
                let budget = budget.clone();
                tokio::spawn(async move {
                    sleep(Duration::from_millis(at)).await;
                    let came = Instant::now();
                    let turn = budget.turn(priority, came + Duration::from_secs(600)).await.unwrap();
                    (priority, came, turn.at)
                })
            })
            .collect();
        let mut left = Vec::new();
        for task in tasks {
            left.push(task.await.unwrap());
        }
        left.sort_by_key(|(_, _, at)| *at);
        let burst = (rate / 2).max(1);
        for (index, (_, _, at)) in left.iter().enumerate() {
            let window =
                left[index..].iter().take_while(|(_, _, other)| *other < *at + Duration::from_secs(1));
            let seen = u32::try_from(window.count()).unwrap();
            assert!(
                seen <= rate + burst,
                "{seen} in a second at {rate}/s, {:?} after the start",
                *at - start
            );
        }
        for (priority, came, at) in &left {
            // Timers fire by the millisecond, and two that leave in one are not told apart.
            let overtaken = left.iter().find(|(other, joined, gone)| {
                (other > priority || (other == priority && joined > came))
                    && *came + Duration::from_millis(1) < *gone
                    && *gone + Duration::from_millis(1) < *at
                    && joined <= gone
            });
            assert_eq!(overtaken, None, "before {priority:?}, who came {:?} after the start", *came - start);
        }
    }
}
