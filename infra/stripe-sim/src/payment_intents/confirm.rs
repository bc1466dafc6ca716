//! `POST /v1/payment_intents/{id}/confirm`

use serde_json::{Value, json};

use crate::cards::Behaviour;
use crate::confirmation_tokens::{self, ConfirmationToken};
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::form::Params;
use crate::engine::tx::Tx;
use crate::payment_methods::{self, PaymentMethod};

use super::{PaymentIntent, Status, charge, find, params, tell};

const PARAMS: &[&str] = &[
    "amount_details",
    "capture_method",
    "client_secret",
    "confirmation_token",
    "error_on_requires_action",
    "mandate_data",
    "off_session",
    "payment_details",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "radar_options",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "use_stripe_sdk",
];

/// Statuses from which an intent can be confirmed.
fn confirmable(status: Status) -> bool {
    matches!(status, Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction)
}

/// A confirmation whose parameters have been checked.
pub struct Confirmation {
    source: Source,
    return_url: Option<String>,
    no_action: bool,
    changed: PaymentIntent,
}

/// What is to be charged.
enum Source {
    Token(Box<ConfirmationToken>),
    Method(Box<PaymentMethod>),
}

impl Source {
    fn method(&self) -> &PaymentMethod {
        match self {
            Self::Token(token) => &token.method,
            Self::Method(method) => method,
        }
    }
}

/// Confirms.
///
/// # Errors
/// 404; 400 for parameters or state; 402 when the card is refused.
pub fn confirm(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let sent = &call.params;
    sent.only(PARAMS)?;
    let intent = find(tx, id)?;
    check_state(tx, &intent)?;
    let confirmation = Confirmation::parse(tx, sent, &intent)?;
    run(tx, intent, confirmation)
}

fn check_state(tx: &Tx, intent: &PaymentIntent) -> Result<(), ApiError> {
    if confirmable(intent.status) {
        return Ok(());
    }
    let message = match intent.status {
        Status::Succeeded => {
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously \
             confirmed."
                .to_owned()
        }
        other => format!(
            "You cannot confirm this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the \
             following statuses may be confirmed: requires_confirmation, requires_action.",
            other.name()
        ),
    };
    Err(intent.unexpected(tx.state, message))
}

impl Confirmation {
    /// Checks the parameters, without any effect.
    ///
    /// # Errors
    /// 404 for a token, method or customer; 400 for a used token, for nothing to charge, or without a needed return URL.
    pub fn parse(tx: &Tx, sent: &Params, intent: &PaymentIntent) -> Result<Self, ApiError> {
        params::may_charge(tx)?;
        let mut changed = intent.clone();
        params::common(tx, sent, &mut changed)?;
        if let Some(method) = params::capture_method(sent)? {
            changed.capture_method = method;
        }
        changed.choose_types();
        let source = source(tx, sent, intent)?;
        changed.takes(source.method())?;
        let given = sent.text("return_url")?.map(confirmation_tokens::url).transpose()?;
        let return_url = match (&given, &source) {
            (None, Source::Token(token)) => token.return_url.clone(),
            _ => given,
        };
        if return_url.is_none() && source.method().kind.redirects() {
            return Err(ApiError::invalid(
                "You must provide a `return_url` for a payment method that redirects.",
            )
            .param("return_url"));
        }
        if return_url.is_none() && intent.allow_redirects.as_deref() == Some("always") {
            return Err(ApiError::invalid(
                "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of \
                 these payment methods might redirect your customer off of your page, you must provide a `return_url`. \
                 If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` \
                 to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and \
                 Payment Intents.",
            )
            .param("return_url"));
        }
        let off_session = match sent.text("off_session")? {
            Some("one_off" | "recurring" | "true") => true,
            _ => sent.flag("off_session")?.unwrap_or(false),
        };
        let no_action = off_session || sent.flag("error_on_requires_action")?.unwrap_or(false);
        Ok(Self { source, return_url, no_action, changed })
    }
}

