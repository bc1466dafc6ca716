use marquee_entity::money::DisputeOutcome;
use marquee_payments::{ChargeStatus, IntentStatus, ProviderRefundStatus};
use serde_json::{Value, json};
use stripe_core::{BalanceTransaction, Charge, Dispute, PaymentIntent, Refund};

use super::*;

const INTENT: &str = include_str!("fixtures/payment_intent.json");
const CHARGE: &str = include_str!("fixtures/charge.json");
const REFUND: &str = include_str!("fixtures/refund.json");
const DISPUTE: &str = include_str!("fixtures/dispute.json");
const MOVEMENT: &str = include_str!("fixtures/balance_transaction.json");

fn parse<T: miniserde::Deserialize>(text: &str) -> T {
    miniserde::json::from_str(text).unwrap_or_else(|_| panic!("async-stripe does not parse it: {text}"))
}

/// The object with other members, parsed.
fn with<T: miniserde::Deserialize>(text: &str, members: Value) -> T {
    let mut object: Value = serde_json::from_str(text).unwrap();
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    parse(&object.to_string())
}

#[test]
fn a_payment_tells_its_order_its_method_and_what_it_does_by_itself() {
    let read = |members| intent(with::<PaymentIntent>(INTENT, members)).unwrap();
    let paid = read(json!({}));
    assert_eq!((paid.status, paid.amount_captured), (IntentStatus::Succeeded, 9_400));
    assert_eq!(paid.order.unwrap().to_string(), "019a0000-0000-7000-8000-000000000001");
    assert_eq!(paid.latest_charge.as_deref(), Some("ch_3RivrsideCharge000001"));
    assert_eq!(paid.fingerprint.as_deref(), Some("Xt5EWLLDS7FJjR1c"));
    assert!(!paid.captures_itself, "cards wait");
    assert!(read(json!({ "payment_method_options": null })).captures_itself);
    assert!(!read(json!({ "capture_method": "manual", "payment_method_options": null })).captures_itself);
    let unknown = read(json!({ "payment_method": null }));
    assert_eq!((unknown.captures_itself, unknown.fingerprint), (false, None), "taken for a card");
    let named = read(json!({ "payment_method": "pm_1Riverside" }));
    assert_eq!((named.captures_itself, named.fingerprint), (false, None));

    let mut method: Value = serde_json::from_str(INTENT).unwrap();
    let mut method = method["payment_method"].take();
    method["type"] = json!("ideal");
    method["card"] = Value::Null;
    method["ideal"] = json!({ "bank": null, "bic": null });
    assert!(read(json!({ "payment_method": method })).captures_itself);
    assert_eq!(read(json!({ "status": "something_new" })).status, IntentStatus::Other);
}

#[test]
fn an_attempt_tells_why_it_failed_and_with_which_card() {
    let read = |members| charge(with::<Charge>(CHARGE, members)).unwrap();
    let taken = read(json!({}));
    assert_eq!((taken.status, taken.captured, taken.amount_captured), (ChargeStatus::Succeeded, true, 9_400));
    assert_eq!(taken.movement.as_deref(), Some("txn_3RivrsideCharge000001"));
    let shown = (taken.method.as_deref(), taken.brand.as_deref(), taken.last4.as_deref());
    assert_eq!(shown, (Some("card"), Some("visa"), Some("4242")));
    assert_eq!(taken.fingerprint.as_deref(), Some("Xt5EWLLDS7FJjR1c"));
    assert_eq!(taken.decline_code, None);
    let declined = |reason: Value| {
        read(json!({
            "status": "failed", "captured": false, "paid": false, "failure_code": "card_declined",
            "failure_message": "Your card has insufficient funds.", "balance_transaction": null,
            "outcome": { "advice_code": null, "network_advice_code": null, "network_decline_code": "05",
                "network_status": "declined_by_network", "reason": reason, "seller_message": null, "type": "issuer_declined" },
        }))
    };
    let refused = declined(json!("insufficient_funds"));
    assert_eq!((refused.status, refused.movement), (ChargeStatus::Failed, None));
    assert_eq!(refused.decline_code.as_deref(), Some("insufficient_funds"));
    assert!(refused.message.unwrap().contains("insufficient funds"));
    assert_eq!(declined(Value::Null).decline_code.as_deref(), Some("card_declined"));
    let debit = read(json!({ "status": "pending", "captured": false, "payment_method_details": {
        "type": "sepa_debit", "sepa_debit": { "bank_code": "19043", "branch_code": null, "country": "AT",
            "fingerprint": "debit", "last4": "3201", "mandate": null } } }));
    assert_eq!((debit.status, debit.method.as_deref()), (ChargeStatus::Pending, Some("sepa_debit")));
    assert_eq!((debit.fingerprint.as_deref(), debit.last4.as_deref()), (Some("debit"), Some("3201")));
    assert_eq!(read(json!({ "status": "something_new" })).status, ChargeStatus::Other);
}

