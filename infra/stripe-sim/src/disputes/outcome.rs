//! How a dispute ends.

use serde::Deserialize;

use crate::balance::{self, Entry, Movement};
use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;

use super::{Dispute, Status, tell};

/// How it ends, by control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The money comes back.
    Won,
    /// The money is gone.
    Lost,
}

/// Ends a dispute by control.
///
/// # Errors
/// 404; 400 when it is over.
pub fn resolve(tx: &mut Tx, id: &str, outcome: Outcome) -> Result<Dispute, ApiError> {
    let dispute = tx.state.disputes.get(id).cloned();
    let dispute = dispute.ok_or_else(|| ApiError::missing("dispute", id, "dispute"))?;
    if dispute.status.is_over() {
        let message = format!("This dispute is already closed, with a status of {}.", dispute.status.name());
        return Err(ApiError::invalid(message));
    }
    Ok(end(tx, dispute, outcome == Outcome::Won))
}

/// Nobody answered in time.
pub fn unanswered(tx: &mut Tx, id: &str) {
    let dispute = tx.state.disputes.get(id).filter(|row| row.status.is_unanswered() && row.due_by <= tx.now);
    if let Some(dispute) = dispute.cloned() {
        end(tx, dispute, false);
    }
}

/// The bank has read the evidence.
pub fn decide(tx: &mut Tx, id: &str, won: bool) {
    let dispute = tx.state.disputes.get(id).filter(|row| !row.status.is_over());
    if let Some(dispute) = dispute.cloned() {
        end(tx, dispute, won);
    }
}

/// Ends it. An inquiry has taken nothing and gives nothing back; the fee of a dispute is kept even when it is won.
pub fn end(tx: &mut Tx, mut dispute: Dispute, won: bool) -> Dispute {
    dispute.status = match (dispute.status.is_inquiry(), won) {
        (true, _) => Status::WarningClosed,
        (false, true) => Status::Won,
        (false, false) => Status::Lost,
    };
    if dispute.status == Status::Won {
        let now = tx.now;
        let entry = Entry {
            description: Some(format!("Chargeback reversal for {}", dispute.charge)),
            ..Entry::plain(Movement::DisputeReversal, dispute.amount, &dispute.currency, &dispute.id)
        };
        let movement = balance::book_for(tx, dispute.account.clone(), entry, Some(now));
        dispute.balance_transactions.push(movement);
    }
    tell(tx, &dispute, "closed");
    if dispute.status == Status::Won {
        tell(tx, &dispute, "funds_reinstated");
    }
    dispute
}
