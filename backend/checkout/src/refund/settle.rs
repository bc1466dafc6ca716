//! The transaction in which the provider's word about a refund becomes fact: refund, order and ledger in one commit.

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::TenantId;
use marquee_entity::money::RefundState;
use marquee_entity::orders::TicketStatus;
use marquee_payments::ledger;
use marquee_payments::refunds::{self, Learnt, Refund};
use marquee_payments::{ProviderRefund, ProviderRefundStatus};

use super::request::withdraw;
use super::rules::status_after;
use super::{RefundError, count};
use crate::service::retrying;
use crate::types::Order;
use crate::{Checkout, CheckoutError};

const SETTLE: Tag = Tag::new("refund.settle");

/// How soon the provider is asked again about a refund that it has and that is not done, in seconds: at least, and at most.
const ASK_AGAIN: (f64, f64) = (15.0, 3_600.0);

/// What the provider's word means for ours.
pub(super) fn state_of(status: ProviderRefundStatus) -> RefundState {
    match status {
        ProviderRefundStatus::Succeeded => RefundState::Succeeded,
        ProviderRefundStatus::Failed | ProviderRefundStatus::Canceled => RefundState::Failed,
        ProviderRefundStatus::Pending
        | ProviderRefundStatus::RequiresAction
        | ProviderRefundStatus::Other => RefundState::Pending,
    }
}

impl Checkout {
    /// Records the provider's word under the refund's fence.
    pub(super) async fn settle_refund(
        &self,
        tenant: TenantId,
        refund: &Refund,
        known: &ProviderRefund,
    ) -> Result<(), CheckoutError> {
        let settled = retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            let order = crate::store::lock(&tx, refund.order_id).await?.ok_or(CheckoutError::NotFound)?;
            let settled = settle(&tx, &order, refund, known).await?;
            tx.commit().await?;
            Ok(settled)
        })
        .await?;
        if settled {
            count(state_of(known.status).as_str());
            tracing::info!(tenant.id = %tenant, order.id = %refund.order_id, refund.id = %refund.id,
                state = %state_of(known.status), "refund settled");
        }
        Ok(())
    }

    /// The provider surely will not do it.
    pub(super) async fn refund_refused(
        &self,
        tenant: TenantId,
        refund: &Refund,
        code: &str,
    ) -> Result<(), CheckoutError> {
        tracing::error!(order.id = %refund.order_id, refund.id = %refund.id, code, "the provider refuses a refund");
        count("failed");
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            let order = crate::store::lock(&tx, refund.order_id).await?.ok_or(CheckoutError::NotFound)?;
            let learnt = Learnt { failure: Some(code), ..Learnt::default() };
            refunds::advance(&tx, refund, RefundState::Failed, &learnt).await?;
            follow(&tx, &order).await?;
            tx.commit().await.map_err(CheckoutError::from)
        })
        .await
    }
}

/// Records the provider's word in the caller's transaction, which holds the order's row. Answers whether it was news.
///
/// A refund is booked when its money left the balance, and booked back when the provider returned it. One that failed before we
/// ever heard of its success is booked both ways, as it was at the provider.
pub(super) async fn settle(
    tx: &TenantTx,
    order: &Order,
    refund: &Refund,
    known: &ProviderRefund,
) -> Result<bool, CheckoutError> {
    let next = state_of(known.status);
    let moved = known.movement.is_some() || next == RefundState::Succeeded;
    let news = refund.state != next;
    if news {
        let learnt =
            Learnt { provider_id: Some(&known.id), failure: known.failure.as_deref(), due_in: again(refund) };
        refunds::advance(tx, refund, next, &learnt).await?;
        complete(tx, order, refund).await?;
    } else {
        refunds::put_back(tx, refund, known.failure.as_deref(), again(refund)).await?;
    }
    if moved {
        book(tx, refund, known, next).await?;
    }
    follow(tx, order).await?;
    Ok(news)
}

/// With which nothing is left, as far as the provider has it, takes the tickets back that are still good: an amount that was
/// promised as a part may be the rest by now. What it may still refuse does not count.
async fn complete(tx: &TenantTx, order: &Order, refund: &Refund) -> Result<(), CheckoutError> {
    if order.total == 0 || refunds::totals(tx, order.id).await?.known < order.total {
        return Ok(());
    }
    let tickets = super::store::tickets(tx, order.id).await?;
    let good = tickets.iter().filter(|ticket| ticket.status != TicketStatus::Void);
    let good: Vec<_> = good.map(|ticket| ticket.ticket_id).collect();
    if !good.is_empty() {
        refunds::add_tickets(tx, refund.id, &good).await?;
        withdraw(tx, order, &good).await?;
    }
    Ok(())
}

async fn book(
    tx: &TenantTx,
    refund: &Refund,
    known: &ProviderRefund,
    next: RefundState,
) -> Result<(), CheckoutError> {
    let terms = ledger::terms_of(tx, refund.order_id).await?;
    let before = match refund.refunded_before {
        Some(before) => before,
        None => {
            // In sum without this one, which is not booked yet.
            let before = refunds::totals(tx, refund.order_id).await?.booked;
            refunds::note_booked(tx, refund.id, before).await?;
            let posting = ledger::refund(&terms, &known.id, refund.amount, before).at(known.created);
            ledger::post(tx, &posting).await.map_err(RefundError::from)?;
            before
        }
    };
    if next == RefundState::Failed {
        let posting = ledger::refund_failed(&terms, &known.id, refund.amount, before);
        ledger::post(tx, &posting).await.map_err(RefundError::from)?;
    }
    Ok(())
}

/// Calls the order what the provider has done of its refunds.
pub(super) async fn follow(tx: &TenantTx, order: &Order) -> Result<(), CheckoutError> {
    let tickets = super::store::tickets(tx, order.id).await?;
    let succeeded = refunds::totals(tx, order.id).await?.succeeded;
    let next = status_after(order.status, order.total, order.paid_at.is_some(), succeeded, &tickets);
    if let Some(next) = next
        && !crate::store::move_to(tx, order.id, next).await?
    {
        tracing::error!(order.id = %order.id, from = %order.status, to = %next, "an order cannot follow its refunds");
    }
    Ok(())
}

/// Seconds until the provider is asked again.
fn again(refund: &Refund) -> f64 {
    (refund.age / 4.0).clamp(ASK_AGAIN.0, ASK_AGAIN.1)
}
