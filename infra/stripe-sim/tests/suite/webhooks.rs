use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;
use stripe_sim::webhooks::sign;
use stripe_sim::{Config, Endpoint};

use crate::support::{ACCOUNT, Delivered, Inbox, Sim, TempDir, config, listen};

const SECRET: &str = "whsec_platform";
const CONNECT: &str = "whsec_connect";

fn endpoint(url: &str, secret: &str) -> Option<Endpoint> {
    Some(Endpoint { url: url.into(), secret: secret.into() })
}

async fn start() -> (Sim, Inbox) {
    let (url, inbox) = listen();
    (Sim::with(Config { webhook: endpoint(&url, SECRET), ..config() }).await, inbox)
}

fn signed(delivered: &Delivered, secret: &str) -> bool {
    let time = delivered.signature.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    sign::header(&[secret], time, &delivered.body) == delivered.signature
}

fn kinds(all: &[Delivered]) -> Vec<String> {
    all.iter().map(Delivered::kind).collect()
}

#[tokio::test]
async fn events_are_signed_and_go_to_their_endpoint() {
    let ((url, inbox), (connect_url, connect)) = (listen(), listen());
    let webhooks = Config {
        webhook: endpoint(&url, SECRET),
        connect_webhook: endpoint(&connect_url, CONNECT),
        ..config()
    };
    let sim = Sim::with(webhooks).await;
    let form = [
        ("amount", "500"),
        ("currency", "eur"),
        ("payment_method_types[]", "card"),
        ("application_fee_amount", "50"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    sim.post("/v1/payment_intents", &form).account(ACCOUNT).key("key-1").send().await.ok();
    let theirs = connect.until("three events", |all| all.len() == 3).await;
    let set: HashSet<String> = kinds(&theirs).into_iter().collect();
    assert_eq!(
        set,
        ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"].map(String::from).into()
    );
    for delivered in &theirs {
        assert!(signed(delivered, CONNECT));
        let event = delivered.event();
        assert_eq!((&event["account"], &event["livemode"]), (&json!(ACCOUNT), &json!(false)));
        assert_eq!(event["request"]["idempotency_key"], "key-1");
        assert!(event["data"]["object"]["id"].is_string());
    }
    let ours = inbox.until("the fee", |all| all.len() == 1).await;
    assert_eq!(kinds(&ours), ["application_fee.created"]);
    assert!(signed(&ours[0], SECRET) && ours[0].event().get("account").is_none());
}

#[tokio::test]
async fn duplicates_and_a_bad_signature() {
    let (sim, inbox) = start().await;
    sim.control("POST", "/_sim/webhooks", json!({ "duplicates": 3 })).await;
    sim.intent("manual").await;
    let all = inbox.until("three copies", |all| all.len() == 3).await;
    assert_eq!(all.iter().map(Delivered::id).collect::<HashSet<_>>().len(), 1);
    let settings = sim.control("POST", "/_sim/webhooks", json!({ "bad_signature": true })).await;
    assert_eq!(
        (&settings["duplicates"], &settings["bad_signature"]),
        (&json!(1), &json!(true)),
        "each call replaces all"
    );
    sim.intent("manual").await;
    let all = inbox.until("the bad one", |all| all.len() == 4).await;
    assert!(!signed(&all[3], SECRET) && signed(&all[2], SECRET));
}

#[tokio::test]
async fn what_is_held_goes_out_on_unpausing() {
    let (sim, inbox) = start().await;
    sim.control("POST", "/_sim/webhooks", json!({ "paused": true })).await;
    for _ in 0..12 {
        sim.intent("manual").await;
    }
    assert_eq!(sim.get("/_sim/webhooks").await.ok()["waiting"], 12);
    assert!(inbox.all().is_empty());
    let sent = sim.get("/v1/events?limit=100").await.ok();
    let order: Vec<String> =
        sent["data"].as_array().unwrap().iter().rev().map(|e| e["id"].as_str().unwrap().to_owned()).collect();
    sim.control("POST", "/_sim/webhooks", json!({ "shuffle": true })).await;
    let all = inbox.until("all of them", |all| all.len() == 12).await;
    let got: Vec<String> = all.iter().map(Delivered::id).collect();
    assert_ne!(got, order, "shuffled");
    assert_eq!(got.into_iter().collect::<HashSet<_>>(), order.into_iter().collect());
}

#[tokio::test]
async fn delayed() {
    let (sim, inbox) = start().await;
    sim.control("POST", "/_sim/webhooks", json!({ "delay_ms": 700 })).await;
    let start = Instant::now();
    sim.intent("manual").await;
    inbox.until("one", |all| all.len() == 1).await;
    assert!(start.elapsed() >= Duration::from_millis(690), "{:?}", start.elapsed());
}

#[tokio::test]
async fn retried_until_it_is_taken() {
    let (sim, inbox) = start().await;
    inbox.status.store(500, Ordering::SeqCst);
    sim.intent("manual").await;
    let all = inbox.until("a second try", |all| all.len() >= 2).await;
    assert_eq!(all[0].id(), all[1].id());
    let pending = sim.get(&format!("/v1/events/{}", all[0].id())).await.ok();
    assert_eq!(pending["pending_webhooks"], 1);
    inbox.status.store(204, Ordering::SeqCst);
    let start = Instant::now();
    while sim.get("/_sim/webhooks").await.ok()["waiting"] != 0 {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(sim.get(&format!("/v1/events/{}", all[0].id())).await.ok()["pending_webhooks"], 0);
}

#[tokio::test]
async fn a_restart_loses_no_event() {
    let dir = TempDir::new();
    let (url, inbox) = listen();
    let setup = || Config { webhook: endpoint(&url, SECRET), data_dir: Some(dir.0.clone()), ..config() };
    let sim = Sim::with(setup()).await;
    sim.control("POST", "/_sim/webhooks", json!({ "paused": true })).await;
    sim.intent("manual").await;
    sim.running.stop(true).await;
    assert!(inbox.all().is_empty());
    let sim = Sim::with(setup()).await;
    inbox.until("the held event", |all| all.len() == 1).await;
    sim.running.stop(true).await;
}

#[tokio::test]
async fn endpoints_of_ones_own() {
    let (url, inbox) = listen();
    let sim = Sim::start().await;
    let form = [("url", url.as_str()), ("enabled_events[]", "refund.created")];
    let made = sim.post("/v1/webhook_endpoints", &form).send().await.ok();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let paid = sim.paid().await;
    sim.post("/v1/refunds", &[("payment_intent", paid["id"].as_str().unwrap())]).send().await.ok();
    let all = inbox.until("the refund", |all| !all.is_empty()).await;
    assert_eq!(kinds(&all), ["refund.created"]);
    assert!(signed(&all[0], &secret));
    let list = sim.get("/v1/webhook_endpoints").await.ok();
    assert_eq!((list["data"].as_array().unwrap().len(), list["data"][0].get("secret")), (1, None));
    assert_eq!(
        sim.post("/v1/webhook_endpoints", &[("url", "x"), ("enabled_events[]", "*")]).send().await.status,
        400
    );
}
