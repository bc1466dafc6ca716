//! `GET /v1/payment_intents` and `GET /v1/payment_intents/{id}`

use serde_json::Value;

use crate::engine::call::{Call, KeyKind};
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::tx::Tx;

use super::find;

/// One intent. A browser needs its client secret.
///
/// # Errors
/// 404; 400 for a wrong client secret.
pub fn retrieve(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let intent = find(tx, id)?;
    let secret = call.params.text("client_secret")?;
    let given = secret.is_some() || call.key == KeyKind::Publishable;
    if given && secret != Some(intent.client_secret.as_str()) {
        let message =
            "The client_secret provided does not match the client_secret associated with the PaymentIntent.";
        return Err(ApiError::invalid(message)
            .code("payment_intent_invalid_parameter")
            .param("client_secret"));
    }
    Ok(intent.render(tx.state))
}

/// A page of intents.
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["customer"]].concat())?;
    let customer = call.params.text("customer")?;
    list::page(
        &tx.state.intents,
        tx.account(),
        "payment_intent",
        "/v1/payment_intents",
        &call.params,
        |row| customer.is_none_or(|wanted| row.customer.as_deref() == Some(wanted)),
        |row| row.render(tx.state),
    )
}
