//! Money that goes back: each time once, never more than was captured, with the tickets void and the seats free at once.

use marquee_checkout::{RefundError, RefundGuard, RefundRequest, RefundWhat, promise_refund};
use marquee_core::db::Tag;
use marquee_core::ids::{OrderId, TenantId};
use marquee_e2e::client::{Call, Client, fresh_key};
use marquee_e2e::fixtures::{SEATS, seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, codes};
use marquee_e2e::stage::{STRATEGIES, Stage, chosen, serves_seats, under};
use marquee_e2e::wait::until;
use marquee_entity::money::RefundReason;
use serde_json::{Value, json};
use std::process::Output;

use crate::door::scanner;
use crate::holders::platform;

const REFUND: &str = "POST /v1/refunds";
const TEST: Tag = Tag::new("test.refund");

/// Runs `marquee order …` and answers its JSON.
pub async fn order(house: &House, args: &[&str]) -> Value {
    let output = house.marquee(&[&["order"][..], args, &["--json"]].concat()).await;
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

fn tickets(order: &Value) -> Vec<String> {
    let all = order["tickets"].as_array().unwrap();
    all.iter().map(|ticket| ticket["ticket_id"].as_str().unwrap().to_owned()).collect()
}

fn statuses(order: &Value) -> Vec<&str> {
    order["tickets"].as_array().unwrap().iter().map(|ticket| ticket["status"].as_str().unwrap()).collect()
}

async fn bought(fan: &Fan, seats: &[String]) -> (Order, Value) {
    fan.buy(&fan.hold_seats(seats).await).await
}

/// Waits for the order to be called this.
async fn becomes(fan: &Fan, order: &Order, status: &str) -> Value {
    until(&format!("the order to be {status}"), 30, async || {
        let body = fan.look(order).await;
        (body["status"] == status).then_some(body)
    })
    .await
}

/// The provider's money and ours agree on what went back.
async fn agrees(house: &House, refunds: usize, amount: i64) {
    assert_eq!(house.money().refunded().await, (refunds, amount));
    let ours = "select coalesce(sum(amount), 0)::bigint from refunds where state in ('pending', 'succeeded')";
    assert_eq!(house.database.number(ours).await, amount);
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_back() {
    let house = plan().with_mail().open().await;
    let fan = house.fan();
    let (placed, body) = bought(&fan, &[seat('A', 1), seat('A', 2)]).await;
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    assert_eq!(door.reads(&codes(&body)[0], 0).await["verdict"], "admit");

    let number = body["number"].as_str().unwrap().to_lowercase();
    let refund = order(&house, &["refund", &number]).await;
    assert_eq!((&refund["state"], &refund["amount"]), (&json!("succeeded"), &json!(9_400)), "{refund}");
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void", "void"]));
    assert_eq!(after["refunds"][0]["amount"], 9_400);
    assert_eq!(after["refunds"][0]["state"], "succeeded");

    // The door knows, and so does a device that judges by itself.
    for code in codes(&body) {
        assert_eq!(door.reads(&code, 0).await["verdict"], "revoked");
    }
    let revoked = door.manifest(&fan.tenant.seated.id).await["revocations"].as_array().unwrap().len();
    assert_eq!(revoked, 2);
    // The seats are on sale again, and are bought again.
    until("the seats to be free", 5, async || {
        (fan.free(&fan.tenant.seated).await == SEATS as u64).then_some(())
    })
    .await;
    let other = house.fan();
    bought(&other, &[seat('A', 1), seat('A', 2)]).await;

    // The platform's fee went back with it.
    let fees = house.money().all("application_fee").await;
    assert_eq!(fees.len(), 2);
    let letter = until("the letter", 20, async || {
        let all = house.mailbox().to(&fan.email).await;
        all.into_iter().find(|mail| mail.body["subject"].as_str().is_some_and(|text| text.contains("refund")))
    })
    .await;
    let text = letter.body["text"].as_str().unwrap();
    assert!(text.contains("€94.00") && text.contains(fan.tenant.name), "{text}");
    agrees(&house, 1, 9_400).await;
}

#[tokio::test]
async fn a_ticket_goes_back_and_the_other_stays() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, body) = bought(&fan, &[seat('A', 1), seat('A', 2)]).await;
    let ids = tickets(&body);
    let door = scanner(&house, &fan.tenant, &fan.tenant.seated.id).await;
    let refund = order(&house, &["refund", &placed.id, "--ticket", &ids[0]]).await;
    assert_eq!((&refund["amount"], &refund["tickets"]), (&json!(4_700), &json!([ids[0]])));
    let after = fan.look(&placed).await;
    assert_eq!(
        (after["status"].as_str(), statuses(&after)),
        (Some("partially_refunded"), vec!["void", "valid"])
    );
    let verdicts = [
        door.reads(&codes(&body)[0], 0).await["verdict"].clone(),
        door.reads(&codes(&body)[1], 0).await["verdict"].clone(),
    ];
    assert_eq!(verdicts, ["revoked", "admit"]);
    // A used ticket goes back too.
    order(&house, &["refund", &placed.id, "--ticket", &ids[1]]).await;
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void", "void"]));
    agrees(&house, 2, 9_400).await;
}

