//! `/v1/transfers/{id}/reversals`

use serde_json::Value;

use crate::balance::{self, Entry, Movement};
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;
use crate::engine::{list, money};
use crate::metadata;

use super::{TransferReversal, find, tell};

/// Takes a transfer back, or part of it.
///
/// # Errors
/// 404; 400 for more than is left of it, and `balance_insufficient` when the connected account has not as much.
pub fn create(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let sent = &call.params;
    sent.only(&["amount", "description", "metadata", "refund_application_fee"])?;
    let mut transfer = find(tx, id)?;
    let left = transfer.amount - transfer.amount_reversed;
    let amount = sent.integer("amount")?;
    let metadata = metadata::new(sent)?;
    if amount.is_some_and(|amount| amount < 1) {
        return Err(ApiError::invalid("Invalid positive integer")
            .code("parameter_invalid_integer")
            .param("amount"));
    }
    let amount = amount.unwrap_or(left);
    if left == 0 {
        return Err(ApiError::invalid(format!("The transfer {id} is already fully reversed.")).begun());
    }
    if amount > left {
        let (asked, left) =
            (money::display(amount, &transfer.currency), money::display(left, &transfer.currency));
        let message =
            format!("Reversal amount ({asked}) is greater than unreversed amount on transfer ({left})");
        return Err(ApiError::invalid(message).param("amount").begun());
    }
    if balance::of(tx, Some(&transfer.destination), &transfer.currency).1 < amount {
        return Err(ApiError::refused(
            "balance_insufficient",
            "The connected account has insufficient funds in its balance to reverse this transfer.",
        ));
    }

    let (reversal_id, refund, now) = (tx.id("trr"), tx.id("pyr"), tx.now);
    let back = Entry::plain(Movement::TransferRefund, amount, &transfer.currency, &reversal_id);
    let balance_transaction = balance::book_for(tx, None, back, Some(now));
    let out = Entry::plain(Movement::PaymentRefund, -amount, &transfer.currency, &refund);
    balance::book_for(tx, Some(transfer.destination.clone()), out, Some(now));
    let reversal = TransferReversal {
        id: reversal_id,
        created: now,
        amount,
        currency: transfer.currency.clone(),
        transfer: transfer.id.clone(),
        destination: transfer.destination.clone(),
        destination_payment_refund: refund,
        balance_transaction,
        metadata,
        idempotency_key: tx.origin.key.clone(),
    };
    transfer.amount_reversed += amount;
    tx.put(reversal.clone());
    tell(tx, &transfer, "reversed");
    Ok(reversal.render())
}

fn find_reversal(tx: &Tx, transfer: &str, id: &str) -> Result<TransferReversal, ApiError> {
    let transfer = find(tx, transfer)?;
    let reversal = tx.state.reversals.get(id).filter(|row| row.transfer == transfer.id).cloned();
    reversal.ok_or_else(|| ApiError::missing("transfer reversal", id, "id"))
}

/// One reversal.
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, transfer: &str, id: &str) -> Result<Value, ApiError> {
    find_reversal(tx, transfer, id).map(|reversal| reversal.render())
}

/// Changes a reversal's metadata.
///
/// # Errors
/// 404, 400.
pub fn update(tx: &mut Tx, call: &Call, transfer: &str, id: &str) -> Result<Value, ApiError> {
    call.params.only(&["metadata"])?;
    let mut reversal = find_reversal(tx, transfer, id)?;
    metadata::merge(&mut reversal.metadata, &call.params)?;
    tx.put(reversal.clone());
    Ok(reversal.render())
}

/// A page of a transfer's reversals.
///
/// # Errors
/// 404; as every list.
pub fn list(tx: &mut Tx, call: &Call, transfer: &str) -> Result<Value, ApiError> {
    call.params.only(list::PARAMS)?;
    let transfer = find(tx, transfer)?;
    list::page(
        &tx.state.reversals,
        None,
        "transfer reversal",
        &format!("/v1/transfers/{}/reversals", transfer.id),
        &call.params,
        |row| row.transfer == transfer.id,
        TransferReversal::render,
    )
}
