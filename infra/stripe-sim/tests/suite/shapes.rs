//! Our objects have every field that Stripe's published examples have.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{ACCOUNT, OTHER, Sim};

fn examples() -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/stripe-fixtures3.json");
    let text = std::fs::read_to_string(&path).ok()?;
    Some(serde_json::from_str::<Value>(&text).unwrap()["resources"].clone())
}

/// Paths that the example has and ours has not. Lists, metadata and members that ours leaves `null` are not entered; of a
/// member whose content depends on its `type`, only the same type is compared.
fn missing(example: &Value, ours: &Value, path: &str, found: &mut Vec<String>) {
    let (Value::Object(example), Value::Object(ours)) = (example, ours) else { return };
    if path.ends_with(".metadata")
        || (example.contains_key("type") && example.get("type") != ours.get("type"))
    {
        return;
    }
    for (name, value) in example {
        let path = format!("{path}.{name}");
        match ours.get(name) {
            None => found.push(path),
            Some(ours) => missing(value, ours, &path, found),
        }
    }
}

#[tokio::test]
async fn no_field_is_missing() {
    let Some(examples) = examples() else {
        eprintln!("skipped: the published example objects are not on this machine");
        return;
    };
    let sim = Sim::start().await;
    let token = sim.token("pm_card_visa").await;
    let form = [
        ("amount", "500"),
        ("currency", "eur"),
        ("payment_method_types[]", "card"),
        ("application_fee_amount", "50"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    let paid = sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let get = async |path: String| sim.request("GET", &path).account(ACCOUNT).send().await.ok();
    let charge = get(format!("/v1/charges/{}", paid["latest_charge"].as_str().unwrap())).await;
    let refund = sim
        .post("/v1/refunds", &[("payment_intent", paid["id"].as_str().unwrap())])
        .account(ACCOUNT)
        .send()
        .await
        .ok();
    let movement =
        get(format!("/v1/balance_transactions/{}", charge["balance_transaction"].as_str().unwrap())).await;
    let method = get(format!("/v1/payment_methods/{}", paid["payment_method"].as_str().unwrap())).await;
    let disputed = sim.paid().await;
    let path = format!("/_sim/charges/{}/dispute", disputed["id"].as_str().unwrap());
    let dispute = sim.control("POST", &path, serde_json::json!({})).await;
    let source = sim.paid().await;
    let form = [
        ("amount", "500"),
        ("currency", "eur"),
        ("destination", OTHER),
        ("source_transaction", source["latest_charge"].as_str().unwrap()),
    ];
    let transfer = sim.post("/v1/transfers", &form).send().await.ok();
    let path = format!("/v1/transfers/{}/reversals", transfer["id"].as_str().unwrap());
    let reversal = sim.post(&path, &[]).send().await.ok();
    let endpoint = [("url", "http://127.0.0.1:9/"), ("enabled_events[]", "*")];
    let ours = [
        ("charge", charge.clone()),
        ("refund", refund),
        ("balance_transaction", movement),
        ("dispute", dispute),
        ("transfer", transfer),
        ("transfer_reversal", reversal),
        ("payment_method", method),
        ("payment_intent", paid),
        ("confirmation_token", sim.get(&format!("/v1/confirmation_tokens/{token}")).await.ok()),
        (
            "application_fee",
            sim.get(&format!("/v1/application_fees/{}", charge["application_fee"].as_str().unwrap()))
                .await
                .ok(),
        ),
        ("account", sim.get(&format!("/v1/accounts/{ACCOUNT}")).await.ok()),
        ("balance", sim.get("/v1/balance").await.ok()),
        ("customer", sim.post("/v1/customers", &[]).send().await.ok()),
        ("event", sim.get("/v1/events").await.ok()["data"][0].clone()),
        ("webhook_endpoint", sim.post("/v1/webhook_endpoints", &endpoint).send().await.ok()),
    ];
    let mut found = Vec::new();
    for (name, object) in &ours {
        assert_eq!(object["object"], *name);
        missing(&examples[*name], object, name, &mut found);
    }
    found.retain(|path| !path.starts_with("event.data.object."));
    assert!(found.is_empty(), "missing: {found:#?}");
}