#[tokio::test]
async fn an_amount_keeps_the_tickets_until_it_is_all() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    order(&house, &["refund", &placed.id, "--amount", "1000"]).await;
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("partially_refunded"), vec!["valid"]));
    order(&house, &["refund", &placed.id, "--amount", "3700"]).await;
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void"]));
    agrees(&house, 2, 4_700).await;
}

#[tokio::test]
async fn the_same_key_is_one_refund() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    let first = order(&house, &["refund", &placed.id, "--amount", "1000", "--key", "goodwill"]).await;
    let again = order(&house, &["refund", &placed.id, "--amount", "1000", "--key", "goodwill"]).await;
    assert_eq!(first["refund_id"], again["refund_id"]);
    let other = house.marquee(&["order", "refund", &placed.id, "--amount", "999", "--key", "goodwill"]).await;
    assert_eq!(other.status.code(), Some(1), "{}", said(&other));
    agrees(&house, 1, 1_000).await;
}

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

/// The seats come back under each strategy, and are sold again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refunded_seat_is_sold_again_under_each_strategy() {
    let house = House::open().await;
    let mut refunded = 0;
    for strategy in STRATEGIES {
        let terms = under(strategy);
        let seated = serves_seats(strategy);
        let stage = if seated {
            Stage::seats(&house, &terms, 1, 1).await
        } else {
            Stage::places(&house, &terms, 1).await
        };
        let wish = if seated { chosen(1, 1) } else { stage.any(1) };
        for round in 0..3 {
            let fan = house.fan();
            let hold = until("the seat to be had", 10, async || {
                let asked = fan.asks(&stage.performance, &wish).fresh().send().await;
                (asked.status == 201).then(|| marquee_e2e::site::Hold::of(asked))
            })
            .await;
            let (placed, body) = fan.buy(&hold).await;
            let taken = house.fan().asks(&stage.performance, &wish).fresh().send().await;
            assert_eq!(taken.status, 409, "{strategy} {round}: {}", taken.text());
            let refund = order(&house, &["refund", &placed.id]).await;
            assert_eq!(refund["amount"], body["total"], "{strategy} {round}");
            refunded += body["total"].as_i64().unwrap();
        }
    }
    agrees(&house, STRATEGIES.len() * 3, refunded).await;
}

/// Of a cancelled performance nothing goes back on sale.
#[tokio::test]
async fn the_seats_of_a_cancelled_performance_stay_gone() {
    let house = House::open().await;
    let fan = house.fan();
    let (placed, _) = bought(&fan, &[seat('A', 1)]).await;
    let seated = &fan.tenant.seated.id;
    let cancel = format!(
        "update performances set cancelled_at = marquee_now(), updated_at = marquee_now() where id = '{seated}'"
    );
    house.database.run(&cancel).await;
    order(&house, &["refund", &placed.id]).await;
    let sold = format!("select count(*) from units where performance_id = '{seated}' and state = 'sold'");
    assert_eq!(house.database.number(&sold).await, 1);
    assert_eq!(statuses(&fan.look(&placed).await), ["void"]);
    agrees(&house, 1, 4_700).await;
}

#[tokio::test]
async fn what_cost_nothing_is_taken_back_without_the_provider() {
    let house = House::open().await;
    let fan = house.fan();
    let level = &fan.tenant.seated.levels[0];
    let guest = json!({ "seats": [{ "seat": seat('A', 1), "ticket_type": level.types[2] }] });
    let placed = fan.order(&fan.hold(&fan.tenant.seated, &guest).await).await;
    assert_eq!(fan.pays(&placed, None).key(&fresh_key()).send().await.expect(200)["status"], "paid");
    let refund = order(&house, &["refund", &placed.id]).await;
    assert_eq!((&refund["amount"], &refund["state"]), (&json!(0), &json!("succeeded")));
    let after = fan.look(&placed).await;
    assert_eq!((after["status"].as_str(), statuses(&after)), (Some("refunded"), vec!["void"]));
    agrees(&house, 0, 0).await;
}

