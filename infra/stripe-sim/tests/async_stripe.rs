//! The Rust client library, with its strict types, against the simulator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod support;

use std::time::Duration;

use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError, StripeRequest};
use stripe_core::balance_transaction::ListBalanceTransaction;
use stripe_core::dispute::{ListDispute, RetrieveDispute};
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent, ListPaymentIntent,
    RetrievePaymentIntent,
};
use stripe_core::refund::{CreateRefund, ListRefund};
use stripe_core::{PaymentIntent, PaymentIntentStatus};
use stripe_webhook::{EventObject, Webhook};

use support::{ACCOUNT, RETURN, Sim, config, listen};

fn client(sim: &Sim, key: &str) -> Client {
    let builder = ClientBuilder::new(key).url(format!("{}/", sim.running.base_url));
    builder.timeout(Duration::from_secs(10)).build().unwrap()
}

async fn create(client: &Client, account: Option<&str>, key: &str) -> PaymentIntent {
    let create = CreatePaymentIntent::new(4850, stripe_types::Currency::EUR)
        .capture_method(stripe_core::PaymentIntentCaptureMethod::Manual)
        .metadata([("order_id".to_owned(), "order-1".to_owned())]);
    let create = match account {
        Some(_) => create.application_fee_amount(100),
        None => create,
    };
    let request =
        create.customize().request_strategy(RequestStrategy::Idempotent(IdempotencyKey::new(key).unwrap()));
    let request = match account {
        Some(account) => request.account_id(account.parse().unwrap()),
        None => request,
    };
    request.send(client).await.unwrap()
}

async fn confirm(
    sim: &Sim,
    client: &Client,
    intent: &PaymentIntent,
    card: &str,
) -> Result<PaymentIntent, StripeError> {
    let token = sim.token(card).await;
    let request = ConfirmPaymentIntent::new(intent.id.clone()).confirmation_token(token).return_url(RETURN);
    request.customize().send(client).await
}

#[tokio::test]
async fn the_whole_way_of_a_payment() {
    let sim = Sim::start().await;
    let client = client(&sim, "sk_test_simulator");
    let made = create(&client, None, "k1").await;
    assert_eq!(made.status, PaymentIntentStatus::RequiresPaymentMethod);
    assert_eq!(create(&client, None, "k1").await.id, made.id, "the same key");
    let held = confirm(&sim, &client, &made, "pm_card_visa").await.unwrap();
    assert_eq!((held.status, held.amount_capturable), (PaymentIntentStatus::RequiresCapture, 4850));
    let taken = CapturePaymentIntent::new(made.id.clone()).customize().send(&client).await.unwrap();
    assert_eq!((&taken.status, taken.amount_received), (&PaymentIntentStatus::Succeeded, 4850));

    let found = RetrievePaymentIntent::new(made.id.clone())
        .expand(["latest_charge.balance_transaction".to_owned(), "payment_method".to_owned()])
        .customize()
        .send(&client)
        .await
        .unwrap();
    let charge = found.latest_charge.as_ref().unwrap().as_object().unwrap();
    assert!(charge.captured && charge.payment_method_details.as_ref().unwrap().card.is_some());
    let movement = charge.balance_transaction.as_ref().unwrap().as_object().unwrap();
    assert_eq!(movement.net + movement.fee, 4850);
    assert_eq!(found.payment_method.unwrap().as_object().unwrap().card.as_ref().unwrap().last4, "4242");

    let refund = CreateRefund::new()
        .payment_intent(made.id.as_str())
        .amount(850)
        .expand(["charge".to_owned(), "balance_transaction".to_owned()])
        .customize()
        .send(&client)
        .await
        .unwrap();
    assert_eq!((refund.amount, refund.status.as_deref()), (850, Some("succeeded")));
    assert_eq!(refund.charge.unwrap().as_object().unwrap().amount_refunded, 850);
    let refunds = ListRefund::new().payment_intent(made.id.as_str()).customize().send(&client).await.unwrap();
    assert_eq!(refunds.data.len(), 1);
    let movements = ListBalanceTransaction::new().limit(10).customize().send(&client).await.unwrap();
    assert_eq!(movements.data.iter().map(|row| row.amount).collect::<Vec<_>>(), [-850, 4850]);
    let balance =
        stripe_core::balance::RetrieveForMyAccountBalance::new().customize().send(&client).await.unwrap();
    assert_eq!(balance.pending[0].amount, 4850 - 98 - 850);
}

