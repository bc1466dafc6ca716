use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use stripe_sim::{Config, Endpoint};

use crate::support::{Sim, TempDir, config, listen};

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

#[tokio::test]
async fn it_moves_forward_and_stays_there() {
    let dir = TempDir::new();
    let setup = || Config { data_dir: Some(dir.0.clone()), ..config() };
    let sim = Sim::with(setup()).await;
    assert_eq!(sim.get("/_sim/clock").await.ok()["offset_s"], 0);
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 3600 })).await;
    let moved = sim.control("POST", "/_sim/clock", json!({ "advance_s": 60 })).await;
    assert_eq!(moved["offset_s"], 3660);
    assert!((moved["now"].as_i64().unwrap() - now() - 3660).abs() <= 2);
    let paid = sim.paid().await;
    assert!(paid["created"].as_i64().unwrap() >= now() + 3650);
    for bad in [json!({ "advance_s": -1 }), json!({ "advance_s": "x" }), json!({}), json!({ "to": 1 })] {
        assert_eq!(sim.refused("POST", "/_sim/clock", bad).await, 400);
    }
    sim.running.stop(true).await;
    let sim = Sim::with(setup()).await;
    assert_eq!(sim.get("/_sim/clock").await.ok()["offset_s"], 3660, "money does not become younger");
    sim.running.stop(true).await;
}

#[tokio::test]
async fn what_is_due_outlives_a_restart() {
    let dir = TempDir::new();
    let setup = || Config { data_dir: Some(dir.0.clone()), ..config() };
    let sim = Sim::with(setup()).await;
    let id = sim.intent("automatic").await;
    sim.confirm(&id, "pm_card_pendingRefund").await.ok();
    let refund = sim.post("/v1/refunds", &[("payment_intent", &id)]).send().await.ok();
    let held = sim.intent("manual").await;
    sim.confirm(&held, "pm_card_visa").await.ok();
    let paid = sim.paid().await;
    let path = format!("/_sim/charges/{}/dispute", paid["id"].as_str().unwrap());
    let dispute = sim.control("POST", &path, json!({})).await;
    sim.running.stop(true).await;

    let sim = Sim::with(setup()).await;
    assert_eq!(sim.money("dispute").await[0]["status"], "needs_response");
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 8 * 86_400 })).await;
    let get = async |kind: &str, id: &str| sim.get(&format!("/v1/{kind}/{id}")).await.ok();
    assert_eq!(get("refunds", refund["id"].as_str().unwrap()).await["status"], "succeeded");
    assert_eq!(get("disputes", dispute["id"].as_str().unwrap()).await["status"], "lost");
    assert_eq!(get("payment_intents", &held).await["status"], "canceled");
    let told = sim.get("/v1/events?limit=100").await.ok();
    let count =
        |kind: &str| told["data"].as_array().unwrap().iter().filter(|event| event["type"] == kind).count();
    sim.running.stop(true).await;
    let sim = Sim::with(setup()).await;
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 8 * 86_400 })).await;
    let again = sim.get("/v1/events?limit=100").await.ok();
    assert_eq!(again["data"], told["data"], "each happened once");
    assert_eq!((count("charge.expired"), count("charge.dispute.closed"), count("refund.updated")), (1, 1, 1));
    sim.running.stop(true).await;
}

#[tokio::test]
async fn events_come_days_late_and_are_signed_now() {
    let (url, inbox) = listen();
    let webhook = Some(Endpoint { url, secret: "whsec_late".into() });
    let sim = Sim::with(Config { webhook, ..config() }).await;
    sim.control("POST", "/_sim/webhooks", json!({ "delay_ms": 2 * 86_400_000 })).await;
    sim.intent("manual").await;
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 86_400 })).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(inbox.all().is_empty());
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 86_400 })).await;
    let all = inbox.until("the late one", |all| all.len() == 1).await;
    let signed: i64 = all[0].signature.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    assert!((signed - now()).abs() <= 5, "a receiver compares with its own clock");
    assert!(all[0].event()["created"].as_i64().unwrap() <= now());
}
