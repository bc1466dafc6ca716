//! Refunds.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::application_fees;
use crate::balance::{self, Entry, Movement};
use crate::charges::Charge;
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::tx::Tx;
use crate::engine::{list, money};
use crate::metadata::{self, Metadata};
use crate::row;

/// A refund.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The charge given back.
    pub charge: String,
    /// Its intent.
    pub payment_intent: String,
    /// Its payment method.
    pub payment_method: String,
    /// Its customer.
    pub customer: Option<String>,
    /// `duplicate`, `fraudulent`, `requested_by_customer` or nothing.
    pub reason: Option<String>,
    /// The movement of money.
    pub balance_transaction: String,
    /// The caller's.
    pub metadata: Metadata,
    /// The key of the request that made it.
    pub idempotency_key: Option<String>,
}

row!(Refund);

impl Refund {
    /// Stripe's object.
    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "destination_details": {
                "card": {
                    "reference": "7901352802291512",
                    "reference_status": "available",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": "succeeded",
            "transfer_reversal": null,
        })
    }
}

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
    let mut charge = charge_to_refund(tx, call)?;
    let amount = check_amount(&charge, amount)?;

    let fee_back = if with_fee { fee_share(tx, &charge, amount) } else { 0 };
    let id = tx.id("re");
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
            movement: Movement::Refund,
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
        reason,
        balance_transaction,
        metadata,
        idempotency_key: tx.origin.key.clone(),
    };
    charge.amount_refunded += amount;
    tx.put(refund.clone());
    tx.put(charge.clone());
    tx.emit("refund.created", refund.render());
    let object = charge.render(tx.state);
    tx.emit("charge.refunded", object);
    Ok(refund.render())
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

fn check_amount(charge: &Charge, amount: Option<i64>) -> Result<i64, ApiError> {
    let left = charge.refundable();
    if !charge.captured {
        let message = format!("Charge {} has not been captured and cannot be refunded.", charge.id);
        return Err(ApiError::refused("charge_not_refundable", message));
    }
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(ApiError::refused("charge_already_refunded", message));
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

/// The fee's share of a refund, so that the shares of all refunds sum up to the whole fee.
fn fee_share(tx: &Tx, charge: &Charge, amount: i64) -> i64 {
    let Some(fee) = charge.application_fee.as_ref().and_then(|fee| tx.state.fees.get(fee)) else { return 0 };
    let share = |refunded: i64| {
        let exact = i128::from(fee.amount) * i128::from(refunded) / i128::from(charge.amount_captured.max(1));
        i64::try_from(exact).unwrap_or(fee.amount)
    };
    share(charge.amount_refunded + amount) - share(charge.amount_refunded)
}

fn find(tx: &Tx, id: &str) -> Result<Refund, ApiError> {
    tx.state.refunds.scoped(id, tx.account()).cloned().ok_or_else(|| ApiError::missing("refund", id, "id"))
}

/// `GET /v1/refunds/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    find(tx, id).map(|refund| refund.render())
}

/// `POST /v1/refunds/{id}`
///
/// # Errors
/// 404, 400.
pub fn update(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let mut refund = find(tx, id)?;
    call.params.only(&["metadata"])?;
    metadata::merge(&mut refund.metadata, &call.params)?;
    tx.put(refund.clone());
    tx.emit("refund.updated", refund.render());
    Ok(refund.render())
}

/// `GET /v1/refunds`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["charge", "payment_intent"]].concat())?;
    let (charge, intent) = (call.params.text("charge")?, call.params.text("payment_intent")?);
    list::page(
        &tx.state.refunds,
        tx.account(),
        "refund",
        "/v1/refunds",
        &call.params,
        |row| {
            charge.is_none_or(|wanted| wanted == row.charge)
                && intent.is_none_or(|wanted| wanted == row.payment_intent)
        },
        Refund::render,
    )
}
