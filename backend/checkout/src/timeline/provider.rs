use chrono::{DateTime, Utc};
use marquee_core::money::Money;
use marquee_payments::{
    ChargeStatus, IntentStatus, Provider, ProviderCharge, ProviderDispute, ProviderError, ProviderRefund,
    ProviderRefundStatus,
};

use super::types::{Moment, ProviderSide, Source};
use crate::intent::is_missing;

/// Asks the provider for all it knows of a payment; what it does not answer is said and left out.
pub(super) async fn look(
    provider: &dyn Provider,
    account: Option<&str>,
    intent: Option<&str>,
) -> (ProviderSide, Vec<Moment>) {
    let (mut side, mut moments) = (ProviderSide::default(), Vec::new());
    if let Some(intent) = intent
        && let Err(error) = read(provider, account, intent, &mut side, &mut moments).await
        && !is_missing(&error)
    {
        side.error = Some(error.to_string());
    }
    (side, moments)
}

async fn read(
    provider: &dyn Provider,
    account: Option<&str>,
    intent: &str,
    side: &mut ProviderSide,
    moments: &mut Vec<Moment>,
) -> Result<(), ProviderError> {
    let known = provider.retrieve_intent(account, intent).await?;
    side.known = true;
    side.status = Some(status(known.status).to_owned());
    side.captured = known.amount_captured;
    let mut charges = provider.list_charges(account, intent).await?;
    // Newest first, and told by the second: turned round, equal ones keep their order.
    charges.reverse();
    charges.sort_by_key(|charge| charge.created);
    moments.extend(charges.iter().enumerate().map(|(index, charge)| tried(charge, index + 1)));
    let refunds = provider.list_refunds(account, intent).await?;
    side.refunded = refunds.iter().filter(|one| counts(one.status)).map(|one| one.amount.amount).sum();
    side.refunds = refunds.iter().map(|one| one.id.clone()).collect();
    moments.extend(refunds.iter().map(refunded));
    let disputes = provider.list_disputes(account, intent).await?;
    side.disputes = disputes.iter().map(|one| one.id.clone()).collect();
    moments.extend(disputes.iter().map(disputed));
    Ok(())
}

/// Is the money of such a refund gone or going?
fn counts(status: ProviderRefundStatus) -> bool {
    !matches!(status, ProviderRefundStatus::Failed | ProviderRefundStatus::Canceled)
}

fn status(status: IntentStatus) -> &'static str {
    match status {
        IntentStatus::RequiresPaymentMethod => "requires_payment_method",
        IntentStatus::RequiresConfirmation => "requires_confirmation",
        IntentStatus::RequiresAction => "requires_action",
        IntentStatus::Processing => "processing",
        IntentStatus::RequiresCapture => "requires_capture",
        IntentStatus::Succeeded => "succeeded",
        IntentStatus::Canceled => "canceled",
        IntentStatus::Other => "other",
    }
}

fn moment(at: DateTime<Utc>, what: &str, text: String, reference: &str) -> Moment {
    Moment {
        at,
        source: Source::Provider,
        what: what.to_owned(),
        text,
        reference: Some(reference.to_owned()),
        attempt: None,
    }
}

fn tried(charge: &ProviderCharge, attempt: usize) -> Moment {
    let card = [&charge.brand, &charge.last4].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let (what, detail) = match charge.status {
        ChargeStatus::Succeeded if charge.captured => ("charge_captured", None),
        ChargeStatus::Succeeded => ("charge_reserved", None),
        ChargeStatus::Pending => ("charge_pending", None),
        ChargeStatus::Failed => ("charge_failed", charge.decline_code.as_ref().or(charge.message.as_ref())),
        ChargeStatus::Other => ("charge_other", None),
    };
    let method = charge.method.clone().unwrap_or_default();
    let amount = Money { amount: charge.amount, currency: charge.currency.clone() };
    let words = [Some(amount.to_string()), Some(method), Some(card), detail.cloned()];
    let words: Vec<String> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    Moment { attempt: Some(attempt), ..moment(charge.created, what, words.join(", "), &charge.id) }
}

fn refunded(refund: &ProviderRefund) -> Moment {
    let what = match refund.status {
        ProviderRefundStatus::Succeeded => "refund_made",
        ProviderRefundStatus::Failed | ProviderRefundStatus::Canceled => "refund_failed",
        ProviderRefundStatus::Pending
        | ProviderRefundStatus::RequiresAction
        | ProviderRefundStatus::Other => "refund_pending",
    };
    let whose = if refund.refund.is_some() { "" } else { ", made at the provider" };
    let text = format!("{}{whose}", refund.amount);
    moment(refund.created, what, text, &refund.id)
}

fn disputed(dispute: &ProviderDispute) -> Moment {
    let text = format!("{}, {}, {}", dispute.amount, dispute.reason, dispute.status);
    moment(dispute.created, "dispute_opened", text, &dispute.id)
}
