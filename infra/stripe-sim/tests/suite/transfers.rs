use serde_json::{Value, json};

use crate::support::{ACCOUNT, Answer, OTHER, Sim};

async fn transfer(sim: &Sim, amount: &str, destination: &str, more: &[(&str, &str)]) -> Answer {
    let form = [("amount", amount), ("currency", "eur"), ("destination", destination)];
    sim.post("/v1/transfers", &[&form, more].concat()).send().await
}

async fn reverse(sim: &Sim, transfer: &Value, form: &[(&str, &str)]) -> Answer {
    sim.post(&format!("/v1/transfers/{}/reversals", transfer["id"].as_str().unwrap()), form).send().await
}

/// What an account has in all; the platform's own with `None`.
async fn total(sim: &Sim, account: Option<&str>) -> i64 {
    let request = sim.request("GET", "/v1/balance");
    let balance = match account {
        Some(account) => request.account(account).send().await.ok(),
        None => request.send().await.ok(),
    };
    balance["pending"][0]["amount"].as_i64().unwrap() + balance["available"][0]["amount"].as_i64().unwrap()
}

#[tokio::test]
async fn a_charge_is_shared_out_and_taken_back() {
    let sim = Sim::start().await;
    let paid = sim.paid().await;
    let charge = paid["latest_charge"].as_str().unwrap();
    let before = total(&sim, None).await;
    let of_charge =
        [("source_transaction", charge), ("transfer_group", "order-1"), ("metadata[order_id]", "order-1")];
    let first = transfer(&sim, "3000", ACCOUNT, &of_charge).await.ok();
    assert_eq!((&first["amount"], &first["reversed"]), (&json!(3000), &json!(false)));
    let second = transfer(&sim, "1000", OTHER, &of_charge).await.ok();
    assert_eq!(transfer(&sim, "851", OTHER, &of_charge).await.status, 400, "850 are left");
    assert_eq!(total(&sim, None).await, before - 4000);
    assert_eq!((total(&sim, Some(ACCOUNT)).await, total(&sim, Some(OTHER)).await), (3000, 1000));
    let list = sim.get("/v1/transfers?transfer_group=order-1").await.ok();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let list = sim.get(&format!("/v1/transfers?destination={OTHER}")).await.ok();
    assert_eq!(list["data"][0]["id"], second["id"]);

    let part = reverse(&sim, &first, &[("amount", "1000")]).await.ok();
    assert_eq!((&part["object"], &part["transfer"]), (&json!("transfer_reversal"), &first["id"]));
    assert_eq!(reverse(&sim, &first, &[("amount", "2001")]).await.status, 400);
    assert_eq!(reverse(&sim, &first, &[("amount", "0")]).await.error(), (400, "parameter_invalid_integer"));
    assert_eq!(reverse(&sim, &first, &[]).await.ok()["amount"], 2000, "the rest");
    assert_eq!(reverse(&sim, &first, &[]).await.status, 400, "nothing is left");
    let path = format!("/v1/transfers/{}", first["id"].as_str().unwrap());
    let after = sim.get(&path).await.ok();
    assert_eq!((&after["amount_reversed"], &after["reversed"]), (&json!(3000), &json!(true)));
    assert_eq!(after["reversals"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(sim.get(&format!("{path}/reversals")).await.ok()["data"][1]["id"], part["id"]);
    let one = format!("{path}/reversals/{}", part["id"].as_str().unwrap());
    assert_eq!(sim.post(&one, &[("metadata[a]", "b")]).send().await.ok()["metadata"]["a"], "b");
    assert_eq!(sim.get(&one).await.ok()["metadata"]["a"], "b");
    assert_eq!((total(&sim, None).await, total(&sim, Some(ACCOUNT)).await), (before - 1000, 0));

    let types = async |account: Option<&str>| {
        let request = sim.request("GET", "/v1/balance_transactions?limit=3");
        let page =
            account.into_iter().fold(request, |request, account| request.account(account)).send().await.ok();
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(types(None).await, ["transfer_refund", "transfer_refund", "transfer"]);
    assert_eq!(types(Some(ACCOUNT)).await, ["payment_refund", "payment_refund", "payment"]);
    let told = sim.get("/v1/events?type=transfer.*").await.ok();
    let told: Vec<&str> =
        told["data"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(told, ["transfer.reversed", "transfer.reversed", "transfer.created", "transfer.created"]);
    let lines = sim.money("transfer").await;
    assert_eq!((&lines[0]["amount"], &lines[0]["amount_reversed"]), (&json!(3000), &json!(3000)));
    assert_eq!(lines[0]["metadata"]["order_id"], "order-1");
    assert_eq!(sim.money("transfer_reversal").await.len(), 2);
}

#[tokio::test]
async fn without_a_charge_only_what_is_available() {
    let sim = Sim::start().await;
    sim.paid().await;
    assert_eq!(transfer(&sim, "1000", ACCOUNT, &[]).await.error(), (400, "balance_insufficient"));
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 2 * 86_400 + 1 })).await;
    transfer(&sim, "1000", ACCOUNT, &[]).await.ok();
    assert_eq!(transfer(&sim, "3753", ACCOUNT, &[]).await.error(), (400, "balance_insufficient"));
    let id = sim.intent("automatic").await;
    sim.confirm(&id, "pm_card_bypassPending").await.ok();
    transfer(&sim, "4850", ACCOUNT, &[]).await.ok();
}

#[tokio::test]
async fn accounts_that_may_not_receive() {
    let sim = Sim::start().await;
    let paid = sim.paid().await;
    let of_charge = [("source_transaction", paid["latest_charge"].as_str().unwrap())];
    let refused = transfer(&sim, "100", "acct_none", &of_charge).await;
    assert_eq!(
        (refused.error(), &refused.body["error"]["param"]),
        ((400, "resource_missing"), &json!("destination"))
    );
    for off in
        [json!({ "charges_enabled": false }), json!({ "charges_enabled": true, "transfers_enabled": false })]
    {
        let account = sim.control("POST", &format!("/_sim/accounts/{ACCOUNT}"), off).await;
        assert_eq!(account["capabilities"]["transfers"], "inactive");
        let refused = transfer(&sim, "100", ACCOUNT, &of_charge).await;
        assert_eq!(refused.error(), (400, "insufficient_capabilities_for_transfer"));
    }
    sim.control("POST", &format!("/_sim/accounts/{ACCOUNT}"), json!({ "transfers_enabled": true })).await;
    transfer(&sim, "100", ACCOUNT, &of_charge).await.ok();
    for (amount, status) in [("0", 400), ("-1", 400), ("x", 400), ("99999999999999999999", 400)] {
        assert_eq!(transfer(&sim, amount, ACCOUNT, &of_charge).await.status, status);
    }
    assert_eq!(
        sim.post("/v1/transfers", &[]).account(ACCOUNT).send().await.status,
        403,
        "the platform's alone"
    );
    let held = sim.intent("manual").await;
    let held = sim.confirm(&held, "pm_card_visa").await.ok();
    let of_held = [("source_transaction", held["latest_charge"].as_str().unwrap())];
    assert_eq!(transfer(&sim, "100", ACCOUNT, &of_held).await.status, 400);
}

#[tokio::test]
async fn a_reversal_finds_the_account_empty() {
    let sim = Sim::start().await;
    let paid = sim.paid().await;
    let of_charge = [("source_transaction", paid["latest_charge"].as_str().unwrap())];
    let made = transfer(&sim, "3000", ACCOUNT, &of_charge).await.ok();
    let payout = format!("/_sim/accounts/{ACCOUNT}/payout");
    assert_eq!(sim.refused("POST", &payout, json!({ "amount": 3001 })).await, 400);
    assert_eq!(sim.control("POST", &payout, json!({ "amount": 2500 })).await["amount"], 2500);
    let refused = reverse(&sim, &made, &[("amount", "501")]).await;
    assert_eq!(refused.error(), (400, "balance_insufficient"));
    reverse(&sim, &made, &[("amount", "500")]).await.ok();
    assert_eq!(total(&sim, Some(ACCOUNT)).await, 0);
    // A refusal that has begun is kept under its key, as Stripe keeps it.
    let path = format!("/v1/transfers/{}/reversals", made["id"].as_str().unwrap());
    assert_eq!(sim.post(&path, &[]).key("r").send().await.status, 400);
    let again = sim.post(&path, &[]).key("r").send().await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (400, Some("true")));
}

#[tokio::test]
async fn charges_are_refused_on_an_account_that_is_switched_off() {
    let sim = Sim::start().await;
    let form = [("amount", "500"), ("currency", "eur"), ("payment_method_types[]", "card")];
    let made = sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    sim.control("POST", &format!("/_sim/accounts/{ACCOUNT}"), json!({ "charges_enabled": false })).await;
    let path = format!("/v1/payment_intents/{}/confirm", made["id"].as_str().unwrap());
    let form = [("payment_method", "pm_card_visa")];
    assert_eq!(sim.post(&path, &form).account(ACCOUNT).send().await.status, 400);
    sim.control("POST", &format!("/_sim/accounts/{ACCOUNT}"), json!({ "charges_enabled": true })).await;
    assert_eq!(sim.post(&path, &form).account(ACCOUNT).send().await.ok()["status"], "succeeded");
}
