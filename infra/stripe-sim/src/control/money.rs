//! Every object that moves money, in one list, for oracles.

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

/// All of it, each kind oldest first.
pub fn all(state: &State) -> Vec<Value> {
    let none = Metadata::new();
    let intents = state.intents.iter().map(|row| {
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
    let charges = state.charges.iter().map(|row| {
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
    let refunds = state.refunds.iter().map(|row| {
        Line {
            id: &row.id,
            kind: "refund",
            amount: row.amount,
            currency: &row.currency,
            status: "succeeded",
            captured: false,
            account: row.account.as_deref(),
            metadata: &row.metadata,
            idempotency_key: row.idempotency_key.as_deref(),
        }
        .render(json!({ "charge": row.charge, "created": row.created, "payment_intent": row.payment_intent }))
    });
    let fees = state.fees.iter().map(|row| {
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
    intents.chain(charges).chain(refunds).chain(fees).collect()
}
