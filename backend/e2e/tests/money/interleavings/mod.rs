//! Expiry, confirms, banks' questions, cancelling, captures and refunds, crossed at random by seed: many orders at a time,
//! each with a script of its own, while events come late, twice and in any order, and answers get lost.

mod life;
mod script;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use marquee_e2e::books::{self, Books};
use marquee_e2e::campaign::{alone, rounds, tell};
use marquee_e2e::fixtures::{Terms, hall};
use marquee_e2e::house::{House, plan};
use marquee_e2e::ledger;
use marquee_e2e::wait::{seed, until};
use serde_json::json;
use tokio::sync::Mutex;

use self::life::{Story, World};
use crate::lane::Settings;

/// Orders in a round of `MARQUEE_ROUNDS` (eight are two thousand), and so many at a time.
const ORDERS: u64 = 250;
const AT_ONCE: usize = 24;
/// The house has fewer seats than there are orders, and whoever comes next reaches for those that were lost.
const ROWS: usize = 30;
const ROW: usize = 50;
/// Everything is at rest so many seconds after the last step.
const BOUND: u64 = 40;

/// What the campaign would see if the payment were not asked for again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_asking_again_it_fails() {
    let _alone = alone().await;
    let wrong = round_of(seed("without_asking_again_it_fails"), 40, &[("MARQUEE_WITHOUT", "refetch")]).await;
    tell(&format!("without asking again: {} things are wrong", wrong.len()));
    assert!(!wrong.is_empty(), "the campaign does not see what it is for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_crosses_whatever() {
    let _alone = alone().await;
    let seed = seed("whatever_crosses_whatever");
    for round in 0..rounds() {
        let wrong = round_of(seed.wrapping_add(round), ORDERS, &[]).await;
        assert!(wrong.is_empty(), "seed {}: {}", seed.wrapping_add(round), wrong.join("\n"));
    }
}

/// One round; answers what is wrong afterwards.
pub async fn round_of(seed: u64, orders: u64, settings: Settings) -> Vec<String> {
    let begun = Instant::now();
    let house = plan().servers(2).with_fresh_connections().with_settings(settings).open().await;
    let hall = hall(&house.database, &house.fixtures.a, (ROWS, ROW), &Terms::default()).await;
    let path = format!("/api/v1/performances/{}/availability", hall.id);
    for at in 0..2 {
        let client = house.client_of(at, house.fixtures.a.host);
        until("the servers to know the performance", 10, async || {
            client.get(&path).try_send().await.ok().filter(|answer| answer.status == 200)
        })
        .await;
    }
    let money = house.money();
    money.webhooks(json!({ "duplicates": 2, "shuffle": true })).await;
    let world = World { house: &house, hall, seed, lost: Mutex::default() };
    let living = stream::iter(0..orders).map(|number| world.live(number)).buffer_unordered(AT_ONCE).collect();
    let stories: Vec<Story> = tokio::select! {
        stories = living => stories,
        () = without_limits(&house) => unreachable!("it goes on for ever"),
    };
    let lived = begun.elapsed();

    money.heal().await;
    money.webhooks(json!({})).await;
    house.database.shift_clock("1 minute").await;
    let mut wrong = rests(&house).await;
    // Whatever is unpaid runs out.
    house.database.shift_clock("1 day").await;
    let open = "select count(*) from orders where status in ('pending', 'requires_action', 'processing')";
    let deadline = Instant::now() + Duration::from_secs(BOUND);
    while house.database.number(open).await > 0 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    wrong.extend(rests(&house).await);
    let books = Books::read(&house).await;
    wrong.extend(books.all_faults());
    wrong.extend(books::unbalanced(&house).await);
    wrong.extend(ledger::faults(&house.database, &world.hall.id, &[], &HashSet::new()).await);
    let (passed, said) = house.audit_or_failure().await;
    if !passed {
        wrong.push(format!("the audit says {said}"));
    }
    for story in &stories {
        wrong.extend(story.strange.iter().map(|what| format!("order {}: {what}", story.number)));
    }
    let told = |text: &String| {
        let story =
            stories.iter().find(|story| story.order.as_ref().is_some_and(|id| text.contains(id.as_str())));
        story.map_or_else(|| text.clone(), |story| format!("{text}\n  {}", story.told.join("\n  ")))
    };
    let wrong = wrong.iter().map(told).collect();
    tell(&format!(
        "{orders} orders by seed {seed}: {}; {:.0} s and {:.0} s to rest",
        tally(&books, &stories),
        lived.as_secs_f64(),
        (begun.elapsed() - lived).as_secs_f64()
    ));
    wrong
}

/// Nobody has to wait for having declined too often.
async fn without_limits(house: &House) {
    loop {
        house.forget_limits().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn rests(house: &House) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(BOUND);
    loop {
        let open = books::open(house).await;
        let waiting = house.money().waiting().await;
        if open.is_empty() && waiting == 0 {
            return Vec::new();
        }
        if Instant::now() > deadline {
            let mut open: Vec<String> =
                open.iter().map(|what| format!("not at rest in time: {what}")).collect();
            open.extend((waiting > 0).then(|| format!("{waiting} events wait at the provider")));
            return open;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn tally(books: &Books, stories: &[Story]) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for story in stories {
        *counts.entry(story.order.as_deref().map_or("no seat", |id| books.status(id))).or_default() += 1;
    }
    counts.iter().map(|(status, count)| format!("{status} {count}")).collect::<Vec<_>>().join(", ")
}
