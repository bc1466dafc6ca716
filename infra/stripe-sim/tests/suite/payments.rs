use serde_json::{Value, json};

use crate::support::{ACCOUNT, RETURN, Sim};

#[tokio::test]
async fn authorise_then_capture() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    let held = sim.confirm(&id, "pm_card_visa").await.ok();
    assert_eq!(held["status"], "requires_capture");
    assert_eq!((&held["amount_capturable"], &held["amount_received"]), (&json!(4850), &json!(0)));
    let charge = sim.get(&format!("/v1/charges/{}", held["latest_charge"].as_str().unwrap())).await.ok();
    assert_eq!((&charge["captured"], &charge["balance_transaction"]), (&json!(false), &Value::Null));
    assert!(charge["payment_method_details"]["card"]["capture_before"].is_i64());

    let taken = sim.verb(&id, "capture", &[]).await.ok();
    assert_eq!(taken["status"], "succeeded");
    assert_eq!((&taken["amount_capturable"], &taken["amount_received"]), (&json!(0), &json!(4850)));
    let again = sim.verb(&id, "capture", &[]).await;
    assert_eq!(again.error(), (400, "payment_intent_unexpected_state"));
    assert_eq!(again.body["error"]["payment_intent"]["id"], id);
    assert_eq!(sim.verb(&id, "cancel", &[]).await.error(), (400, "payment_intent_unexpected_state"));
    assert_eq!(sim.confirm(&id, "pm_card_visa").await.error(), (400, "payment_intent_unexpected_state"));

    let expanded =
        sim.get(&format!("/v1/payment_intents/{id}?expand[]=latest_charge.balance_transaction")).await.ok();
    let movement = &expanded["latest_charge"]["balance_transaction"];
    assert_eq!(
        (&movement["amount"], &movement["fee"], &movement["net"]),
        (&json!(4850), &json!(98), &json!(4752))
    );
    assert_eq!(sim.money("payment_intent").await.len(), 1);
}

#[tokio::test]
async fn capture_a_part() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    sim.confirm(&id, "pm_card_mastercard").await.ok();
    assert_eq!(
        sim.verb(&id, "capture", &[("amount_to_capture", "4851")]).await.error(),
        (400, "amount_too_large")
    );
    assert_eq!(
        sim.verb(&id, "capture", &[("amount_to_capture", "0")]).await.error(),
        (400, "parameter_invalid_integer")
    );
    let taken = sim.verb(&id, "capture", &[("amount_to_capture", "1000")]).await.ok();
    assert_eq!((&taken["status"], &taken["amount_received"]), (&json!("succeeded"), &json!(1000)));
    let over = sim.post("/v1/refunds", &[("payment_intent", &id), ("amount", "1001")]).send().await;
    assert_eq!(over.status, 400);
}

#[tokio::test]
async fn cancelling_releases() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    sim.confirm(&id, "pm_card_visa").await.ok();
    let over = sim.verb(&id, "cancel", &[("cancellation_reason", "abandoned")]).await.ok();
    assert_eq!((&over["status"], &over["cancellation_reason"]), (&json!("canceled"), &json!("abandoned")));
    assert!(over["canceled_at"].is_i64());
    assert_eq!(sim.verb(&id, "capture", &[]).await.error(), (400, "payment_intent_unexpected_state"));
    assert_eq!(sim.confirm(&id, "pm_card_visa").await.error(), (400, "payment_intent_unexpected_state"));
    assert!(sim.money("charge").await.iter().all(|charge| charge["captured"] == false));
    let fresh = sim.intent("manual").await;
    assert_eq!(sim.verb(&fresh, "cancel", &[]).await.ok()["status"], "canceled");
    assert_eq!(sim.verb(&fresh, "cancel", &[("cancellation_reason", "bored")]).await.status, 400);
}

