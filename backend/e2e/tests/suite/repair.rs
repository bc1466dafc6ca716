//! Helping a buyer: what happened to an order is seen, and one safe command mends each kind of stuck order.

use marquee_e2e::client::fresh_key;
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, codes};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

use crate::door::scanner;
use crate::holders::platform;

const CAPTURE: &str = "POST /v1/payment_intents/*/capture";
const CONFIRM: &str = "POST /v1/payment_intents/*/confirm";
const LOOK: &str = "GET /v1/payment_intents/*";
/// More often than any caller tries.
const ALWAYS: u64 = 1_000;

/// Runs `marquee order …` and reads its JSON.
async fn mend(house: &House, args: &[&str]) -> Result<Value, String> {
    let args = [&["order"], args, &["--json"]].concat();
    let output = house.marquee(&args).await;
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

async fn shown(house: &House, order: &Order) -> Value {
    mend(house, &["show", &order.id]).await.unwrap()
}

fn whats(file: &Value) -> Vec<String> {
    let timeline = file["timeline"].as_array().unwrap();
    timeline.iter().map(|moment| moment["what"].as_str().unwrap().to_owned()).collect()
}

/// No worker goes on with it, no event tells of it, and the provider does not answer.
async fn stuck_house() -> House {
    let house = plan().without_worker().open().await;
    house.money().webhooks(json!({ "paused": true })).await;
    house
}

/// Pays while `call` takes effect and is never answered, and nobody can look: the order is stuck with what the provider did.
async fn pay_into_silence(house: &House, fan: &Fan, call: &str) -> Order {
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let money = house.money();
    money.fault(call, ALWAYS, "drop_response", Value::Null).await;
    money.fault(LOOK, ALWAYS, "refuse", Value::Null).await;
    let answer = fan.pay(&order, "pm_card_visa").await;
    assert!([200, 409, 503].contains(&answer.status), "{}", answer.text());
    money.heal().await;
    assert_eq!(fan.look(&order).await["status"], "processing");
    order
}

/// As if everything had happened an hour ago: what is under way for so long is stuck.
async fn let_an_hour_pass(house: &House) {
    house.database.shift_clock("1 hour").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn charged_and_unticketed_is_finished() {
    let house = stuck_house().await;
    let fan = house.fan();
    let order = pay_into_silence(&house, &fan, CAPTURE).await;
    let_an_hour_pass(&house).await;
    let file = shown(&house, &order).await;
    assert_eq!(file["diagnosis"]["remedy"], "finish", "{file:#}");
    assert_eq!(file["provider"]["captured"], file["order"]["total"], "{file:#}");
    let whats = whats(&file);
    for what in ["seats_held", "order_placed", "charge_captured"] {
        assert!(whats.iter().any(|one| one == what), "{what} is missing: {whats:?}");
    }
    mend(&house, &["finish", &order.id]).await.unwrap();
    let body = fan.look(&order).await;
    assert_eq!((body["status"].as_str(), codes(&body).len()), (Some("paid"), 1));
    assert_eq!(house.money().captured(&order.id).await.0, 1);
    assert_eq!(shown(&house, &order).await["diagnosis"]["remedy"], "nothing");
    // Once more changes nothing.
    mend(&house, &["finish", file["order"]["number"].as_str().unwrap()]).await.unwrap();
    assert_eq!(codes(&fan.look(&order).await), codes(&body));
    house.audited().await;
}

/// The provider captures and is gone before it tells the rest: what was done is said, kept in the log, and ticketed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_finished_half_way_is_told() {
    let house = stuck_house().await;
    let fan = house.fan();
    let order = pay_into_silence(&house, &fan, CONFIRM).await;
    house.money().fault("GET /v1/refunds", ALWAYS, "refuse", Value::Null).await;
    let output = house.marquee(&["order", "finish", &order.id, "--json"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["status"], &told["tickets"]), (&json!("paid"), &json!(1)), "{told}");
    assert_eq!((&told["done"], &told["provider_asked"]), (&json!(false), &json!(false)), "{told}");
    assert_eq!(told["taken_over"]["payment"], true, "{told}");
    assert!(whats(&shown(&house, &order).await).contains(&"order_finish".to_owned()));
    house.money().heal().await;
    let told = mend(&house, &["finish", &order.id]).await.unwrap();
    assert_eq!((&told["done"], &told["provider_asked"]), (&json!(true), &json!(true)), "{told}");
    assert_eq!(house.money().captured(&order.id).await.0, 1);
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorised_and_expired_is_finished() {
    let house = stuck_house().await;
    let fan = house.fan();
    let order = pay_into_silence(&house, &fan, CONFIRM).await;
    let_an_hour_pass(&house).await;
    let file = shown(&house, &order).await;
    assert_eq!(file["provider"]["status"], "requires_capture", "{file:#}");
    assert_eq!(file["diagnosis"]["remedy"], "finish", "{file:#}");
    mend(&house, &["finish", &order.id]).await.unwrap();
    // The seats were kept for it, so they are sold; had they been lost, nothing would have been taken.
    let body = fan.look(&order).await;
    let (captures, _) = house.money().captured(&order.id).await;
    assert_eq!(captures, usize::from(body["status"] == "paid"), "{body}");
    assert!(["paid", "expired"].contains(&body["status"].as_str().unwrap()), "{body}");
    assert_eq!(shown(&house, &order).await["diagnosis"]["remedy"], "nothing");
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunded_by_hand_at_the_provider_is_taken_over() {
    let house = stuck_house().await;
    let fan = house.fan();
    let (order, body) = fan.buy(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let intent = house.money().intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    house.money().api("/v1/refunds", fan.tenant.account, &format!("payment_intent={intent}")).await;
    let file = shown(&house, &order).await;
    assert_eq!(file["diagnosis"]["remedy"], "finish", "{file:#}");
    mend(&house, &["finish", &order.id]).await.unwrap();
    let after = fan.look(&order).await;
    assert_eq!(after["status"], "refunded");
    assert_eq!(after["tickets"][0]["status"], "void");
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    assert_eq!(door.reads(&codes(&body)[0], 0).await["verdict"], "revoked");
    assert_eq!(shown(&house, &order).await["diagnosis"]["remedy"], "nothing");
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reissued_ticket_replaces_the_old_one() {
    let house = plan().with_mail().open().await;
    let fan = house.fan();
    let (order, body) = fan.buy(&fan.hold_seats(&[seat('A', 1), seat('A', 2)]).await).await;
    let old = codes(&body);
    until("the first mail", 20, async || (house.mailbox().to(&fan.email).await.len() == 1).then_some(()))
        .await;
    let first = body["tickets"][0]["ticket_id"].as_str().unwrap();
    mend(&house, &["reissue", &order.id, "--ticket", first]).await.unwrap();
    let after = fan.look(&order).await;
    let good: Vec<&Value> =
        after["tickets"].as_array().unwrap().iter().filter(|ticket| ticket["status"] == "valid").collect();
    assert_eq!(good.len(), 2, "a seat has one good ticket: {after}");
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    assert_eq!(door.reads(&old[0], 0).await["verdict"], "revoked");
    assert_eq!(door.reads(&old[1], 0).await["verdict"], "admit");
    let fresh =
        good.iter().find(|ticket| !old.contains(&ticket["code"].as_str().unwrap().to_owned())).unwrap();
    assert_eq!(door.reads(fresh["code"].as_str().unwrap(), 0).await["verdict"], "admit");
    until("the mail with the new ticket", 20, async || {
        (house.mailbox().to(&fan.email).await.len() == 2).then_some(())
    })
    .await;
    // Who used theirs is inside, and the old one stays withdrawn.
    for ticket in [first, body["tickets"][1]["ticket_id"].as_str().unwrap()] {
        let refused = mend(&house, &["reissue", &order.id, "--ticket", ticket]).await.unwrap_err();
        assert!(refused.contains("order_state"), "{refused}");
    }
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_of_what_is_left_of_an_order_adds_up() {
    let house = plan().with_mail().open().await;
    let fan = house.fan();
    let (order, body) = fan.buy(&fan.hold_seats(&[seat('A', 1), seat('A', 2)]).await).await;
    let mails = async |count: usize| {
        until("the mail", 20, async || {
            let all = house.mailbox().to(&fan.email).await;
            let texts: Vec<String> =
                all.iter().map(|mail| mail.body["text"].as_str().unwrap_or_default().to_owned()).collect();
            (texts.len() == count).then_some(texts)
        })
        .await
    };
    let first = mails(1).await;
    assert!(first[0].contains("Total paid: €94.00"), "{}", first[0]);
    let ticket = body["tickets"][0]["ticket_id"].as_str().unwrap();
    mend(&house, &["refund", &order.id, "--ticket", ticket]).await.unwrap();
    mails(2).await;
    mend(&house, &["reissue", &order.id]).await.unwrap();
    let texts = mails(3).await;
    let anew = texts.iter().filter(|text| text.contains("Total paid: €47.00")).count();
    assert_eq!(anew, 1, "{texts:#?}");
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_mended_is_refused_and_changes_nothing() {
    let house = House::open().await;
    let fan = house.fan();
    let unpaid = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let (paid, body) = fan.buy(&fan.hold_seats(&[seat('B', 1)]).await).await;
    let before = house.database.state().await;
    let foreign = "01890000-0000-7000-8000-000000000000";
    for (args, said) in [
        (vec!["show", foreign], "no order"),
        (vec!["show", "NOSUCHNO"], "no order"),
        (vec!["reissue", foreign], "no order"),
        (vec!["reissue", &unpaid.id], "order_state"),
        (vec!["reissue", &paid.id, "--ticket", foreign], "not_found"),
    ] {
        let refused = mend(&house, &args).await.unwrap_err();
        assert!(refused.contains(said), "{args:?}: {refused}");
    }
    // Doors know the key of the tickets that are out: with another secret they would turn the new one away.
    let mut elsewhere = house.command(&["order", "reissue", &paid.id, "--json"]);
    let refused = elsewhere.env("MARQUEE_SECRET_KEY", "f".repeat(64)).output().await.unwrap();
    assert!(!refused.status.success(), "{}", String::from_utf8_lossy(&refused.stdout));
    assert_eq!(house.database.state().await, before);
    let file = shown(&house, &paid).await;
    assert_eq!(file["tickets"][0]["code"], codes(&body)[0]);
    assert_eq!(shown(&house, &unpaid).await["order"]["status"], "pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_has_one_number_on_both_sides() {
    let house = House::open().await;
    let fan = house.fan();
    let order = fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await;
    fan.pay(&order, "pm_card_visa_chargeDeclined").await.refused(402, "payment_declined");
    assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid");
    let file = shown(&house, &order).await;
    let of = |what: &str| {
        let timeline = file["timeline"].as_array().unwrap();
        timeline.iter().find(|one| one["what"] == what).unwrap_or_else(|| panic!("no {what}: {file:#}"))["attempt"].clone()
    };
    assert_eq!((of("payment_declined"), of("charge_failed")), (json!(1), json!(1)));
    assert_eq!((of("payment_captured"), of("charge_captured")), (json!(2), json!(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn platform_staff_see_the_same_file() {
    let house = House::open().await;
    let fan = house.fan();
    let (order, _) = fan.buy(&fan.hold_seats(&[seat('A', 1)]).await).await;
    let (staff, bearer) = platform(&house).await;
    let path = format!("/api/platform/v1/orders/{}", order.id);
    staff.get(&path).send().await.refused(401, "unauthorized");
    let file = staff.get(&path).header("authorization", &bearer).send().await.expect(200);
    assert_eq!(file["order"]["order_id"], order.id);
    let number = file["order"]["number"].as_str().unwrap();
    let by_number = staff.get(&format!("/api/platform/v1/orders/{number}")).header("authorization", &bearer);
    assert_eq!(by_number.send().await.expect(200)["order"]["order_id"], order.id);
    let reissue = staff.post(&format!("{path}/reissue"), &json!({})).header("authorization", &bearer);
    assert_eq!(reissue.key(&fresh_key()).send().await.expect(200)["tickets"].as_array().unwrap().len(), 2);
    let finish = format!("{path}/finish");
    staff.post(&finish, &json!({})).send().await.refused(401, "unauthorized");
    for unknown in ["nothing", "%00", "A%0AB"] {
        let call = staff.get(&format!("/api/platform/v1/orders/{unknown}")).header("authorization", &bearer);
        call.send().await.refused(404, "not_found");
    }
    let strange = format!("/api/platform/v1/orders/{}/finish", uuid::Uuid::now_v7());
    let strange = staff.post(&strange, &json!({})).header("authorization", &bearer).send().await;
    strange.refused(404, "not_found");
    house.database.run(&format!("delete from tickets where order_id = '{}'", order.id)).await;
    let finished = staff.call("POST", &finish).header("authorization", &bearer).send().await.expect(200);
    assert_eq!((&finished["order_id"], &finished["done"]), (&json!(order.id), &json!(true)), "{finished}");
    assert_eq!((&finished["status"], &finished["tickets"]), (&json!("paid"), &json!(1)), "{finished}");
    let file = shown(&house, &order).await;
    for what in ["order_reissue", "order_finish"] {
        assert!(whats(&file).contains(&what.to_owned()), "{what}: {file:#}");
    }
    house.audited().await;
}
