//! `POST /v1/payment_intents/{id}/capture`

use serde_json::Value;

use crate::application_fees;
use crate::balance::{self, Entry, Movement};
use crate::cards::Later;
use crate::charges::Charge;
use crate::disputes;
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::money;
use crate::engine::tx::Tx;
use crate::metadata;

use super::{PaymentIntent, Status, find, params, tell};

const PARAMS: &[&str] = &[
    "amount_to_capture",
    "application_fee_amount",
    "final_capture",
    "metadata",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
];

/// Takes the money that was authorised, or part of it; the rest is released.
///
/// # Errors
/// 404; 400 for the amount or the state: an authorisation lapses after a week.
pub fn capture(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let sent = &call.params;
    sent.only(PARAMS)?;
    params::no_descriptor(sent)?;
    let mut intent = find(tx, id)?;
    let charge = match (intent.status, charge_of(tx, &intent)) {
        (Status::RequiresCapture, Some(charge)) => charge,
        (status, _) => {
            let message = match status {
                Status::Succeeded => {
                    "This PaymentIntent could not be captured because it has already been captured."
                        .to_owned()
                }
                other => format!(
                    "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one \
                     of the following statuses may be captured: requires_capture.",
                    other.name()
                ),
            };
            return Err(intent.unexpected(tx.state, message));
        }
    };
    let amount = match sent.integer("amount_to_capture")? {
        None => intent.amount_capturable,
        Some(amount) if amount < 1 => {
            return Err(ApiError::invalid("This value must be greater than or equal to 1.")
                .code("parameter_invalid_integer")
                .param("amount_to_capture"));
        }
        Some(amount) if amount > intent.amount_capturable => {
            return Err(ApiError::invalid(
                "The amount to capture cannot be greater than the authorized amount.",
            )
            .code("amount_too_large")
            .param("amount_to_capture"));
        }
        Some(amount) => amount,
    };
    let fee = params::application_fee(tx, sent, amount)?.or(intent.application_fee_amount);
    if fee.is_some_and(|fee| fee > amount) {
        return Err(ApiError::invalid("Application fee cannot be greater than the total charge amount.")
            .param("application_fee_amount"));
    }
    let suffix = params::suffix(sent.settable("statement_descriptor_suffix")?.flatten())?;
    metadata::merge(&mut intent.metadata, sent)?;
    intent.application_fee_amount = fee;
    if suffix.is_some() {
        intent.statement_descriptor_suffix = suffix;
    }
    take(tx, &mut intent, charge, Some(amount), "charge.captured");
    Ok(intent.render(tx.state))
}

/// The intent's last charge.
pub fn charge_of(tx: &Tx, intent: &PaymentIntent) -> Option<Charge> {
    intent.latest_charge.as_deref().and_then(|id| tx.state.charges.get(id)).cloned()
}

/// Takes `amount` (all of it by default): books it, takes the platform's fee, marks charge and intent, and tells of it; of
/// the charge by `event`. What the card does next, it does now.
pub fn take(tx: &mut Tx, intent: &mut PaymentIntent, mut charge: Charge, amount: Option<i64>, event: &str) {
    let amount = amount.unwrap_or(intent.amount);
    let fee = intent.application_fee_amount.filter(|fee| *fee > 0);
    charge.captured = true;
    charge.pending = false;
    charge.amount_captured = amount;
    charge.application_fee_amount = intent.application_fee_amount;
    let available_on = (charge.method.later() == Later::BypassPending).then_some(tx.now);
    charge.balance_transaction = Some(balance::book_for(
        tx,
        charge.account.clone(),
        Entry {
            amount,
            currency: &charge.currency,
            processing_fee: money::processing_fee(amount),
            application_fee: fee.unwrap_or(0),
            movement: if charge.is_payment() { Movement::Payment } else { Movement::Charge },
            source: &charge.id,
            description: charge.description.clone(),
        },
        available_on,
    ));
    if let (Some(fee), Some(payer)) = (fee, charge.account.clone()) {
        charge.application_fee = Some(application_fees::take(tx, &payer, &charge.id, fee, &charge.currency));
    }
    intent.status = Status::Succeeded;
    intent.amount_capturable = 0;
    intent.amount_received = amount;
    tx.put(charge.clone());
    let object = charge.render(tx.state);
    tx.emit(event, object);
    tell(tx, intent, "succeeded");
    disputes::open::of_the_card(tx, &charge);
}
