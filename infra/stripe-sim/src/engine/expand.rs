//! `expand[]`: ids replaced by their objects.

use serde_json::{Value, json};

use super::errors::ApiError;
use super::state::State;

/// How deep a path may go, as with Stripe.
const MAX_DEPTH: usize = 4;

/// Expands the paths in `value`.
///
/// # Errors
/// 400 when a path leads to nothing that can be expanded.
pub fn apply(value: &mut Value, paths: &[String], state: &State) -> Result<(), ApiError> {
    for path in paths {
        let parts: Vec<&str> = path.split('.').collect();
        if parts.len() > MAX_DEPTH || !walk(value, &parts, state) {
            return Err(ApiError::invalid(format!("This property cannot be expanded ({path})."))
                .param("expand")
                .begun());
        }
    }
    Ok(())
}

fn walk(value: &mut Value, path: &[&str], state: &State) -> bool {
    let Some((head, rest)) = path.split_first() else { return true };
    if let Value::Array(items) = value {
        return items.iter_mut().all(|item| walk(item, path, state));
    }
    let Some(slot) = value.get_mut(*head) else { return false };
    if let Some(id) = slot.as_str() {
        match object(id, state) {
            Some(object) => *slot = object,
            None => return false,
        }
    }
    match slot {
        Value::Null => true,
        Value::Object(_) | Value::Array(_) => walk(slot, rest, state),
        _ => false,
    }
}

/// The object with this id, whatever it is.
pub fn object(id: &str, state: &State) -> Option<Value> {
    let (prefix, _) = id.split_once('_')?;
    match prefix {
        "pi" => state.intents.get(id).map(|row| row.render(state)),
        "ch" | "py" => state.charges.get(id).map(|row| row.render(state)),
        "re" => state.refunds.get(id).map(|row| row.render()),
        "du" => state.disputes.get(id).map(|row| row.render(state)),
        "tr" => state.transfers.get(id).map(|row| row.render(state)),
        "trr" => state.reversals.get(id).map(|row| row.render()),
        "pm" => state.methods.get(id).map(|row| row.render()),
        "cus" => state.customers.get(id).map(|row| row.render()),
        "txn" => state.transactions.get(id).map(|row| row.render()),
        "fee" => state.fees.get(id).map(|row| row.render(state)),
        "acct" => state.accounts.get(id).map(|row| row.render()),
        "ca" => Some(json!({ "id": id, "object": "application", "name": null })),
        _ => None,
    }
}
