//! The provider's events: genuine, stored first, and only a reason to look. Whatever they say, what happens follows from
//! what the provider then says about the object itself.

use chrono::Utc;
use marquee_e2e::client::Answer;
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, OLD_WEBHOOK_SECRET, plan};
use marquee_e2e::site::{Fan, Order};
use marquee_e2e::wait::until;
use marquee_payments::webhook::sign;
use serde_json::{Value, json};

const CONNECT: &str = "/webhooks/stripe/connect";

/// Sends bytes to the connect endpoint, signed with a secret at a time.
async fn sends(house: &House, secret: &str, body: &[u8], at: i64) -> Answer {
    let platform = house.client(&house.variable("MARQUEE_PLATFORM_HOST"));
    let header = sign(secret, body, at);
    platform
        .post_raw(CONNECT, body.to_vec(), "application/json")
        .header("stripe-signature", &header)
        .send()
        .await
}

/// The secret in force of the connect endpoint.
fn secret(house: &House) -> String {
    let all = house.variable("MARQUEE_STRIPE_CONNECT_WEBHOOK_SECRET");
    all.rsplit(',').next().unwrap().to_owned()
}

/// A genuine event.
async fn tells(house: &House, event: &Value) -> Answer {
    sends(house, &secret(house), event.to_string().as_bytes(), Utc::now().timestamp()).await
}

fn event(id: &str, kind: &str, account: &str, object: Value) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "account": account, "livemode": false, "created": 1,
            "api_version": "2020-08-27", "data": { "object": object } })
}

/// An order whose buyer has answered their bank, of which the shop knows nothing yet.
async fn waiting(house: &House, row: char) -> (Fan, Order, String) {
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat(row, 1)]).await).await;
    let asked = fan.pay(&order, "pm_card_authenticationRequired").await.expect(200);
    assert_eq!(asked["status"], "requires_action");
    let intent = house.money().intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    house.money().authenticate(&intent, "succeed").await;
    (fan, order, intent)
}

/// A house that hears only the events that the test sends.
async fn quiet_house() -> House {
    let house = plan().without_worker().with_old_webhook_secret().open().await;
    house.money().webhooks(json!({ "paused": true })).await;
    house
}

