//! What happens when something breaks at the worst moment: no seat twice, no charge twice, and an end within 30 seconds.

use std::time::Duration;

use marquee_e2e::client::fresh_key;
use marquee_e2e::fixtures::seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, codes};
use marquee_e2e::wait::until;
use serde_json::{Value, json};

const CONFIRM: &str = "POST /v1/payment_intents/*/confirm";
const CAPTURE: &str = "POST /v1/payment_intents/*/capture";
const CREATE: &str = "POST /v1/payment_intents";

async fn ordered(fan: &Fan) -> Order {
    fan.order(&fan.hold_seats(&[seat('A', 1)]).await).await
}

/// Waits for the order to come to rest; answers it.
async fn settled(fan: &Fan, order: &Order, seconds: u64) -> Value {
    until("the order to be paid or released", seconds, async || {
        let body = fan.looks(order).try_send().await.ok().filter(|answer| answer.status == 200)?.json();
        let status = body["status"].as_str()?.to_owned();
        ["paid", "expired", "cancelled", "pending"].contains(&status.as_str()).then_some(body)
    })
    .await
}

/// The simulator has taken effect and stalls; the server is killed; it comes back.
async fn killed_while_it_stalls(call: &str, done: &str) {
    let mut house = House::open().await;
    let fan = house.fan();
    let order = ordered(&fan).await;
    let token = house.money().token("pm_card_visa", fan.tenant.account).await;
    house.money().fault(call, 1, "delay_ms", json!(8_000)).await;
    let key = fresh_key();
    let paying = tokio::spawn(fan.pays(&order, Some(&token)).key(&key).try_send());
    until("the provider to have done it", 10, async || {
        let intents = house.money().intents(&order.id).await;
        intents.iter().any(|one| one["status"] == done).then_some(())
    })
    .await;
    // Both die: the server that pays and the worker that might go on.
    house.servers[0].kill().await;
    if let Some(worker) = &mut house.worker {
        worker.kill().await;
    }
    assert!(paying.await.unwrap().is_err(), "the buyer never hears of it");
    house.worker.as_mut().unwrap().start_again().await;
    house.restart(0).await;
    let body = settled(&fan, &order, 30).await;
    let (captures, amount) = house.money().captured(&order.id).await;
    assert!(captures <= 1, "{captures} captures");
    if body["status"] == "paid" {
        assert_eq!((captures, amount), (1, order.body["total"].as_i64().unwrap()));
        assert_eq!(codes(&body).len(), 1);
    } else {
        assert_eq!(captures, 0, "released, so nothing was taken: {body}");
    }
    // Asking again with the same key tells the same story and charges nothing more.
    let again = fan.pays(&order, Some(&token)).key(&key).send().await;
    assert!(again.status < 500, "{}", again.text());
    assert!(house.money().captured(&order.id).await.0 <= 1);
    house.audited().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_confirm_stalls() {
    killed_while_it_stalls(CONFIRM, "requires_capture").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_capture_stalls() {
    killed_while_it_stalls(CAPTURE, "succeeded").await;
}

/// An answer that is lost on the way is asked for again under the same key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_the_provider_charges_once() {
    let house = House::open().await;
    for (row, call, fault) in [
        ('A', CREATE, "drop_response"),
        ('B', CONFIRM, "drop_response"),
        ('C', CAPTURE, "drop_response"),
        ('D', CONFIRM, "stored_500"),
    ] {
        let fan = house.fan();
        let order = fan.order(&fan.hold_seats(&[seat(row, 1)]).await).await;
        house.money().fault(call, 1, fault, Value::Null).await;
        let answer = fan.pay(&order, "pm_card_visa").await;
        house.money().heal().await;
        assert!([200, 402, 503].contains(&answer.status), "{call} {fault}: {}", answer.text());
        let body = settled(&fan, &order, 30).await;
        let (captures, _) = house.money().captured(&order.id).await;
        assert_eq!(captures, usize::from(body["status"] == "paid"), "{call} {fault}: {body}");
        assert_eq!(house.money().intents(&order.id).await.len(), 1, "{call} {fault}");
        if fault == "drop_response" {
            assert_eq!(body["status"], "paid", "{call} {fault}");
        }
    }
    house.audited().await;
}

/// What the provider keeps as its answer to one try is not its answer to the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_is_kept_is_one_trys_alone() {
    let house = House::open().await;
    for (row, call, fault) in [
        ('A', CREATE, "stored_500"),
        ('B', CREATE, "kept_500"),
        ('C', CONFIRM, "kept_500"),
        ('D', CAPTURE, "stored_500"),
        ('E', CAPTURE, "kept_500"),
    ] {
        let fan = house.fan();
        let order = fan.order(&fan.hold_seats(&[seat(row, 1)]).await).await;
        house.money().fault(call, 1, fault, Value::Null).await;
        let first = fan.pay(&order, "pm_card_visa").await;
        if call == CAPTURE {
            assert_eq!(settled(&fan, &order, 30).await["status"], "paid", "{call} {fault}: {}", first.text());
        } else {
            first.refused(503, "unavailable");
            assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid", "{call} {fault}");
        }
        assert_eq!(house.money().captured(&order.id).await.0, 1, "{call} {fault}");
    }
    house.audited().await;
}

