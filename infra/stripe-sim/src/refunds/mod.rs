//! Refunds: `pending` or `succeeded` at first, and `failed` when the buyer's bank sends the money back.

pub mod create;
pub mod settle;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::tx::Tx;
use crate::local_methods::Kind;
use crate::metadata::{self, Metadata};
use crate::row;

/// Stripe's `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// On its way.
    Pending,
    /// Arrived, as far as anybody knows.
    #[default]
    Succeeded,
    /// Came back.
    Failed,
}

impl Status {
    /// As Stripe writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

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
    /// Where it stands.
    #[serde(default)]
    pub status: Status,
    /// Whether the application fee's share was to be given back with it.
    #[serde(default)]
    pub with_fee: bool,
    /// The movement of money back, where it failed.
    #[serde(default)]
    pub failure_balance_transaction: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub failure_reason: Option<String>,
    /// What it was paid with: a card or not.
    #[serde(default)]
    pub kind: Kind,
    /// The caller's.
    pub metadata: Metadata,
    /// The key of the request that made it.
    pub idempotency_key: Option<String>,
}

row!(Refund);

impl Refund {
    /// Stripe's object.
    pub fn render(&self) -> Value {
        let mut object = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "destination_details": self.destination(),
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": self.status.name(),
            "transfer_reversal": null,
        });
        if let Value::Object(members) = &mut object {
            if self.status == Status::Pending {
                members.insert("pending_reason".into(), json!("processing"));
            }
            if self.status == Status::Failed {
                members.insert("failure_balance_transaction".into(), json!(self.failure_balance_transaction));
                members.insert("failure_reason".into(), json!(self.failure_reason));
            }
        }
        object
    }

    fn destination(&self) -> Value {
        if self.kind != Kind::Card {
            return json!({ "type": self.kind.name() });
        }
        let known = self.status != Status::Pending;
        json!({
            "card": {
                "reference": known.then_some("7901352802291512"),
                "reference_status": if known { "available" } else { "pending" },
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        })
    }
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