async fn handled(house: &House) {
    let open = "select count(*) from provider_events where processed_at is null";
    until("the events to be handled", 10, async || (house.database.number(open).await == 0).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_secrets_are_good_while_one_replaces_the_other() {
    let house = quiet_house().await;
    let now = Utc::now().timestamp();
    let account = house.fixtures.a.account;
    let body = |id: &str| event(id, "payment_intent.created", account, json!({})).to_string();
    for (at, secret) in [OLD_WEBHOOK_SECRET, &secret(&house)].iter().enumerate() {
        let answer = sends(&house, secret, body(&format!("evt_{at}")).as_bytes(), now).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let before = house.database.state().await;
    sends(&house, "whsec_other", body("evt_3").as_bytes(), now).await.refused(400, "invalid_signature");
    for late in [now - 301, now + 310] {
        sends(&house, &secret(&house), body("evt_4").as_bytes(), late)
            .await
            .refused(400, "invalid_signature");
    }
    let huge = vec![b'x'; 10 * 1024 * 1024];
    let platform = house.client(&house.variable("MARQUEE_PLATFORM_HOST"));
    let sent = platform
        .post_raw(CONNECT, huge.clone(), "application/json")
        .header("stripe-signature", &sign(&secret(&house), &huge, now));
    // The answer may come before all was sent.
    if let Ok(answer) = sent.try_send().await {
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
    assert_eq!(house.database.state().await, before);
}

/// A genuine event of any shape is kept and answered with 2xx, and nothing else happens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_shapes_are_kept_without_effect() {
    let house = quiet_house().await;
    let (fan, order, intent) = waiting(&house, 'A').await;
    let account = fan.tenant.account;
    let payment = || json!({ "object": "payment_intent", "id": intent });
    let mut odd = vec![
        json!({ "id": "evt_1", "type": "payment_intent.succeeded", "account": account, "data": null }),
        json!({ "id": "evt_2", "type": "payment_intent.succeeded", "account": account, "data": { "object": [payment()] } }),
        json!({ "id": "evt_3", "type": "payment_intent.succeeded", "account": account, "data": { "object": { "payment_intent": 7 } } }),
        json!({ "id": 4, "type": "payment_intent.succeeded", "account": account, "data": { "object": payment() } }),
        json!({ "type": "payment_intent.succeeded", "account": account, "data": { "object": payment() } }),
        json!([payment()]),
        json!(null),
        event("evt_5", "a.type.of.tomorrow", account, payment()),
        event("evt_6", "payment_intent.succeeded", "acct_nobody", payment()),
        // The intent of one tenant, told by the account of the other.
        event("evt_7", "payment_intent.succeeded", house.fixtures.b.account, payment()),
        // Real money, told to a shop that takes none.
        json!({ "id": "evt_8", "type": "payment_intent.succeeded", "account": account, "livemode": true, "data": { "object": payment() } }),
        json!({ "id": "evt_9", "type": "payment_intent.succeeded", "account": account, "livemode": "no", "data": { "object": payment() } }),
    ];
    for kind in ["payout.paid", "account.updated", "transfer.reversed", "balance.available"] {
        odd.push(event(&format!("evt_{kind}"), kind, account, json!({ "id": "x_1" })));
    }
    for one in &odd {
        let answer = tells(&house, one).await;
        assert_eq!(answer.status, 200, "{one}: {}", answer.text());
    }
    handled(&house).await;
    let kept =
        "select (select count(*) from provider_events) + (select count(*) from unmatched_provider_events)";
    assert_eq!(house.database.number(kept).await, odd.len() as i64);
    assert_eq!(fan.look(&order).await["status"], "requires_action", "nothing happened");
    // Again: nothing is kept twice.
    for one in &odd {
        assert_eq!(tells(&house, one).await.status, 200);
    }
    assert_eq!(house.database.number(kept).await, odd.len() as i64);
    let (secret, now) = (secret(&house), Utc::now().timestamp());
    sends(&house, &secret, b"{", now).await.refused(400, "malformed_body");
}

/// What an event says is not believed: a payment that it calls succeeded is looked up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_only_a_reason_to_look() {
    let house = quiet_house().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    fan.pay(&order, "pm_card_authenticationRequired").await.expect(200);
    let intent = house.money().intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    let whole = json!({ "object": "payment_intent", "id": intent, "status": "succeeded", "amount_received": 4_700,
                        "metadata": { "order_id": order.id } });
    assert_eq!(
        tells(&house, &event("evt_1", "payment_intent.succeeded", fan.tenant.account, whole.clone()))
            .await
            .status,
        200
    );
    handled(&house).await;
    assert_eq!(fan.look(&order).await["status"], "requires_action", "the provider says otherwise");
    house.money().authenticate(&intent, "succeed").await;
    // Of any type and version, late and more than once.
    for (at, kind) in
        ["payment_intent.payment_failed", "payment_intent.canceled", "charge.succeeded"].iter().enumerate()
    {
        let mut one = event(&format!("evt_late_{at}"), kind, fan.tenant.account, whole.clone());
        if kind.starts_with("charge") {
            one["data"]["object"] = json!({ "object": "charge", "id": "ch_1", "payment_intent": intent });
        }
        for _ in 0..2 {
            assert_eq!(tells(&house, &one).await.status, 200);
        }
    }
    until("the order to be paid", 10, async || (fan.look(&order).await["status"] == "paid").then_some(()))
        .await;
    handled(&house).await;
    assert_eq!(house.money().captured(&order.id).await.0, 1);
    assert_eq!(house.database.number("select count(*) from tickets").await, 1);
    house.audited().await;
}

/// An event whose work fails is tried again, with pauses, until it is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_failed_is_taken_up_again() {
    let house = plan().open().await;
    let (fan, money) = (house.fan(), house.money());
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    fan.pay(&order, "pm_card_visa").await.expect(200);
    until("every event to be delivered", 20, async || (money.waiting().await == 0).then_some(())).await;
    handled(&house).await;
    let intent = money.intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    money.fault("GET /v1/refunds", 1_000, "refuse", Value::Null).await;
    let told = event(
        "evt_1",
        "charge.refunded",
        fan.tenant.account,
        json!({ "object": "charge", "id": "ch_1", "payment_intent": intent }),
    );
    assert_eq!(tells(&house, &told).await.status, 200);
    let tried = "select coalesce(max(attempts), 0) from provider_events where event_id = 'evt_1' and processed_at is null";
    until("the event to be tried twice", 40, async || {
        (house.database.number(tried).await >= 2).then_some(())
    })
    .await;
    money.heal().await;
    until("the event to be done", 60, async || {
        let open = "select count(*) from provider_events where processed_at is null";
        (house.database.number(open).await == 0).then_some(())
    })
    .await;
    house.audited().await;
}
