//! Payments that take their time: `processing`, then `succeeded` or failed.

use serde_json::json;

use crate::charges::{Charge, Failure};
use crate::engine::errors::ApiError;
use crate::engine::jobs::Work;
use crate::engine::tx::Tx;

use super::authenticate::Outcome;
use super::{PaymentIntent, Status, capture, charge as charging, tell};

/// Begins: nothing is taken yet.
pub fn begin(tx: &mut Tx, intent: &mut PaymentIntent, mut charge: Charge, succeed: bool, after: i64) {
    charge.pending = true;
    intent.status = Status::Processing;
    tx.put(charge.clone());
    let object = charge.render(tx.state);
    tx.emit("charge.pending", object);
    tell(tx, intent, "processing");
    tx.schedule(after, Work::SettlePayment { intent: intent.id.clone(), charge: charge.id, succeed });
}

/// Ends it before its time.
///
/// # Errors
/// 404; 400 when nothing is being processed.
pub fn settle(tx: &mut Tx, id: &str, outcome: Outcome) -> Result<PaymentIntent, ApiError> {
    let intent = tx.state.intents.get(id).cloned();
    let intent = intent.ok_or_else(|| ApiError::missing("payment_intent", id, "intent"))?;
    let charge = intent.latest_charge.clone().filter(|_| intent.status == Status::Processing);
    let Some(charge) = charge else {
        let message =
            format!("This PaymentIntent has a status of {} and is not processed.", intent.status.name());
        return Err(intent.unexpected(tx.state, message));
    };
    by_itself(tx, id, &charge, outcome == Outcome::Succeed);
    tx.state.intents.get(id).cloned().ok_or_else(|| ApiError::missing("payment_intent", id, "intent"))
}

/// Ends it, if this charge is still being processed.
pub fn by_itself(tx: &mut Tx, intent: &str, charge: &str, succeed: bool) {
    let intent = tx.state.intents.get(intent).filter(|intent| {
        intent.status == Status::Processing && intent.latest_charge.as_deref() == Some(charge)
    });
    let charge = tx.state.charges.get(charge).filter(|charge| charge.pending);
    let (Some(mut intent), Some(mut charge)) = (intent.cloned(), charge.cloned()) else { return };
    tx.origin.account = intent.account.clone();
    if succeed {
        capture::take(tx, &mut intent, charge, None, "charge.succeeded");
        return;
    }
    let (code, message) =
        ("payment_method_provider_decline", "The bank did not pay: there are not enough funds.");
    charge.pending = false;
    charge.failure = Some(Failure {
        code: code.into(),
        decline_code: "insufficient_funds".into(),
        message: message.into(),
    });
    tx.put(charge.clone());
    let object = charge.render(tx.state);
    tx.emit("charge.failed", object);
    let error = ApiError { kind: "invalid_request_error", ..ApiError::card(code, message) };
    charging::fail(tx, intent, &charge.method, error.with("charge", json!(charge.id)));
}
