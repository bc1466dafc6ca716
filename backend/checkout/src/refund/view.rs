//! A refund as staff and buyers see it.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{OrderId, RefundId, TicketId};
use marquee_core::money::Currency;
use marquee_entity::money::{RefundReason, RefundState};
use marquee_payments::refunds::{self, Refund};
use serde::Serialize;

/// A refund as staff see it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RefundView {
    /// Id.
    pub refund_id: RefundId,
    /// Of which order.
    pub order_id: OrderId,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// `requested` (promised), `pending` (the provider has it), `succeeded` or `failed`.
    #[schema(inline)]
    pub state: RefundState,
    /// Why.
    #[schema(inline)]
    pub reason: RefundReason,
    /// The tickets that it takes back.
    pub tickets: Vec<TicketId>,
    /// Who asked for it.
    pub requested_by: String,
    /// What staff wrote about it.
    pub note: Option<String>,
    /// Why it failed, or why the last try did, in the provider's words for programs.
    pub failure: Option<String>,
    /// The provider's id, once it told us.
    pub provider_id: Option<String>,
    /// When it was promised.
    pub created_at: DateTime<Utc>,
    /// When the provider had done it.
    pub succeeded_at: Option<DateTime<Utc>>,
}

/// A refund as the buyer sees it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RefundBody {
    /// Id.
    pub refund_id: RefundId,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// `requested` and `pending`: on its way; `succeeded`: paid back; `failed`: it could not be paid back that way.
    #[schema(inline)]
    pub state: RefundState,
    /// Why.
    #[schema(inline)]
    pub reason: RefundReason,
    /// When it was promised.
    pub created_at: DateTime<Utc>,
}

impl RefundView {
    pub(super) fn new(refund: Refund, tickets: Vec<TicketId>) -> Self {
        Self {
            refund_id: refund.id,
            order_id: refund.order_id,
            amount: refund.amount,
            currency: refund.currency,
            state: refund.state,
            reason: refund.reason,
            tickets,
            requested_by: refund.requested_by,
            note: refund.note,
            failure: refund.failure,
            provider_id: refund.provider_id,
            created_at: refund.created_at,
            succeeded_at: refund.succeeded_at,
        }
    }
}

/// The refunds of an order as staff see them, the oldest first.
pub(super) async fn views(tx: &TenantTx, order: OrderId) -> Result<Vec<RefundView>, DbError> {
    let mut views = Vec::new();
    for refund in refunds::of_order(tx, order).await? {
        let tickets = refunds::tickets_of(tx, refund.id).await?;
        views.push(RefundView::new(refund, tickets));
    }
    Ok(views)
}

/// The refunds of an order as its buyer sees them, the oldest first.
pub(crate) async fn bodies(tx: &TenantTx, order: OrderId) -> Result<Vec<RefundBody>, DbError> {
    let body = |refund: Refund| RefundBody {
        refund_id: refund.id,
        amount: refund.amount,
        currency: refund.currency,
        state: refund.state,
        reason: refund.reason,
        created_at: refund.created_at,
    };
    Ok(refunds::of_order(tx, order).await?.into_iter().map(body).collect())
}
