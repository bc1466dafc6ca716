//! Disputes: `needs_response` → `under_review` → `won` or `lost`. An inquiry, which takes no money, is `warning_needs_response` →
//! `warning_under_review` → `warning_closed`.

pub mod answer;
pub mod open;
pub mod outcome;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::state::State;
use crate::engine::tx::Tx;
use crate::local_methods::Kind;
use crate::metadata::Metadata;
use crate::row;

/// What Stripe takes for each dispute, in minor units. It is kept whatever the outcome.
pub const FEE: i64 = 1500;

/// How long the platform has for an answer, in seconds.
pub const ANSWER_WITHIN: i64 = 7 * 86_400;

/// Stripe's `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The bank asks.
    WarningNeedsResponse,
    /// The bank reads the answer.
    WarningUnderReview,
    /// The bank has no more questions.
    WarningClosed,
    /// The money is taken; evidence may be given.
    NeedsResponse,
    /// The bank reads the evidence.
    UnderReview,
    /// The money comes back.
    Won,
    /// The money is gone.
    Lost,
}

impl Status {
    /// As Stripe writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WarningNeedsResponse => "warning_needs_response",
            Self::WarningUnderReview => "warning_under_review",
            Self::WarningClosed => "warning_closed",
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// Whether nothing can happen any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::WarningClosed | Self::Won | Self::Lost)
    }

    /// Whether it is only an inquiry.
    pub fn is_inquiry(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::WarningUnderReview | Self::WarningClosed)
    }

    /// Whether evidence is still waited for.
    pub fn is_unanswered(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::NeedsResponse)
    }
}

/// A dispute.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dispute {
    /// `du_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// What is disputed.
    pub charge: String,
    /// Its intent.
    pub payment_intent: String,
    /// What it was paid with.
    pub method: Kind,
    /// The card's brand.
    pub brand: String,
    /// `fraudulent`, `product_not_received` …
    pub reason: String,
    /// Where it stands.
    pub status: Status,
    /// What the platform has said, by Stripe's names.
    pub evidence: BTreeMap<String, String>,
    /// How often evidence was handed in.
    pub submission_count: u64,
    /// Until when, in seconds since the Unix epoch.
    pub due_by: i64,
    /// The movements of money.
    pub balance_transactions: Vec<String>,
    /// The caller's.
    pub metadata: Metadata,
}

row!(Dispute);

/// All kinds of evidence.
pub const EVIDENCE: &[&str] = &[
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

impl Dispute {
    fn evidence(&self) -> Value {
        let given = EVIDENCE.iter().map(|name| ((*name).to_owned(), json!(self.evidence.get(*name))));
        let mut all: Map<String, Value> = given.collect();
        all.insert("enhanced_evidence".into(), json!({}));
        Value::Object(all)
    }

    fn network_reason_code(&self) -> &'static str {
        match self.reason.as_str() {
            "fraudulent" => "10.4",
            "product_not_received" => "13.1",
            "duplicate" => "12.6",
            "product_unacceptable" => "13.3",
            "credit_not_processed" => "13.6",
            "subscription_canceled" => "13.2",
            _ => "13.7",
        }
    }

    fn method(&self) -> Value {
        match self.method {
            Kind::Card => json!({
                "card": {
                    "brand": self.brand,
                    "case_type": if self.status.is_inquiry() { "inquiry" } else { "chargeback" },
                    "network": self.brand,
                    "network_reason_code": self.network_reason_code(),
                },
                "type": "card",
            }),
            other => json!({ "type": other.name() }),
        }
    }

    /// Stripe's object.
    pub fn render(&self, state: &State) -> Value {
        let movements = self.balance_transactions.iter().filter_map(|id| state.transactions.get(id));
        let movements: Vec<Value> = movements.map(|row| row.render()).collect();
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transaction": self.balance_transactions.first(),
            "balance_transactions": movements,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": self.evidence(),
            "evidence_details": {
                "due_by": self.due_by,
                "enhanced_eligibility": {},
                "has_evidence": !self.evidence.is_empty(),
                "past_due": false,
                "submission_count": self.submission_count,
            },
            "is_charge_refundable": self.status.is_inquiry() || self.status == Status::Won,
            "livemode": false,
            "metadata": self.metadata,
            "network_reason_code": self.network_reason_code(),
            "payment_intent": self.payment_intent,
            "payment_method_details": self.method(),
            "reason": self.reason,
            "status": self.status.name(),
        })
    }
}

/// Whether a dispute has taken a charge's money.
pub fn withdrawn(tx: &Tx, charge: &str) -> bool {
    let mut disputes = tx.state.disputes.iter().filter(|row| row.charge == charge);
    disputes.any(|row| !row.status.is_inquiry() && row.status != Status::Won)
}

/// The dispute called `id` of the call's account.
///
/// # Errors
/// 404.
pub fn find(tx: &Tx, id: &str) -> Result<Dispute, ApiError> {
    let dispute = tx.state.disputes.scoped(id, tx.account()).cloned();
    dispute.ok_or_else(|| ApiError::missing("dispute", id, "dispute"))
}

/// Writes a dispute and tells of it.
fn tell(tx: &mut Tx, dispute: &Dispute, event: &str) {
    tx.put(dispute.clone());
    let object = dispute.render(tx.state);
    tx.emit_for(dispute.account.clone(), &format!("charge.dispute.{event}"), object);
}

/// `GET /v1/disputes/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    find(tx, id).map(|dispute| dispute.render(tx.state))
}

/// `GET /v1/disputes`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["charge", "payment_intent"]].concat())?;
    let (charge, intent) = (call.params.text("charge")?, call.params.text("payment_intent")?);
    list::page(
        &tx.state.disputes,
        tx.account(),
        "dispute",
        "/v1/disputes",
        &call.params,
        |row| {
            charge.is_none_or(|wanted| wanted == row.charge)
                && intent.is_none_or(|wanted| wanted == row.payment_intent)
        },
        |row| row.render(tx.state),
    )
}
