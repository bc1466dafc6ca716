use serde_json::json;

use crate::support::Sim;

const FORM: [(&str, &str); 3] = [("amount", "500"), ("currency", "eur"), ("payment_method_types[]", "card")];
const CREATE: &str = "POST /v1/payment_intents";

#[tokio::test]
async fn refuse_resets_and_does_nothing() {
    let sim = Sim::start().await;
    sim.fault(CREATE, "refuse", json!(null)).await;
    let error = sim.post("/v1/payment_intents", &FORM).key("k").try_send().await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    assert!(sim.money("payment_intent").await.is_empty());
    let again = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, None));
}

#[tokio::test]
async fn status_does_nothing() {
    let sim = Sim::start().await;
    for (status, kind) in [
        (500, "api_error"),
        (503, "api_error"),
        (429, "invalid_request_error"),
        (409, "idempotency_error"),
        (402, "card_error"),
    ] {
        sim.fault(CREATE, "status", json!(status)).await;
        let answer = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
        assert_eq!((answer.status, &answer.body["error"]["type"]), (status, &json!(kind)));
        assert_eq!(answer.header("retry-after").is_some(), status == 429);
    }
    assert!(sim.money("payment_intent").await.is_empty());
    assert_eq!(sim.post("/v1/payment_intents", &FORM).key("k").send().await.status, 200);
}

#[tokio::test]
async fn status_with_the_parts_of_an_answer() {
    let sim = Sim::start().await;
    let value = json!({ "status": 400, "code": "balance_insufficient", "message": "Nothing there." });
    sim.fault("POST /v1/transfers/*/reversals", "status", value).await;
    let answer = sim.post("/v1/transfers/tr_1/reversals", &[]).key("k").send().await;
    assert_eq!(answer.error(), (400, "balance_insufficient"));
    assert_eq!(answer.body["error"]["message"], "Nothing there.");
    sim.fault(CREATE, "status", json!({ "status": 429, "retry_after": 7 })).await;
    let answer = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!((answer.error(), answer.header("retry-after")), ((429, "rate_limit"), Some("7")));
    sim.fault(CREATE, "status", json!(409)).await;
    let answer = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!(answer.error(), (409, "idempotency_key_in_use"));
    assert!(answer.text.contains("Idempotent Key") && answer.text.contains(": k."), "{}", answer.text);
    let value = json!({ "status": 402, "decline_code": "do_not_honor" });
    sim.fault(CREATE, "status", value).await;
    let answer = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!(answer.body["error"]["decline_code"], "do_not_honor");
    assert_eq!(sim.post("/v1/payment_intents", &FORM).key("k").send().await.status, 200, "none was kept");
}

#[tokio::test]
async fn drop_response_takes_effect_and_is_kept() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    sim.confirm(&id, "pm_card_visa").await.ok();
    sim.fault("POST /v1/payment_intents/*/capture", "drop_response", json!(null)).await;
    let path = format!("/v1/payment_intents/{id}/capture");
    assert!(sim.post(&path, &[]).key("k").try_send().await.is_err());
    assert_eq!(sim.money("payment_intent").await[0]["captured"], true);
    let again = sim.post(&path, &[]).key("k").send().await;
    assert_eq!(
        (again.header("idempotent-replayed"), &again.body["status"]),
        (Some("true"), &json!("succeeded"))
    );
    let log = sim.get("/_sim/requests").await.ok();
    let log: Vec<_> =
        log["data"].as_array().unwrap().iter().filter(|entry| entry["path"] == path).cloned().collect();
    assert_eq!((&log[0]["status"], &log[0]["fault"]), (&json!(null), &json!("drop_response")));
    assert_eq!(
        (&log[1]["status"], &log[1]["replayed"], &log[1]["idempotency_key"]),
        (&json!(200), &json!(true), &json!("k"))
    );
}

#[tokio::test]
async fn delay_answers_after_the_clients_patience() {
    let sim = Sim::start().await;
    sim.fault(CREATE, "delay_ms", json!(60_000)).await;
    let error = sim.post("/v1/payment_intents", &FORM).key("k").timeout(300).try_send().await.unwrap_err();
    assert!(error.is_timeout());
    let again = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(sim.money("payment_intent").await.len(), 1);
}

#[tokio::test]
async fn stored_500_stays_under_its_key() {
    let sim = Sim::start().await;
    sim.fault(CREATE, "stored_500", json!(null)).await;
    let first = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!(first.status, 500);
    let again = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (500, Some("true")));
    assert_eq!(again.text, first.text);
    assert_eq!(sim.money("payment_intent").await.len(), 1, "it had taken effect");
    assert_eq!(sim.post("/v1/payment_intents", &FORM).key("k2").send().await.status, 200);
}

#[tokio::test]
async fn kept_500_stays_under_its_key_without_effect() {
    let sim = Sim::start().await;
    sim.fault(CREATE, "kept_500", json!(null)).await;
    for replayed in [None, Some("true")] {
        let answer = sim.post("/v1/payment_intents", &FORM).key("k").send().await;
        assert_eq!((answer.status, answer.header("idempotent-replayed")), (500, replayed));
    }
    assert_eq!(sim.money("payment_intent").await.len(), 0, "it had no effect");
    assert_eq!(sim.post("/v1/payment_intents", &FORM).key("k2").send().await.status, 200);
}

#[tokio::test]
async fn rules_are_counted_removed_and_checked() {
    let sim = Sim::start().await;
    sim.control(
        "POST",
        "/_sim/faults",
        json!({ "match": "GET /v1/balance", "times": 2, "fault": "status", "value": 500 }),
    )
    .await;
    sim.control("POST", "/_sim/faults", json!({ "match": "GET /v1/*", "fault": "status", "value": 503 }))
        .await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(sim.get("/v1/balance").await.status);
    }
    assert_eq!(statuses, [503, 500, 500, 200]);
    sim.control("POST", "/_sim/faults", json!({ "match": "GET /v1/balance", "times": 9, "fault": "refuse" }))
        .await;
    sim.control("DELETE", "/_sim/faults", json!(null)).await;
    assert_eq!(sim.get("/v1/balance").await.status, 200);
    sim.control("POST", "/_sim/faults", json!({ "match": "GET /_sim/money", "times": 9, "fault": "refuse" }))
        .await;
    assert_eq!(sim.get("/_sim/money").await.status, 200);
    for bad in [
        json!({ "match": "/v1/balance", "fault": "refuse" }),
        json!({ "match": "GET /v1/balance", "fault": "explode" }),
        json!({ "match": "GET /v1/balance", "fault": "status", "value": 200 }),
        json!({ "match": "GET /v1/balance", "fault": "delay_ms" }),
        json!({ "match": "GET /v1/balance", "fault": "refuse", "extra": 1 }),
        json!([]),
    ] {
        let request = sim.client.post(sim.url("/_sim/faults")).body(bad.to_string());
        assert_eq!(request.send().await.unwrap().status(), 400, "{bad}");
    }
}
