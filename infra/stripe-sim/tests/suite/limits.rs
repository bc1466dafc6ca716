use std::time::Instant;

use serde_json::json;
use stripe_sim::Config;

use crate::support::{Sim, config};

const FORM: [(&str, &str); 3] = [("amount", "500"), ("currency", "eur"), ("payment_method_types[]", "card")];

#[tokio::test]
async fn beyond_the_limit_429_and_nothing_happens() {
    let sim = Sim::start().await;
    assert_eq!(
        sim.get("/_sim/limits").await.ok(),
        json!({ "per_second": null, "refused": 0 }),
        "off by default"
    );
    sim.control("POST", "/_sim/limits", json!({ "per_second": 5 })).await;
    let keys: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
    let calls = keys.iter().map(|key| sim.post("/v1/payment_intents", &FORM).key(key).send());
    let start = Instant::now();
    let answers = futures::future::join_all(calls).await;
    let most = 6 + usize::try_from(start.elapsed().as_millis() * 5 / 1000).unwrap();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(
        refused.len() + most >= 40 && refused.len() <= 35,
        "{} of 40, at most {most} taken",
        refused.len()
    );
    for answer in &refused {
        assert_eq!(answer.error(), (429, "rate_limit"));
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(answer.header("stripe-should-retry"), Some("true"));
        assert!(answer.header("idempotent-replayed").is_none());
    }
    assert_eq!(sim.money("payment_intent").await.len(), 40 - refused.len());
    assert_eq!(sim.get("/_sim/limits").await.ok()["refused"], refused.len());
    // Controls are free, strangers do not count, and a refusal is not kept under its key.
    assert_eq!(
        sim.client.get(sim.url("/v1/balance")).bearer_auth("sk_wrong").send().await.unwrap().status(),
        401
    );
    sim.control("POST", "/_sim/limits", json!({ "per_second": null })).await;
    for key in &keys {
        sim.post("/v1/payment_intents", &FORM).key(key).send().await.ok();
    }
    assert_eq!(sim.money("payment_intent").await.len(), 40);
    assert_eq!(sim.refused("POST", "/_sim/limits", json!({ "per_second": -1 })).await, 400);
}

#[tokio::test]
async fn from_the_start() {
    let sim = Sim::with(Config { limit_per_second: Some(0), ..config() }).await;
    assert_eq!(sim.get("/v1/balance").await.status, 429);
}
