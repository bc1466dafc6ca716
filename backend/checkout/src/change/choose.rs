//! Keep or return: a buyer's answer to a new date, and what their order's page says about a changed performance.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, Tag, TenantTx};
use marquee_core::ids::{OrderId, PerformanceChangeId, RefundId, TenantId};
use marquee_entity::money::{PostponementChoice, RefundReason};
use serde::{Deserialize, Serialize};

use super::error::ChangeError;
use super::store;
use super::types::{Change, Chosen};
use crate::types::Order;
use crate::{Checkout, CheckoutError, RefundRequest, RefundWhat};

const CHOOSE: Tag = Tag::new("order.choose");

/// What the buyer wants.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceRequest {
    /// `keep` the tickets for the new date, or `return` them all and have the money back.
    #[schema(inline)]
    pub choice: PostponementChoice,
}

/// A new date, and what the buyer chose.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PostponementBody {
    /// Id of the change.
    pub change_id: PerformanceChangeId,
    /// When it was to start.
    pub starts_at_before: DateTime<Utc>,
    /// When it starts instead.
    pub starts_at: DateTime<Utc>,
    /// Until when the tickets may be returned.
    pub return_until: DateTime<Utc>,
    /// What the promoter says about it.
    pub note: Option<String>,
    /// What the buyer chose; `null` while they have not, which keeps the tickets.
    #[schema(inline)]
    pub choice: Option<PostponementChoice>,
    /// When.
    pub chosen_at: Option<DateTime<Utc>>,
    /// May the tickets be returned now?
    pub open: bool,
}

/// A performance that does not take place.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct CancellationBody {
    /// Id of the change.
    pub change_id: PerformanceChangeId,
    /// When it was cancelled.
    pub cancelled_at: DateTime<Utc>,
    /// What the promoter says about it.
    pub note: Option<String>,
}

impl Checkout {
    /// Takes a buyer's answer to a new date; returning promises the refund of all that is left in the same commit. The same answer
    /// again changes nothing. Whether the caller may speak for the order is for the caller to check ([`Checkout::owns`]).
    ///
    /// # Errors
    /// `NoPostponement` where there is nothing to choose, `TooLate`, `Returned`, `Cancelled`, `OrderState`, `Refund`.
    pub async fn choose(
        &self,
        tenant: TenantId,
        order: OrderId,
        choice: PostponementChoice,
    ) -> Result<PostponementBody, ChangeError> {
        let tx = self.parts.db.begin(tenant, CHOOSE).await?;
        let order = crate::store::lock(&tx, order).await?.ok_or(CheckoutError::NotFound)?;
        let change = store::postponement(&tx, &order).await?.ok_or(ChangeError::NoPostponement)?;
        let before = store::chosen(&tx, change.id, order.id).await?;
        let now = store::now(&tx).await?;
        if before.is_some_and(|before| before.choice == choice) {
            let cancelled = store::cancellation(&tx, order.performance_id).await?.is_some();
            tx.commit().await?;
            return body(&order, &change, before, now, cancelled).ok_or(ChangeError::NoPostponement);
        }
        if store::cancellation(&tx, order.performance_id).await?.is_some() {
            return Err(ChangeError::Cancelled);
        }
        judge(&order, &change, before, now)?;
        let chosen = store::choose(&tx, change.id, order.id, choice).await?;
        let refund = match choice {
            PostponementChoice::Keep => None,
            PostponementChoice::Return => Some(take_back(&tx, &order, &change).await?),
        };
        tx.commit().await?;
        if let Some(refund) = refund {
            let checkout = self.clone();
            tokio::spawn(async move {
                if let Err(error) = checkout.drive_refund(tenant, refund).await {
                    tracing::warn!(%error, refund.id = %refund, "a refund stays open, the worker goes on");
                }
            });
        }
        body(&order, &change, Some(chosen), now, false).ok_or(ChangeError::NoPostponement)
    }
}

/// May this buyer choose anew?
fn judge(
    order: &Order,
    change: &Change,
    before: Option<Chosen>,
    now: DateTime<Utc>,
) -> Result<(), ChangeError> {
    if before.is_some_and(|before| before.choice == PostponementChoice::Return) {
        return Err(ChangeError::Returned);
    }
    if !order.status.may_have_tickets() {
        return Err(ChangeError::OrderState(order.status));
    }
    if change.return_until.is_none_or(|until| now >= until) {
        return Err(ChangeError::TooLate);
    }
    Ok(())
}

async fn take_back(tx: &TenantTx, order: &Order, change: &Change) -> Result<RefundId, ChangeError> {
    let request = RefundRequest {
        what: RefundWhat::Everything,
        reason: RefundReason::Postponed,
        change: Some(change.id),
        request_key: change.request_key(),
        requested_by: "buyer".to_owned(),
        note: None,
    };
    Ok(Checkout::request_refund_in(tx, order, &request).await?)
}

/// What the order's page says about a new date, for as long as the order has to do with it.
pub(crate) async fn postponement_of(
    tx: &TenantTx,
    order: &Order,
    cancelled: bool,
) -> Result<Option<PostponementBody>, DbError> {
    if !order.status.is_paid() {
        return Ok(None);
    }
    let Some(change) = store::postponement(tx, order).await? else { return Ok(None) };
    let chosen = store::chosen(tx, change.id, order.id).await?;
    let now = store::now(tx).await?;
    Ok(body(order, &change, chosen, now, cancelled))
}

/// What the order's page says about a cancelled performance.
pub(crate) async fn cancellation_of(
    tx: &TenantTx,
    order: &Order,
) -> Result<Option<CancellationBody>, DbError> {
    let change = store::cancellation(tx, order.performance_id).await?;
    Ok(change.map(|change| CancellationBody {
        change_id: change.id,
        cancelled_at: change.created_at,
        note: change.note,
    }))
}

fn body(
    order: &Order,
    change: &Change,
    chosen: Option<Chosen>,
    now: DateTime<Utc>,
    cancelled: bool,
) -> Option<PostponementBody> {
    let return_until = change.return_until?;
    let choice = chosen.map(|chosen| chosen.choice);
    let open = !cancelled
        && now < return_until
        && order.status.may_have_tickets()
        && choice != Some(PostponementChoice::Return);
    Some(PostponementBody {
        change_id: change.id,
        starts_at_before: change.starts_at_before,
        starts_at: change.starts_at_after?,
        return_until,
        note: change.note.clone(),
        choice,
        chosen_at: chosen.map(|chosen| chosen.chosen_at),
        open,
    })
}
