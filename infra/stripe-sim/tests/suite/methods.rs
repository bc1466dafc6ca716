//! Payment methods that capture by themselves.

use serde_json::{Value, json};

use crate::support::{RETURN, Sim};

/// An intent that reserves on cards and lets the others capture by themselves.
async fn intent(sim: &Sim, more: &[(&str, &str)]) -> String {
    let form = [
        ("amount", "4850"),
        ("currency", "eur"),
        ("capture_method", "automatic"),
        ("payment_method_options[card][capture_method]", "manual"),
        ("metadata[order_id]", "order-1"),
    ];
    let made = sim.post("/v1/payment_intents", &[&form, more].concat()).send().await.ok();
    made["id"].as_str().unwrap().to_owned()
}

async fn confirm(sim: &Sim, id: &str, method: &str) -> Value {
    let token = sim.token(method).await;
    sim.verb(id, "confirm", &[("confirmation_token", &token), ("return_url", RETURN)]).await.ok()
}

#[tokio::test]
async fn cards_are_reserved_where_others_are_not() {
    let sim = Sim::start().await;
    let id = intent(&sim, &[]).await;
    let held = confirm(&sim, &id, "pm_card_visa").await;
    assert_eq!((&held["status"], &held["amount_capturable"]), (&json!("requires_capture"), &json!(4850)));
    let card = &held["payment_method_options"]["card"];
    assert_eq!(
        (&card["capture_method"], &card["request_three_d_secure"]),
        (&json!("manual"), &json!("automatic"))
    );
    assert_eq!(sim.verb(&id, "capture", &[]).await.ok()["status"], "succeeded");
    let form =
        [("amount", "500"), ("currency", "eur"), ("payment_method_options[card][capture_method]", "later")];
    assert_eq!(sim.post("/v1/payment_intents", &form).send().await.status, 400);
}

#[tokio::test]
async fn redirected_and_paid_at_once() {
    let sim = Sim::start().await;
    for (method, outcome, status) in [
        ("pm_ideal", "succeed", "succeeded"),
        ("pm_bancontact", "succeed", "succeeded"),
        ("pm_ideal", "fail", "requires_payment_method"),
    ] {
        let id = intent(&sim, &[]).await;
        let asked = confirm(&sim, &id, method).await;
        assert_eq!((&asked["status"], &asked["latest_charge"]), (&json!("requires_action"), &Value::Null));
        assert!(asked["next_action"]["redirect_to_url"]["url"].is_string());
        let path = format!("/_sim/payment_intents/{id}/authenticate");
        let after = sim.control("POST", &path, json!({ "outcome": outcome })).await;
        assert_eq!(after["status"], status, "{method}");
        if outcome == "fail" {
            continue;
        }
        let charge = sim.get(&format!("/v1/charges?payment_intent={id}")).await.ok()["data"][0].clone();
        assert!(charge["id"].as_str().unwrap().starts_with("py_"));
        let kind = method.trim_start_matches("pm_");
        let details = &charge["payment_method_details"];
        assert!(details["type"] == kind && details[kind].is_object() && charge["captured"] == true);
        let path = format!("/v1/balance_transactions?source={}", charge["id"].as_str().unwrap());
        assert_eq!(sim.get(&path).await.ok()["data"][0]["type"], "payment");
        let refund = sim.post("/v1/refunds", &[("payment_intent", &id)]).send().await.ok();
        assert_eq!((&refund["amount"], &refund["destination_details"]["type"]), (&json!(4850), &json!(kind)));
        let movement = refund["balance_transaction"].as_str().unwrap();
        assert_eq!(
            sim.get(&format!("/v1/balance_transactions/{movement}")).await.ok()["type"],
            "payment_refund"
        );
    }
}

#[tokio::test]
async fn a_debit_takes_its_time() {
    let sim = Sim::start().await;
    for (how, outcome, status) in [
        ("control", "succeed", "succeeded"),
        ("control", "fail", "requires_payment_method"),
        ("time", "", "succeeded"),
    ] {
        let id = intent(&sim, &[]).await;
        let began = confirm(&sim, &id, "pm_sepa_debit").await;
        assert_eq!((&began["status"], &began["amount_received"]), (&json!("processing"), &json!(0)));
        let charge = began["latest_charge"].as_str().unwrap().to_owned();
        let early = sim.get(&format!("/v1/charges/{charge}")).await.ok();
        assert_eq!((&early["status"], &early["paid"]), (&json!("pending"), &json!(false)));
        assert_eq!(sim.verb(&id, "cancel", &[]).await.error(), (400, "payment_intent_unexpected_state"));
        assert_eq!(
            sim.post("/v1/refunds", &[("charge", &charge)]).send().await.error().1,
            "charge_not_refundable"
        );
        if how == "control" {
            let path = format!("/_sim/payment_intents/{id}/settle");
            sim.control("POST", &path, json!({ "outcome": outcome })).await;
            assert_eq!(sim.refused("POST", &path, json!({ "outcome": outcome })).await, 400, "once");
        } else {
            sim.control("POST", "/_sim/clock", json!({ "advance_s": 200 })).await;
        }
        let after = sim.get(&format!("/v1/payment_intents/{id}")).await.ok();
        assert_eq!(after["status"], status, "{how} {outcome}");
        let late = sim.get(&format!("/v1/charges/{charge}")).await.ok();
        assert_eq!(late["status"], if status == "succeeded" { "succeeded" } else { "failed" });
        let received = if status == "succeeded" { 4850 } else { 0 };
        assert_eq!(after["amount_received"], received);
        // Nothing happens to it later.
        sim.control("POST", "/_sim/clock", json!({ "advance_s": 400 })).await;
        assert_eq!(sim.get(&format!("/v1/payment_intents/{id}")).await.ok()["status"], status);
    }
}

