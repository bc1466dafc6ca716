//! `POST /v1/payment_intents/{id}/cancel`

use serde_json::Value;

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;

use super::{PaymentIntent, Status, capture, find, tell};

/// Cancels; an authorisation is released, so that the buyer is never charged.
///
/// # Errors
/// 404; 400 once it has succeeded or been cancelled, and while it is processed.
pub fn cancel(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    call.params.only(&["cancellation_reason"])?;
    let reasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    let reason = call.params.choice("cancellation_reason", &reasons)?;
    let intent = find(tx, id)?;
    if matches!(intent.status, Status::Succeeded | Status::Canceled | Status::Processing) {
        let message = format!(
            "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the \
             following statuses may be canceled: requires_payment_method, requires_capture, requires_reauthorization, \
             requires_confirmation, requires_action.",
            intent.status.name()
        );
        return Err(intent.unexpected(tx.state, message));
    }
    let intent = end(tx, intent, reason.unwrap_or_default());
    Ok(intent.render(tx.state))
}

/// Ends an intent that has not succeeded. An empty reason is none.
pub fn end(tx: &mut Tx, mut intent: PaymentIntent, reason: &str) -> PaymentIntent {
    if intent.status == Status::RequiresCapture
        && let Some(mut charge) = capture::charge_of(tx, &intent)
    {
        charge.amount_refunded = charge.amount;
        tx.put(charge);
    }
    intent.status = Status::Canceled;
    intent.canceled_at = Some(tx.now);
    intent.cancellation_reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    intent.amount_capturable = 0;
    intent.next_action = Value::Null;
    tell(tx, &intent, "canceled");
    intent
}

/// Ends an intent whose money was reserved and not taken in time.
pub fn lapse(tx: &mut Tx, intent: &str, charge: &str) {
    let Some(intent) = tx.state.intents.get(intent).cloned() else { return };
    if intent.status != Status::RequiresCapture || intent.latest_charge.as_deref() != Some(charge) {
        return;
    }
    tx.origin.account = intent.account.clone();
    end(tx, intent, "automatic");
    if let Some(charge) = tx.state.charges.get(charge).map(|charge| charge.render(tx.state)) {
        tx.emit("charge.expired", charge);
    }
}
