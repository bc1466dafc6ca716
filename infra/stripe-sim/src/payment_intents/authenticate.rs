//! The buyer's answer to `requires_action`.

use serde_json::Value;

use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;

use super::{ConfirmationMethod, PaymentIntent, Status, charge};

/// How the buyer's authentication ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was the buyer.
    Succeed,
    /// It was not, or they gave up.
    Fail,
}

/// Takes the answer in: the card is charged, or the intent wants another payment method. A refused card is an answer
/// like any other here; the intent says so. Answers the intent as it is then.
///
/// # Errors
/// 404; 400 when nobody is being asked.
pub fn authenticate(tx: &mut Tx, id: &str, outcome: Outcome) -> Result<PaymentIntent, ApiError> {
    let intent = tx.state.intents.get(id).cloned();
    let mut intent = intent.ok_or_else(|| ApiError::missing("payment_intent", id, "intent"))?;
    tx.origin.account = intent.account.clone();
    let method = intent.payment_method.as_deref().and_then(|id| tx.state.methods.get(id)).cloned();
    let (Status::RequiresAction, Some(method)) = (intent.status, method) else {
        let message =
            format!("This PaymentIntent has a status of {} and waits for no action.", intent.status.name());
        return Err(intent.unexpected(tx.state, message));
    };
    match (outcome, intent.confirmation_method) {
        (Outcome::Fail, _) => {
            let error = ApiError::card(
                "payment_intent_authentication_failure",
                "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
            );
            let error = ApiError { kind: "invalid_request_error", ..error };
            charge::fail(tx, intent, &method, error);
        }
        (Outcome::Succeed, ConfirmationMethod::Manual) => {
            intent.status = Status::RequiresConfirmation;
            intent.next_action = Value::Null;
            intent.authenticated = true;
            tx.put(intent);
        }
        (Outcome::Succeed, ConfirmationMethod::Automatic) => {
            // A refusal has been written into the intent; there is no caller to tell.
            let _ = charge::authorise(tx, intent, &method, true);
        }
    }
    tx.state.intents.get(id).cloned().ok_or_else(|| ApiError::missing("payment_intent", id, "intent"))
}
