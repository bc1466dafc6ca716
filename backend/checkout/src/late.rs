//! Money that moves when an order is over, or without us: what was taken for seats that are gone goes back in full, what
//! cannot be stopped keeps no seat, and what a buyer's browser confirmed by itself is taken up.

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::{OrderId, TenantId};
use marquee_entity::inventory::HoldState;
use marquee_entity::money::RefundReason;
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_inventory::{begin_confirming, release};
use marquee_payments::Intent;
use marquee_payments::record::{self, Learnt, Payment};

use crate::drive::Case;
use crate::refund::{RefundError, RefundRequest, RefundWhat};
use crate::service::retrying;
use crate::settle::{ASK_AGAIN, book, count, learnt_of, locked};
use crate::types::Order;
use crate::{Checkout, CheckoutError, store};

const LATE: Tag = Tag::new("pay.late");
/// Longest pause between two questions about a payment whose method takes days, in seconds.
const ASK_SLOWLY: f64 = 900.0;

impl Checkout {
    /// Money that came for seats that are gone: recorded, booked, and promised back with an apology, in one commit. What
    /// the hold still has is free again.
    pub(crate) async fn too_late(
        &self,
        tenant: TenantId,
        payment: &Payment,
        intent: &Intent,
    ) -> Result<(), CheckoutError> {
        let tx = self.parts.db.begin(tenant, LATE).await?;
        let order = locked(&tx, payment.order_id).await?;
        let learnt = Learnt { note: Some("too late, it is paid back"), ..learnt_of(intent) };
        record::advance(&tx, payment, PaymentState::Captured, &learnt).await?;
        book(&tx, &order, intent).await?;
        close_order(&tx, &order).await?;
        let back = RefundRequest {
            what: RefundWhat::Everything,
            reason: RefundReason::SeatLost,
            change: None,
            request_key: "seat_lost".to_owned(),
            requested_by: "checkout".to_owned(),
            note: None,
        };
        match Self::request_refund_in(&tx, &order, &back).await {
            // The buyer's bank took the money back itself.
            Ok(_) | Err(RefundError::Disputed) => {}
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(())
    }

    /// The time is over and the provider, asked to give the payment up, says that it is under way and cannot be: the
    /// units are free again, and what comes of the payment goes back in full. Asked again later, rarely.
    pub(crate) async fn free_meanwhile(
        &self,
        tenant: TenantId,
        payment: &Payment,
    ) -> Result<(), CheckoutError> {
        count("unstoppable");
        let due_in = (payment.age / 4.0).clamp(ASK_AGAIN, ASK_SLOWLY);
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, LATE).await?;
            let order = locked(&tx, payment.order_id).await?;
            close_order(&tx, &order).await?;
            match payment.awaited_since {
                Some(_) => record::put_back(&tx, payment, due_in).await?,
                None => drop(record::await_provider(&tx, payment, due_in).await?),
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// Takes up a payment that rests declined here while its money moves at the provider: the hold is being paid for
    /// again, or, where its time is over, the payment is to be given up.
    pub(crate) async fn reopen(
        &self,
        tenant: TenantId,
        order: OrderId,
    ) -> Result<Option<(Case, Payment)>, CheckoutError> {
        match retrying(|| self.try_reopen(tenant, order, true)).await {
            Err(CheckoutError::NotOwned | CheckoutError::HoldExpired) => {
                retrying(|| self.try_reopen(tenant, order, false)).await
            }
            reopened => reopened,
        }
    }

    async fn try_reopen(
        &self,
        tenant: TenantId,
        order: OrderId,
        in_time: bool,
    ) -> Result<Option<(Case, Payment)>, CheckoutError> {
        let tx = self.parts.db.begin(tenant, LATE).await?;
        let order = locked(&tx, order).await?;
        let next = match order.status {
            OrderStatus::Pending if in_time => {
                begin_confirming(&tx, order.hold_id).await?;
                store::move_to(&tx, order.id, OrderStatus::Processing).await?;
                PaymentState::Confirming
            }
            _ => PaymentState::Cancelling,
        };
        let reopened = record::reopen(&tx, order.id, next, "confirmed at the provider without us").await?;
        let Some(payment) = reopened else { return Ok(None) };
        let case = self.read_case(&tx, order.id).await?;
        tx.commit().await?;
        Ok(Some((case, payment)))
    }
}

/// Ends an order that was not paid in time and frees its units, unless it is over already: such an order has no hold of
/// its own any more, another order may stand on it.
pub(crate) async fn close_order(tx: &TenantTx, order: &Order) -> Result<(), CheckoutError> {
    if order.status == OrderStatus::Refunded {
        return Ok(());
    }
    if store::move_to(tx, order.id, OrderStatus::Expired).await? {
        release(tx, order.hold_id, HoldState::Expired).await?;
    }
    Ok(())
}
