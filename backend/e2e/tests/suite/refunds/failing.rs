//! Providers that fail, are away, take their time or refuse, and programs that die: the money goes back once, or all can see
//! that it did not.

use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use super::{REFUND, agrees, becomes, bought, order, said, statuses};
use crate::holders::platform;

/// Whatever becomes of the first call, the money goes back once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_fails_pays_back_once() {
    let house = House::open().await;
    let mut amount = 0;
    let faults = [
        ("drop_response", Value::Null),
        ("stored_500", Value::Null),
        ("kept_500", Value::Null),
        ("status", json!(500)),
        ("status", json!(429)),
        ("refuse", Value::Null),
    ];
    for ((fault, value), number) in faults.into_iter().zip(1..) {
        let fan = house.fan();
        let (placed, body) = bought(&fan, &[seat('A', number)]).await;
        amount += body["total"].as_i64().unwrap();
        house.money().fault(REFUND, 1, fault, value).await;
        let output = house.marquee(&["order", "refund", &placed.id, "--json"]).await;
        assert!(output.status.success(), "{fault}: {}", said(&output));
        assert_eq!(statuses(&fan.look(&placed).await), ["void"], "{fault}: void whatever the provider says");
        becomes(&fan, &placed, "refunded").await;
        house.money().heal().await;
    }
    agrees(&house, 6, amount).await;
}

/// Nobody can be asked for a while: the promise stands, and is kept later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_away_pays_back_when_it_is_there() {
    let mut house = House::open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    house.simulator.kill().await;
    let refund = order(&house, &["refund", &placed.id]).await;
    assert_eq!(refund["state"], "requested", "{refund}");
    let waiting = fan.look(&placed).await;
    assert_eq!((waiting["status"].as_str(), statuses(&waiting)), (Some("paid"), vec!["void"]));
    let finish = house.marquee(&["order", "finish", &placed.id]).await;
    assert_eq!(finish.status.code(), Some(1), "{}", said(&finish));
    house.simulator.start_again().await;
    becomes(&fan, &placed, "refunded").await;
    agrees(&house, 1, 4_700).await;
}

/// The one who asks the provider dies while it answers; the worker finds what was done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_in_the_middle_pays_back_once() {
    let mut house = House::open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    house.worker.as_mut().unwrap().kill().await;
    house.money().webhooks(json!({ "paused": true })).await;
    house.money().fault(REFUND, 1, "delay_ms", json!(8_000)).await;
    let (staff, bearer) = platform(&house).await;
    let path = format!("/api/platform/v1/orders/{}/refunds", placed.id);
    let promised = staff.post(&path, &json!({})).header("authorization", &bearer).fresh().send().await;
    assert_eq!(promised.expect(201)["state"], "requested");
    until("the provider to have done it", 10, async || (house.money().refunded().await.0 == 1).then_some(()))
        .await;
    house.servers[0].kill().await;
    house.worker.as_mut().unwrap().start_again().await;
    house.restart(0).await;
    becomes(&fan, &placed, "refunded").await;
    agrees(&house, 1, 4_700).await;
}

/// A refund that begins pending, ends by the simulator's word, and may still come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_pends_and_comes_back_is_followed() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let money = house.money();
    money.webhooks(json!({ "paused": true })).await;
    money.control("/_sim/refunds", json!({ "begin": "pending" })).await;
    let (placed, as_bought) = bought(&fan, &[seat('A', 1)]).await;
    let refund = order(&house, &["refund", &placed.id]).await;
    assert_eq!(refund["state"], "pending", "{refund}");
    let waiting = fan.look(&placed).await;
    assert_eq!((waiting["status"].as_str(), statuses(&waiting)), (Some("paid"), vec!["void"]));
    agrees(&house, 1, 4_700).await;

    let settle = format!("/_sim/refunds/{}/settle", refund["provider_id"].as_str().unwrap());
    money.control(&settle, json!({ "outcome": "succeed" })).await;
    order(&house, &["finish", &placed.id]).await;
    assert_eq!(fan.look(&placed).await["status"], "refunded");
    agrees(&house, 1, 4_700).await;

    money.control(&settle, json!({ "outcome": "fail", "reason": "lost_or_stolen_card" })).await;
    let finished = order(&house, &["finish", &placed.id]).await;
    assert_eq!(finished["taken_over"]["refunds_changed"], 1, "{finished}");
    assert_eq!(finished["refunds"][0]["failure"], "lost_or_stolen_card");
    let after = fan.look(&placed).await;
    assert_eq!(after["status"], "paid", "the money is still ours, and owed");
    assert_eq!(after["paid_at"], as_bought["paid_at"], "it was paid when it was");
    agrees(&house, 0, 0).await;

    // Once more, and this time it arrives.
    money.control("/_sim/refunds", json!({ "begin": "succeeded" })).await;
    let again = order(&house, &["refund", &placed.id]).await;
    assert_eq!((&again["state"], &again["amount"]), (&json!("succeeded"), &json!(4_700)), "{again}");
    assert_eq!(fan.look(&placed).await["status"], "refunded");
    agrees(&house, 1, 4_700).await;
}

/// The provider says that it never will: the refund has failed, for all to see.
#[tokio::test]
async fn a_refund_that_the_provider_refuses_has_failed() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    let refusal = json!({ "status": 400, "code": "charge_not_refundable" });
    house.money().fault(REFUND, 1, "status", refusal).await;
    let output = house.marquee(&["order", "refund", &placed.id, "--json"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let refund: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&refund["state"], &refund["failure"]),
        (&json!("failed"), &json!("charge_not_refundable")),
        "{refund}"
    );
    assert_eq!(fan.look(&placed).await["refunds"][0]["state"], "failed");
    // A balance that is too low is waited for instead.
    let low = json!({ "status": 400, "code": "balance_insufficient" });
    house.money().fault(REFUND, 1, "status", low).await;
    let refund = order(&house, &["refund", &placed.id]).await;
    assert_eq!((&refund["state"], &refund["failure"]), (&json!("requested"), &json!("balance_insufficient")));
    order(&house, &["finish", &placed.id]).await;
    assert_eq!(fan.look(&placed).await["status"], "refunded");
    agrees(&house, 1, 4_700).await;
}
