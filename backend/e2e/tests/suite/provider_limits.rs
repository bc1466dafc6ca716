//! The provider takes a few calls a second, and many pay at once: everybody is served or told to come back, nobody is
//! charged twice, and the provider is not asked over and over.

use std::time::{Duration, Instant};

use marquee_e2e::client::fresh_key;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order};
use serde_json::json;

/// Buyers that pay at the same moment: three calls each.
const BUYERS: usize = 24;
/// In which all of them are served, in seconds.
const SERVED: u64 = 90;

/// Pays, and comes back as often as told to; answers how often that was.
async fn pays_patiently(fan: Fan, order: Order, token: String) -> usize {
    let started = Instant::now();
    let mut returns = 0;
    loop {
        let answer = fan.pays(&order, Some(&token)).key(&fresh_key()).send().await;
        let body = answer.json();
        match answer.status {
            200 if body["status"] == "paid" => return returns,
            200 => assert_eq!(body["status"], "processing", "{body}"),
            409 if fan.look(&order).await["status"] == "paid" => return returns,
            409 => assert!(
                ["order_state", "idempotency_in_flight"].contains(&body["code"].as_str().unwrap()),
                "{body}"
            ),
            503 => assert!(answer.header("retry-after").is_some(), "{body}"),
            other => panic!("{other}: {body}"),
        }
        assert!(started.elapsed() < Duration::from_secs(SERVED), "not served in {SERVED} s: {body}");
        returns += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Everybody pays while the provider takes `per_second` calls; answers how many it refused, and how long it took.
async fn all_pay(house: &House, per_second: u32) -> (u64, Duration) {
    let mut buyers = Vec::new();
    for number in 0..BUYERS {
        // Each one a buyer of their own, who has a limit.
        let fan = Fan { email: format!("fan{number}@example.com"), ..house.fan() };
        let order = fan.order(&fan.hold_places(1).await).await;
        let token = house.money().token("pm_card_visa", fan.tenant.account).await;
        buyers.push((fan, order, token));
    }
    house.money().limit(Some(per_second)).await;
    let started = Instant::now();
    let paying: Vec<_> = buyers
        .iter()
        .map(|(fan, order, token)| tokio::spawn(pays_patiently(fan.clone(), order.clone(), token.clone())))
        .collect();
    let mut returns = 0;
    for one in paying {
        returns += one.await.unwrap();
    }
    let took = started.elapsed();
    let refused = house.money().refused().await;
    house.money().limit(None).await;
    eprintln!("{per_second}/s: {BUYERS} paid in {took:?}, {returns} came back, {refused} calls refused");
    for (_, order, _) in &buyers {
        let total = order.body["total"].as_i64().unwrap();
        assert_eq!(house.money().captured(&order.id).await, (1, total));
        assert_eq!(house.money().intents(&order.id).await.len(), 1);
    }
    house.audited().await;
    (refused, took)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_the_rate_the_provider_refuses_nothing() {
    // The provider's twelve a second, shared by a server and a worker.
    let house = plan().with_settings(&[("MARQUEE_STRIPE_RATE", "6")]).open().await;
    let (refused, took) = all_pay(&house, 12).await;
    assert_eq!(refused, 0);
    let least = Duration::from_secs((BUYERS as u64 * 3 - 6) / 12);
    assert!(took >= least, "{took:?}: faster than the rate");
    let metrics = house.metrics().await;
    for name in [
        "marquee_provider_budget_left",
        "marquee_provider_waiting 0",
        "marquee_provider_calls_total{call=\"confirm_intent\",outcome=\"ok\"}",
        "marquee_provider_wait_seconds_bucket{priority=\"confirm\"",
    ] {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_provider_is_left_alone_for_as_long_as_it_says() {
    // Configured for more than the provider takes.
    let house = plan().with_settings(&[("MARQUEE_STRIPE_RATE", "25")]).open().await;
    let (refused, took) = all_pay(&house, 5).await;
    assert!(refused > 0, "the provider was never busy");
    // The burst of both processes, and then a few calls of each between pauses of a second.
    let most = 2 * 13 + 8 * (took.as_secs() + 1);
    assert!(refused <= most, "{refused} refused calls in {took:?}");
    let noted = house.money().requests().await.iter().filter(|one| one["status"] == json!(429)).count();
    assert!(noted as u64 <= most, "{noted} refused calls noted");
}
