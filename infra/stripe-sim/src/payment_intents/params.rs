//! Rules for the parameters that several verbs take.

use crate::accounts;
use crate::engine::errors::ApiError;
use crate::engine::form::Params;
use crate::engine::money;
use crate::engine::tx::Tx;
use crate::local_methods::Kind;

use super::{CaptureMethod, PaymentIntent};

/// An amount that can be charged.
///
/// # Errors
/// 400 `parameter_invalid_integer`, `amount_too_small`, `amount_too_large`.
pub fn amount(amount: i64, currency: &str) -> Result<i64, ApiError> {
    let minimum = money::minimum(currency);
    if amount < 1 {
        return Err(ApiError::invalid("This value must be greater than or equal to 1.")
            .code("parameter_invalid_integer")
            .param("amount"));
    }
    if amount < minimum {
        let message = format!("Amount must be at least {}.", money::display(minimum, currency));
        return Err(ApiError::invalid(message).code("amount_too_small").param("amount"));
    }
    if amount > money::MAX_AMOUNT {
        let message = format!("Amount must be no more than {}.", money::display(money::MAX_AMOUNT, currency));
        return Err(ApiError::invalid(message).code("amount_too_large").param("amount"));
    }
    Ok(amount)
}

/// A currency that can be charged, in lower case.
///
/// # Errors
/// 400.
pub fn currency(text: &str) -> Result<String, ApiError> {
    let currency = text.to_lowercase();
    if money::known(&currency) {
        return Ok(currency);
    }
    Err(ApiError::invalid(format!("Invalid currency: {currency}.")).param("currency"))
}

/// The platform's share of `amount`; there is one only where the call acts for a connected account.
///
/// # Errors
/// 400.
pub fn application_fee(tx: &Tx, params: &Params, amount: i64) -> Result<Option<i64>, ApiError> {
    let Some(fee) = params.integer("application_fee_amount")? else { return Ok(None) };
    let wrong = |message: &str| Err(ApiError::invalid(message).param("application_fee_amount"));
    if tx.account().is_none() {
        return wrong(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an \
             OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
        );
    }
    if fee < 0 {
        return wrong("Invalid non-negative integer");
    }
    if fee > amount {
        return wrong("Application fee cannot be greater than the total charge amount.");
    }
    Ok(Some(fee))
}

/// The end of the statement's line.
///
/// # Errors
/// 400 for a text that banks do not accept.
pub fn suffix(text: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let wrong = |message: &str| Err(ApiError::invalid(message).param("statement_descriptor_suffix"));
    if text.chars().count() > 22 {
        return wrong("The statement descriptor suffix must be at most 22 characters.");
    }
    if text.chars().any(|letter| "<>\\'\"*".contains(letter) || letter.is_control() || !letter.is_ascii()) {
        return wrong(
            "The statement descriptor suffix contains characters that are not allowed: < > \\ ' \" *",
        );
    }
    if !text.chars().any(|letter| letter.is_ascii_alphabetic()) {
        return wrong("The statement descriptor suffix must contain at least one letter.");
    }
    Ok(Some(text))
}

/// Stripe takes no whole descriptor for cards.
///
/// # Errors
/// 400 when one is given.
pub fn no_descriptor(params: &Params) -> Result<(), ApiError> {
    match params.settable("statement_descriptor")?.flatten() {
        None => Ok(()),
        Some(_) => Err(ApiError::invalid(
            "You cannot set `statement_descriptor` for a card payment. Use `statement_descriptor_suffix` instead.",
        )
        .param("statement_descriptor")),
    }
}

/// When the money is taken.
///
/// # Errors
/// 400.
pub fn capture_method(params: &Params) -> Result<Option<CaptureMethod>, ApiError> {
    Ok(match params.choice("capture_method", &["automatic", "automatic_async", "manual"])? {
        Some("automatic") => Some(CaptureMethod::Automatic),
        Some("manual") => Some(CaptureMethod::Manual),
        Some(_) => Some(CaptureMethod::AutomaticAsync),
        None => None,
    })
}

/// Payment method types.
///
/// # Errors
/// 400 for one that is not known here.
pub fn method_types(params: &Params) -> Result<Option<Vec<String>>, ApiError> {
    let Some(types) = params.list("payment_method_types")? else { return Ok(None) };
    match types.iter().find(|kind| *kind != "link" && Kind::named(kind).is_none()) {
        Some(kind) => Err(ApiError::invalid(format!(
            "The payment method type \"{kind}\" is invalid. Please ensure the provided type is activated."
        ))
        .param("payment_method_types")),
        None => Ok(Some(types).filter(|types| !types.is_empty())),
    }
}

/// Refuses an account that may not charge at present.
///
/// # Errors
/// 400.
pub fn may_charge(tx: &Tx) -> Result<(), ApiError> {
    if accounts::acting(tx).charges_enabled {
        return Ok(());
    }
    Err(ApiError::invalid("Your account cannot currently make charges."))
}

/// What creation, update and confirmation share.
///
/// # Errors
/// 400, 404.
pub fn common(tx: &Tx, params: &Params, intent: &mut PaymentIntent) -> Result<(), ApiError> {
    no_descriptor(params)?;
    if let Some(email) = params.settable("receipt_email")? {
        intent.receipt_email = email;
    }
    if let Some(usage) = params.choice("setup_future_usage", &["off_session", "on_session"])? {
        intent.setup_future_usage = Some(usage.to_owned());
    }
    if let Some(shipping) = params.tree("shipping")? {
        intent.shipping = shipping.to_json();
    }
    if let Some(options) = params.tree("payment_method_options")? {
        if let Some(card) = options.tree("card")? {
            card.choice("capture_method", &["manual"])?;
        }
        intent.payment_method_options = options.to_json();
    }
    if let Some(id) = params.text("customer")? {
        if tx.state.customers.scoped(id, tx.account()).is_none() {
            return Err(ApiError::missing("customer", id, "customer"));
        }
        intent.customer = Some(id.to_owned());
    }
    Ok(())
}
