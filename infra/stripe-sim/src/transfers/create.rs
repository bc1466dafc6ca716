//! `POST /v1/transfers`

use serde_json::Value;

use crate::accounts::{Account, PLATFORM};
use crate::balance::{self, Entry, Movement};
use crate::charges::Charge;
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::money;
use crate::engine::tx::Tx;
use crate::metadata;
use crate::payment_intents::params;

use super::{Transfer, tell};

const PARAMS: &[&str] = &[
    "amount",
    "currency",
    "description",
    "destination",
    "metadata",
    "source_transaction",
    "source_type",
    "transfer_group",
];

/// Sends money to a connected account: out of a charge, or out of what is available.
///
/// # Errors
/// 400 for an amount that the charge or the balance has not, and for an account that may not receive; 403 for a connected
/// account that calls.
pub fn create(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let sent = &call.params;
    sent.only(PARAMS)?;
    if tx.account().is_some() {
        return Err(ApiError::forbidden("account_invalid", "Only the platform can make transfers."));
    }
    let currency = params::currency(sent.required("currency")?)?;
    sent.required("amount")?;
    let amount = sent.integer("amount")?.unwrap_or_default();
    if amount < 1 {
        return Err(ApiError::invalid("This value must be greater than or equal to 1.")
            .code("parameter_invalid_integer")
            .param("amount"));
    }
    let metadata = metadata::new(sent)?;
    let description = sent.settable("description")?.flatten();
    let group = sent.settable("transfer_group")?.flatten();
    let destination = destination(tx, sent.required("destination")?)?;
    let charge = sent.text("source_transaction")?.map(|id| source(tx, id, amount, &currency)).transpose()?;
    if charge.is_none() && balance::of(tx, None, &currency).0 < amount {
        return Err(ApiError::refused(
            "balance_insufficient",
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available \
             balance by creating Charges using the 4000000000000077 test card.",
        ));
    }

    // Money of a charge is usable when the charge's is.
    let movement = charge.as_ref().and_then(|charge| charge.balance_transaction.as_deref());
    let available_on =
        movement.and_then(|id| tx.state.transactions.get(id)).map_or(tx.now, |row| row.available_on());
    let (id, payment) = (tx.id("tr"), tx.id("py"));
    let out = Entry::plain(Movement::Transfer, -amount, &currency, &id);
    let balance_transaction = balance::book_for(tx, None, out, Some(available_on));
    let into = Entry::plain(Movement::Payment, amount, &currency, &payment);
    balance::book_for(tx, Some(destination.id.clone()), into, Some(available_on));
    let transfer = Transfer {
        id,
        created: tx.now,
        amount,
        amount_reversed: 0,
        currency,
        description,
        destination: destination.id,
        destination_payment: payment,
        transfer_group: group.or_else(|| charge.as_ref().map(group_of)),
        source_transaction: charge.map(|charge| charge.id),
        balance_transaction,
        metadata,
        idempotency_key: tx.origin.key.clone(),
    };
    tell(tx, &transfer, "created");
    Ok(transfer.render(tx.state))
}

fn group_of(charge: &Charge) -> String {
    charge.transfer_group.clone().unwrap_or_else(|| format!("group_{}", charge.payment_intent))
}

/// The account that is to receive.
fn destination(tx: &Tx, id: &str) -> Result<Account, ApiError> {
    let account = tx.state.accounts.get(id).filter(|account| account.id != PLATFORM).cloned();
    let account = account
        .ok_or_else(|| ApiError { status: 400, ..ApiError::missing("destination", id, "destination") })?;
    if account.may_receive() {
        return Ok(account);
    }
    Err(ApiError::refused(
        "insufficient_capabilities_for_transfer",
        "Your destination account needs to have at least one of the following capabilities enabled: transfers, \
         crypto_transfers, legacy_payments",
    ))
}

/// The platform's charge called `id`, of which `amount` is left to be transferred.
fn source(tx: &Tx, id: &str, amount: i64, currency: &str) -> Result<Charge, ApiError> {
    let charge = tx.state.charges.scoped(id, None).cloned();
    let charge = charge.ok_or_else(|| ApiError::missing("charge", id, "source_transaction"))?;
    if !charge.captured || charge.currency != currency {
        let message = format!("The source_transaction {id} has no money of this currency to transfer.");
        return Err(ApiError::invalid(message).param("source_transaction").begun());
    }
    let used = tx.state.transfers.iter().filter(|row| row.source_transaction.as_deref() == Some(id));
    let left = charge.amount_captured - used.map(|row| row.amount - row.amount_reversed).sum::<i64>();
    if amount <= left {
        return Ok(charge);
    }
    let (whole, left) = (money::display(charge.amount_captured, currency), money::display(left, currency));
    let message = format!(
        "Transfers using this transaction as a source must not exceed the source amount of {whole}. (There is {left} of the \
         source amount remaining.)"
    );
    Err(ApiError::invalid(message).param("amount").begun())
}
