//! What people did at the provider by hand, or left undone here, and an operator's `order finish` sets right.

use marquee_e2e::fixtures::{SEATS, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, codes};
use marquee_e2e::wait::until;
use serde_json::json;

use super::{REFUND, agrees, bought, order, statuses, tickets};
use crate::door::scanner;

/// What somebody refunds at the provider by hand is taken over, and once it is all, the tickets are void.
#[tokio::test]
async fn a_refund_by_hand_is_taken_over() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, body) = bought(&fan, &[seat('A', 1)]).await;
    house.money().webhooks(json!({ "paused": true })).await;
    let intent = house.money().intents(&placed.id).await[0]["id"].as_str().unwrap().to_owned();
    let by_hand = async |amount: i64| {
        let form = format!("payment_intent={intent}&amount={amount}&refund_application_fee=true");
        house.money().api("/v1/refunds", fan.tenant.account, &form).await
    };
    by_hand(700).await;
    assert_eq!(fan.look(&placed).await["status"], "paid", "nobody has told us");
    let finished = order(&house, &["finish", &placed.id]).await;
    assert_eq!(finished["taken_over"]["refunds_found"], 1, "{finished}");
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("partially_refunded"), vec!["valid"]));
    assert_eq!(after["refunds"][0]["reason"], "provider");
    by_hand(4_000).await;
    order(&house, &["finish", &placed.id]).await;
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void"]));
    let again = order(&house, &["finish", &placed.id]).await;
    assert_eq!(again["taken_over"]["refunds_found"], 0, "once");
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    assert_eq!(door.reads(&codes(&body)[0], 0).await["verdict"], "revoked");
    until("the seat to be free", 5, async || {
        (fan.free(&fan.tenant.seated).await == SEATS as u64).then_some(())
    })
    .await;
    agrees(&house, 2, 4_700).await;
}

/// What was promised here and refunded at the provider by hand meanwhile is not paid twice.
#[tokio::test]
async fn a_promise_that_somebody_else_overtook_has_failed() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    house.money().webhooks(json!({ "paused": true })).await;
    let intent = house.money().intents(&placed.id).await[0]["id"].as_str().unwrap().to_owned();
    house.money().fault(REFUND, 50, "status", json!(500)).await;
    let refund = order(&house, &["refund", &placed.id]).await;
    assert_eq!(refund["state"], "requested", "{refund}");
    house.money().heal().await;
    let form = format!("payment_intent={intent}&amount=1000&refund_application_fee=true");
    house.money().api("/v1/refunds", fan.tenant.account, &form).await;
    order(&house, &["finish", &placed.id]).await;
    let after = fan.look(&placed).await;
    let refunds = after["refunds"].as_array().unwrap();
    let states: Vec<_> =
        refunds.iter().map(|one| (one["amount"].as_i64().unwrap(), one["state"].as_str().unwrap())).collect();
    assert_eq!(states, [(4_700, "failed"), (1_000, "succeeded")]);
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("partially_refunded"), vec!["void"]));
    agrees(&house, 1, 1_000).await;
    // What is still owed goes back with a new one.
    let rest = order(&house, &["refund", &placed.id]).await;
    assert_eq!((&rest["amount"], &rest["state"]), (&json!(3_700), &json!("succeeded")), "{rest}");
    assert_eq!(fan.look(&placed).await["status"], "refunded");
    agrees(&house, 2, 4_700).await;
}

/// What is promised here and may still be refused does not make a refund by hand take the other tickets back.
#[tokio::test]
async fn a_refund_by_hand_beside_a_promise_takes_no_ticket_that_is_not_paid_back() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, body) = bought(&fan, &[seat('A', 1), seat('A', 2)]).await;
    promised_and_by_hand(&house, &fan, &placed, &["--ticket", &tickets(&body)[0]], 5_000).await;
    let after = fan.look(&placed).await;
    assert_eq!(
        (after["status"].as_str(), statuses(&after)),
        (Some("partially_refunded"), vec!["void", "valid"]),
        "ours was more than was left: {after}"
    );
    agrees(&house, 1, 5_000).await;
}

/// An amount that was promised as a part is the rest when it is paid back: the tickets go with it.
#[tokio::test]
async fn a_promise_that_became_the_rest_takes_the_tickets_back() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    promised_and_by_hand(&house, &fan, &placed, &["--amount", "3700"], 1_000).await;
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void"]), "{after}");
    agrees(&house, 2, 4_700).await;
}

/// Promises a refund that the provider does not answer, makes another there by hand, and finishes the order.
async fn promised_and_by_hand(house: &House, fan: &Fan, placed: &Order, what: &[&str], by_hand: i64) {
    house.money().webhooks(json!({ "paused": true })).await;
    let intent = house.money().intents(&placed.id).await[0]["id"].as_str().unwrap().to_owned();
    house.money().fault(REFUND, 50, "status", json!(500)).await;
    let refund = order(house, &[&["refund", placed.id.as_str()][..], what].concat()).await;
    assert_eq!(refund["state"], "requested", "{refund}");
    house.money().heal().await;
    let form = format!("payment_intent={intent}&amount={by_hand}&refund_application_fee=true");
    house.money().api("/v1/refunds", fan.tenant.account, &form).await;
    order(house, &["finish", &placed.id]).await;
}

/// Charged and without tickets: one safe action.
#[tokio::test]
async fn an_order_without_its_tickets_is_finished() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    house.database.run(&format!("delete from tickets where order_id = '{}'", placed.id)).await;
    assert_eq!(house.audit().await.1[0]["kind"], "paid_without_ticket");
    let finished = order(&house, &["finish", &placed.id]).await;
    assert_eq!((&finished["status"], &finished["tickets"]), (&json!("paid"), &json!(1)), "{finished}");
    order(&house, &["finish", &placed.id]).await;
    assert_eq!(codes(&fan.look(&placed).await).len(), 1);
    house.audited().await;
}
