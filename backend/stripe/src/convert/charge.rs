//! Charges: attempts to take money.

use marquee_payments::{ChargeStatus, ProviderCharge, ProviderError};
use stripe_core::{Charge, ChargeStatus as Stripes};

use super::{currency, id, time};

/// Stripe's charge as ours.
pub(crate) fn charge(from: Charge) -> Result<ProviderCharge, ProviderError> {
    let status = match from.status {
        Stripes::Succeeded => ChargeStatus::Succeeded,
        Stripes::Pending => ChargeStatus::Pending,
        Stripes::Failed => ChargeStatus::Failed,
        _ => ChargeStatus::Other,
    };
    let reason = from.outcome.and_then(|outcome| outcome.reason);
    let (method, card, debit) = match from.payment_method_details {
        Some(details) => (Some(details.type_), details.card, details.sepa_debit),
        None => (None, None, None),
    };
    let (brand, card_last4, card_fingerprint) =
        card.map_or((None, None, None), |card| (card.brand, card.last4, card.fingerprint));
    let (debit_last4, debit_fingerprint) =
        debit.map_or((None, None), |debit| (debit.last4, debit.fingerprint));
    Ok(ProviderCharge {
        id: from.id.as_str().to_owned(),
        intent: id(from.payment_intent.as_ref()),
        captured: from.captured,
        amount: from.amount,
        amount_captured: from.amount_captured,
        amount_refunded: from.amount_refunded,
        currency: currency(&from.currency)?,
        decline_code: (status == ChargeStatus::Failed).then(|| reason.or(from.failure_code)).flatten(),
        message: from.failure_message,
        fingerprint: card_fingerprint.or(debit_fingerprint),
        brand,
        last4: card_last4.or(debit_last4),
        method,
        movement: id(from.balance_transaction.as_ref()),
        created: time(from.created),
        status,
    })
}