#[tokio::test]
async fn cancel_list_and_accounts() {
    let sim = Sim::start().await;
    let client = client(&sim, "sk_test_simulator");
    let made = create(&client, Some(ACCOUNT), "k1").await;
    let elsewhere = RetrievePaymentIntent::new(made.id.clone()).customize().send(&client).await;
    assert!(matches!(elsewhere, Err(StripeError::Stripe(_, 404))), "{elsewhere:?}");
    let over = CancelPaymentIntent::new(made.id.clone())
        .customize()
        .account_id(ACCOUNT.parse().unwrap())
        .send(&client)
        .await;
    assert_eq!(over.unwrap().status, PaymentIntentStatus::Canceled);
    for key in ["a", "b", "c"] {
        create(&client, None, key).await;
    }
    let page = ListPaymentIntent::new().limit(2).customize().send(&client).await.unwrap();
    assert_eq!((page.data.len(), page.has_more), (2, true));
    let last = page.data[1].id.as_str().to_owned();
    let rest =
        ListPaymentIntent::new().limit(2).starting_after(last).customize().send(&client).await.unwrap();
    assert_eq!((rest.data.len(), rest.has_more), (1, false));
}

#[tokio::test]
async fn errors_and_actions_parse() {
    let sim = Sim::start().await;
    let good = client(&sim, "sk_test_simulator");
    let made = create(&good, None, "k1").await;
    for card in
        ["pm_card_chargeDeclined", "pm_card_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedIncorrectCvc"]
    {
        let Err(StripeError::Stripe(error, 402)) = confirm(&sim, &good, &made, card).await else {
            panic!("{card}")
        };
        assert!(error.decline_code.is_some() && error.payment_method.is_some());
        let inside = error.payment_intent.as_ref().unwrap();
        assert!(inside.last_payment_error.as_ref().unwrap().charge.is_some());
    }
    let asked = confirm(&sim, &good, &made, "pm_card_authenticationRequired").await.unwrap();
    let url = asked.next_action.unwrap().redirect_to_url.unwrap();
    assert!(url.url.unwrap().starts_with("http://") && url.return_url.as_deref() == Some(RETURN));
    let early = CapturePaymentIntent::new(made.id.clone()).customize().send(&good).await;
    let Err(StripeError::Stripe(error, 400)) = early else { panic!("{early:?}") };
    assert_eq!(error.code.unwrap().as_str(), "payment_intent_unexpected_state");
    let bad = client(&sim, "sk_test_wrong");
    let refused = ListPaymentIntent::new().customize().send(&bad).await;
    assert!(matches!(refused, Err(StripeError::Stripe(_, 401))), "{refused:?}");
}

#[tokio::test]
async fn other_methods_parse() {
    let sim = Sim::start().await;
    let client = client(&sim, "sk_test_simulator");
    for (method, first, last) in [
        ("pm_ideal", PaymentIntentStatus::RequiresAction, "ideal"),
        ("pm_bancontact", PaymentIntentStatus::RequiresAction, "bancontact"),
        ("pm_sepa_debit", PaymentIntentStatus::Processing, "sepa_debit"),
    ] {
        let made = CreatePaymentIntent::new(4850, stripe_types::Currency::EUR)
            .capture_method(stripe_core::PaymentIntentCaptureMethod::Automatic)
            .customize()
            .send(&client)
            .await
            .unwrap();
        assert_eq!(confirm(&sim, &client, &made, method).await.unwrap().status, first);
        let verb = if first == PaymentIntentStatus::Processing { "settle" } else { "authenticate" };
        let path = format!("/_sim/payment_intents/{}/{verb}", made.id);
        sim.control("POST", &path, serde_json::json!({ "outcome": "succeed" })).await;
        let paid = RetrievePaymentIntent::new(made.id.clone())
            .expand(["latest_charge.balance_transaction".to_owned(), "payment_method".to_owned()])
            .customize()
            .send(&client)
            .await
            .unwrap();
        assert_eq!((&paid.status, paid.amount_received), (&PaymentIntentStatus::Succeeded, 4850));
        let charge = paid.latest_charge.as_ref().unwrap().as_object().unwrap();
        assert_eq!(charge.payment_method_details.as_ref().unwrap().type_, last);
        assert_eq!(paid.payment_method.unwrap().as_object().unwrap().type_.as_str(), last);
        let refund =
            CreateRefund::new().payment_intent(made.id.as_str()).customize().send(&client).await.unwrap();
        assert_eq!(refund.status.as_deref(), Some("succeeded"));
    }
}

#[tokio::test]
async fn a_debit_that_fails_parses() {
    let sim = Sim::start().await;
    let client = client(&sim, "sk_test_simulator");
    let made =
        CreatePaymentIntent::new(4850, stripe_types::Currency::EUR).customize().send(&client).await.unwrap();
    let under_way = confirm(&sim, &client, &made, "pm_sepa_debit_fails").await.unwrap();
    assert_eq!(under_way.status, PaymentIntentStatus::Processing);
    sim.control("POST", "/_sim/clock", serde_json::json!({ "advance_s": 200 })).await;
    let failed = RetrievePaymentIntent::new(made.id.clone())
        .expand(["latest_charge".to_owned()])
        .customize()
        .send(&client)
        .await
        .unwrap();
    assert_eq!(failed.status, PaymentIntentStatus::RequiresPaymentMethod);
    assert_eq!(failed.last_payment_error.unwrap().code.unwrap().as_str(), "payment_method_provider_decline");
    let charge = failed.latest_charge.as_ref().unwrap().as_object().unwrap();
    assert_eq!(charge.status.as_str(), "failed");
    let again = CancelPaymentIntent::new(made.id).customize().send(&client).await.unwrap();
    assert_eq!(again.status, PaymentIntentStatus::Canceled);
}

