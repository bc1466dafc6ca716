//! `POST /v1/payment_intents`

use serde_json::Value;

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::form::Params;
use crate::engine::tx::Tx;
use crate::metadata;
use crate::payment_methods;

use super::{CaptureMethod, ConfirmationMethod, PaymentIntent, Status, confirm, params, tell};

const PARAMS: &[&str] = &[
    "amount",
    "amount_details",
    "application_fee_amount",
    "automatic_payment_methods",
    "capture_method",
    "confirm",
    "confirmation_method",
    "currency",
    "customer",
    "description",
    "metadata",
    "payment_details",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "radar_options",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "use_stripe_sdk",
];

/// Parameters that mean something only together with `confirm=true`.
const CONFIRM_PARAMS: &[&str] =
    &["confirmation_token", "error_on_requires_action", "mandate_data", "off_session", "return_url"];

/// Makes an intent, and confirms it where `confirm=true`.
///
/// # Errors
/// 400; with `confirm` everything that confirming can answer, after the intent has been made.
pub fn create(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let sent = &call.params;
    sent.only(&[PARAMS, CONFIRM_PARAMS].concat())?;
    let confirming = sent.flag("confirm")?.unwrap_or(false);
    if let Some(name) = CONFIRM_PARAMS.iter().find(|name| !confirming && sent.has(name)) {
        let message = format!(
            "The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is set to true."
        );
        return Err(ApiError::invalid(message).param(name));
    }
    let mut intent = parse(tx, sent)?;
    if confirming {
        // Everything about the parameters is checked before anything is made.
        let confirmation = confirm::Confirmation::parse(tx, sent, &intent)?;
        tell(tx, &intent, "created");
        return confirm::run(tx, intent, confirmation);
    }
    if let Some(id) = sent.text("payment_method")? {
        let method = payment_methods::named(tx, id)?;
        attach(tx, &mut intent, method);
    } else if let Some(data) = sent.tree("payment_method_data")? {
        let method = payment_methods::from_data(tx, data)?;
        attach(tx, &mut intent, method);
    }
    tell(tx, &intent, "created");
    Ok(intent.render(tx.state))
}

/// Gives the intent something to charge.
pub fn attach(tx: &mut Tx, intent: &mut PaymentIntent, method: payment_methods::PaymentMethod) {
    intent.payment_method = Some(method.id.clone());
    intent.status = Status::RequiresConfirmation;
    tx.put(method);
}

fn parse(tx: &Tx, sent: &Params) -> Result<PaymentIntent, ApiError> {
    params::may_charge(tx)?;
    sent.required("amount")?;
    let currency = params::currency(sent.required("currency")?)?;
    let amount = params::amount(sent.integer("amount")?.unwrap_or_default(), &currency)?;
    let confirmation_method = match sent.choice("confirmation_method", &["automatic", "manual"])? {
        Some("manual") => ConfirmationMethod::Manual,
        _ => ConfirmationMethod::Automatic,
    };
    let types = params::method_types(sent)?;
    let allow_redirects = automatic(sent, types.is_some())?;
    let id = format!("pi_3{}", tx.secret(23));
    let mut intent = PaymentIntent {
        account: tx.origin.account.clone(),
        created: tx.now,
        amount,
        amount_capturable: 0,
        amount_received: 0,
        application_fee_amount: params::application_fee(tx, sent, amount)?,
        allow_redirects,
        canceled_at: None,
        cancellation_reason: None,
        capture_method: params::capture_method(sent)?.unwrap_or(CaptureMethod::AutomaticAsync),
        client_secret: format!("{id}_secret_{}", tx.secret(25)),
        confirmation_method,
        currency,
        customer: None,
        description: sent.settable("description")?.flatten(),
        last_payment_error: Value::Null,
        latest_charge: None,
        metadata: metadata::new(sent)?,
        next_action: Value::Null,
        payment_method: None,
        payment_method_options: Value::Null,
        payment_method_types: types.unwrap_or_else(|| vec!["card".into()]),
        receipt_email: None,
        return_url: None,
        setup_future_usage: None,
        shipping: Value::Null,
        statement_descriptor_suffix: params::suffix(sent.settable("statement_descriptor_suffix")?.flatten())?,
        status: Status::RequiresPaymentMethod,
        transfer_group: sent.settable("transfer_group")?.flatten(),
        authenticated: false,
        idempotency_key: tx.origin.key.clone(),
        id,
    };
    params::common(tx, sent, &mut intent)?;
    intent.choose_types();
    Ok(intent)
}

/// Whether payment methods are chosen automatically (the default), and whether they may redirect.
fn automatic(sent: &Params, typed: bool) -> Result<Option<String>, ApiError> {
    let Some(tree) = sent.tree("automatic_payment_methods")? else {
        return Ok((!typed).then(|| "always".to_owned()));
    };
    tree.only(&["allow_redirects", "enabled"])?;
    let redirects = tree.choice("allow_redirects", &["always", "never"])?.unwrap_or("always");
    match tree.flag("enabled")? {
        Some(true) if typed => Err(ApiError::invalid(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
        )
        .param("automatic_payment_methods")),
        Some(true) => Ok(Some(redirects.to_owned())),
        Some(false) => Ok(None),
        None => Err(ApiError::invalid("Missing required param: automatic_payment_methods[enabled].")
            .code("parameter_missing")
            .param("automatic_payment_methods[enabled]")),
    }
}
