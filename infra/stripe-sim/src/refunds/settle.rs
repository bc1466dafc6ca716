//! How a refund ends: the buyer has it, or it came back.

use crate::balance::{self, Entry, Movement};
use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;
use crate::local_methods::Kind;

use super::{Refund, Status};

/// Stripe's usual reason for a refund that came back.
const REASON: &str = "expired_or_canceled_card";

/// Ends a refund by control; a succeeded one can still fail.
///
/// # Errors
/// 404; 400 when it has ended so already.
pub fn settle(tx: &mut Tx, id: &str, succeed: bool, reason: Option<&str>) -> Result<Refund, ApiError> {
    let refund = tx.state.refunds.get(id).cloned();
    let refund = refund.ok_or_else(|| ApiError::missing("refund", id, "id"))?;
    match (refund.status, succeed) {
        (Status::Pending, true) => succeeded(tx, refund),
        (Status::Pending | Status::Succeeded, false) => failed(tx, refund, reason.unwrap_or(REASON)),
        (status, _) => {
            let message = format!("This refund has a status of {} and stays so.", status.name());
            return Err(ApiError::invalid(message));
        }
    }
    tx.state.refunds.get(id).cloned().ok_or_else(|| ApiError::missing("refund", id, "id"))
}

/// Ends a refund by itself, if it has not ended yet.
pub fn by_itself(tx: &mut Tx, id: &str, succeed: bool) {
    let Some(refund) = tx.state.refunds.get(id).cloned() else { return };
    match (refund.status, succeed) {
        (Status::Pending, true) => succeeded(tx, refund),
        (Status::Pending | Status::Succeeded, false) => failed(tx, refund, REASON),
        _ => {}
    }
}

fn succeeded(tx: &mut Tx, mut refund: Refund) {
    refund.status = Status::Succeeded;
    tell(tx, &refund);
}

/// The money is back with the account; what of the application fee went back, stays there.
fn failed(tx: &mut Tx, mut refund: Refund, reason: &str) {
    let movement =
        if refund.kind == Kind::Card { Movement::RefundFailure } else { Movement::PaymentFailureRefund };
    let entry = Entry::plain(movement, refund.amount, &refund.currency, &refund.id);
    refund.failure_balance_transaction = Some(balance::book(tx, refund.account.clone(), entry));
    refund.failure_reason = Some(reason.to_owned());
    refund.status = Status::Failed;
    if let Some(mut charge) = tx.state.charges.get(&refund.charge).cloned() {
        charge.amount_refunded -= refund.amount;
        tx.put(charge);
    }
    tell(tx, &refund);
    tx.emit_for(refund.account.clone(), "refund.failed", refund.render());
}

fn tell(tx: &mut Tx, refund: &Refund) {
    tx.put(refund.clone());
    tx.emit_for(refund.account.clone(), "refund.updated", refund.render());
    tx.emit_for(refund.account.clone(), "charge.refund.updated", refund.render());
}
