//! `POST /v1/disputes/{id}` and `POST /v1/disputes/{id}/close`

use serde_json::Value;

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::jobs::Work;
use crate::engine::tx::Tx;
use crate::metadata;

use super::{Dispute, EVIDENCE, Status, find, open, outcome, tell};

fn still_open(dispute: &Dispute) -> Result<(), ApiError> {
    if !dispute.status.is_over() {
        return Ok(());
    }
    let message = format!("This dispute is already closed, with a status of {}.", dispute.status.name());
    Err(ApiError::refused("dispute_already_closed", message))
}

/// Takes evidence, and hands it in unless told to wait. The texts of Stripe's test mode decide: `winning_evidence`,
/// `losing_evidence`, and for an inquiry `escalate_inquiry_evidence`.
///
/// # Errors
/// 404, 400.
pub fn update(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let sent = &call.params;
    sent.only(&["evidence", "metadata", "submit"])?;
    let mut dispute = find(tx, id)?;
    let evidence = sent.tree("evidence")?;
    let submit = sent.flag("submit")?.unwrap_or(true);
    metadata::merge(&mut dispute.metadata, sent)?;
    if let Some(evidence) = evidence {
        still_open(&dispute)?;
        evidence.only(EVIDENCE)?;
        for (name, _) in evidence.iter() {
            match evidence.settable(name)?.flatten() {
                Some(text) => dispute.evidence.insert(name.to_owned(), text),
                None => dispute.evidence.remove(name),
            };
        }
    }
    let handed_in = submit && !dispute.evidence.is_empty() && dispute.status.is_unanswered();
    if handed_in {
        dispute.submission_count += 1;
        hand_in(tx, &mut dispute);
    }
    tell(tx, &dispute, "updated");
    Ok(dispute.render(tx.state))
}

fn hand_in(tx: &mut Tx, dispute: &mut Dispute) {
    let text = dispute.evidence.get("uncategorized_text").map(|text| text.trim());
    match (dispute.status, text) {
        (Status::WarningNeedsResponse, Some("escalate_inquiry_evidence")) => {
            dispute.status = Status::NeedsResponse;
            let movement = open::withdrawal(tx, dispute);
            dispute.balance_transactions.push(movement);
            tell(tx, dispute, "funds_withdrawn");
            return;
        }
        (Status::WarningNeedsResponse, _) => dispute.status = Status::WarningUnderReview,
        _ => dispute.status = Status::UnderReview,
    }
    let won = match text {
        Some("winning_evidence") => true,
        Some("losing_evidence") => false,
        _ => return,
    };
    tx.schedule(0, Work::DecideDispute { dispute: dispute.id.clone(), won });
}

/// Gives in: the dispute is lost.
///
/// # Errors
/// 404; 400 when it is over.
pub fn close(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    call.params.only(&[])?;
    let dispute = find(tx, id)?;
    still_open(&dispute)?;
    let dispute = outcome::end(tx, dispute, false);
    Ok(dispute.render(tx.state))
}
