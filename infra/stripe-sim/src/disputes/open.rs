//! How a dispute begins.

use crate::balance::{self, Entry, Movement};
use crate::cards::Later;
use crate::charges::{self, Charge};
use crate::engine::errors::ApiError;
use crate::engine::jobs::Work;
use crate::engine::tx::Tx;
use crate::metadata::Metadata;

use super::{ANSWER_WITHIN, Dispute, FEE, Status, tell};

/// What is wished of a dispute.
#[derive(Debug, Default)]
pub struct Wish {
    /// Stripe's `reason`; `fraudulent` by default.
    pub reason: Option<String>,
    /// Minor units; `None`: all that has not been refunded.
    pub amount: Option<i64>,
    /// Whether it is only an inquiry.
    pub inquiry: bool,
}

/// Stripe's reasons.
const REASONS: &[&str] = &[
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
];

/// What the buyer of a captured charge does, if their card is one of those.
pub fn of_the_card(tx: &mut Tx, charge: &Charge) {
    let wish = match charge.method.later() {
        Later::Dispute(reason) => Wish { reason: Some(reason.into()), ..Wish::default() },
        Later::Inquiry => Wish { inquiry: true, ..Wish::default() },
        _ => return,
    };
    // A charge that was just captured can be disputed.
    let _ = open(tx, charge.clone(), wish);
}

/// Opens a dispute of the charge called `id`, or of that of the intent called so.
///
/// # Errors
/// 404, 400.
pub fn by_control(tx: &mut Tx, id: &str, wish: Wish) -> Result<Dispute, ApiError> {
    let charge = charges::of_any(tx, id)?;
    open(tx, charge, wish)
}

/// Opens a dispute.
///
/// # Errors
/// 400 for a charge that was not captured or is disputed already, and for an amount that is not left of it.
fn open(tx: &mut Tx, mut charge: Charge, wish: Wish) -> Result<Dispute, ApiError> {
    let reason = wish.reason.unwrap_or_else(|| "fraudulent".into());
    if !REASONS.contains(&reason.as_str()) {
        return Err(ApiError::invalid(format!("`{reason}` is no reason of a dispute")).param("reason"));
    }
    let left = charge.refundable();
    let amount = wish.amount.unwrap_or(left);
    if amount < 1 || amount > left {
        let message = format!("Of charge {} at most {left} can be disputed.", charge.id);
        return Err(ApiError::invalid(message).param("amount"));
    }
    if tx
        .state
        .disputes
        .iter()
        .any(|row| row.charge == charge.id && !matches!(row.status, Status::Won | Status::WarningClosed))
    {
        return Err(ApiError::invalid(format!("Charge {} is disputed already.", charge.id)));
    }
    let mut dispute = Dispute {
        id: tx.id("du"),
        account: charge.account.clone(),
        created: tx.now,
        amount,
        currency: charge.currency.clone(),
        charge: charge.id.clone(),
        payment_intent: charge.payment_intent.clone(),
        method: charge.method.kind,
        brand: charge.method.test_card().brand.to_owned(),
        reason,
        status: if wish.inquiry { Status::WarningNeedsResponse } else { Status::NeedsResponse },
        evidence: std::collections::BTreeMap::new(),
        submission_count: 0,
        due_by: tx.now + ANSWER_WITHIN,
        balance_transactions: Vec::new(),
        metadata: Metadata::new(),
    };
    charge.disputed = true;
    tx.put(charge);
    tx.schedule(ANSWER_WITHIN, Work::EndDispute { dispute: dispute.id.clone() });
    if wish.inquiry {
        tell(tx, &dispute, "created");
    } else {
        let movement = withdrawal(tx, &dispute);
        dispute.balance_transactions.push(movement);
        tell(tx, &dispute, "created");
        tell(tx, &dispute, "funds_withdrawn");
    }
    Ok(dispute)
}

/// The money is taken, and the fee; answers the movement's id.
pub fn withdrawal(tx: &mut Tx, dispute: &Dispute) -> String {
    let entry = Entry {
        processing_fee: FEE,
        description: Some(format!("Chargeback withdrawal for {}", dispute.charge)),
        ..Entry::plain(Movement::Dispute, -dispute.amount, &dispute.currency, &dispute.id)
    };
    let now = tx.now;
    balance::book_for(tx, dispute.account.clone(), entry, Some(now))
}
