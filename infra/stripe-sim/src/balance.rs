//! The balance and what moved it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accounts;
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::tx::Tx;
use crate::row;

/// Funds become available after two days.
const PENDING: i64 = 2 * 86_400;

/// What a movement of money was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// A captured charge.
    Charge,
    /// A refund.
    Refund,
    /// The platform's fee.
    ApplicationFee,
    /// The platform's fee given back.
    ApplicationFeeRefund,
}

impl Movement {
    fn name(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::ApplicationFee => "application_fee",
            Self::ApplicationFeeRefund => "application_fee_refund",
        }
    }

    fn category(self) -> &'static str {
        match self {
            Self::ApplicationFee => "platform_earning",
            Self::ApplicationFeeRefund => "platform_earning_refund",
            other => other.name(),
        }
    }
}

/// A movement of money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BalanceTransaction {
    /// `txn_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Gross, in minor units; negative takes away.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// What processing cost; negative gives back.
    pub processing_fee: i64,
    /// What the platform took; negative gives back.
    pub application_fee: i64,
    /// What it was for.
    pub movement: Movement,
    /// The object behind it.
    pub source: String,
    /// Free text.
    pub description: Option<String>,
}

row!(BalanceTransaction);

impl BalanceTransaction {
    fn fee(&self) -> i64 {
        self.processing_fee + self.application_fee
    }

    fn net(&self) -> i64 {
        self.amount - self.fee()
    }

    /// Stripe's object.
    pub fn render(&self) -> Value {
        let mut details = Vec::new();
        if self.application_fee != 0 {
            details.push(json!({
                "amount": self.application_fee,
                "application": accounts::APPLICATION,
                "currency": self.currency,
                "description": "Application fee",
                "type": "application_fee",
            }));
        }
        if self.processing_fee != 0 {
            details.push(json!({
                "amount": self.processing_fee,
                "application": null,
                "currency": self.currency,
                "description": "Processing fees",
                "type": "stripe_fee",
            }));
        }
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.created + PENDING,
            "balance_type": "payments",
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "exchange_rate": null,
            "fee": self.fee(),
            "fee_details": details,
            "net": self.net(),
            "reporting_category": self.movement.category(),
            "source": self.source,
            "status": "pending",
            "type": self.movement.name(),
        })
    }
}

/// What a movement is made of.
pub struct Entry<'a> {
    /// Gross.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: &'a str,
    /// What processing cost.
    pub processing_fee: i64,
    /// What the platform took.
    pub application_fee: i64,
    /// What it was for.
    pub movement: Movement,
    /// The object behind it.
    pub source: &'a str,
    /// Free text.
    pub description: Option<String>,
}

/// Books a movement; answers its id.
pub fn book(tx: &mut Tx, account: Option<String>, entry: Entry) -> String {
    let row = BalanceTransaction {
        id: tx.id("txn"),
        account,
        created: tx.now,
        amount: entry.amount,
        currency: entry.currency.to_owned(),
        processing_fee: entry.processing_fee,
        application_fee: entry.application_fee,
        movement: entry.movement,
        source: entry.source.to_owned(),
        description: entry.description,
    };
    let id = row.id.clone();
    tx.put(row);
    id
}

/// `GET /v1/balance`
///
/// # Errors
/// None.
pub fn retrieve(tx: &mut Tx) -> Result<Value, ApiError> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in tx.state.transactions.newest(tx.account()) {
        let sum = sums.entry(row.currency.clone()).or_default();
        let slot = if row.created + PENDING <= tx.now { &mut sum.0 } else { &mut sum.1 };
        *slot += row.net();
    }
    if sums.is_empty() {
        sums.insert(accounts::acting(tx).currency, (0, 0));
    }
    let side = |pick: fn(&(i64, i64)) -> i64| -> Vec<Value> {
        sums.iter()
            .map(|(currency, sum)| {
                json!({ "amount": pick(sum), "currency": currency, "source_types": { "card": pick(sum) } })
            })
            .collect()
    };
    let reserved: Vec<Value> =
        sums.keys().map(|currency| json!({ "amount": 0, "currency": currency })).collect();
    Ok(json!({
        "object": "balance",
        "available": side(|sum| sum.0),
        "connect_reserved": reserved,
        "livemode": false,
        "pending": side(|sum| sum.1),
        "refund_and_dispute_prefunding": { "available": side(|_| 0), "pending": side(|_| 0) },
    }))
}

/// `GET /v1/balance_transactions/{id}`
///
/// # Errors
/// 404.
pub fn retrieve_transaction(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    let row = tx.state.transactions.scoped(id, tx.account());
    row.map(|row| render_at(row, tx.now)).ok_or_else(|| ApiError::missing("balance transaction", id, "id"))
}

/// The object as it is at `now`: pending money becomes available.
fn render_at(row: &BalanceTransaction, now: i64) -> Value {
    let mut object = row.render();
    if row.created + PENDING <= now
        && let Some(status) = object.get_mut("status")
    {
        *status = json!("available");
    }
    object
}

/// `GET /v1/balance_transactions`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["currency", "payout", "source", "type"]].concat())?;
    let (currency, source, kind) =
        (call.params.text("currency")?, call.params.text("source")?, call.params.text("type")?);
    list::page(
        &tx.state.transactions,
        tx.account(),
        "balance transaction",
        "/v1/balance_transactions",
        &call.params,
        |row| {
            currency.is_none_or(|wanted| wanted == row.currency)
                && source.is_none_or(|wanted| wanted == row.source)
                && kind.is_none_or(|wanted| wanted == row.movement.name())
        },
        |row| render_at(row, tx.now),
    )
}
