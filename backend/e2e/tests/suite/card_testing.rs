//! Whoever tries cards instead of buying waits longer and longer: by order, by address, and by card.

use std::time::Duration;

use chrono::Utc;
use marquee_e2e::client::{Answer, Client, fresh_key};
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order};
use marquee_e2e::wait::until;
use serde_json::json;

/// A fan at another address of this machine.
fn at(house: &House, address: &str) -> Fan {
    let http =
        reqwest::Client::builder().local_address(Some(address.parse().unwrap())).no_proxy().build().unwrap();
    let fan = house.fan();
    Fan { client: Client::new(http, &fan.client.base, &fan.client.host), ..fan }
}

/// Declines are counted in windows of ten minutes: waits for the next one where this one is about to end.
async fn early_in_a_window() {
    until("the next window", 120, async || (Utc::now().timestamp() % 600 < 510).then_some(())).await;
}

/// Has cards declined, five to an order.
async fn declines(fan: &Fan, row: char, seats: std::ops::RangeInclusive<usize>, card: &str) {
    for number in seats {
        let order = ordered(fan, row, number).await;
        for _ in 0..5 {
            fan.pay(&order, card).await.refused(402, "payment_declined");
        }
        fan.pay(&order, card).await.refused(429, "too_many_attempts");
    }
}

async fn ordered(fan: &Fan, row: char, number: usize) -> Order {
    fan.order(&fan.hold_seats(&[seat(row, number)]).await).await
}

/// How long a refused try has to wait, in seconds.
fn wait(answer: &Answer) -> u64 {
    let problem = answer.refused(429, "rate_limited");
    assert_eq!(problem["reason"], "declined_payments", "{problem}");
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn confirms(house: &House) -> usize {
    let all = house.money().requests().await;
    all.iter().filter(|one| one["path"].as_str().is_some_and(|path| path.ends_with("/confirm"))).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_with_many_declines_waits() {
    early_in_a_window().await;
    let house = plan().without_worker().open().await;
    let (fan, early) = (house.fan(), house.fan());
    let bought = ordered(&early, 'D', 2).await;
    let token = house.money().token("pm_card_visa", early.tenant.account).await;
    let pays = || early.pays(&bought, Some(&token)).key("pay-for-D2");
    assert_eq!(pays().send().await.expect(200)["status"], "paid");
    declines(&fan, 'A', 1..=4, "pm_card_visa_chargeDeclined").await;
    declines(&fan, 'B', 1..=4, "pm_card_visa_chargeDeclinedInsufficientFunds").await;
    let order = ordered(&fan, 'C', 1).await;
    // The first too many is declined as all before it, and makes the next one wait.
    fan.pay(&order, "pm_card_chargeDeclinedProcessingError").await.refused(402, "payment_declined");
    let asked = confirms(&house).await;
    let first = wait(&fan.pay(&order, "pm_card_visa").await);
    assert!((1..=2).contains(&first), "{first}");
    // Who asks again for what was done before is told so: something was charged.
    let again = pays().send().await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "{}", again.text());
    assert_eq!(again.expect(200)["status"], "paid");
    assert_eq!(confirms(&house).await, asked, "the bank is not asked");
    tokio::time::sleep(Duration::from_secs(first)).await;
    fan.pay(&order, "pm_card_chargeDeclinedProcessingError").await.refused(402, "payment_declined");
    let second = wait(&fan.pay(&order, "pm_card_visa").await);
    assert!((3..=4).contains(&second), "{second}");
    // Others are not concerned.
    let other = at(&house, "127.0.0.2");
    let theirs = ordered(&other, 'D', 1).await;
    assert_eq!(other.pay(&theirs, "pm_card_visa").await.expect(200)["status"], "paid");
    house.audited().await;
}

/// Nobody is spared for not waiting for the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_decline_of_a_caller_who_hung_up_counts() {
    early_in_a_window().await;
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    declines(&fan, 'A', 1..=4, "pm_card_visa_chargeDeclined").await;
    declines(&fan, 'B', 1..=4, "pm_card_visa_chargeDeclinedInsufficientFunds").await;
    let order = ordered(&fan, 'C', 1).await;
    let token = house.money().token("pm_card_chargeDeclinedProcessingError", fan.tenant.account).await;
    house.money().fault("POST /v1/payment_intents/*/confirm", 1, "delay_ms", json!(1_500)).await;
    let pays = fan.pays(&order, Some(&token)).fresh().try_send();
    assert!(
        tokio::time::timeout(Duration::from_millis(500), pays).await.is_err(),
        "hung up before the answer"
    );
    until("the decline", 10, async || {
        (fan.look(&order).await["progress"]["attempts_left"] == 4).then_some(())
    })
    .await;
    until("the order to be payable again", 10, async || {
        (fan.look(&order).await["status"] == "pending").then_some(())
    })
    .await;
    assert!((1..=2).contains(&wait(&fan.pay(&order, "pm_card_visa").await)));
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_with_many_declines_waits_wherever_it_comes_from() {
    early_in_a_window().await;
    let house = plan().without_worker().open().await;
    declines(&at(&house, "127.0.0.2"), 'A', 1..=4, "pm_card_visa_chargeDeclined").await;
    declines(&at(&house, "127.0.0.3"), 'B', 1..=4, "pm_card_visa_chargeDeclined").await;
    let fan = at(&house, "127.0.0.4");
    let order = ordered(&fan, 'C', 1).await;
    fan.pay(&order, "pm_card_visa_chargeDeclined").await.refused(402, "payment_declined");
    let other = at(&house, "127.0.0.5");
    let theirs = ordered(&other, 'D', 1).await;
    let asked = confirms(&house).await;
    assert!((1..=2).contains(&wait(&other.pay(&theirs, "pm_card_visa_chargeDeclined").await)));
    assert_eq!(confirms(&house).await, asked, "the bank is not asked");
    let token = house.money().token("pm_card_visa", other.tenant.account).await;
    let paid = other.pays(&theirs, Some(&token)).key(&fresh_key()).send().await;
    assert_eq!(paid.expect(200)["status"], "paid", "another card is not concerned");
    house.audited().await;
}
