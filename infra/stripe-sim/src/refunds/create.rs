//! `POST /v1/refunds`

use serde_json::Value;

use crate::balance::{self, Entry, Movement};
use crate::cards::Later;
use crate::charges::Charge;
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::jobs::{SETTLES_AFTER, Work};
use crate::engine::money;
use crate::engine::tx::Tx;
use crate::metadata::{self, Metadata};
use crate::{application_fees, disputes};

use super::{Refund, Status};

const PARAMS: &[&str] = &[
    "amount",
    "charge",
    "metadata",
    "payment_intent",
    "reason",
    "refund_application_fee",
    "reverse_transfer",
];

/// `POST /v1/refunds`
///
/// # Errors
/// 404 for the charge; 400 when there is nothing left to refund, or not as much.
pub fn create(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    params.only(PARAMS)?;
    let amount = params.integer("amount")?;
    let reason =
        params.choice("reason", &["duplicate", "fraudulent", "requested_by_customer"])?.map(str::to_owned);
    let with_fee = params.flag("refund_application_fee")?.unwrap_or(false);
    let metadata = metadata::new(params)?;
    if amount.is_some_and(|amount| amount < 1) {
        return Err(ApiError::invalid("Invalid positive integer")
            .code("parameter_invalid_integer")
            .param("amount"));
    }
    let charge = charge_to_refund(tx, call)?;
    let refund = give_back(tx, charge, &Wish { amount, reason, with_fee, metadata })?;
    Ok(refund.render())
}

/// What is wished of a refund.
#[derive(Debug, Default)]
pub struct Wish {
    /// Minor units; `None`: all that is left.
    pub amount: Option<i64>,
    /// Stripe's `reason`.
    pub reason: Option<String>,
    /// Whether the application fee's share goes back too.
    pub with_fee: bool,
    /// The caller's.
    pub metadata: Metadata,
}

/// Gives back what was taken, or part of it.
///
/// # Errors
/// 400 when there is nothing left, not as much, or when the charge is disputed.
pub fn give_back(tx: &mut Tx, mut charge: Charge, wish: &Wish) -> Result<Refund, ApiError> {
    let amount = check_amount(tx, &charge, wish.amount)?;
    let fee_back = if wish.with_fee { fee_share(tx, &charge, amount) } else { 0 };
    let id = tx.id("re");
    let later = charge.method.later();
    let fee_returned = match (&charge.application_fee, fee_back) {
        (Some(fee), 1..) => application_fees::give_back(tx, &fee.clone(), fee_back),
        _ => 0,
    };
    let balance_transaction = balance::book(
        tx,
        charge.account.clone(),
        Entry {
            amount: -amount,
            currency: &charge.currency,
            processing_fee: 0,
            application_fee: -fee_returned,
            movement: if charge.is_payment() { Movement::PaymentRefund } else { Movement::Refund },
            source: &id,
            description: charge.description.as_ref().map(|text| format!("REFUND FOR CHARGE ({text})")),
        },
    );
    let refund = Refund {
        id,
        account: charge.account.clone(),
        created: tx.now,
        amount,
        currency: charge.currency.clone(),
        charge: charge.id.clone(),
        payment_intent: charge.payment_intent.clone(),
        payment_method: charge.method.id.clone(),
        customer: charge.customer.clone(),
        reason: wish.reason.clone(),
        balance_transaction,
        status: if pends(tx, later) { Status::Pending } else { Status::Succeeded },
        with_fee: wish.with_fee,
        failure_balance_transaction: None,
        failure_reason: None,
        kind: charge.method.kind,
        metadata: wish.metadata.clone(),
        idempotency_key: tx.origin.key.clone(),
    };
    charge.amount_refunded += amount;
    tx.put(refund.clone());
    tx.put(charge.clone());
    tx.emit("refund.created", refund.render());
    let object = charge.render(tx.state);
    tx.emit("charge.refunded", object);
    let ends = match (refund.status, later) {
        (_, Later::RefundFails) => Some(false),
        (Status::Pending, _) => Some(true),
        _ => None,
    };
    if let Some(succeed) = ends {
        tx.schedule(SETTLES_AFTER, Work::SettleRefund { refund: refund.id.clone(), succeed });
    }
    Ok(refund)
}

fn pends(tx: &Tx, later: Later) -> bool {
    later == Later::RefundPends || tx.origin.pending_refunds
}

fn charge_to_refund(tx: &Tx, call: &Call) -> Result<Charge, ApiError> {
    if let Some(id) = call.params.text("charge")? {
        let charge = tx.state.charges.scoped(id, tx.account());
        return charge.cloned().ok_or_else(|| ApiError::missing("charge", id, "charge"));
    }
    let Some(id) = call.params.text("payment_intent")? else {
        return Err(ApiError::invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
        )
        .code("parameter_missing"));
    };
    let intent = tx.state.intents.scoped(id, tx.account());
    let intent = intent.ok_or_else(|| ApiError::missing("payment_intent", id, "payment_intent"))?;
    let charge = intent.latest_charge.as_deref().and_then(|charge| tx.state.charges.get(charge));
    charge.filter(|charge| charge.captured).cloned().ok_or_else(|| {
        let message = format!("This PaymentIntent ({id}) does not have a successful charge to refund.");
        ApiError::invalid(message).param("payment_intent").begun()
    })
}

fn check_amount(tx: &Tx, charge: &Charge, amount: Option<i64>) -> Result<i64, ApiError> {
    let left = charge.refundable();
    if !charge.captured {
        let message = format!("Charge {} has not been captured and cannot be refunded.", charge.id);
        return Err(ApiError::refused("charge_not_refundable", message));
    }
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(ApiError::refused("charge_already_refunded", message));
    }
    if disputes::withdrawn(tx, &charge.id) {
        let message = format!("Charge {} has been charged back; cannot issue a refund.", charge.id);
        return Err(ApiError::refused("charge_disputed", message));
    }
    match amount {
        Some(amount) if amount > left => {
            let (asked, left) =
                (money::display(amount, &charge.currency), money::display(left, &charge.currency));
            let message =
                format!("Refund amount ({asked}) is greater than unrefunded amount on charge ({left})");
            Err(ApiError::invalid(message).param("amount").begun())
        }
        Some(amount) => Ok(amount),
        None => Ok(left),
    }
}

/// The fee's share of a refund, so that the shares of all refunds sum up to the whole fee. A share that went back with a
/// refund which then failed stays with the account and counts.
fn fee_share(tx: &Tx, charge: &Charge, amount: i64) -> i64 {
    let Some(fee) = charge.application_fee.as_ref().and_then(|fee| tx.state.fees.get(fee)) else { return 0 };
    let share = |refunded: i64| {
        let exact = i128::from(fee.amount) * i128::from(refunded) / i128::from(charge.amount_captured.max(1));
        i64::try_from(exact).unwrap_or(fee.amount)
    };
    let sharing =
        tx.state.refunds.newest(charge.account.as_deref()).filter(|refund| {
            refund.charge == charge.id && refund.with_fee && refund.status != Status::Failed
        });
    let target = share(sharing.map(|refund| refund.amount).sum::<i64>() + amount);
    (target - fee.amount_refunded).max(0)
}
