use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{ACCOUNT, OTHER, Sim, TempDir, TestClock, config};

const FORM: [(&str, &str); 3] = [("amount", "500"), ("currency", "eur"), ("payment_method_types[]", "card")];

#[tokio::test]
async fn the_same_call_is_answered_the_same() {
    let sim = Sim::start().await;
    let first = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!((first.header("idempotency-key"), first.header("idempotent-replayed")), (Some("k"), None));
    let mut turned = FORM;
    turned.reverse();
    let again = sim.post("/v1/payment_intents", &turned).key("k").send().await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.header("original-request"), first.header("request-id"));
    assert_ne!(again.header("request-id"), first.header("request-id"));
    assert_eq!(sim.money("payment_intent").await.len(), 1);
}

#[tokio::test]
async fn another_call_under_the_key_is_a_mismatch() {
    let sim = Sim::start().await;
    sim.post("/v1/payment_intents", &FORM).key("k").send().await.ok();
    for (path, form) in [
        (
            "/v1/payment_intents",
            vec![("amount", "501"), ("currency", "eur"), ("payment_method_types[]", "card")],
        ),
        ("/v1/customers", vec![]),
    ] {
        let other = sim.post(path, &form).key("k").send().await;
        assert_eq!(
            (other.status, &other.body["error"]["type"]),
            (400, &json!("idempotency_error")),
            "{path}"
        );
    }
    assert_eq!(sim.money("payment_intent").await.len(), 1);
}

#[tokio::test]
async fn keys_belong_to_an_account() {
    let sim = Sim::start().await;
    let mut ids = Vec::new();
    for account in [None, Some(ACCOUNT), Some(OTHER)] {
        let request = sim.post("/v1/payment_intents", &FORM).key("k");
        let request = account.into_iter().fold(request, |request, account| request.account(account));
        ids.push(request.send().await.ok()["id"].clone());
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
}

#[tokio::test]
async fn refused_parameters_are_not_kept() {
    let sim = Sim::start().await;
    let bad = sim.post("/v1/payment_intents", &[("amount", "x"), ("currency", "eur")]).key("k").send().await;
    assert_eq!(bad.status, 400);
    let good = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!((good.status, good.header("idempotent-replayed")), (200, None));
    // Neither are 401 and faults that act instead of the call.
    let url = sim.url("/v1/customers");
    let wrong =
        sim.client.post(&url).bearer_auth("sk_wrong").header("Idempotency-Key", "w").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    sim.fault("POST /v1/customers", "status", json!(429)).await;
    assert_eq!(sim.post("/v1/customers", &[]).key("w").send().await.status, 429);
    assert_eq!(sim.post("/v1/customers", &[]).key("w").send().await.status, 200);
}

#[tokio::test]
async fn refused_cards_and_states_are_kept() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    let (confirm, capture) =
        (format!("/v1/payment_intents/{id}/confirm"), format!("/v1/payment_intents/{id}/capture"));
    let early = sim.post(&capture, &[]).key("c").send().await;
    assert_eq!(early.status, 400);
    let declined = sim.post(&confirm, &[("payment_method", "pm_card_chargeDeclined")]).key("d").send().await;
    assert_eq!(declined.status, 402);
    sim.confirm(&id, "pm_card_visa").await.ok();
    let again = sim.post(&confirm, &[("payment_method", "pm_card_chargeDeclined")]).key("d").send().await;
    assert_eq!(
        (again.status, again.text, again.headers.contains_key("idempotent-replayed")),
        (402, declined.text, true)
    );
    assert_eq!(sim.post(&capture, &[]).key("c").send().await.text, early.text);
    assert_eq!(sim.post(&capture, &[]).key("c2").send().await.ok()["status"], "succeeded");
}

#[tokio::test]
async fn in_flight_is_a_conflict() {
    let sim = Sim::start().await;
    sim.fault("POST /v1/payment_intents", "stall_ms", json!(800)).await;
    let first = sim.post("/v1/payment_intents", &FORM).key("k").send();
    let second = async {
        // The first one has begun once the log of faults is empty again.
        let start = Instant::now();
        while sim.get("/_sim/faults").await.ok()["data"] != json!([]) {
            assert!(start.elapsed() < Duration::from_secs(5));
        }
        sim.post("/v1/payment_intents", &FORM).key("k").send().await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.status, 200);
    assert_eq!(second.error(), (409, "idempotency_key_in_use"));
    assert_eq!(second.header("stripe-should-retry"), Some("true"));
    let third = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!((third.status, third.text), (200, first.text), "the conflict was not kept");
}

#[tokio::test]
async fn fifty_at_once_make_one() {
    let dir = TempDir::new();
    let sim = Sim::with(stripe_sim::Config { data_dir: Some(dir.0.clone()), ..config() }).await;
    let answers =
        futures::future::join_all((0..50).map(|_| sim.post("/v1/payment_intents", &FORM).key("k").send()))
            .await;
    let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(!good.is_empty() && good.iter().all(|answer| answer.text == good[0].text));
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409)));
    assert_eq!(sim.money("payment_intent").await.len(), 1);
    // Without a key each call counts: the test can see the difference.
    futures::future::join_all((0..5).map(|_| sim.post("/v1/payment_intents", &FORM).send())).await;
    assert_eq!(sim.money("payment_intent").await.len(), 6);
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day() {
    let clock = Arc::new(TestClock::default());
    let sim = Sim::with(stripe_sim::Config { clock: clock.clone(), ..config() }).await;
    let first = sim.post("/v1/payment_intents", &FORM).key("k").send().await.ok();
    clock.advance(24 * 3600 - 60);
    assert_eq!(sim.post("/v1/payment_intents", &FORM).key("k").send().await.ok()["id"], first["id"]);
    clock.advance(120);
    assert_ne!(sim.post("/v1/payment_intents", &FORM).key("k").send().await.ok()["id"], first["id"]);
}

#[tokio::test]
async fn keys_have_a_length() {
    let sim = Sim::start().await;
    assert_eq!(sim.post("/v1/payment_intents", &FORM).key(&"k".repeat(256)).send().await.status, 400);
    assert_eq!(sim.post("/v1/payment_intents", &FORM).key(&"k".repeat(255)).send().await.status, 200);
}
