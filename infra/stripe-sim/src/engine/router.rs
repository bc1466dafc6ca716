//! Which call goes where.

use serde_json::Value;

use super::call::{Call, KeyKind};
use super::errors::ApiError;
use super::tx::Tx;
use crate::{
    accounts, application_fees, balance, charges, confirmation_tokens, customers, disputes, events,
    payment_intents as intents, payment_methods as methods, refunds, transfers,
    webhook_endpoints as endpoints,
};

/// Runs a call.
///
/// # Errors
/// Whatever the call answers that is no success; 403 for a browser where only servers may call; 404 for no such URL.
pub fn run(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let segments = call.segments();
    match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["confirmation_tokens"]) if call.key == KeyKind::Publishable => {
            return confirmation_tokens::create(tx, call);
        }
        ("GET", ["payment_intents", id]) => return intents::read::retrieve(tx, call, id),
        _ => {}
    }
    call.secret_only()?;
    match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["payment_intents"]) => intents::create::create(tx, call),
        ("GET", ["payment_intents"]) => intents::read::list(tx, call),
        ("POST", ["payment_intents", id]) => intents::update::update(tx, call, id),
        ("POST", ["payment_intents", id, "confirm"]) => intents::confirm::confirm(tx, call, id),
        ("POST", ["payment_intents", id, "capture"]) => intents::capture::capture(tx, call, id),
        ("POST", ["payment_intents", id, "cancel"]) => intents::cancel::cancel(tx, call, id),

        ("GET", ["charges"]) => charges::list(tx, call),
        ("GET", ["charges", id]) => charges::retrieve(tx, id),
        ("POST", ["charges", id]) => charges::update(tx, call, id),

        ("POST", ["refunds"]) => refunds::create::create(tx, call),
        ("GET", ["refunds"]) => refunds::list(tx, call),
        ("GET", ["refunds", id]) => refunds::retrieve(tx, id),
        ("POST", ["refunds", id]) => refunds::update(tx, call, id),

        ("GET", ["disputes"]) => disputes::list(tx, call),
        ("GET", ["disputes", id]) => disputes::retrieve(tx, id),
        ("POST", ["disputes", id]) => disputes::answer::update(tx, call, id),
        ("POST", ["disputes", id, "close"]) => disputes::answer::close(tx, call, id),

        ("POST", ["transfers"]) => transfers::create::create(tx, call),
        ("GET", ["transfers"]) => transfers::list(tx, call),
        ("GET", ["transfers", id]) => transfers::retrieve(tx, id),
        ("POST", ["transfers", id]) => transfers::update(tx, call, id),
        ("POST", ["transfers", id, "reversals"]) => transfers::reverse::create(tx, call, id),
        ("GET", ["transfers", id, "reversals"]) => transfers::reverse::list(tx, call, id),
        ("GET", ["transfers", id, "reversals", reversal]) => transfers::reverse::retrieve(tx, id, reversal),
        ("POST", ["transfers", id, "reversals", reversal]) => {
            transfers::reverse::update(tx, call, id, reversal)
        }

        ("POST", ["test_helpers", "confirmation_tokens"]) => confirmation_tokens::create(tx, call),
        ("GET", ["confirmation_tokens", id]) => confirmation_tokens::retrieve(tx, id),

        ("POST", ["customers"]) => customers::create(tx, call),
        ("GET", ["customers"]) => customers::list(tx, call),
        ("GET", ["customers", id]) => customers::retrieve(tx, id),
        ("POST", ["customers", id]) => customers::update(tx, call, id),
        ("DELETE", ["customers", id]) => customers::delete(tx, id),

        ("POST", ["payment_methods"]) => methods::create(tx, call),
        ("GET", ["payment_methods"]) => methods::list(tx, call),
        ("GET", ["payment_methods", id]) => methods::retrieve(tx, id),
        ("POST", ["payment_methods", id, "attach"]) => methods::attach(tx, call, id),
        ("POST", ["payment_methods", id, "detach"]) => methods::detach(tx, id),

        ("GET", ["balance"]) => balance::retrieve(tx),
        ("GET", ["balance_transactions"] | ["balance", "history"]) => balance::list(tx, call),
        ("GET", ["balance_transactions", id]) => balance::retrieve_transaction(tx, id),

        ("GET", ["application_fees"]) => application_fees::list(tx, call),
        ("GET", ["application_fees", id]) => application_fees::retrieve(tx, id),

        ("GET", ["account"]) => accounts::own(tx),
        ("POST", ["accounts"]) => accounts::create(tx, call),
        ("GET", ["accounts"]) => accounts::list(tx, call),
        ("GET", ["accounts", id]) => accounts::retrieve(tx, id),
        ("POST", ["accounts", id]) => accounts::update(tx, call, id),

        ("GET", ["events"]) => events::list(tx, call),
        ("GET", ["events", id]) => events::retrieve(tx, id),

        ("POST", ["webhook_endpoints"]) => endpoints::create(tx, call),
        ("GET", ["webhook_endpoints"]) => endpoints::list(tx, call),
        ("GET", ["webhook_endpoints", id]) => endpoints::retrieve(tx, id),
        ("DELETE", ["webhook_endpoints", id]) => endpoints::delete(tx, id),

        (method, _) => Err(ApiError::unknown_url(method, &call.path)),
    }
}
