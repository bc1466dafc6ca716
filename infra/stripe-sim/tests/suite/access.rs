use serde_json::json;

use crate::support::{ACCOUNT, OTHER, Sim};

#[tokio::test]
async fn keys() {
    let sim = Sim::start().await;
    let url = sim.url("/v1/balance");
    assert_eq!(sim.client.get(&url).send().await.unwrap().status(), 401);
    assert_eq!(sim.client.get(&url).bearer_auth("sk_test_wrong").send().await.unwrap().status(), 401);
    assert_eq!(sim.client.get(&url).bearer_auth("pk_test_simulator").send().await.unwrap().status(), 403);
    assert_eq!(
        sim.client.get(&url).basic_auth("sk_test_simulator", Some("")).send().await.unwrap().status(),
        200
    );
    let answer = sim.get("/v1/balance").await;
    assert!(answer.header("request-id").unwrap().starts_with("req_"));
    assert_eq!(answer.header("stripe-version"), Some(stripe_sim::API_VERSION));
    let echoed =
        sim.client.get(&url).bearer_auth("sk_test_simulator").header("stripe-version", "2025-01-27.acacia");
    assert_eq!(echoed.send().await.unwrap().headers()["stripe-version"], "2025-01-27.acacia");
    let json = sim.client.post(sim.url("/v1/customers")).bearer_auth("sk_test_simulator");
    assert_eq!(
        json.header("content-type", "application/json").body("{}").send().await.unwrap().status(),
        400
    );
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let sim = Sim::start().await;
    let form = [("amount", "500"), ("currency", "eur"), ("payment_method_types[]", "card")];
    let made = sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let path = format!("/v1/payment_intents/{}", made["id"].as_str().unwrap());
    assert_eq!(sim.request("GET", &path).account(ACCOUNT).send().await.status, 200);
    assert_eq!(sim.request("GET", &path).account(OTHER).send().await.error(), (404, "resource_missing"));
    assert_eq!(sim.get(&path).await.error(), (404, "resource_missing"));
    assert_eq!(sim.request("GET", &path).account("acct_none").send().await.error(), (403, "account_invalid"));
    let list = sim.request("GET", "/v1/payment_intents").account(OTHER).send().await.ok();
    assert_eq!(list["data"], json!([]));
    // A token of one account cannot be used by another.
    let token = sim.token("pm_card_visa").await;
    let confirm =
        sim.post(&format!("{path}/confirm"), &[("confirmation_token", &token)]).account(ACCOUNT).send().await;
    assert_eq!(confirm.error(), (404, "resource_missing"));
}

#[tokio::test]
async fn accounts_are_made_and_switched_off() {
    let sim = Sim::start().await;
    let form = [
        ("type", "express"),
        ("country", "NL"),
        ("business_profile[name]", "Club"),
        ("email", "a@b.example"),
    ];
    let made = sim.post("/v1/accounts", &form).send().await.ok();
    let id = made["id"].as_str().unwrap();
    assert_eq!(sim.request("GET", "/v1/account").account(id).send().await.ok()["id"], id);
    let off = sim.control("POST", &format!("/_sim/accounts/{id}"), json!({ "charges_enabled": false })).await;
    assert_eq!(
        (&off["charges_enabled"], &off["capabilities"]["card_payments"]),
        (&json!(false), &json!("inactive"))
    );
    let form = [("amount", "500"), ("currency", "eur"), ("payment_method_types[]", "card")];
    let refused = sim.post("/v1/payment_intents", &form).account(id).send().await;
    assert_eq!(refused.status, 400, "{}", refused.text);
}

#[tokio::test]
async fn customers_and_their_cards() {
    let sim = Sim::start().await;
    let customer =
        sim.post("/v1/customers", &[("email", "a@b.example"), ("name", "李小龍")]).send().await.ok();
    let id = customer["id"].as_str().unwrap();
    let method =
        sim.post("/v1/payment_methods", &[("type", "card"), ("card[token]", "tok_visa")]).send().await.ok();
    let path = format!("/v1/payment_methods/{}/attach", method["id"].as_str().unwrap());
    assert_eq!(sim.post(&path, &[("customer", id)]).send().await.ok()["customer"], id);
    let list = sim.get(&format!("/v1/payment_methods?customer={id}&type=card")).await.ok();
    assert_eq!(list["data"][0]["id"], method["id"]);
    assert_eq!(sim.get(&format!("/v1/customers/{id}")).await.ok()["name"], "李小龍");
    sim.request("DELETE", &format!("/v1/customers/{id}")).send().await.ok();
    assert_eq!(sim.get(&format!("/v1/customers/{id}")).await.ok()["deleted"], true);
}
