use serde_json::json;

use crate::support::{ACCOUNT, Sim};

#[tokio::test]
async fn parts_then_the_rest_then_nothing() {
    let sim = Sim::start().await;
    let paid = sim.paid().await;
    let (id, charge) = (paid["id"].as_str().unwrap(), paid["latest_charge"].as_str().unwrap());
    let part = sim
        .post("/v1/refunds", &[("payment_intent", id), ("amount", "850"), ("metadata[a]", "b")])
        .send()
        .await
        .ok();
    assert_eq!(
        (&part["amount"], &part["status"], &part["charge"]),
        (&json!(850), &json!("succeeded"), &json!(charge))
    );
    let over = sim.post("/v1/refunds", &[("charge", charge), ("amount", "4001")]).send().await;
    assert_eq!((over.status, &over.body["error"]["param"]), (400, &json!("amount")));
    assert_eq!(sim.post("/v1/refunds", &[("charge", charge)]).send().await.ok()["amount"], 4000);
    let none = sim.post("/v1/refunds", &[("charge", charge)]).send().await;
    assert_eq!(none.error(), (400, "charge_already_refunded"));
    let object = sim.get(&format!("/v1/charges/{charge}")).await.ok();
    assert_eq!((&object["refunded"], &object["amount_refunded"]), (&json!(true), &json!(4850)));
    assert_eq!(object["refunds"]["data"].as_array().unwrap().len(), 2);
    let list = sim.get(&format!("/v1/refunds?payment_intent={id}")).await.ok();
    assert_eq!(list["data"][1]["id"], part["id"]);
    let movements = sim.get("/v1/balance_transactions?type=refund").await.ok();
    assert_eq!(movements["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn only_what_was_taken_can_be_given_back() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    let held = sim.confirm(&id, "pm_card_visa").await.ok();
    let charge = held["latest_charge"].as_str().unwrap();
    assert_eq!(sim.post("/v1/refunds", &[("payment_intent", &id)]).send().await.status, 400);
    assert_eq!(
        sim.post("/v1/refunds", &[("charge", charge)]).send().await.error(),
        (400, "charge_not_refundable")
    );
    assert_eq!(
        sim.post("/v1/refunds", &[("charge", "ch_none")]).send().await.error(),
        (404, "resource_missing")
    );
    assert_eq!(sim.post("/v1/refunds", &[]).send().await.error(), (400, "parameter_missing"));
    let zero = sim.post("/v1/refunds", &[("charge", charge), ("amount", "0")]).send().await;
    assert_eq!(zero.error(), (400, "parameter_invalid_integer"));
    let paid = sim.paid().await;
    let other = sim
        .post("/v1/refunds", &[("payment_intent", paid["id"].as_str().unwrap())])
        .account(ACCOUNT)
        .send()
        .await;
    assert_eq!(other.error(), (404, "resource_missing"), "another account's payment");
    assert!(sim.money("refund").await.is_empty());
}

#[tokio::test]
async fn parallel_refunds_never_exceed_the_charge() {
    let sim = Sim::start().await;
    let paid = sim.paid().await;
    let id = paid["id"].as_str().unwrap();
    let tries =
        (0..20).map(|_| sim.post("/v1/refunds", &[("payment_intent", id), ("amount", "1000")]).send());
    let answers = futures::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 4);
    let sum: i64 = sim.money("refund").await.iter().map(|line| line["amount"].as_i64().unwrap()).sum();
    assert_eq!(sum, 4000);
}

/// Pays with this card and refunds it; answers intent and refund.
async fn refunded(sim: &Sim, card: &str) -> (String, String) {
    let id = sim.intent("automatic").await;
    sim.confirm(&id, card).await.ok();
    let refund = sim.post("/v1/refunds", &[("payment_intent", &id)]).send().await.ok();
    (id, refund["id"].as_str().unwrap().to_owned())
}

async fn status(sim: &Sim, refund: &str) -> String {
    let refund = sim.get(&format!("/v1/refunds/{refund}")).await.ok();
    refund["status"].as_str().unwrap().to_owned()
}

async fn total(sim: &Sim) -> i64 {
    let balance = sim.get("/v1/balance").await.ok();
    balance["pending"][0]["amount"].as_i64().unwrap() + balance["available"][0]["amount"].as_i64().unwrap()
}

#[tokio::test]
async fn a_pending_refund_arrives() {
    let sim = Sim::start().await;
    let (_, refund) = refunded(&sim, "pm_card_pendingRefund").await;
    assert_eq!(status(&sim, &refund).await, "pending");
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 200 })).await;
    assert_eq!(status(&sim, &refund).await, "succeeded");
    let told = sim.get("/v1/events?type=refund.*").await.ok();
    assert_eq!(told["data"][0]["type"], "refund.updated");
    assert_eq!(told["data"][0]["data"]["object"]["status"], "succeeded");

    sim.control("POST", "/_sim/refunds", json!({ "begin": "pending" })).await;
    let (_, refund) = refunded(&sim, "pm_card_visa").await;
    assert_eq!(status(&sim, &refund).await, "pending");
    let path = format!("/_sim/refunds/{refund}/settle");
    assert_eq!(sim.control("POST", &path, json!({ "outcome": "succeed" })).await["status"], "succeeded");
    assert_eq!(sim.refused("POST", &path, json!({ "outcome": "succeed" })).await, 400);
    sim.control("POST", "/_sim/refunds", json!({ "begin": "succeeded" })).await;
    let (_, refund) = refunded(&sim, "pm_card_visa").await;
    assert_eq!(status(&sim, &refund).await, "succeeded");
    assert_eq!(sim.refused("POST", "/_sim/refunds", json!({ "begin": "whenever" })).await, 400);
}

