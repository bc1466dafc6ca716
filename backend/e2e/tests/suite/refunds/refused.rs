//! What cannot go back changes nothing, whether it is asked on the command line or over HTTP.

use marquee_e2e::client::fresh_key;
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use serde_json::{Value, json};

use super::{agrees, asks, becomes, bought, order, said, tickets};
use crate::holders::platform;

#[tokio::test]
async fn what_cannot_go_back_changes_nothing() {
    let house = plan().without_worker().open().await;
    let (fan, other) = (house.fan(), house.fan());
    let (placed, body) = bought(&fan, &[seat('A', 1), seat('A', 2)]).await;
    let (_, theirs) = bought(&other, &[seat('B', 1)]).await;
    let unpaid = fan.order(&fan.hold_seats(&[seat('C', 1)]).await).await;
    let ids = tickets(&body);
    order(&house, &["refund", &placed.id, "--ticket", &ids[0]]).await;
    let stranger = tickets(&theirs)[0].clone();
    let before = house.database.state().await;
    let calls = house.money().requests().await.len();
    let b = house.fixtures.b.slug;
    let refused: &[(&[&str], &str)] = &[
        (&["--amount", "0"], "validation_failed"),
        (&["--amount", "-1"], "validation_failed"),
        (&["--amount", "99999999999999999999"], "validation_failed"),
        (&["--amount", "1.50"], "validation_failed"),
        (&["--amount", ""], "validation_failed"),
        (&["--amount", "4701"], "refund_exceeds_capture"),
        (&["--amount", "9223372036854775807"], "refund_exceeds_capture"),
        (&["--ticket", &ids[0]], "validation_failed"),
        (&["--ticket", &stranger], "validation_failed"),
        (&["--ticket", "nonsense"], "validation_failed"),
        (&["--ticket", &ids[1], "--ticket", &ids[1]], "validation_failed"),
        (&["--ticket", &ids[1], "--amount", "1"], "validation_failed"),
        (&["--tenant", b], "no order"),
    ];
    for (args, why) in refused {
        let output = house.marquee(&[&["order", "refund", placed.id.as_str()][..], args].concat()).await;
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(why), "{args:?}: {}", said(&output));
    }
    for name in [unpaid.id.as_str(), "nonsense", "01900000-0000-7000-8000-000000000000", ""] {
        let output = house.marquee(&["order", "refund", name]).await;
        assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
    }
    assert_eq!(house.database.state().await, before, "nothing was written");
    assert_eq!(house.money().requests().await.len(), calls, "the provider was not asked");
    // All of it goes back once.
    order(&house, &["refund", &placed.id]).await;
    let again = house.marquee(&["order", "refund", &placed.id, "--json"]).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("order_state"), "{}", said(&again));
    agrees(&house, 2, 9_400).await;
}

/// Two tenants with an order of the same number: the number alone is not enough.
#[tokio::test]
async fn a_number_that_two_tenants_have_is_not_guessed_at() {
    let house = plan().without_worker().open().await;
    let (a, b) = (house.fan(), house.fan_on(0, &house.fixtures.b));
    let (ours, body) = bought(&a, &[seat('A', 1)]).await;
    let (theirs, _) = b.buy(&b.hold_seats(&[seat('A', 1)]).await).await;
    let number = body["number"].as_str().unwrap();
    let sql = format!("update orders set number = '{number}' where id = '{}'", theirs.id);
    house.database.run(&sql).await;
    let output = house.marquee(&["order", "refund", number]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(text.contains(a.tenant.slug) && text.contains(b.tenant.slug), "{text}");
    order(&house, &["refund", number, "--tenant", a.tenant.slug]).await;
    assert_eq!(a.look(&ours).await["status"], "refunded");
    assert_eq!(b.look(&theirs).await["status"], "paid");
    agrees(&house, 1, 4_700).await;
}

#[tokio::test]
async fn staff_pay_back_over_http() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, body) = bought(&fan, &[seat('A', 1), seat('A', 2)]).await;
    let (staff, bearer) = platform(&house).await;
    let before = house.database.state().await;
    let ask = |body: Value| asks(&staff, &bearer, &placed, &body);
    ask(json!({})).send().await.refused(400, "idempotency_key_missing");
    let ticket = &tickets(&body)[0];
    for (wrong, code) in [
        (json!({ "amount": 0 }), "validation_failed"),
        (json!({ "amount": -1 }), "validation_failed"),
        (json!({ "amount": 1.5 }), "validation_failed"),
        (json!({ "amount": "1" }), "validation_failed"),
        (json!({ "amount": 9_401 }), "refund_exceeds_capture"),
        (json!({ "amount": 1, "currency": "USD" }), "validation_failed"),
        (json!({ "amount": 1, "currency": "eur" }), "validation_failed"),
        (json!({ "amount": 1, "tickets": [ticket] }), "validation_failed"),
        (json!({ "tickets": [] }), "validation_failed"),
        (json!({ "tickets": [ticket, ticket] }), "validation_failed"),
        (json!({ "tickets": [uuid::Uuid::now_v7()] }), "validation_failed"),
        (json!({ "note": "a\u{0}b" }), "validation_failed"),
        (json!({ "reason": "because" }), "validation_failed"),
    ] {
        let answer = ask(wrong.clone()).fresh().send().await;
        assert_eq!(answer.problem(), (422, code.to_owned()), "{wrong}: {}", answer.text());
    }
    let huge = br#"{"amount":99999999999999999999}"#.to_vec();
    let path = format!("/api/platform/v1/orders/{}/refunds", placed.id);
    let huge = staff.post_raw(&path, huge, "application/json").header("authorization", &bearer).fresh();
    huge.send().await.refused(422, "validation_failed");
    let nobody = asks(&staff, "Bearer nobody", &placed, &json!({})).fresh().send().await;
    nobody.refused(401, "unauthorized");
    let strange = format!("/api/platform/v1/orders/{}/refunds", uuid::Uuid::now_v7());
    let strange = staff.post(&strange, &json!({})).header("authorization", &bearer).fresh();
    strange.send().await.refused(404, "not_found");
    assert_eq!(house.database.state().await, before, "nothing was written");

    let key = fresh_key();
    let wanted = json!({ "amount": 1_000, "currency": "EUR", "note": "a late start" });
    let first = ask(wanted.clone()).key(&key).send().await;
    assert_eq!((first.status, &first.json()["amount"]), (201, &json!(1_000)), "{}", first.text());
    let again = ask(wanted).key(&key).send().await;
    assert_eq!((again.status, again.text()), (201, first.text()));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    ask(json!({ "amount": 999 })).key(&key).send().await.refused(422, "idempotency_mismatch");
    becomes(&fan, &placed, "partially_refunded").await;
    let listed = staff.get(&path).header("authorization", &bearer).send().await.expect(200);
    assert_eq!(listed["data"][0]["state"], "succeeded", "{listed}");
    assert_eq!(listed["data"][0]["note"], "a late start");
    let recorded = "select count(*) from audit_log where action = 'order.refund'";
    assert_eq!(house.database.number(recorded).await, 1);
    ask(json!({ "amount": 8_401 })).fresh().send().await.refused(422, "refund_exceeds_capture");
    ask(json!({})).fresh().send().await.expect(201);
    becomes(&fan, &placed, "refunded").await;
    ask(json!({})).fresh().send().await.refused(409, "order_state");
    agrees(&house, 2, 9_400).await;
}