#[test]
fn a_refund_tells_ours() {
    let read = |members| refund(with::<Refund>(REFUND, members)).unwrap();
    let back = read(json!({}));
    assert_eq!((back.status, back.amount.amount), (ProviderRefundStatus::Succeeded, 4_700));
    assert_eq!(back.refund.unwrap().to_string(), "019a0000-0000-7000-8000-000000000002");
    assert_eq!(back.intent.as_deref(), Some("pi_3RivrsideIntent000001"));
    let failed = read(json!({ "status": "failed", "failure_reason": "lost_or_stolen_card",
        "failure_balance_transaction": "txn_back" }));
    assert_eq!(failed.status, ProviderRefundStatus::Failed);
    assert_eq!(failed.failure.as_deref(), Some("lost_or_stolen_card"));
    assert_eq!(failed.failure_movement.as_deref(), Some("txn_back"));
    for by_hand in [json!({}), json!(null), json!({ "refund_id": "nonsense" })] {
        assert_eq!(read(json!({ "metadata": by_hand })).refund, None);
    }
    for strange in [json!("something_new"), Value::Null] {
        assert_eq!(read(json!({ "status": strange })).status, ProviderRefundStatus::Other);
    }
}

#[test]
fn a_dispute_tells_whether_money_was_taken_and_how_it_ended() {
    let read = |members| dispute(with::<Dispute>(DISPUTE, members)).unwrap();
    let open = read(json!({}));
    assert_eq!((open.status.as_str(), open.outcome, open.money_withdrawn), ("needs_response", None, true));
    assert_eq!((open.charge.as_str(), open.reason.as_str()), ("ch_3RivrsideCharge000001", "fraudulent"));
    assert_eq!(open.due_by.unwrap().timestamp(), 1_788_691_199);
    assert_eq!(
        (open.movements[0].amount, open.movements[0].fee, open.movements[0].net),
        (-9_400, 1_500, -10_900)
    );

    let mut reinstated: Value =
        serde_json::from_str::<Value>(DISPUTE).unwrap()["balance_transactions"][0].clone();
    let withdrawn = reinstated.clone();
    for (member, value) in [
        ("id", json!("txn_back")),
        ("amount", json!(9_400)),
        ("fee", json!(0)),
        ("fee_details", json!([])),
        ("net", json!(9_400)),
        ("created", json!(1_788_186_400)),
    ] {
        reinstated[member] = value;
    }
    let won = read(json!({ "status": "won", "balance_transactions": [reinstated, withdrawn] }));
    assert_eq!((won.outcome, won.money_withdrawn), (Some(DisputeOutcome::Won), true));
    assert_eq!(
        won.movements.iter().map(|one| one.amount).collect::<Vec<_>>(),
        [-9_400, 9_400],
        "oldest first"
    );

    let inquiry = read(json!({ "status": "warning_needs_response", "balance_transactions": [],
        "evidence_details": { "due_by": 0, "enhanced_eligibility": {}, "has_evidence": false, "past_due": false,
            "submission_count": 0 } }));
    assert_eq!((inquiry.outcome, inquiry.money_withdrawn, inquiry.due_by), (None, false, None));
    let strange = read(json!({ "status": "something_new" }));
    assert_eq!((strange.status.as_str(), strange.outcome), ("something_new", None));
}

#[test]
fn a_movement_keeps_the_platforms_share_apart() {
    let read = |members| movement(with::<BalanceTransaction>(MOVEMENT, members));
    let sale = read(json!({})).unwrap();
    assert_eq!((sale.amount, sale.fee, sale.application_fee, sale.net), (9_400, 167, 295, 8_938));
    assert_eq!(sale.net, sale.amount - sale.fee - sale.application_fee);
    assert_eq!((sale.kind.as_str(), sale.source.as_deref()), ("charge", Some("ch_3RivrsideCharge000001")));
    assert_eq!(sale.available.timestamp(), 1_788_172_800);
    assert_eq!(read(json!({ "type": "something_new", "source": null })).unwrap().kind, "something_new");
    assert!(read(json!({ "currency": "usdc" })).is_err());
}

#[test]
fn stripes_published_examples_become_ours() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/stripe-fixtures3.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: no ../shared/data/stripe-fixtures3.json beside the workspace");
        return;
    };
    let published: Value = serde_json::from_str(&text).unwrap();
    let text = |name: &str| {
        let mut example = published["resources"][name].clone();
        without_stubs(&mut example);
        if let Some(data) = example.get_mut("transfer_data") {
            *data = Value::Null;
        }
        example.to_string()
    };
    intent(parse(&text("payment_intent"))).unwrap();
    charge(parse(&text("charge"))).unwrap();
    refund(parse(&text("refund"))).unwrap();
    dispute(parse(&text("dispute"))).unwrap();
    movement(parse(&text("balance_transaction"))).unwrap();
}

/// The examples name some further objects by an id and nothing else, which Stripe itself never does.
fn without_stubs(example: &mut Value) {
    match example {
        Value::Object(members) if members.get("id").is_some_and(|id| id == "obj_123") => {
            *example = Value::Null
        }
        Value::Object(members) => members.values_mut().for_each(without_stubs),
        Value::Array(items) => items.iter_mut().for_each(without_stubs),
        _ => {}
    }
}