fn source(tx: &Tx, sent: &Params, intent: &PaymentIntent) -> Result<Source, ApiError> {
    let token = sent.text("confirmation_token")?;
    let method = sent.text("payment_method")?;
    let data = sent.tree("payment_method_data")?;
    match (token, method, data) {
        (Some(id), None, None) => confirmation_tokens::usable(tx, id).map(Box::new).map(Source::Token),
        (None, Some(id), None) => payment_methods::named(tx, id).map(Box::new).map(Source::Method),
        (None, None, Some(data)) => payment_methods::from_data(tx, data).map(Box::new).map(Source::Method),
        (None, None, None) => {
            let kept = intent.payment_method.as_deref().and_then(|id| tx.state.methods.get(id));
            kept.cloned().map(Box::new).map(Source::Method).ok_or_else(|| {
                let message = "You cannot confirm this PaymentIntent because it's missing a payment method. You can either \
                               update the PaymentIntent with a payment method and then confirm it again, or confirm it \
                               again directly with a payment method or ConfirmationToken."
                    .to_owned();
                intent.unexpected(tx.state, message)
            })
        }
        _ => Err(ApiError::invalid(
            "You may only specify one of these parameters: confirmation_token, payment_method, payment_method_data.",
        )
        .code("parameter_invalid")),
    }
}

/// Confirms with checked parameters.
///
/// # Errors
/// 402 when the card is refused.
pub fn run(tx: &mut Tx, before: PaymentIntent, confirmation: Confirmation) -> Result<Value, ApiError> {
    let Confirmation { source, return_url, no_action, changed: mut intent } = confirmation;
    let method = match source {
        Source::Method(method) => *method,
        Source::Token(mut token) => {
            token.payment_intent = Some(intent.id.clone());
            if intent.setup_future_usage.is_none() {
                intent.setup_future_usage = token.setup_future_usage.clone();
            }
            if intent.shipping.is_null() {
                intent.shipping = token.shipping.clone();
            }
            let mut method = token.method.clone();
            method.customer = intent.customer.clone().filter(|_| intent.setup_future_usage.is_some());
            tx.put(*token);
            method
        }
    };
    tx.put(method.clone());
    // A manual intent whose buyer has authenticated is confirmed a second time, for the charge itself.
    let authenticated = before.authenticated && before.payment_method.as_ref() == Some(&method.id);
    intent.authenticated = false;
    intent.payment_method = Some(method.id.clone());
    intent.return_url = return_url;
    intent.next_action = Value::Null;
    intent.last_payment_error = Value::Null;
    match method.behaviour() {
        Behaviour::Authenticate(_) if no_action => {
            intent.status = Status::RequiresPaymentMethod;
            let error = ApiError::card(
                "authentication_required",
                "Your card was declined. This transaction requires authentication.",
            )
            .with("decline_code", json!("authentication_required"));
            Err(charge::fail(tx, intent, &method, error))
        }
        Behaviour::Authenticate(_) if !authenticated => Ok(ask(tx, intent)),
        _ => charge::authorise(tx, intent, &method, authenticated),
    }
}

/// Asks the buyer to authenticate.
fn ask(tx: &mut Tx, mut intent: PaymentIntent) -> Value {
    intent.status = Status::RequiresAction;
    let url =
        format!("{}/3d_secure/{}?client_secret={}", tx.origin.base_url, intent.id, intent.client_secret);
    intent.next_action = match &intent.return_url {
        Some(return_url) => json!({
            "redirect_to_url": { "return_url": return_url, "url": url },
            "type": "redirect_to_url",
        }),
        None => json!({
            "type": "use_stripe_sdk",
            "use_stripe_sdk": { "type": "three_d_secure_redirect", "stripe_js": url, "source": format!("src_{}", tx.secret(24)) },
        }),
    };
    tell(tx, &intent, "requires_action");
    intent.render(tx.state)
}
