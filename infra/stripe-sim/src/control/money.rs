//! Every object that moves money, in one list, for oracles.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::accounts::PLATFORM;
use crate::engine::state::State;
use crate::metadata::Metadata;
use crate::payment_intents::Status;

struct Line<'a> {
    id: &'a str,
    kind: &'a str,
    amount: i64,
    currency: &'a str,
    status: &'a str,
    captured: bool,
    account: Option<&'a str>,
    metadata: &'a Metadata,
    idempotency_key: Option<&'a str>,
}

impl Line<'_> {
    fn render(&self, more: Value) -> Value {
        let mut line = json!({
            "id": self.id,
            "kind": self.kind,
            "amount": self.amount,
            "currency": self.currency,
            "status": self.status,
            "captured": self.captured,
            "account": self.account,
            "metadata": self.metadata,
            "idempotency_key": self.idempotency_key,
        });
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        line
    }
}

/// What is wished of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Kinds, with commas between; all but balance transactions when left out.
    kind: Option<String>,
    /// Only this connected account's.
    account: Option<String>,
}

impl Wish {
    fn wants(&self, kind: &str) -> bool {
        match &self.kind {
            None => kind != "balance_transaction",
            Some(kinds) => kinds.split(',').any(|wanted| wanted == kind),
        }
    }
}

/// All lines of one kind, at a time.
type Rows = fn(&State, i64) -> Vec<Value>;

/// What is wished, each kind oldest first.
pub fn all(state: &State, wish: &Wish, now: i64) -> Vec<Value> {
    let mut all = Vec::new();
    let kinds: [(&str, Rows); 8] = [
        ("payment_intent", intents),
        ("charge", charges),
        ("refund", refunds),
        ("application_fee", fees),
        ("dispute", disputes),
        ("transfer", transfers),
        ("transfer_reversal", reversals),
        ("balance_transaction", movements),
    ];
    for (_, rows) in kinds.iter().filter(|(kind, _)| wish.wants(kind)) {
        all.extend(rows(state, now));
    }
    if let Some(account) = &wish.account {
        all.retain(|row| row.get("account").and_then(Value::as_str) == Some(account));
    }
    all
}

fn intents(state: &State, _: i64) -> Vec<Value> {
    let rows = state.intents.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "payment_intent",
            amount: row.amount,
            currency: &row.currency,
            status: row.status.name(),
            captured: row.status == Status::Succeeded,
            account: row.account.as_deref(),
            metadata: &row.metadata,
            idempotency_key: row.idempotency_key.as_deref(),
        }
        .render(json!({
            "amount_received": row.amount_received,
            "application_fee_amount": row.application_fee_amount,
            "created": row.created,
            "latest_charge": row.latest_charge,
        }))
    });
    rows.collect()
}

fn charges(state: &State, _: i64) -> Vec<Value> {
    let rows = state.charges.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "charge",
            amount: row.amount,
            currency: &row.currency,
            status: row.status(),
            captured: row.captured,
            account: row.account.as_deref(),
            metadata: &row.metadata,
            idempotency_key: row.idempotency_key.as_deref(),
        }
        .render(json!({
            "amount_captured": row.amount_captured,
            "amount_refunded": row.amount_refunded,
            "created": row.created,
            "payment_intent": row.payment_intent,
        }))
    });
    rows.collect()
}

fn refunds(state: &State, _: i64) -> Vec<Value> {
    let rows = state.refunds.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "refund",
            amount: row.amount,
            currency: &row.currency,
            status: row.status.name(),
            captured: false,
            account: row.account.as_deref(),
            metadata: &row.metadata,
            idempotency_key: row.idempotency_key.as_deref(),
        }
        .render(json!({ "charge": row.charge, "created": row.created, "payment_intent": row.payment_intent }))
    });
    rows.collect()
}

fn fees(state: &State, _: i64) -> Vec<Value> {
    let none = Metadata::new();
    let rows = state.fees.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "application_fee",
            amount: row.amount,
            currency: &row.currency,
            status: "succeeded",
            captured: false,
            account: Some(&row.payer),
            metadata: &none,
            idempotency_key: None,
        }
        .render(json!({
            "amount_refunded": row.amount_refunded,
            "charge": row.charge,
            "created": row.created,
            "paid_to": PLATFORM,
        }))
    });
    rows.collect()
}

fn disputes(state: &State, _: i64) -> Vec<Value> {
    let rows = state.disputes.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "dispute",
            amount: row.amount,
            currency: &row.currency,
            status: row.status.name(),
            captured: false,
            account: row.account.as_deref(),
            metadata: &row.metadata,
            idempotency_key: None,
        }
        .render(json!({
            "charge": row.charge,
            "created": row.created,
            "payment_intent": row.payment_intent,
            "reason": row.reason,
        }))
    });
    rows.collect()
}

fn transfers(state: &State, _: i64) -> Vec<Value> {
    let rows = state.transfers.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "transfer",
            amount: row.amount,
            currency: &row.currency,
            status: "succeeded",
            captured: false,
            account: None,
            metadata: &row.metadata,
            idempotency_key: row.idempotency_key.as_deref(),
        }
        .render(json!({
            "amount_reversed": row.amount_reversed,
            "created": row.created,
            "destination": row.destination,
            "source_transaction": row.source_transaction,
            "transfer_group": row.transfer_group,
        }))
    });
    rows.collect()
}

fn reversals(state: &State, _: i64) -> Vec<Value> {
    let rows = state.reversals.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "transfer_reversal",
            amount: row.amount,
            currency: &row.currency,
            status: "succeeded",
            captured: false,
            account: None,
            metadata: &row.metadata,
            idempotency_key: row.idempotency_key.as_deref(),
        }
        .render(json!({ "created": row.created, "destination": row.destination, "transfer": row.transfer }))
    });
    rows.collect()
}

fn movements(state: &State, now: i64) -> Vec<Value> {
    let none = Metadata::new();
    let rows = state.transactions.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "balance_transaction",
            amount: row.amount,
            currency: &row.currency,
            status: row.status(now),
            captured: false,
            account: row.account.as_deref(),
            metadata: &none,
            idempotency_key: None,
        }
        .render(json!({
            "created": row.created,
            "fee": row.fee(),
            "net": row.net(),
            "source": row.source,
            "type": row.movement.name(),
        }))
    });
    rows.collect()
}