/// Disputes, refunds that come back, and transfers, for which the library has types here, if no calls.
async fn what_else_happens(sim: &Sim, client: &Client) {
    let control = async |path: String, body| sim.control("POST", &path, body).await;
    for outcome in ["won", "lost"] {
        let paid = sim.paid().await;
        let dispute =
            control(format!("/_sim/charges/{}/dispute", paid["id"].as_str().unwrap()), serde_json::json!({}))
                .await;
        let id = dispute["id"].as_str().unwrap();
        sim.post(&format!("/v1/disputes/{id}"), &[("evidence[receipt]", "r")]).send().await.ok();
        control(format!("/_sim/disputes/{id}/resolve"), serde_json::json!({ "outcome": outcome })).await;
        let over = RetrieveDispute::new(id).customize().send(client).await.unwrap();
        assert_eq!((over.status.as_str(), over.amount), (outcome, 4850));
        assert_eq!(over.balance_transactions[0].fee, 1500);
        let charge = over.charge.id().clone();
        let all = ListDispute::new().charge(charge.as_str()).customize().send(client).await.unwrap();
        assert_eq!(all.data.len(), 1);
    }
    let paid = sim.paid().await;
    let refund = CreateRefund::new()
        .payment_intent(paid["id"].as_str().unwrap())
        .customize()
        .send(client)
        .await
        .unwrap();
    control(format!("/_sim/refunds/{}/settle", refund.id), serde_json::json!({ "outcome": "fail" })).await;
    let failed = stripe_core::refund::RetrieveRefund::new(refund.id).customize().send(client).await.unwrap();
    assert_eq!(failed.failure_reason.as_deref(), Some("expired_or_canceled_card"));
    let form = [
        ("amount", "500"),
        ("currency", "eur"),
        ("destination", ACCOUNT),
        ("source_transaction", paid["latest_charge"].as_str().unwrap()),
    ];
    let transfer = sim.post("/v1/transfers", &form).send().await.ok();
    let path = format!("/v1/transfers/{}", transfer["id"].as_str().unwrap());
    sim.post(&format!("{path}/reversals"), &[("amount", "100")]).send().await.ok();
    sim.post(&path, &[("description", "d")]).send().await.ok();
    let movements = ListBalanceTransaction::new().limit(100).customize().send(client).await.unwrap();
    assert!(movements.data.len() >= 10, "{}", movements.data.len());
}

#[tokio::test]
async fn every_event_parses() {
    let (url, inbox) = listen();
    let webhook = Some(stripe_sim::Endpoint { url, secret: "whsec_rust".into() });
    let sim = Sim::with(stripe_sim::Config { webhook, ..config() }).await;
    let client = client(&sim, "sk_test_simulator");
    let made = create(&client, None, "k1").await;
    confirm(&sim, &client, &made, "pm_card_chargeDeclined").await.unwrap_err();
    confirm(&sim, &client, &made, "pm_card_authenticationRequired").await.unwrap();
    let path = format!("/_sim/payment_intents/{}/authenticate", made.id);
    sim.control("POST", &path, serde_json::json!({ "outcome": "succeed" })).await;
    CapturePaymentIntent::new(made.id.clone()).customize().send(&client).await.unwrap();
    CreateRefund::new().payment_intent(made.id.as_str()).customize().send(&client).await.unwrap();
    let over = create(&client, None, "k2").await;
    CancelPaymentIntent::new(over.id).customize().send(&client).await.unwrap();
    inbox.until("all events", |all| all.len() == 12).await;
    what_else_happens(&sim, &client).await;
    let wanted = [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
        "refund.updated",
        "refund.failed",
        "charge.refund.updated",
        "transfer.created",
        "transfer.reversed",
        "transfer.updated",
    ];
    let told = |all: &[support::Delivered], kind: &str| all.iter().any(|delivered| delivered.kind() == kind);
    let all = inbox.until("the other events", |all| wanted.iter().all(|kind| told(all, kind))).await;
    for delivered in &all {
        let event = Webhook::construct_event(&delivered.body, &delivered.signature, "whsec_rust").unwrap();
        assert!(!matches!(event.data.object, EventObject::Unknown(_)), "{}", delivered.kind());
    }
    assert!(Webhook::construct_event(&all[0].body, &all[0].signature, "whsec_other").is_err());
}
