//! Transfers: the platform's money on its way to connected accounts, and back.

pub mod create;
pub mod reverse;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::state::State;
use crate::engine::tx::Tx;
use crate::metadata::{self, Metadata};
use crate::row;

/// A transfer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Transfer {
    /// `tr_…`
    pub id: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// Minor units taken back.
    pub amount_reversed: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Free text.
    pub description: Option<String>,
    /// The connected account.
    pub destination: String,
    /// `py_…`: its side of it.
    pub destination_payment: String,
    /// The charge whose money it is.
    pub source_transaction: Option<String>,
    /// Groups charges and transfers.
    pub transfer_group: Option<String>,
    /// The platform's side of it.
    pub balance_transaction: String,
    /// The caller's.
    pub metadata: Metadata,
    /// The key of the request that made it.
    pub idempotency_key: Option<String>,
}

/// A transfer, or part of one, taken back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TransferReversal {
    /// `trr_…`
    pub id: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The transfer.
    pub transfer: String,
    /// The connected account that it was taken from.
    pub destination: String,
    /// `pyr_…`: its side of it.
    pub destination_payment_refund: String,
    /// The platform's side of it.
    pub balance_transaction: String,
    /// The caller's.
    pub metadata: Metadata,
    /// The key of the request that made it.
    pub idempotency_key: Option<String>,
}

row!(platform Transfer);
row!(platform TransferReversal);

impl Transfer {
    /// Stripe's object.
    pub fn render(&self, state: &State) -> Value {
        let reversals = state.reversals.newest(None).filter(|row| row.transfer == self.id);
        let reversals: Vec<Value> = reversals.map(TransferReversal::render).collect();
        json!({
            "id": self.id,
            "object": "transfer",
            "amount": self.amount,
            "amount_reversed": self.amount_reversed,
            "balance_transaction": self.balance_transaction,
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "destination": self.destination,
            "destination_payment": self.destination_payment,
            "livemode": false,
            "metadata": self.metadata,
            "reversals": {
                "object": "list",
                "data": reversals,
                "has_more": false,
                "url": format!("/v1/transfers/{}/reversals", self.id),
            },
            "reversed": self.amount_reversed == self.amount,
            "source_transaction": self.source_transaction,
            "source_type": "card",
            "transfer_group": self.transfer_group,
        })
    }
}

impl TransferReversal {
    /// Stripe's object.
    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "transfer_reversal",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "created": self.created,
            "currency": self.currency,
            "destination_payment_refund": self.destination_payment_refund,
            "metadata": self.metadata,
            "source_refund": null,
            "transfer": self.transfer,
        })
    }
}

fn find(tx: &Tx, id: &str) -> Result<Transfer, ApiError> {
    let transfer = tx.state.transfers.scoped(id, tx.account()).cloned();
    transfer.ok_or_else(|| ApiError::missing("transfer", id, "id"))
}

/// Writes a transfer and tells of it.
fn tell(tx: &mut Tx, transfer: &Transfer, event: &str) {
    tx.put(transfer.clone());
    let object = transfer.render(tx.state);
    tx.emit_for(None, &format!("transfer.{event}"), object);
}

/// `GET /v1/transfers/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    find(tx, id).map(|transfer| transfer.render(tx.state))
}

/// `POST /v1/transfers/{id}`
///
/// # Errors
/// 404, 400.
pub fn update(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    call.params.only(&["description", "metadata"])?;
    let mut transfer = find(tx, id)?;
    if let Some(description) = call.params.settable("description")? {
        transfer.description = description;
    }
    metadata::merge(&mut transfer.metadata, &call.params)?;
    tell(tx, &transfer, "updated");
    Ok(transfer.render(tx.state))
}

/// `GET /v1/transfers`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["destination", "transfer_group"]].concat())?;
    let (destination, group) = (call.params.text("destination")?, call.params.text("transfer_group")?);
    list::page(
        &tx.state.transfers,
        tx.account(),
        "transfer",
        "/v1/transfers",
        &call.params,
        |row| {
            destination.is_none_or(|wanted| wanted == row.destination)
                && group.is_none_or(|wanted| row.transfer_group.as_deref() == Some(wanted))
        },
        |row| row.render(tx.state),
    )
}