/// Whatever becomes of the first call, the money goes back once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_fails_pays_back_once() {
    let house = House::open().await;
    let mut amount = 0;
    for (row, fault, value) in [
        ('A', "drop_response", Value::Null),
        ('B', "stored_500", Value::Null),
        ('C', "status", json!(500)),
        ('D', "status", json!(429)),
        ('E', "refuse", Value::Null),
    ] {
        let fan = house.fan();
        let (placed, body) = bought(&fan, &[seat(row, 1)]).await;
        amount += body["total"].as_i64().unwrap();
        house.money().fault(REFUND, 1, fault, value).await;
        let output = house.marquee(&["order", "refund", &placed.id, "--json"]).await;
        assert!(output.status.success(), "{fault}: {}", said(&output));
        assert_eq!(statuses(&fan.look(&placed).await), ["void"], "{fault}: void whatever the provider says");
        becomes(&fan, &placed, "refunded").await;
        house.money().heal().await;
    }
    agrees(&house, 5, amount).await;
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

fn asks(staff: &Client, bearer: &str, placed: &Order, body: &Value) -> Call {
    let path = format!("/api/platform/v1/orders/{}/refunds", placed.id);
    staff.post(&path, body).header("authorization", bearer)
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

/// Many at once ask for more than half: one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_refunds_at_once_never_exceed_what_was_captured() {
    let house = plan().servers(2).open().await;
    let fan = house.fan();
    let (staff, bearer) = platform(&house).await;
    let other = house.client_of(1, &staff.host);
    for round in 0..5 {
        let (placed, _) = bought(&fan, &[seat('A', round + 1)]).await;
        let calls = (0..8).map(|at| {
            let client = if at % 2 == 0 { &staff } else { &other };
            asks(client, &bearer, &placed, &json!({ "amount": 2_400 })).fresh().send()
        });
        let answers = futures::future::join_all(calls).await;
        let won = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(won, 1, "{:?}", answers.iter().map(|answer| answer.text()).collect::<Vec<_>>());
        for lost in answers.iter().filter(|answer| answer.status != 201) {
            lost.refused(422, "refund_exceeds_capture");
        }
        becomes(&fan, &placed, "partially_refunded").await;
    }
    agrees(&house, 5, 5 * 2_400).await;
}

/// The same two, with the order's lock and without: without it both are promised, so the test above would notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_orders_lock_both_would_be_promised() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let tenant: TenantId = fan.tenant.id.parse().unwrap();
    let db = house.database.db(4).await;
    let wish = |key: &str| RefundRequest {
        what: RefundWhat::Amount(2_400),
        reason: RefundReason::Requested,
        change: None,
        request_key: key.to_owned(),
        requested_by: "test".to_owned(),
        note: None,
    };
    for (guard, wanted) in [(RefundGuard::On, 2_400), (RefundGuard::Off, 4_800)] {
        let seats = [seat(if wanted == 2_400 { 'A' } else { 'B' }, 1)];
        let (placed, _) = bought(&fan, &seats).await;
        let id: OrderId = placed.id.parse().unwrap();
        let first = db.begin(tenant, TEST).await.unwrap();
        promise_refund(&first, id, &wish("first"), guard).await.unwrap();
        let second = async {
            let tx = db.begin(tenant, TEST).await.unwrap();
            let promised = promise_refund(&tx, id, &wish("second"), guard).await;
            if promised.is_ok() {
                tx.commit().await.unwrap();
            }
            promised
        };
        let commit = async {
            // The second one has judged by now, or waits for the lock.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            first.commit().await.unwrap();
        };
        let (second, ()) = futures::future::join(second, commit).await;
        assert_eq!(
            matches!(second, Err(RefundError::ExceedsCapture { left: 2_300 })),
            guard == RefundGuard::On,
            "{second:?}"
        );
        let sum = format!("select sum(amount)::bigint from refunds where order_id = '{id}'");
        assert_eq!(house.database.number(&sum).await, wanted);
    }
    // The provider stands behind: it would refuse the second one. The audit names the order.
    let (passed, breaches) = house.audit().await;
    let named = breaches.iter().any(|breach| breach["kind"] == "refunded_above_capture");
    assert!(!passed && named, "{breaches:#?}");
}

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
