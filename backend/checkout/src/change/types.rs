//! What a change is, and how far it got.

use chrono::{DateTime, Utc};
use marquee_core::ids::{OrderId, PerformanceChangeId, PerformanceId, TenantId};
use marquee_core::money::Currency;
use marquee_entity::money::{ChangeKind, PostponementChoice};
use sea_orm::FromQueryResult;
use serde::Serialize;

/// A change as recorded.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub(crate) struct Change {
    pub(crate) id: PerformanceChangeId,
    pub(crate) performance_id: PerformanceId,
    pub(crate) kind: ChangeKind,
    pub(crate) starts_at_before: DateTime<Utc>,
    pub(crate) starts_at_after: Option<DateTime<Utc>>,
    pub(crate) return_until: Option<DateTime<Utc>>,
    pub(crate) note: Option<String>,
    pub(crate) requested_by: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) done_at: Option<DateTime<Utc>>,
    /// Grows with each taker.
    pub(crate) fence: i64,
    /// What its performance is sold in.
    pub(crate) currency: Currency,
}

impl Change {
    /// Names the refunds that follow from it: one for each order.
    pub(crate) fn request_key(&self) -> String {
        format!("change:{}", self.id)
    }
}

/// A change that somebody should go on with.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub(crate) struct Due {
    pub(crate) tenant_id: TenantId,
    pub(crate) id: PerformanceChangeId,
}

/// An order that a change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Concerned {
    pub(crate) id: OrderId,
}

/// A buyer's answer to a new date.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub(crate) struct Chosen {
    pub(crate) choice: PostponementChoice,
    pub(crate) chosen_at: DateTime<Utc>,
}

/// How far a change got. Of a cancelled performance `orders` = `left` + `requested` + `succeeded` + `failed` + `disputed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, FromQueryResult, utoipa::ToSchema)]
pub struct Progress {
    /// Paid orders that it concerns.
    pub orders: i64,
    /// Of them, those that it has not reached yet.
    pub left: i64,
    /// Refunds that are promised and not done.
    pub requested: i64,
    /// Refunds that are done.
    pub succeeded: i64,
    /// Refunds that the provider could not pay.
    pub failed: i64,
    /// Orders reached without a refund because the buyer's bank decides about the payment; of a postponed performance none.
    pub disputed: i64,
    /// Sum of the refunds that did not fail, in minor units.
    pub amount: i64,
    /// Buyers who keep their tickets for the new date and said so.
    pub kept: i64,
    /// Buyers who returned them.
    pub returned: i64,
}

/// A change as staff see it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ChangeView {
    /// Id.
    pub change_id: PerformanceChangeId,
    /// Of which performance.
    pub performance_id: PerformanceId,
    /// `cancelled` or `postponed`.
    #[schema(inline)]
    pub kind: ChangeKind,
    /// When it was to start.
    pub starts_at_before: DateTime<Utc>,
    /// When it starts instead; `null` for a cancelled one.
    pub starts_at_after: Option<DateTime<Utc>>,
    /// Until when buyers may return their tickets; `null` for a cancelled one.
    pub return_until: Option<DateTime<Utc>>,
    /// What buyers are told about it.
    pub note: Option<String>,
    /// Who made it.
    pub requested_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the last order was reached and no payment was under way any more; `null` until then.
    pub done_at: Option<DateTime<Utc>>,
    /// How far it got.
    pub progress: Progress,
    /// ISO 4217 code of `progress.amount`.
    pub currency: Currency,
}

impl ChangeView {
    pub(crate) fn new(change: Change, progress: Progress) -> Self {
        Self {
            change_id: change.id,
            performance_id: change.performance_id,
            kind: change.kind,
            starts_at_before: change.starts_at_before,
            starts_at_after: change.starts_at_after,
            return_until: change.return_until,
            note: change.note,
            requested_by: change.requested_by,
            created_at: change.created_at,
            done_at: change.done_at,
            progress,
            currency: change.currency,
        }
    }
}
