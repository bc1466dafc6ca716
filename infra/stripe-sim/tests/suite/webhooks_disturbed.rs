//! Events that are wrong, late, or signed anew.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stripe_sim::webhooks::sign;
use stripe_sim::{Config, Endpoint};

use crate::support::{ACCOUNT, Delivered, Inbox, OTHER, Sim, config, listen};

async fn start() -> (Sim, Inbox, Inbox) {
    let ((url, inbox), (connect_url, connect)) = (listen(), listen());
    let endpoint = |url: String, secret: &str| Some(Endpoint { url, secret: secret.into() });
    let webhook = endpoint(url, "whsec_platform");
    let connect_webhook = endpoint(connect_url, "whsec_connect");
    (Sim::with(Config { webhook, connect_webhook, ..config() }).await, inbox, connect)
}

fn signed_with(delivered: &Delivered, secret: &str) -> bool {
    let time = delivered.signature.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    let header = sign::header(&[secret], time, &delivered.body);
    let (_, wanted) = header.split_once(',').unwrap();
    delivered.signature.split(',').any(|part| part == wanted)
}

#[tokio::test]
async fn of_the_wrong_account_and_of_another_version() {
    let (sim, _, connect) = start().await;
    let settings = json!({ "account": OTHER, "api_version": "2019-01-01" });
    let set = sim.control("POST", "/_sim/webhooks", settings).await;
    assert_eq!((&set["account"], &set["duplicates"]), (&json!(OTHER), &json!(1)));
    let form = [("amount", "500"), ("currency", "eur"), ("payment_method_types[]", "card")];
    sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let all = connect.until("the disguised one", |all| all.len() == 1).await;
    let event = all[0].event();
    assert_eq!((&event["account"], &event["api_version"]), (&json!(OTHER), &json!("2019-01-01")));
    assert!(signed_with(&all[0], "whsec_connect"), "and well signed");
    let set = sim.control("POST", "/_sim/webhooks", json!({})).await;
    assert_eq!(
        (&set["account"], &set["api_version"]),
        (&Value::Null, &Value::Null),
        "each call replaces all"
    );
    sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let all = connect.until("the next one", |all| all.len() == 2).await;
    assert_eq!(all[1].event()["account"], ACCOUNT);
}

#[tokio::test]
async fn lost_for_good() {
    let (sim, inbox, _) = start().await;
    sim.control("POST", "/_sim/webhooks", json!({ "duplicates": 0 })).await;
    sim.intent("manual").await;
    while sim.get("/_sim/webhooks").await.ok()["waiting"] != 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    sim.control("POST", "/_sim/webhooks", json!({})).await;
    sim.intent("manual").await;
    let all = inbox.until("the second", |all| !all.is_empty()).await;
    assert_eq!(all.len(), 1);
}

#[tokio::test]
async fn any_event_at_all() {
    let (sim, inbox, connect) = start().await;
    let made = sim
        .control(
            "POST",
            "/_sim/events",
            json!({
                "type": "unheard.of", "account": "acct_unknown", "object": { "id": "x_1", "object": "x" },
                "api_version": "2031-01-01", "livemode": true, "id": "evt_mine", "created": 7,
            }),
        )
        .await;
    assert_eq!((&made["id"], &made["created"]), (&json!("evt_mine"), &json!(7)));
    let all = connect.until("the invented one", |all| all.len() == 1).await;
    let event = all[0].event();
    assert_eq!((&event["type"], &event["account"]), (&json!("unheard.of"), &json!("acct_unknown")));
    assert_eq!((&event["livemode"], &event["api_version"]), (&json!(true), &json!("2031-01-01")));
    assert_eq!(event["data"]["object"]["id"], "x_1");
    assert!(signed_with(&all[0], "whsec_connect") && inbox.all().is_empty());
    let body = json!({ "type": "charge.refunded", "account": ACCOUNT, "object": {}, "endpoint": "platform" });
    let made = sim.control("POST", "/_sim/events", body).await;
    let all = inbox.until("at the wrong door", |all| all.len() == 1).await;
    assert_eq!(all[0].event()["account"], ACCOUNT);
    let again = format!("/_sim/events/{}/deliver", made["id"].as_str().unwrap());
    assert_eq!(sim.control("POST", &again, json!({})).await["data"][0]["endpoint"], "we_1Platform");
    for bad in [json!({}), json!({ "type": "x" }), json!({ "type": "x", "object": {}, "colour": 1 })] {
        assert_eq!(sim.refused("POST", "/_sim/events", bad).await, 400);
    }
}