#[tokio::test]
async fn a_refund_comes_back() {
    let sim = Sim::start().await;
    let (id, refund) = refunded(&sim, "pm_card_refundFail").await;
    let after_refund = total(&sim).await;
    assert_eq!(status(&sim, &refund).await, "succeeded");
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 200 })).await;
    let failed = sim.get(&format!("/v1/refunds/{refund}")).await.ok();
    assert_eq!(
        (&failed["status"], &failed["failure_reason"]),
        (&json!("failed"), &json!("expired_or_canceled_card"))
    );
    let movement = failed["failure_balance_transaction"].as_str().unwrap();
    let movement = sim.get(&format!("/v1/balance_transactions/{movement}")).await.ok();
    assert_eq!((&movement["type"], &movement["amount"]), (&json!("refund_failure"), &json!(4850)));
    assert_eq!(total(&sim).await, after_refund + 4850);
    let told = sim.get("/v1/events?type=refund.*&limit=2").await.ok();
    assert_eq!(
        (&told["data"][0]["type"], &told["data"][1]["type"]),
        (&json!("refund.failed"), &json!("refund.updated"))
    );
    let charge = sim.get(&format!("/v1/charges?payment_intent={id}")).await.ok()["data"][0].clone();
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(0), &json!(false)));
    let path = format!("/_sim/refunds/{refund}/settle");
    for outcome in ["succeed", "fail"] {
        assert_eq!(sim.refused("POST", &path, json!({ "outcome": outcome })).await, 400, "it is final");
    }
    let line = sim.money("refund").await;
    assert_eq!(line[0]["status"], "failed");

    // One that had succeeded, by control.
    let (_, refund) = refunded(&sim, "pm_card_visa").await;
    let body = json!({ "outcome": "fail", "reason": "lost_or_stolen_card" });
    let failed = sim.control("POST", &format!("/_sim/refunds/{refund}/settle"), body).await;
    assert_eq!(
        (&failed["status"], &failed["failure_reason"]),
        (&json!("failed"), &json!("lost_or_stolen_card"))
    );
}

#[tokio::test]
async fn made_by_hand_at_the_provider() {
    let sim = Sim::start().await;
    let paid = sim.paid().await;
    let intent = paid["id"].as_str().unwrap();
    let path = format!("/_sim/charges/{intent}/refund");
    let part = sim.control("POST", &path, json!({ "amount": 850 })).await;
    assert_eq!((&part["amount"], &part["metadata"]), (&json!(850), &json!({})));
    let path = format!("/_sim/charges/{}/refund", paid["latest_charge"].as_str().unwrap());
    assert_eq!(sim.control("POST", &path, json!({})).await["amount"], 4000);
    assert_eq!(sim.refused("POST", &path, json!({})).await, 400, "nothing is left");
    for bad in [json!({ "amount": 0 }), json!({ "amount": "x" }), json!({ "amount": 1.5 })] {
        assert_eq!(sim.refused("POST", &path, bad).await, 400);
    }
    assert!(sim.money("refund").await.iter().all(|line| line["idempotency_key"].is_null()));
}

#[tokio::test]
async fn the_fees_shares_stay_exact_when_a_refund_comes_back() {
    let sim = Sim::start().await;
    let form = [
        ("amount", "1000"),
        ("currency", "eur"),
        ("application_fee_amount", "101"),
        ("payment_method_types[]", "card"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    let paid = sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let refund = async |amount: &str, with_fee: &str| {
        let id = paid["id"].as_str().unwrap();
        let form = [("payment_intent", id), ("amount", amount), ("refund_application_fee", with_fee)];
        sim.post("/v1/refunds", &form).account(ACCOUNT).send().await.ok()
    };
    let fee = async || {
        let fee = sim.get("/v1/application_fees").await.ok()["data"][0].clone();
        fee["amount_refunded"].as_i64().unwrap()
    };
    let first = refund("333", "true").await;
    assert_eq!(fee().await, 33);
    refund("100", "false").await;
    assert_eq!(fee().await, 33);
    let path = format!("/_sim/refunds/{}/settle", first["id"].as_str().unwrap());
    sim.control("POST", &path, json!({ "outcome": "fail" })).await;
    assert_eq!(fee().await, 33, "it stays with the account");
    refund("333", "true").await;
    assert_eq!(fee().await, 33, "and counts for the next");
    refund("567", "true").await;
    assert_eq!(fee().await, 90, "of 900 that came with their share");
}
