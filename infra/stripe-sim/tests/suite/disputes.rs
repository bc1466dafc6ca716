use serde_json::{Value, json};

use crate::support::{ACCOUNT, OTHER, Sim};

async fn movements(sim: &Sim, dispute: &Value) -> Vec<(i64, i64, String)> {
    let path = format!("/v1/balance_transactions?source={}", dispute["id"].as_str().unwrap());
    let page = sim.get(&path).await.ok();
    let rows = page["data"].as_array().unwrap().iter().rev();
    rows.map(|row| {
        assert_eq!(row["type"], "adjustment");
        let category = row["reporting_category"].as_str().unwrap().to_owned();
        (row["amount"].as_i64().unwrap(), row["fee"].as_i64().unwrap(), category)
    })
    .collect()
}

async fn dispute(sim: &Sim, id: &str, wish: Value) -> Value {
    sim.control("POST", &format!("/_sim/charges/{id}/dispute"), wish).await
}

async fn pending(sim: &Sim) -> i64 {
    let balance = sim.get("/v1/balance").await.ok();
    balance["pending"][0]["amount"].as_i64().unwrap() + balance["available"][0]["amount"].as_i64().unwrap()
}

#[tokio::test]
async fn the_money_goes_and_comes_back_but_for_the_fee() {
    let sim = Sim::start().await;
    let paid = sim.paid().await;
    let (intent, charge) = (paid["id"].as_str().unwrap(), paid["latest_charge"].as_str().unwrap());
    let before = pending(&sim).await;
    let made = dispute(&sim, intent, json!({ "reason": "product_not_received" })).await;
    assert_eq!(
        (&made["status"], &made["reason"]),
        (&json!("needs_response"), &json!("product_not_received"))
    );
    assert_eq!((&made["amount"], &made["charge"]), (&json!(4850), &json!(charge)));
    let due_by = made["evidence_details"]["due_by"].as_i64().unwrap();
    assert_eq!(due_by - made["created"].as_i64().unwrap(), 7 * 86_400);
    assert_eq!(movements(&sim, &made).await, [(-4850, 1500, "dispute".to_owned())]);
    assert_eq!(pending(&sim).await, before - 4850 - 1500);
    assert_eq!(sim.get(&format!("/v1/charges/{charge}")).await.ok()["disputed"], true);
    let refused = sim.post("/v1/refunds", &[("charge", charge)]).send().await;
    assert_eq!(refused.error(), (400, "charge_disputed"));
    for filter in [format!("charge={charge}"), format!("payment_intent={intent}")] {
        let list = sim.get(&format!("/v1/disputes?{filter}")).await.ok();
        assert_eq!(list["data"][0]["id"], made["id"]);
    }
    assert_eq!(sim.get("/v1/disputes?charge=ch_other").await.ok()["data"], json!([]));

    let path = format!("/v1/disputes/{}", made["id"].as_str().unwrap());
    let form = [("evidence[customer_name]", "Ada"), ("submit", "false")];
    let staged = sim.post(&path, &form).send().await.ok();
    assert_eq!(
        (&staged["status"], &staged["evidence"]["customer_name"]),
        (&json!("needs_response"), &json!("Ada"))
    );
    let given = sim.post(&path, &[("evidence[access_activity_log]", "scanned 19:02")]).send().await.ok();
    assert_eq!(
        (&given["status"], &given["evidence_details"]["submission_count"]),
        (&json!("under_review"), &json!(1))
    );
    assert_eq!(given["evidence_details"]["has_evidence"], true);
    assert_eq!(sim.post(&path, &[("evidence[colour]", "red")]).send().await.status, 400);

    let won = sim.control("POST", &format!("/_sim{}/resolve", &path[3..]), json!({ "outcome": "won" })).await;
    assert_eq!((&won["status"], won["balance_transactions"].as_array().unwrap().len()), (&json!("won"), 2));
    let both = [(-4850, 1500, "dispute".to_owned()), (4850, 0, "dispute_reversal".to_owned())];
    assert_eq!(movements(&sim, &made).await, both);
    assert_eq!(pending(&sim).await, before - 1500);
    assert_eq!(sim.post(&path, &[("evidence[customer_name]", "B")]).send().await.status, 400, "it is over");
    assert_eq!(sim.post("/v1/refunds", &[("charge", charge)]).send().await.ok()["amount"], 4850);

    let events = sim.get("/v1/events?type=charge.dispute.*").await.ok();
    let kinds: Vec<&str> =
        events["data"].as_array().unwrap().iter().rev().map(|e| e["type"].as_str().unwrap()).collect();
    let told = ["created", "funds_withdrawn", "updated", "updated", "closed", "funds_reinstated"];
    assert_eq!(kinds, told.map(|kind| format!("charge.dispute.{kind}")));
    let line = sim.money("dispute").await;
    assert_eq!((&line[0]["status"], &line[0]["amount"]), (&json!("won"), &json!(4850)));
}