/// Reserved money that the provider will not take is given up, and with it the seats: nobody is charged, nobody has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_refused_for_good_frees_the_seats() {
    let house = House::open().await;
    let (fan, money) = (house.fan(), house.money());
    let order = ordered(&fan).await;
    money.fault(CAPTURE, 1_000, "status", json!({ "status": 400, "code": "charge_invalid" })).await;
    assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "processing");
    until("a second refusal", 30, async || {
        let asked = |one: &&Value| one["path"].as_str().unwrap().ends_with("/capture");
        (money.requests().await.iter().filter(asked).count() > 1).then_some(())
    })
    .await;
    assert_eq!(fan.look(&order).await["status"], "processing", "a wrong key may be mended meanwhile");
    house.database.shift_clock("3 minutes").await;
    until("the order to be given up", 60, async || {
        (fan.look(&order).await["status"] == "cancelled").then_some(())
    })
    .await;
    assert_eq!(money.captured(&order.id).await.0, 0);
    assert_eq!(money.intents(&order.id).await[0]["status"], "canceled");
    assert_eq!(house.database.number("select count(*) from units where state = 'sold'").await, 0);
    money.heal().await;
    house.audited().await;
}

#[tokio::test]
async fn a_provider_out_of_reach_takes_nothing_and_keeps_the_seats() {
    let mut house = House::open().await;
    let fan = house.fan();
    let order = ordered(&fan).await;
    let token = house.money().token("pm_card_visa", fan.tenant.account).await;
    house.simulator.kill().await;
    let answer = fan.pays(&order, Some(&token)).key(&fresh_key()).send().await;
    answer.refused(503, "unavailable");
    assert_eq!(fan.look(&order).await["status"], "pending");
    assert_eq!(fan.client.get("/api/v1/events").send().await.status, 200, "browsing goes on");
    house.simulator.start_again().await;
    assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid");
    assert_eq!(house.money().captured(&order.id).await.0, 1);
    house.audited().await;
}

/// While nobody knows what becomes of a try, the decline of the one before is not its answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_in_doubt_is_not_answered_with_the_one_before() {
    let house = House::open().await;
    let (fan, money) = (house.fan(), house.money());
    let order = ordered(&fan).await;
    fan.pay(&order, "pm_card_visa_chargeDeclined").await.refused(402, "payment_declined");
    money.fault(CONFIRM, 1_000, "status", json!(409)).await;
    let token = money.token("pm_card_visa", fan.tenant.account).await;
    let key = fresh_key();
    let answer = fan.pays(&order, Some(&token)).key(&key).send().await;
    assert_eq!(answer.expect(200)["status"], "processing");
    // The worker asks as well, more than once, and hears nothing new.
    until("the worker to have asked", 30, async || {
        let asked =
            |one: &&Value| one["method"] == "POST" && one["path"].as_str().unwrap().ends_with("/confirm");
        (money.requests().await.iter().filter(asked).count() > 12).then_some(())
    })
    .await;
    assert_eq!(fan.look(&order).await["status"], "processing");
    money.heal().await;
    assert_eq!(settled(&fan, &order, 30).await["status"], "paid");
    assert_eq!(fan.pays(&order, Some(&token)).key(&key).send().await.expect(200)["status"], "paid");
    assert_eq!(money.captured(&order.id).await.0, 1);
    house.audited().await;
}

/// The server hears nothing but events: they alone bring the order home, also twice and shuffled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_alone_settle_a_payment() {
    let house = plan().without_worker().open().await;
    let fan = house.fan();
    let order = ordered(&fan).await;
    let money = house.money();
    money.webhooks(json!({ "duplicates": 3, "shuffle": true })).await;
    assert_eq!(
        fan.pay(&order, "pm_card_authenticationRequired").await.expect(200)["status"],
        "requires_action"
    );
    let intent = money.intents(&order.id).await[0]["id"].as_str().unwrap().to_owned();
    money.authenticate(&intent, "succeed").await;
    until("the order to be paid by events", 20, async || {
        (fan.look(&order).await["status"] == "paid").then_some(())
    })
    .await;
    until("every event to be delivered", 20, async || (money.waiting().await == 0).then_some(())).await;
    assert_eq!(money.captured(&order.id).await.0, 1);
    assert_eq!(house.database.number("select count(*) from tickets").await, 1);
    let twice = "select count(*) from (select 1 from provider_events group by account, event_id having count(*) > 1) x";
    assert_eq!(house.database.number(twice).await, 0);
    house.audited().await;
}

