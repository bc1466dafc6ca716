//! One order of a changed performance: each of these is a transaction of its own, so that whoever dies leaves nothing half done.

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::{OrderId, RefundId, TenantId};
use marquee_entity::inventory::HoldState;
use marquee_entity::money::{ChangeKind, RefundReason};
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_inventory::release;
use marquee_payments::record;
use marquee_tickets::{LETTER, Letter};

use super::store;
use super::types::Change;
use crate::service::retrying;
use crate::settle::Step;
use crate::types::Order;
use crate::{Checkout, CheckoutError, RefundError, RefundRequest, RefundWhat};

const REACH: Tag = Tag::background("change.reach");
const GIVE_UP: Tag = Tag::background("change.give_up");

impl Checkout {
    /// Tells a buyer, and promises the refund where the performance is cancelled; then asks the provider for it.
    pub(super) async fn reach(
        &self,
        tenant: TenantId,
        change: &Change,
        order: OrderId,
    ) -> Result<(), CheckoutError> {
        let promised = retrying(|| self.try_reach(tenant, change, order)).await?;
        if let Some(refund) = promised
            && let Err(error) = self.drive_refund(tenant, refund).await
        {
            tracing::warn!(%error, refund.id = %refund, "a refund stays open, the worker goes on");
        }
        Ok(())
    }

    async fn try_reach(
        &self,
        tenant: TenantId,
        change: &Change,
        order: OrderId,
    ) -> Result<Option<RefundId>, CheckoutError> {
        let tx = self.parts.db.begin(tenant, REACH).await?;
        let order = crate::store::lock(&tx, order).await?.ok_or(CheckoutError::NotFound)?;
        // It may have been refunded by hand since it was found.
        if !store::concerns(&tx, change, order.id).await? || !store::note(&tx, change.id, order.id).await? {
            return Ok(None);
        }
        let promised = match change.kind {
            ChangeKind::Cancelled => pay_back(&tx, &order, change).await?,
            ChangeKind::Postponed => {
                let letter = Letter::Postponed { order_id: order.id, change_id: change.id };
                tx.stage(LETTER, &letter).await?;
                None
            }
        };
        tx.commit().await?;
        Ok(promised)
    }

    /// Ends an order that is not paid: its units are free, and what is under way is given up at the provider.
    pub(super) async fn give_up_unpaid(&self, tenant: TenantId, order: OrderId) -> Result<(), CheckoutError> {
        if retrying(|| self.try_close_pending(tenant, order)).await? {
            return Ok(());
        }
        let tx = self.parts.db.begin(tenant, GIVE_UP).await?;
        let recorded = record::read(&tx, order).await?;
        let leased = match recorded {
            Some(payment) if is_stoppable(payment.state) => record::lease(&tx, order).await?,
            // What is being captured or given up already comes to its end by itself.
            _ => None,
        };
        let case = self.read_case(&tx, order).await?;
        tx.commit().await?;
        // Somebody else who drives it does not do so for ever: it is looked at again.
        let Some(payment) = leased.filter(|payment| is_stoppable(payment.state)) else { return Ok(()) };
        match self.give_up(tenant, &payment).await? {
            Step::On(cancelling) => self.drive_from(case, *cancelling).await.map(drop),
            Step::Rest(_) => Ok(()),
        }
    }

    /// Closes an order whose payment rests. `false`: it has begun.
    async fn try_close_pending(&self, tenant: TenantId, order: OrderId) -> Result<bool, CheckoutError> {
        let tx = self.parts.db.begin(tenant, GIVE_UP).await?;
        let order = crate::store::lock(&tx, order).await?.ok_or(CheckoutError::NotFound)?;
        if order.status != OrderStatus::Pending {
            return Ok(false);
        }
        crate::store::move_to(&tx, order.id, OrderStatus::Cancelled).await?;
        release(&tx, order.hold_id, HoldState::Released).await?;
        record::give_up(&tx, order.id).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Can a payment in this state still be given up?
fn is_stoppable(state: PaymentState) -> bool {
    use PaymentState::{Authorised, Confirming, Created, RequiresAction};
    matches!(state, Created | Confirming | RequiresAction | Authorised)
}

/// Of a cancelled performance: promises what could not be promised while the buyer's bank decided. None where the performance
/// takes place, or where nothing is left.
pub(crate) async fn pay_back_if_cancelled(
    tx: &TenantTx,
    order: &Order,
) -> Result<Option<RefundId>, CheckoutError> {
    match store::cancellation(tx, order.performance_id).await? {
        Some(change) => pay_back(tx, order, &change).await,
        None => Ok(None),
    }
}

/// Promises all that is left back. None where the buyer's bank decides about the payment: then it is not paid back twice.
async fn pay_back(tx: &TenantTx, order: &Order, change: &Change) -> Result<Option<RefundId>, CheckoutError> {
    let request = RefundRequest {
        what: RefundWhat::Everything,
        reason: RefundReason::Cancelled,
        change: Some(change.id),
        request_key: change.request_key(),
        requested_by: change.requested_by.clone(),
        note: None,
    };
    match Checkout::request_refund_in(tx, order, &request).await {
        Ok(refund) => Ok(Some(refund)),
        Err(error @ (RefundError::Disputed | RefundError::OrderState(_))) => {
            tracing::warn!(order.id = %order.id, %error, "an order of a cancelled performance is not refunded");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
