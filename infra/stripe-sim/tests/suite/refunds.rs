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
