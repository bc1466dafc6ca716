//! Charges the method of a confirmed intent: authorised, taken, under way, or refused.

use serde_json::{Value, json};

use crate::accounts;
use crate::cards::{Behaviour, Decline};
use crate::charges::{CAPTURE_WITHIN, Charge, Failure};
use crate::engine::errors::ApiError;
use crate::engine::jobs::Work;
use crate::engine::tx::Tx;
use crate::local_methods::Kind;
use crate::payment_methods::PaymentMethod;

use super::{PaymentIntent, Status, capture, settle, tell};

/// Charges `method`.
///
/// # Errors
/// 402 when the card is refused.
pub fn authorise(
    tx: &mut Tx,
    mut intent: PaymentIntent,
    method: &PaymentMethod,
    authenticated: bool,
) -> Result<Value, ApiError> {
    let behaviour = method.behaviour();
    if let Behaviour::Decline(decline) | Behaviour::Authenticate(Some(decline)) = behaviour {
        return Err(refuse(tx, intent, method, authenticated, decline));
    }
    let charge = new_charge(tx, &intent, method, authenticated);
    intent.latest_charge = Some(charge.id.clone());
    intent.next_action = Value::Null;
    if let Behaviour::Process { succeed, after } = behaviour {
        settle::begin(tx, &mut intent, charge, succeed, after);
    } else if intent.reserves(method) {
        intent.status = Status::RequiresCapture;
        intent.amount_capturable = intent.amount;
        tx.put(charge.clone());
        let object = charge.render(tx.state);
        tx.emit("charge.succeeded", object);
        tell(tx, &intent, "amount_capturable_updated");
        tx.schedule(
            CAPTURE_WITHIN,
            Work::LapseAuthorisation { intent: intent.id.clone(), charge: charge.id },
        );
    } else {
        capture::take(tx, &mut intent, charge, None, "charge.succeeded");
    }
    Ok(intent.render(tx.state))
}

/// The card's issuer says no: a failed charge, and the intent wants another payment method.
fn refuse(
    tx: &mut Tx,
    mut intent: PaymentIntent,
    method: &PaymentMethod,
    authenticated: bool,
    decline: &Decline,
) -> ApiError {
    let mut charge = new_charge(tx, &intent, method, authenticated);
    charge.failure = Some(Failure {
        code: decline.code.to_owned(),
        decline_code: decline.decline_code.to_owned(),
        message: decline.message.to_owned(),
    });
    intent.latest_charge = Some(charge.id.clone());
    tx.put(charge.clone());
    let object = charge.render(tx.state);
    tx.emit("charge.failed", object);
    let error = ApiError::card(decline.code, decline.message)
        .with("advice_code", json!("try_again_later"))
        .with("charge", json!(charge.id))
        .with("decline_code", json!(decline.decline_code))
        .with("network_decline_code", json!("05"));
    fail(tx, intent, method, error)
}

/// Puts the intent back to where it wants another payment method; answers the error with intent and method in it.
pub fn fail(tx: &mut Tx, mut intent: PaymentIntent, method: &PaymentMethod, error: ApiError) -> ApiError {
    let error = error.with("payment_method", method.render());
    intent.status = Status::RequiresPaymentMethod;
    intent.payment_method = None;
    intent.next_action = Value::Null;
    intent.last_payment_error = error.object();
    tell(tx, &intent, "payment_failed");
    let object = intent.render(tx.state);
    error.with("payment_intent", object)
}

fn new_charge(tx: &Tx, intent: &PaymentIntent, method: &PaymentMethod, authenticated: bool) -> Charge {
    let prefix = accounts::acting(tx).statement_prefix();
    let descriptor = match &intent.statement_descriptor_suffix {
        None => prefix,
        Some(suffix) => format!("{prefix}* {suffix}").chars().take(22).collect(),
    };
    Charge {
        id: format!("{}_3{}", if method.kind == Kind::Card { "ch" } else { "py" }, tx.secret(23)),
        account: intent.account.clone(),
        created: tx.now,
        amount: intent.amount,
        amount_captured: 0,
        amount_refunded: 0,
        currency: intent.currency.clone(),
        payment_intent: intent.id.clone(),
        method: method.clone(),
        captured: false,
        pending: false,
        disputed: false,
        failure: None,
        application_fee_amount: intent.application_fee_amount,
        application_fee: None,
        balance_transaction: None,
        authenticated,
        calculated_statement_descriptor: descriptor,
        statement_descriptor_suffix: intent.statement_descriptor_suffix.clone(),
        description: intent.description.clone(),
        customer: intent.customer.clone(),
        receipt_email: intent.receipt_email.clone(),
        shipping: intent.shipping.clone(),
        transfer_group: intent.transfer_group.clone(),
        metadata: intent.metadata.clone(),
        idempotency_key: tx.origin.key.clone(),
    }
}