#[tokio::test]
async fn refused_cards_say_why_and_the_intent_can_be_tried_again() {
    let sim = Sim::start().await;
    for (card, code, decline_code) in [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent"),
    ] {
        let id = sim.intent("manual").await;
        let answer = sim.confirm(&id, card).await;
        assert_eq!(answer.error(), (402, code), "{card}");
        let error = &answer.body["error"];
        assert_eq!((&error["type"], &error["decline_code"]), (&json!("card_error"), &json!(decline_code)));
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
        assert_eq!(error["payment_intent"]["last_payment_error"]["decline_code"], decline_code);
        assert!(error["payment_method"]["id"].is_string() && error["request_log_url"].is_string());
        let charge = sim.get(&format!("/v1/charges/{}", error["charge"].as_str().unwrap())).await.ok();
        assert_eq!((&charge["status"], &charge["failure_code"]), (&json!("failed"), &json!(code)));
        assert_eq!(sim.confirm(&id, "pm_card_visa").await.ok()["status"], "requires_capture");
    }
}

#[tokio::test]
async fn a_token_works_once() {
    let sim = Sim::start().await;
    let (first, second) = (sim.intent("manual").await, sim.intent("manual").await);
    let token = sim.token("pm_card_visa").await;
    sim.verb(&first, "confirm", &[("confirmation_token", &token)]).await.ok();
    let used = sim.get(&format!("/v1/confirmation_tokens/{token}")).await.ok();
    assert_eq!(used["payment_intent"], first);
    assert_eq!(sim.verb(&second, "confirm", &[("confirmation_token", &token)]).await.status, 400);
    let unknown = sim.verb(&second, "confirm", &[("confirmation_token", "ctoken_1")]).await;
    assert_eq!(
        (unknown.error(), &unknown.body["error"]["param"]),
        ((404, "resource_missing"), &json!("confirmation_token"))
    );
    assert_eq!(
        sim.get(&format!("/v1/payment_intents/{second}")).await.ok()["status"],
        "requires_payment_method"
    );
}

#[tokio::test]
async fn the_buyer_authenticates() {
    let sim = Sim::start().await;
    for (outcome, capture, status) in [
        ("succeed", "manual", "requires_capture"),
        ("succeed", "automatic", "succeeded"),
        ("fail", "manual", "requires_payment_method"),
    ] {
        let id = sim.intent(capture).await;
        let token = sim.token("pm_card_authenticationRequired").await;
        let asked =
            sim.verb(&id, "confirm", &[("confirmation_token", &token), ("return_url", RETURN)]).await.ok();
        assert_eq!(
            (&asked["status"], &asked["next_action"]["type"]),
            (&json!("requires_action"), &json!("redirect_to_url"))
        );
        assert_eq!(asked["next_action"]["redirect_to_url"]["return_url"], RETURN);
        assert_eq!(asked["latest_charge"], Value::Null, "nothing is charged before");
        let path = format!("/_sim/payment_intents/{id}/authenticate");
        let after = sim.control("POST", &path, json!({ "outcome": outcome })).await;
        assert_eq!((&after["status"], &after["next_action"]), (&json!(status), &Value::Null));
        if outcome == "fail" {
            assert_eq!(after["last_payment_error"]["code"], "payment_intent_authentication_failure");
            assert_eq!(sim.confirm(&id, "pm_card_visa").await.ok()["status"], "requires_capture");
        }
    }
    let id = sim.intent("manual").await;
    let declined = sim.confirm(&id, "pm_card_threeDSecureRequiredChargeDeclined").await.ok();
    assert_eq!(declined["next_action"]["type"], "use_stripe_sdk", "there is nowhere to come back to");
    let path = format!("/_sim/payment_intents/{id}/authenticate");
    let after = sim.control("POST", &path, json!({ "outcome": "succeed" })).await;
    assert_eq!(
        (&after["status"], &after["last_payment_error"]["code"]),
        (&json!("requires_payment_method"), &json!("card_declined"))
    );
}

#[tokio::test]
async fn a_server_that_wants_no_action_is_refused() {
    let sim = Sim::start().await;
    for name in ["off_session", "error_on_requires_action"] {
        let id = sim.intent("manual").await;
        let answer = sim
            .verb(&id, "confirm", &[("payment_method", "pm_card_authenticationRequired"), (name, "true")])
            .await;
        assert_eq!(answer.error(), (402, "authentication_required"));
    }
}

