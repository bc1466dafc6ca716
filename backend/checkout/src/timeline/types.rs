use chrono::{DateTime, Utc};
use marquee_core::ids::{DisputeId, HoldId, OrderId, PerformanceId, RefundId};
use marquee_core::money::Currency;
use marquee_entity::money::{DisputeOutcome, PostingKind, RefundReason, RefundState};
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_entity::tenancy::ChargeModel;
use marquee_payments::record::Payment;
use marquee_tickets::Ticket;
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::Diagnosis;

/// All that is known of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OrderFile)]
pub struct File {
    /// The order.
    pub order: FileOrder,
    /// Its payment as we have it; none before the first try.
    pub payment: Option<FilePayment>,
    /// Its tickets, withdrawn ones included.
    pub tickets: Vec<Ticket>,
    /// Money that went back, or is to.
    pub refunds: Vec<FileRefund>,
    /// What the buyer's bank asked or took back.
    pub disputes: Vec<FileDispute>,
    /// What the ledger has of it, one row an entry.
    pub postings: Vec<FilePosting>,
    /// What the provider says now.
    pub provider: ProviderSide,
    /// What happened, ours and the provider's, the earliest first.
    pub timeline: Vec<Moment>,
    /// Is something wrong, and what would mend it?
    pub diagnosis: Diagnosis,
}

/// The order.
#[derive(Debug, Clone, Serialize, FromQueryResult, ToSchema)]
pub struct FileOrder {
    /// Id.
    pub order_id: OrderId,
    /// What people call it.
    pub number: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// The performance it is for.
    pub performance_id: PerformanceId,
    /// The hold it is for.
    pub hold_id: HoldId,
    /// Where its tickets go.
    pub buyer_email: String,
    /// Who bought.
    pub buyer_name: String,
    /// ISO 4217 code.
    pub currency: Currency,
    /// What was to be paid, in minor units.
    pub total: i64,
    /// The platform's share of it, in minor units.
    pub application_fee: i64,
    /// Who the card payment is made to, frozen with the order.
    pub charge_model: ChargeModel,
    /// The account that is charged; the platform's own, where null.
    pub account: Option<String>,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
}

/// The payment as we have it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FilePayment {
    /// The provider's id of it, once known.
    pub payment_intent: Option<String>,
    /// Where it stands.
    pub state: PaymentState,
    /// Minor units.
    pub amount: i64,
    /// Tries that reached the card.
    pub attempts: i32,
    /// Why the last try was declined.
    pub decline_code: Option<String>,
    /// Seconds since its state last changed.
    pub unchanged_s: f64,
}

impl From<Payment> for FilePayment {
    fn from(payment: Payment) -> Self {
        Self {
            payment_intent: payment.intent_id,
            state: payment.state,
            amount: payment.amount,
            attempts: payment.attempts,
            decline_code: payment.decline_code,
            unchanged_s: payment.age,
        }
    }
}

/// A refund as we have it.
#[derive(Debug, Clone, Serialize, FromQueryResult, ToSchema)]
pub struct FileRefund {
    /// Id.
    pub refund_id: RefundId,
    /// Minor units.
    pub amount: i64,
    /// Where it stands.
    pub state: RefundState,
    /// Why.
    pub reason: RefundReason,
    /// The provider's id of it, once known.
    pub provider_id: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When the provider had done it.
    pub succeeded_at: Option<DateTime<Utc>>,
}

/// A dispute as we have it.
#[derive(Debug, Clone, Serialize, FromQueryResult, ToSchema)]
pub struct FileDispute {
    /// Id.
    pub dispute_id: DisputeId,
    /// The provider's id of it.
    pub provider_id: String,
    /// In the provider's words.
    pub status: String,
    /// In the provider's words.
    pub reason: String,
    /// Minor units.
    pub amount: i64,
    /// How it ended.
    pub outcome: Option<DisputeOutcome>,
    /// Until when evidence is taken.
    pub evidence_due_at: Option<DateTime<Utc>>,
    /// When evidence was sent.
    pub evidence_sent_at: Option<DateTime<Utc>>,
}

/// An entry of the ledger.
#[derive(Debug, Clone, Serialize, FromQueryResult, ToSchema)]
pub struct FilePosting {
    /// What was recorded.
    pub kind: PostingKind,
    /// Of which object at the provider.
    pub source_ref: String,
    /// The account.
    pub account: String,
    /// `debit` or `credit`.
    pub direction: String,
    /// Minor units.
    pub amount: i64,
    /// When.
    pub posted_at: DateTime<Utc>,
}

/// Where a moment was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// By us.
    Ours,
    /// By the payment provider.
    Provider,
    /// By somebody on the staff.
    Staff,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Moment {
    /// When, by the clock of who recorded it.
    pub at: DateTime<Utc>,
    /// Who recorded it.
    pub source: Source,
    /// Stable name.
    pub what: String,
    /// The details, in a few words.
    pub text: String,
    /// What it is about: the provider's or our id, the same on both sides.
    pub reference: Option<String>,
    /// Which try to pay it belongs to, counted from 1: ours and the provider's of one try have the same number.
    pub attempt: Option<usize>,
}

/// What the provider says about the payment now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct ProviderSide {
    /// Why it could not be asked. What follows is then what was read before that.
    pub error: Option<String>,
    /// Does it know the payment?
    pub known: bool,
    /// Where it stands there, in the provider's words.
    pub status: Option<String>,
    /// Taken, in minor units.
    pub captured: i64,
    /// Given back or under way, in minor units.
    pub refunded: i64,
    /// Its ids of refunds.
    pub refunds: Vec<String>,
    /// Its ids of disputes.
    pub disputes: Vec<String>,
}