#[tokio::test]
async fn stripes_test_accounts() {
    let sim = Sim::start().await;
    for (iban, at_first, later) in [
        ("AT611904300234573201", "succeeded", "succeeded"),
        ("AT32 1904 3002 3547 3204", "processing", "succeeded"),
        ("AT861904300235473202", "requires_payment_method", "requires_payment_method"),
        ("AT051904300235473205", "processing", "requires_payment_method"),
        ("AT591904300235473203", "succeeded", "succeeded"),
    ] {
        let id = intent(&sim, &[]).await;
        let form = [
            ("payment_method_data[type]", "sepa_debit"),
            ("payment_method_data[sepa_debit][iban]", iban),
            ("payment_method_data[billing_details][email]", "a@b.example"),
        ];
        let token = sim.post("/v1/test_helpers/confirmation_tokens", &form).send().await.ok();
        assert_eq!(token["payment_method_preview"]["sepa_debit"]["last4"], iban[iban.len() - 4..]);
        let form = [("confirmation_token", token["id"].as_str().unwrap()), ("return_url", RETURN)];
        assert_eq!(sim.verb(&id, "confirm", &form).await.ok()["status"], "processing");
        let status = async || sim.get(&format!("/v1/payment_intents/{id}")).await.ok()["status"].clone();
        assert_eq!(status().await, at_first, "{iban}");
        sim.control("POST", "/_sim/clock", json!({ "advance_s": 200 })).await;
        assert_eq!(status().await, later, "{iban}");
        let disputes = sim.get(&format!("/v1/disputes?payment_intent={id}")).await.ok();
        assert_eq!(disputes["data"].as_array().unwrap().len(), usize::from(iban == "AT591904300235473203"));
    }
    let form = [
        ("payment_method_data[type]", "sepa_debit"),
        ("payment_method_data[sepa_debit][iban]", "DE00123456781234567890"),
    ];
    let unknown = sim.post("/v1/test_helpers/confirmation_tokens", &form).send().await;
    assert_eq!(unknown.error(), (400, "invalid_bank_account_iban"));
}

#[tokio::test]
async fn only_methods_that_fit_are_taken() {
    let sim = Sim::start().await;
    let types = async |form: &[(&str, &str)]| {
        let made = sim.post("/v1/payment_intents", &[&[("amount", "500")], form].concat()).send().await.ok();
        (made["id"].as_str().unwrap().to_owned(), made["payment_method_types"].clone())
    };
    let (all, offered) = types(&[("currency", "eur")]).await;
    assert_eq!(offered, json!(["card", "ideal", "bancontact", "sepa_debit"]));
    let (manual, offered) = types(&[("currency", "eur"), ("capture_method", "manual")]).await;
    assert_eq!(offered, json!(["card"]), "nothing else can be reserved");
    let (dollars, offered) = types(&[("currency", "usd")]).await;
    assert_eq!(offered, json!(["card"]));
    let form = [
        ("currency", "eur"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
    ];
    let (staying, offered) = types(&form).await;
    assert_eq!(offered, json!(["card", "sepa_debit"]));
    let (cards, _) = types(&[("currency", "eur"), ("payment_method_types[]", "card")]).await;
    for (id, fits) in [(&all, true), (&manual, false), (&dollars, false), (&staying, false), (&cards, false)]
    {
        let token = sim.token("pm_ideal").await;
        let form = [("confirmation_token", token.as_str()), ("return_url", RETURN)];
        let answer = sim.verb(id, "confirm", &form).await;
        if fits {
            assert_eq!(answer.ok()["status"], "requires_action");
        } else {
            assert_eq!(answer.error(), (400, "payment_intent_incompatible_payment_method"));
        }
    }
    let token = sim.token("pm_ideal").await;
    let (only, _) = types(&[("currency", "eur"), ("payment_method_types[]", "ideal")]).await;
    let nowhere = sim.verb(&only, "confirm", &[("confirmation_token", &token)]).await;
    assert_eq!((nowhere.status, &nowhere.body["error"]["param"]), (400, &json!("return_url")));
    let form = [("payment_method_data[type]", "ideal"), ("payment_method_data[ideal][bank]", "piggy")];
    assert_eq!(sim.post("/v1/test_helpers/confirmation_tokens", &form).send().await.status, 400);
    let form = [("payment_method_data[type]", "barter")];
    assert_eq!(sim.post("/v1/test_helpers/confirmation_tokens", &form).send().await.status, 400);
}