#[tokio::test]
async fn a_manual_confirmation_is_confirmed_twice() {
    let sim = Sim::start().await;
    let form = [
        ("amount", "500"),
        ("currency", "eur"),
        ("payment_method_types[]", "card"),
        ("confirmation_method", "manual"),
        ("payment_method", "pm_card_authenticationRequired"),
        ("confirm", "true"),
    ];
    let asked = sim.post("/v1/payment_intents", &form).send().await.ok();
    assert_eq!(asked["status"], "requires_action");
    let id = asked["id"].as_str().unwrap();
    let path = format!("/_sim/payment_intents/{id}/authenticate");
    assert_eq!(
        sim.control("POST", &path, json!({ "outcome": "succeed" })).await["status"],
        "requires_confirmation"
    );
    assert_eq!(sim.verb(id, "confirm", &[]).await.ok()["status"], "succeeded");
}

#[tokio::test]
async fn confirmed_at_creation() {
    let sim = Sim::start().await;
    let token = sim.token("pm_card_visa").await;
    let form = [
        ("amount", "500"),
        ("currency", "EUR"),
        ("confirm", "true"),
        ("confirmation_token", &token),
        ("return_url", RETURN),
    ];
    let paid = sim.post("/v1/payment_intents", &form).send().await.ok();
    assert_eq!((&paid["status"], &paid["currency"]), (&json!("succeeded"), &json!("eur")));
    let token = sim.token("pm_card_chargeDeclined").await;
    let form = [
        ("amount", "500"),
        ("currency", "eur"),
        ("confirm", "true"),
        ("confirmation_token", &token),
        ("return_url", RETURN),
    ];
    let answer = sim.post("/v1/payment_intents", &form).send().await;
    assert_eq!(answer.error(), (402, "card_declined"));
    assert!(answer.body["error"]["payment_intent"]["id"].is_string());
    assert_eq!(sim.money("payment_intent").await.len(), 2);
}

/// Form, code (or type, where there is no code), parameter at fault.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

#[tokio::test]
async fn bad_parameters_change_nothing() {
    let sim = Sim::start().await;
    let good = [("amount", "500"), ("currency", "eur")];
    let cases: &[Case] = &[
        (&[("currency", "eur")], "parameter_missing", "amount"),
        (&[("amount", "500")], "parameter_missing", "currency"),
        (&[("amount", "x"), ("currency", "eur")], "parameter_invalid_integer", "amount"),
        (&[("amount", "-5"), ("currency", "eur")], "parameter_invalid_integer", "amount"),
        (&[("amount", ""), ("currency", "eur")], "parameter_invalid_empty", "amount"),
        (&[("amount", "5.5"), ("currency", "eur")], "parameter_invalid_integer", "amount"),
        (&[("amount", "49"), ("currency", "eur")], "amount_too_small", "amount"),
        (&[("amount", "100000000"), ("currency", "eur")], "amount_too_large", "amount"),
        (&[("amount", "500"), ("currency", "zzz")], "invalid_request_error", "currency"),
        (&[good[0], good[1], ("colour", "red")], "parameter_unknown", "colour"),
        (&[good[0], good[1], ("capture_method", "later")], "invalid_request_error", "capture_method"),
        (&[good[0], good[1], ("metadata", "x")], "invalid_request_error", "metadata"),
        (
            &[good[0], good[1], ("application_fee_amount", "5")],
            "invalid_request_error",
            "application_fee_amount",
        ),
        (&[good[0], good[1], ("return_url", RETURN)], "invalid_request_error", "return_url"),
        (&[good[0], good[1], ("statement_descriptor", "X")], "invalid_request_error", "statement_descriptor"),
        (
            &[good[0], good[1], ("statement_descriptor_suffix", "<1>")],
            "invalid_request_error",
            "statement_descriptor_suffix",
        ),
        (
            &[good[0], good[1], ("payment_method_types[]", "cash")],
            "invalid_request_error",
            "payment_method_types",
        ),
        (&[good[0], good[1], ("payment_method", "pm_none")], "resource_missing", "payment_method"),
        (&[good[0], good[1], ("customer", "cus_none")], "resource_missing", "customer"),
        (
            &[good[0], good[1], ("confirm", "true"), ("payment_method", "pm_card_visa")],
            "invalid_request_error",
            "return_url",
        ),
    ];
    for (form, code, param) in cases {
        let answer = sim.post("/v1/payment_intents", form).send().await;
        assert_eq!(answer.error().1, *code, "{form:?} {}", answer.text);
        assert_eq!(answer.body["error"]["param"], *param, "{form:?}");
        assert_eq!(answer.header("stripe-should-retry"), Some("false"));
    }
    assert!(sim.money("payment_intent").await.is_empty());
    assert_eq!(sim.get("/v1/payment_intents/pi_none").await.error(), (404, "resource_missing"));
    assert_eq!(sim.get("/v1/nothing").await.status, 404);
    let nothing = sim.intent("manual").await;
    assert_eq!(sim.verb(&nothing, "confirm", &[]).await.error(), (400, "payment_intent_unexpected_state"));
}

