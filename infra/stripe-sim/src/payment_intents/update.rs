//! `POST /v1/payment_intents/{id}`

use serde_json::Value;

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;
use crate::metadata;
use crate::payment_methods;

use super::{Status, create, find, params};

const PARAMS: &[&str] = &[
    "amount",
    "application_fee_amount",
    "capture_method",
    "currency",
    "customer",
    "description",
    "metadata",
    "payment_details",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
];

/// What can still be changed once the card has been charged.
const ALWAYS: &[&str] =
    &["description", "metadata", "payment_details", "receipt_email", "shipping", "transfer_group"];

/// Changes an intent.
///
/// # Errors
/// 404, 400.
pub fn update(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let sent = &call.params;
    sent.only(PARAMS)?;
    let mut intent = find(tx, id)?;
    let open = matches!(
        intent.status,
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction
    );
    if !open && let Err(stranger) = sent.only(ALWAYS) {
        let name = stranger.param.unwrap_or_default();
        let message = format!(
            "This PaymentIntent's {name} could not be updated because it has a status of {}. You may only update the {name} \
             of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, \
             requires_action.",
            intent.status.name()
        );
        return Err(intent.unexpected(tx.state, message).param(&name));
    }
    if let Some(currency) = sent.text("currency")? {
        intent.currency = params::currency(currency)?;
    }
    if let Some(amount) = sent.integer("amount")? {
        intent.amount = params::amount(amount, &intent.currency)?;
    }
    if let Some(fee) = params::application_fee(tx, sent, intent.amount)? {
        intent.application_fee_amount = Some(fee);
    }
    if let Some(method) = params::capture_method(sent)? {
        intent.capture_method = method;
    }
    if let Some(types) = params::method_types(sent)? {
        intent.payment_method_types = types;
        intent.allow_redirects = None;
    }
    if let Some(description) = sent.settable("description")? {
        intent.description = description;
    }
    if let Some(suffix) = sent.settable("statement_descriptor_suffix")? {
        intent.statement_descriptor_suffix = params::suffix(suffix)?;
    }
    if let Some(group) = sent.settable("transfer_group")? {
        intent.transfer_group = group;
    }
    params::common(tx, sent, &mut intent)?;
    intent.choose_types();
    metadata::merge(&mut intent.metadata, sent)?;
    let method = match (sent.text("payment_method")?, sent.tree("payment_method_data")?) {
        (Some(id), _) => Some(payment_methods::named(tx, id)?),
        (None, Some(data)) => Some(payment_methods::from_data(tx, data)?),
        (None, None) => None,
    };
    if let Some(method) = method {
        intent.next_action = Value::Null;
        create::attach(tx, &mut intent, method);
    }
    tx.put(intent.clone());
    Ok(intent.render(tx.state))
}
