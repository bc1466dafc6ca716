//! Confirmation tokens: what a payment form collected, good for one confirmation.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::call::{Call, KeyKind};
use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;
use crate::payment_methods::{self, PaymentMethod};
use crate::row;

/// Unused tokens expire after twelve hours.
const LIFETIME: i64 = 12 * 3600;

/// A confirmation token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfirmationToken {
    /// `ctoken_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// What it would charge. It becomes a payment method of its own when the token is used.
    pub method: PaymentMethod,
    /// Where the buyer comes back to.
    pub return_url: Option<String>,
    /// `on_session`, `off_session` or nothing.
    pub setup_future_usage: Option<String>,
    /// Stripe's `shipping`.
    pub shipping: Value,
    /// The intent that used it.
    pub payment_intent: Option<String>,
}

row!(ConfirmationToken);

impl ConfirmationToken {
    /// Stripe's object.
    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "confirmation_token",
            "created": self.created,
            "expires_at": self.created + LIFETIME,
            "livemode": false,
            "mandate_data": null,
            "payment_intent": self.payment_intent,
            "payment_method_options": { "card": { "cvc_token": null } },
            "payment_method_preview": self.method.preview(),
            "return_url": self.return_url,
            "setup_future_usage": self.setup_future_usage,
            "setup_intent": null,
            "shipping": self.shipping,
            "use_stripe_sdk": true,
        })
    }
}

const PARAMS: &[&str] = &[
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "return_url",
    "setup_future_usage",
    "shipping",
    "mandate_data",
];

/// What browsers send besides.
const BROWSER_PARAMS: &[&str] = &[
    "client_attribution_metadata",
    "client_context",
    "payment_user_agent",
    "referrer",
    "set_as_default_payment_method",
    "time_on_page",
];

/// `POST /v1/test_helpers/confirmation_tokens`, and `POST /v1/confirmation_tokens` as the payment form calls it.
///
/// # Errors
/// 400 without a payment method; 402 for a card that cannot be.
pub fn create(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    match call.key {
        KeyKind::Secret => params.only(PARAMS)?,
        KeyKind::Publishable => params.only(&[PARAMS, BROWSER_PARAMS].concat())?,
    }
    let method = match (params.text("payment_method")?, params.tree("payment_method_data")?) {
        (Some(id), None) => payment_methods::named(tx, id)?,
        (None, Some(data)) => payment_methods::from_data(tx, data)?,
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid(
                "You may only specify one of these: payment_method, payment_method_data.",
            )
            .code("parameter_invalid"));
        }
        (None, None) => {
            return Err(ApiError::invalid("Missing required param: payment_method.")
                .code("parameter_missing")
                .param("payment_method"));
        }
    };
    let token = ConfirmationToken {
        id: tx.id("ctoken"),
        account: tx.origin.account.clone(),
        created: tx.now,
        method,
        return_url: params.text("return_url")?.map(url).transpose()?,
        setup_future_usage: params
            .choice("setup_future_usage", &["off_session", "on_session"])?
            .map(str::to_owned),
        shipping: params.tree("shipping")?.map_or(Value::Null, |shipping| shipping.to_json()),
        payment_intent: None,
    };
    tx.put(token.clone());
    Ok(token.render())
}

/// `GET /v1/confirmation_tokens/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    let token = tx.state.tokens.scoped(id, tx.account());
    token
        .map(ConfirmationToken::render)
        .ok_or_else(|| ApiError::missing("confirmation_token", id, "confirmation_token"))
}

/// Checks that the token can be used now.
///
/// # Errors
/// 404 when there is none in this account; 400 when it was used or has expired.
pub fn usable(tx: &Tx, id: &str) -> Result<ConfirmationToken, ApiError> {
    let token = tx.state.tokens.scoped(id, tx.account()).cloned();
    let token = token.ok_or_else(|| ApiError::missing("confirmation_token", id, "confirmation_token"))?;
    let refused =
        |message: String| ApiError::refused("resource_already_exists", message).param("confirmation_token");
    match &token.payment_intent {
        Some(_) => Err(refused(format!(
            "The ConfirmationToken {id} has already been used and cannot be used again."
        ))),
        None if token.created + LIFETIME <= tx.now => {
            Err(refused(format!("The ConfirmationToken {id} has expired.")))
        }
        None => Ok(token),
    }
}

/// Checks that a return URL is one.
///
/// # Errors
/// 400 `url_invalid`.
pub fn url(text: &str) -> Result<String, ApiError> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    // An app's own scheme is allowed too, a script is not.
    let scheme = text.split_once("://").map(|(scheme, rest)| (scheme, !rest.is_empty()));
    let fine = rest.is_some_and(|rest| !rest.is_empty())
        || matches!(scheme, Some((name, true)) if name.chars().all(|c| c.is_ascii_alphanumeric()) && name != "javascript");
    if fine && text.len() <= 5000 && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(ApiError::invalid("Not a valid URL").code("url_invalid").param("return_url"))
}
