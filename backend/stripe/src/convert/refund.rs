//! Refunds.

use marquee_payments::{ProviderError, ProviderRefund, ProviderRefundStatus};
use stripe_core::Refund;

use super::{REFUND, id, money, time};

/// Stripe's refund as ours.
pub(crate) fn refund(from: Refund) -> Result<ProviderRefund, ProviderError> {
    let status = match from.status.as_deref() {
        Some("pending") => ProviderRefundStatus::Pending,
        Some("requires_action") => ProviderRefundStatus::RequiresAction,
        Some("succeeded") => ProviderRefundStatus::Succeeded,
        Some("failed") => ProviderRefundStatus::Failed,
        Some("canceled") => ProviderRefundStatus::Canceled,
        _ => ProviderRefundStatus::Other,
    };
    Ok(ProviderRefund {
        id: from.id.as_str().to_owned(),
        intent: id(from.payment_intent.as_ref()),
        charge: id(from.charge.as_ref()),
        status,
        amount: money(from.amount, &from.currency)?,
        refund: from.metadata.and_then(|metadata| metadata.get(REFUND)?.parse().ok()),
        failure: from.failure_reason,
        movement: id(from.balance_transaction.as_ref()),
        failure_movement: id(from.failure_balance_transaction.as_ref()),
        created: time(from.created),
    })
}