#[tokio::test]
async fn an_event_with_a_bad_signature_has_no_effect() {
    let house = plan().without_worker().open().await;
    let platform = house.client(&house.variable("MARQUEE_PLATFORM_HOST"));
    let event = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "livemode": false,
                        "account": house.fixtures.a.account, "created": 1, "data": { "object": { "id": "pi_1", "object": "payment_intent" } } });
    let before = house.database.state().await;
    for path in ["/webhooks/stripe", "/webhooks/stripe/connect"] {
        platform.post(path, &event).send().await.refused(400, "invalid_signature");
        let forged = platform.post(path, &event).header("stripe-signature", "t=1,v1=00");
        forged.send().await.refused(400, "invalid_signature");
        let now = chrono::Utc::now().timestamp();
        let forged =
            platform.post(path, &event).header("stripe-signature", &format!("t={now},v1={}", "0".repeat(64)));
        forged.send().await.refused(400, "invalid_signature");
        let large = platform.post_raw(path, vec![b' '; 1_200_000], "application/json");
        assert_eq!(large.send().await.status, 413);
        // Under a tenant's host there is no such address.
        assert_eq!(house.client(house.fixtures.a.host).post(path, &event).send().await.status, 404);
    }
    assert_eq!(house.database.state().await, before);
}

#[tokio::test]
async fn without_redis_tickets_are_sold() {
    let house = plan().without_redis().open().await;
    let fan = house.fan();
    let order = ordered(&fan).await;
    fan.pay(&order, "pm_card_visa_chargeDeclined").await.refused(402, "payment_declined");
    assert_eq!(fan.pay(&order, "pm_card_visa").await.expect(200)["status"], "paid");
    assert_eq!(fan.client.get("/readyz").send().await.status, 200);
    house.audited().await;
}

/// The worker takes over what a killed server left in the middle, without the server coming back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_alone_brings_a_payment_home() {
    let mut house = plan().servers(2).open().await;
    let fan = house.fan();
    let order = ordered(&fan).await;
    house.money().webhooks(json!({ "paused": true })).await;
    house.money().fault(CONFIRM, 1, "delay_ms", json!(8_000)).await;
    let token = house.money().token("pm_card_visa", fan.tenant.account).await;
    let paying = tokio::spawn(fan.pays(&order, Some(&token)).key(&fresh_key()).try_send());
    until("the provider to have done it", 10, async || {
        let intents = house.money().intents(&order.id).await;
        intents.iter().any(|one| one["status"] == "requires_capture").then_some(())
    })
    .await;
    house.servers[0].kill().await;
    assert!(paying.await.unwrap().is_err());
    let other = Fan { client: house.client_of(1, fan.tenant.host), ..fan };
    let body = settled(&other, &order, 30).await;
    assert_eq!(body["status"], "paid", "the buyer's card was good and the seats were theirs");
    assert_eq!(house.money().captured(&order.id).await.0, 1);
    house.audited().await;
}

/// SIGTERM in the middle of a sale: the sale ends well, and readiness fails first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_told_to_stop_ends_its_sales() {
    let mut house = House::open().await;
    let fan = house.fan();
    let order = ordered(&fan).await;
    house.money().fault(CONFIRM, 1, "delay_ms", json!(2_000)).await;
    let paying = {
        let (fan, order) = (fan.clone(), order.clone());
        tokio::spawn(async move { fan.pay(&order, "pm_card_visa").await })
    };
    until("the payment to be under way", 10, async || {
        let confirming = "select count(*) from payments where state = 'confirming'";
        (house.database.number(confirming).await == 1).then_some(())
    })
    .await;
    assert!(house.servers[0].stop().await, "it ends with exit code 0");
    assert_eq!(paying.await.unwrap().expect(200)["status"], "paid");
    assert!(
        tokio::time::timeout(Duration::from_secs(5), fan.client.get("/healthz").try_send())
            .await
            .unwrap()
            .is_err()
    );
    house.audited().await;
}

/// Postgres gone for a moment is not tried here, where it is everybody's; a database that refuses this house is.
#[tokio::test]
async fn without_its_database_a_server_says_when_to_come_back() {
    let house = House::open().await;
    let fan = house.fan();
    assert_eq!(fan.client.get("/api/v1/events").send().await.status, 200);
    let name = &house.database.name;
    house
        .database
        .run(&format!("revoke connect on database {name} from marquee_app, marquee_platform"))
        .await;
    house.database.cut_off().await;
    let hold = fan.asks(&fan.tenant.seated, &marquee_e2e::site::seats(&[seat('A', 1)])).fresh().send().await;
    assert_eq!(hold.status, 503, "{}", hold.text());
    assert!(hold.header("retry-after").is_some());
    assert_eq!(fan.client.get("/api/v1/events").send().await.status, 200, "what was known stays up");
    assert_eq!(fan.client.get("/readyz").send().await.status, 503);
    assert_eq!(fan.client.get("/healthz").send().await.status, 200);
    house.database.run(&format!("grant connect on database {name} to marquee_app, marquee_platform")).await;
    until("the server to come back by itself", 10, async || {
        let answer =
            fan.asks(&fan.tenant.seated, &marquee_e2e::site::seats(&[seat('A', 1)])).fresh().send().await;
        (answer.status == 201).then_some(())
    })
    .await;
    house.audited().await;
}
