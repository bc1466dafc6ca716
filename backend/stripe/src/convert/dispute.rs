//! Disputes.

use marquee_entity::money::DisputeOutcome;
use marquee_payments::{ProviderDispute, ProviderError};
use stripe_core::Dispute;

use super::{id, money, movement, time};

/// Stripe's dispute as ours.
pub(crate) fn dispute(from: Dispute) -> Result<ProviderDispute, ProviderError> {
    let mut movements = from.balance_transactions.into_iter().map(movement).collect::<Result<Vec<_>, _>>()?;
    movements.sort_by_key(|one| one.created);
    let status = from.status.as_str().to_owned();
    Ok(ProviderDispute {
        id: from.id.as_str().to_owned(),
        charge: from.charge.id().as_str().to_owned(),
        intent: id(from.payment_intent.as_ref()),
        outcome: outcome(&status),
        status,
        money_withdrawn: movements.iter().any(|one| one.amount < 0),
        amount: money(from.amount, &from.currency)?,
        reason: from.reason,
        // Zero where the bank takes no answer.
        due_by: from.evidence_details.due_by.filter(|due| *due > 0).map(time),
        movements,
        created: time(from.created),
    })
}

/// A prevented dispute ended before the bank took any money, as an inquiry does, also one that a refund ended.
fn outcome(status: &str) -> Option<DisputeOutcome> {
    match status {
        "won" => Some(DisputeOutcome::Won),
        "lost" => Some(DisputeOutcome::Lost),
        "warning_closed" | "prevented" | "charge_refunded" => Some(DisputeOutcome::Withdrawn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_over_has_an_outcome() {
        assert_eq!(outcome("won"), Some(DisputeOutcome::Won));
        assert_eq!(outcome("lost"), Some(DisputeOutcome::Lost));
        assert_eq!(outcome("warning_closed"), Some(DisputeOutcome::Withdrawn));
        for open in ["needs_response", "under_review", "warning_needs_response", "something_new"] {
            assert_eq!(outcome(open), None, "{open}");
        }
    }
}