#[tokio::test]
async fn given_in_and_lost() {
    let sim = Sim::start().await;
    for by_control in [true, false] {
        let paid = sim.paid().await;
        let before = pending(&sim).await;
        let made = dispute(&sim, paid["latest_charge"].as_str().unwrap(), json!({ "amount": 1000 })).await;
        let id = made["id"].as_str().unwrap();
        let lost = if by_control {
            sim.control("POST", &format!("/_sim/disputes/{id}/resolve"), json!({ "outcome": "lost" })).await
        } else {
            sim.post(&format!("/v1/disputes/{id}/close"), &[]).send().await.ok()
        };
        assert_eq!(lost["status"], "lost");
        assert_eq!(pending(&sim).await, before - 1000 - 1500);
        assert_eq!(sim.post(&format!("/v1/disputes/{id}/close"), &[]).send().await.status, 400);
        let again = format!("/_sim/charges/{}/dispute", paid["id"].as_str().unwrap());
        assert_eq!(sim.refused("POST", &again, json!({})).await, 400, "only one at a time");
    }
}

#[tokio::test]
async fn a_card_whose_buyer_disputes_at_once() {
    let sim = Sim::start().await;
    for (card, reason, status) in [
        ("pm_card_createDispute", "fraudulent", "needs_response"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "needs_response"),
        ("pm_card_createDisputeInquiry", "fraudulent", "warning_needs_response"),
    ] {
        let id = sim.intent("manual").await;
        sim.confirm(&id, card).await.ok();
        assert_eq!(sim.get(&format!("/v1/disputes?payment_intent={id}")).await.ok()["data"], json!([]));
        sim.verb(&id, "capture", &[]).await.ok();
        let list = sim.get(&format!("/v1/disputes?payment_intent={id}")).await.ok();
        let made = &list["data"][0];
        assert_eq!((&made["reason"], &made["status"]), (&json!(reason), &json!(status)));
        let moved = movements(&sim, made).await.len();
        assert_eq!(moved, usize::from(status == "needs_response"), "an inquiry takes nothing");
        assert_eq!(made["is_charge_refundable"], status != "needs_response");
    }
}

#[tokio::test]
async fn the_texts_of_the_test_mode_decide() {
    let sim = Sim::start().await;
    for (text, status) in [("winning_evidence", "won"), ("losing_evidence", "lost")] {
        let paid = sim.paid().await;
        let made = dispute(&sim, paid["id"].as_str().unwrap(), json!({})).await;
        let path = format!("/v1/disputes/{}", made["id"].as_str().unwrap());
        let read = sim.post(&path, &[("evidence[uncategorized_text]", text)]).send().await.ok();
        assert_eq!(read["status"], "under_review");
        assert_eq!(sim.get(&path).await.ok()["status"], status);
    }
    let paid = sim.paid().await;
    let made = dispute(&sim, paid["id"].as_str().unwrap(), json!({ "inquiry": true })).await;
    let path = format!("/v1/disputes/{}", made["id"].as_str().unwrap());
    let form = [("evidence[uncategorized_text]", "escalate_inquiry_evidence")];
    assert_eq!(sim.post(&path, &form).send().await.ok()["status"], "needs_response");
    assert_eq!(movements(&sim, &made).await.len(), 1);
}

#[tokio::test]
async fn nobody_answers_in_time() {
    let sim = Sim::start().await;
    let paid = sim.paid().await;
    let unanswered = dispute(&sim, paid["id"].as_str().unwrap(), json!({})).await;
    let paid = sim.paid().await;
    let answered = dispute(&sim, paid["id"].as_str().unwrap(), json!({})).await;
    let path = |made: &Value| format!("/v1/disputes/{}", made["id"].as_str().unwrap());
    sim.post(&path(&answered), &[("evidence[receipt]", "r")]).send().await.ok();
    sim.control("POST", "/_sim/clock", json!({ "advance_s": 7 * 86_400 + 1 })).await;
    assert_eq!(sim.get(&path(&unanswered)).await.ok()["status"], "lost");
    assert_eq!(sim.get(&path(&answered)).await.ok()["status"], "under_review");
}

#[tokio::test]
async fn bad_wishes_and_other_accounts() {
    let sim = Sim::start().await;
    let form = [
        ("amount", "500"),
        ("currency", "eur"),
        ("payment_method_types[]", "card"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    let paid = sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let path = format!("/_sim/charges/{}/dispute", paid["id"].as_str().unwrap());
    for bad in [
        json!({ "amount": 501 }),
        json!({ "amount": 0 }),
        json!({ "amount": -1 }),
        json!({ "reason": "bored" }),
        json!({ "colour": 1 }),
    ] {
        assert_eq!(sim.refused("POST", &path, bad).await, 400);
    }
    assert_eq!(sim.refused("POST", "/_sim/charges/ch_none/dispute", json!({})).await, 404);
    let held = sim.intent("manual").await;
    sim.confirm(&held, "pm_card_visa").await.ok();
    assert_eq!(sim.refused("POST", &format!("/_sim/charges/{held}/dispute"), json!({})).await, 400);
    assert!(sim.money("dispute").await.is_empty());
    let made = sim.control("POST", &path, json!({})).await;
    let get = format!("/v1/disputes/{}", made["id"].as_str().unwrap());
    assert_eq!(sim.request("GET", &get).account(ACCOUNT).send().await.status, 200);
    assert_eq!(sim.request("GET", &get).account(OTHER).send().await.error(), (404, "resource_missing"));
    let theirs = sim.request("GET", "/v1/balance").account(ACCOUNT).send().await.ok();
    assert_eq!(theirs["available"][0]["amount"], -500 - 1500);
    assert_eq!(sim.refused("POST", "/_sim/disputes/du_none/resolve", json!({ "outcome": "won" })).await, 404);
}
