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
    /// Money taken by a method that is no card, or received by a transfer.
    Payment,
    /// A refund.
    Refund,
    /// A refund of a payment, or a transfer taken back from its receiver.
    PaymentRefund,
    /// A refund that came back.
    RefundFailure,
    /// A refund of a payment that came back.
    PaymentFailureRefund,
    /// Taken by a dispute.
    Dispute,
    /// Given back by a dispute that was won.
    DisputeReversal,
    /// Sent to a connected account.
    Transfer,
    /// Taken back from a connected account.
    TransferRefund,
    /// Paid out to a bank.
    Payout,
    /// The platform's fee.
    ApplicationFee,
    /// The platform's fee given back.
    ApplicationFeeRefund,
}

impl Movement {
    /// Stripe's `type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::PaymentRefund => "payment_refund",
            Self::RefundFailure => "refund_failure",
            Self::PaymentFailureRefund => "payment_failure_refund",
            Self::Dispute | Self::DisputeReversal => "adjustment",
            Self::Transfer => "transfer",
            Self::TransferRefund => "transfer_refund",
            Self::Payout => "payout",
            Self::ApplicationFee => "application_fee",
            Self::ApplicationFeeRefund => "application_fee_refund",
        }
    }

    fn category(self) -> &'static str {
        match self {
            Self::Payment => "charge",
            Self::PaymentRefund => "refund",
            Self::PaymentFailureRefund => "refund_failure",
            Self::Dispute => "dispute",
            Self::DisputeReversal => "dispute_reversal",
            Self::TransferRefund => "transfer_reversal",
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
    /// From when on the money can be used, in seconds since the Unix epoch; `None`: two days later.
    #[serde(default)]
    pub available_on: Option<i64>,
}

row!(BalanceTransaction);

impl BalanceTransaction {
    /// What it cost.
    pub fn fee(&self) -> i64 {
        self.processing_fee + self.application_fee
    }

    /// What it did to the balance.
    pub fn net(&self) -> i64 {
        self.amount - self.fee()
    }

    /// From when on the money can be used.
    pub fn available_on(&self) -> i64 {
        self.available_on.unwrap_or(self.created + PENDING)
    }

    /// Stripe's `status` at `now`.
    pub fn status(&self, now: i64) -> &'static str {
        if self.available_on() <= now { "available" } else { "pending" }
    }

    fn fee_name(&self) -> &'static str {
        if self.movement == Movement::Dispute { "Dispute fee" } else { "Processing fees" }
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
                "description": self.fee_name(),
                "type": "stripe_fee",
            }));
        }
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.available_on(),
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

impl<'a> Entry<'a> {
    /// A movement that costs nothing.
    pub fn plain(movement: Movement, amount: i64, currency: &'a str, source: &'a str) -> Self {
        Self { amount, currency, processing_fee: 0, application_fee: 0, movement, source, description: None }
    }
}

/// Books a movement; answers its id.
pub fn book(tx: &mut Tx, account: Option<String>, entry: Entry) -> String {
    book_for(tx, account, entry, None)
}

/// Books a movement whose money can be used from `available_on`; answers its id.
pub fn book_for(tx: &mut Tx, account: Option<String>, entry: Entry, available_on: Option<i64>) -> String {
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
        available_on,
    };
    let id = row.id.clone();
    tx.put(row);
    id
}

/// What `account` has in `currency`: available at present, and in all.
pub fn of(tx: &Tx, account: Option<&str>, currency: &str) -> (i64, i64) {
    let rows = tx.state.transactions.newest(account).filter(|row| row.currency == currency);
    rows.fold((0, 0), |(available, all), row| {
        let usable = if row.available_on() <= tx.now { row.net() } else { 0 };
        (available + usable, all + row.net())
    })
}

/// `GET /v1/balance`
///
/// # Errors
/// None.
pub fn retrieve(tx: &mut Tx) -> Result<Value, ApiError> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in tx.state.transactions.newest(tx.account()) {
        let sum = sums.entry(row.currency.clone()).or_default();
        let slot = if row.available_on() <= tx.now { &mut sum.0 } else { &mut sum.1 };
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
    if let Some(status) = object.get_mut("status") {
        *status = json!(row.status(now));
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
    let payout = call.params.text("payout")?;
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
                && payout.is_none_or(|wanted| wanted == row.source)
        },
        |row| render_at(row, tx.now),
    )
}
