//! The platform's share of direct charges. Fees belong to the platform, whoever was charged.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accounts;
use crate::balance::{self, Entry, Movement};
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::state::State;
use crate::engine::tx::Tx;
use crate::metadata::Metadata;
use crate::row;

/// An application fee.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApplicationFee {
    /// `fee_…`
    pub id: String,
    /// Who paid it.
    pub payer: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// Minor units given back.
    pub amount_refunded: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The charge it was taken from.
    pub charge: String,
    /// The platform's side of it.
    pub balance_transaction: String,
}

/// A fee, or part of one, given back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeeRefund {
    /// `fr_…`
    pub id: String,
    /// The fee.
    pub fee: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The platform's side of it.
    pub balance_transaction: String,
    /// The caller's.
    pub metadata: Metadata,
}

row!(platform ApplicationFee);
row!(platform FeeRefund);

impl ApplicationFee {
    /// Stripe's object.
    pub fn render(&self, state: &State) -> Value {
        let refunds: Vec<Value> =
            state.fee_refunds.newest(None).filter(|row| row.fee == self.id).map(FeeRefund::render).collect();
        json!({
            "id": self.id,
            "object": "application_fee",
            "account": self.payer,
            "amount": self.amount,
            "amount_refunded": self.amount_refunded,
            "application": accounts::APPLICATION,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "fee_source": { "charge": self.charge, "type": "charge" },
            "livemode": false,
            "originating_transaction": null,
            "refunded": self.amount_refunded == self.amount,
            "refunds": {
                "object": "list",
                "data": refunds,
                "has_more": false,
                "url": format!("/v1/application_fees/{}/refunds", self.id),
            },
        })
    }
}

impl FeeRefund {
    /// Stripe's object.
    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "fee_refund",
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "created": self.created,
            "currency": self.currency,
            "fee": self.fee,
            "metadata": self.metadata,
        })
    }
}

/// Takes a fee from a captured charge of `payer`; answers the fee's id.
pub fn take(tx: &mut Tx, payer: &str, charge: &str, amount: i64, currency: &str) -> String {
    let id = tx.id("fee");
    let balance_transaction = balance::book(
        tx,
        None,
        Entry {
            amount,
            currency,
            processing_fee: 0,
            application_fee: 0,
            movement: Movement::ApplicationFee,
            source: &id,
            description: None,
        },
    );
    let fee = ApplicationFee {
        id: id.clone(),
        payer: payer.to_owned(),
        created: tx.now,
        amount,
        amount_refunded: 0,
        currency: currency.to_owned(),
        charge: charge.to_owned(),
        balance_transaction,
    };
    tx.put(fee.clone());
    let object = fee.render(tx.state);
    tx.emit_for(None, "application_fee.created", object);
    id
}

/// Gives `amount` of a fee back; never more than is left of it. Answers how much that was.
pub fn give_back(tx: &mut Tx, fee: &str, amount: i64) -> i64 {
    let Some(mut fee) = tx.state.fees.get(fee).cloned() else { return 0 };
    let amount = amount.min(fee.amount - fee.amount_refunded);
    if amount <= 0 {
        return 0;
    }
    let id = tx.id("fr");
    let balance_transaction = balance::book(
        tx,
        None,
        Entry {
            amount: -amount,
            currency: &fee.currency,
            processing_fee: 0,
            application_fee: 0,
            movement: Movement::ApplicationFeeRefund,
            source: &id,
            description: None,
        },
    );
    let refund = FeeRefund {
        id,
        fee: fee.id.clone(),
        created: tx.now,
        amount,
        currency: fee.currency.clone(),
        balance_transaction,
        metadata: Metadata::new(),
    };
    fee.amount_refunded += amount;
    tx.put(refund);
    tx.put(fee.clone());
    let object = fee.render(tx.state);
    tx.emit_for(None, "application_fee.refunded", object);
    amount
}

/// `GET /v1/application_fees/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    let fee = tx.state.fees.scoped(id, tx.account());
    fee.map(|fee| fee.render(tx.state)).ok_or_else(|| ApiError::missing("application fee", id, "id"))
}

/// `GET /v1/application_fees`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["charge"]].concat())?;
    let charge = call.params.text("charge")?;
    list::page(
        &tx.state.fees,
        tx.account(),
        "application fee",
        "/v1/application_fees",
        &call.params,
        |row| charge.is_none_or(|wanted| wanted == row.charge),
        |row| row.render(tx.state),
    )
}