#[tokio::test]
async fn updates_follow_the_state() {
    let sim = Sim::start().await;
    let id = sim.intent("manual").await;
    let path = format!("/v1/payment_intents/{id}");
    let changed = sim
        .post(&path, &[("amount", "900"), ("metadata[a]", "1"), ("metadata[order_id]", "")])
        .send()
        .await
        .ok();
    assert_eq!((&changed["amount"], &changed["metadata"]), (&json!(900), &json!({ "a": "1" })));
    sim.confirm(&id, "pm_card_visa").await.ok();
    assert_eq!(
        sim.post(&path, &[("amount", "950")]).send().await.error(),
        (400, "payment_intent_unexpected_state")
    );
    assert_eq!(
        sim.post(&path, &[("metadata[b]", "2")]).send().await.ok()["metadata"],
        json!({ "a": "1", "b": "2" })
    );
}

#[tokio::test]
async fn direct_charges_share_with_the_platform() {
    let sim = Sim::start().await;
    let form = [
        ("amount", "10000"),
        ("currency", "eur"),
        ("application_fee_amount", "333"),
        ("payment_method_types[]", "card"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("statement_descriptor_suffix", "HAMLET 4 DEC"),
    ];
    let paid = sim.post("/v1/payment_intents", &form).account(ACCOUNT).send().await.ok();
    let charge_path = format!("/v1/charges/{}", paid["latest_charge"].as_str().unwrap());
    let charge = sim.request("GET", &charge_path).account(ACCOUNT).send().await.ok();
    assert_eq!(charge["calculated_statement_descriptor"], "RIVERSIDE THEATRE* HAM");
    let fee =
        sim.get(&format!("/v1/application_fees/{}", charge["application_fee"].as_str().unwrap())).await.ok();
    assert_eq!((&fee["amount"], &fee["account"]), (&json!(333), &json!(ACCOUNT)));
    let theirs = sim.request("GET", "/v1/balance").account(ACCOUNT).send().await.ok();
    assert_eq!(theirs["pending"][0]["amount"], 10000 - 175 - 333);
    assert_eq!(sim.get("/v1/balance").await.ok()["pending"][0]["amount"], 333);

    // Three refunds of a third: the fee's shares add up to the fee.
    let id = paid["id"].as_str().unwrap();
    for amount in ["3333", "3333", "3334"] {
        let form = [("payment_intent", id), ("amount", amount), ("refund_application_fee", "true")];
        sim.post("/v1/refunds", &form).account(ACCOUNT).send().await.ok();
    }
    assert_eq!(sim.get("/v1/balance").await.ok()["pending"][0]["amount"], 0);
    let theirs = sim.request("GET", "/v1/balance").account(ACCOUNT).send().await.ok();
    assert_eq!(theirs["pending"][0]["amount"], -175, "processing is not given back");
}

#[tokio::test]
async fn an_authorisation_lapses_after_a_week() {
    let clock = std::sync::Arc::new(crate::support::TestClock::default());
    let sim = Sim::with(stripe_sim::Config { clock: clock.clone(), ..crate::support::config() }).await;
    let id = sim.intent("manual").await;
    sim.confirm(&id, "pm_card_visa").await.ok();
    clock.advance(7 * 86_400 + 1);
    assert_eq!(sim.verb(&id, "capture", &[]).await.error(), (400, "payment_intent_unexpected_state"));
    let over = sim.get(&format!("/v1/payment_intents/{id}")).await.ok();
    assert_eq!((&over["status"], &over["cancellation_reason"]), (&json!("canceled"), &json!("automatic")));
    let old = sim.token("pm_card_visa").await;
    clock.advance(12 * 3600);
    let fresh = sim.intent("manual").await;
    assert_eq!(sim.verb(&fresh, "confirm", &[("confirmation_token", &old)]).await.status, 400);
}