#[tokio::test]
async fn in_the_order_that_a_test_wants() {
    let (sim, inbox, _) = start().await;
    sim.control("POST", "/_sim/webhooks", json!({ "paused": true })).await;
    let id = sim.intent("manual").await;
    sim.confirm(&id, "pm_card_visa").await.ok();
    sim.verb(&id, "capture", &[]).await.ok();
    let events = sim.get("/v1/events").await.ok();
    let ids: Vec<&str> =
        events["data"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    for id in &ids {
        let path = format!("/_sim/events/{id}/deliver");
        let answers = sim.control("POST", &path, json!({ "times": 2 })).await;
        let told = json!({ "endpoint": "we_1Platform", "status": 200 });
        assert_eq!(answers["data"], json!([told, told]));
    }
    let got: Vec<String> = inbox.all().iter().map(Delivered::id).collect();
    let wanted: Vec<&str> = ids.iter().flat_map(|id| [*id, *id]).collect();
    assert_eq!(got, wanted, "newest first, each twice");
    assert_eq!(sim.get("/_sim/webhooks").await.ok()["waiting"], 0);
    inbox.status.store(500, Ordering::SeqCst);
    sim.intent("manual").await;
    let newest = sim.get("/v1/events").await.ok()["data"][0]["id"].as_str().unwrap().to_owned();
    let answers = sim.control("POST", &format!("/_sim/events/{newest}/deliver"), json!({})).await;
    assert_eq!(answers["data"][0]["status"], 500);
    assert_eq!(sim.get("/_sim/webhooks").await.ok()["waiting"], 1, "it still waits");
    assert_eq!(sim.refused("POST", "/_sim/events/evt_none/deliver", json!({})).await, 404);
}

#[tokio::test]
async fn a_secret_is_rotated() {
    let (sim, inbox, connect) = start().await;
    let body = json!({ "secret": "whsec_new", "overlap_s": 3600 });
    let rotated = sim.control("POST", "/_sim/webhook_endpoints/platform/rotate", body).await;
    assert_eq!((&rotated["id"], &rotated["secret"]), (&json!("we_1Platform"), &json!("whsec_new")));
    assert!(rotated["previous_until"].is_i64());
    sim.intent("manual").await;
    let all = inbox.until("signed twice", |all| all.len() == 1).await;
    assert!(signed_with(&all[0], "whsec_platform") && signed_with(&all[0], "whsec_new"));
    assert_eq!(all[0].signature.matches("v1=").count(), 2);
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 3601 })).await;
    sim.intent("manual").await;
    let all = inbox.until("signed once", |all| all.len() == 2).await;
    assert!(!signed_with(&all[1], "whsec_platform") && signed_with(&all[1], "whsec_new"));
    // At once, and with a secret of the simulator's own.
    let body = json!({ "overlap_s": 0 });
    let rotated = sim.control("POST", "/_sim/webhook_endpoints/connect/rotate", body).await;
    let form = [("amount", "500"), ("currency", "eur"), ("payment_method_types[]", "card")];
    sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let all = connect.until("only the new one", |all| all.len() == 1).await;
    assert!(
        signed_with(&all[0], rotated["secret"].as_str().unwrap()) && !signed_with(&all[0], "whsec_connect")
    );
    assert_eq!(sim.refused("POST", "/_sim/webhook_endpoints/we_none/rotate", json!({})).await, 404);
}
