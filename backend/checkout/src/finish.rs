//! Brings an order that is stuck to its end: one safe action, whatever it hangs on.

use std::time::Duration;

use marquee_core::db::Tag;
use marquee_core::ids::{OrderId, TenantId};
use marquee_entity::inventory::HoldState;
use marquee_entity::money::RefundState;
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_payments::record;
use marquee_tickets::{issue, tickets_of};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::refund::TakenOver;
use crate::service::retrying;
use crate::{Checkout, CheckoutError, RefundView, store};

const MEND: Tag = Tag::new("order.finish");
const LOOK: Tag = Tag::new("order.look");

/// How long whoever works on the order already is waited for, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_millis(500);

/// How an order stands after it was brought as far as it goes.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Finished {
    /// The order.
    pub order_id: OrderId,
    /// Its status.
    #[schema(inline)]
    pub status: OrderStatus,
    /// Where its payment stands; none where none was begun.
    #[schema(inline)]
    pub payment: Option<PaymentState>,
    /// Tickets that are good or used.
    pub tickets: usize,
    /// Its refunds.
    pub refunds: Vec<RefundView>,
    /// What the provider knew that was not known here.
    pub taken_over: TakenOver,
    /// Could the provider be asked for all that it knows?
    pub provider_asked: bool,
    /// Is nothing left to be done, as far as is known?
    pub done: bool,
}

impl Checkout {
    /// Takes over what the provider knows, goes on with what is open, and issues tickets that are missing. Safe to do at any time
    /// and again. A provider that stops answering half-way stops nothing that can be done without it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn finish_order(&self, tenant: TenantId, order: OrderId) -> Result<Finished, CheckoutError> {
        let deadline = Instant::now() + PATIENCE;
        let mut taken_over = TakenOver::default();
        loop {
            let provider_asked = match self.take_over_into(tenant, order, &mut taken_over).await {
                Ok(()) => true,
                Err(CheckoutError::ProviderUnavailable) => false,
                Err(error) => return Err(error),
            };
            retrying(|| self.mend(tenant, order)).await?;
            for refund in self.refunds(tenant, order).await? {
                if refund.state == RefundState::Requested {
                    self.drive_refund(tenant, refund.refund_id).await?;
                }
            }
            let finished = self.standing(tenant, order, taken_over, provider_asked).await?;
            if finished.done || !provider_asked || Instant::now() >= deadline {
                return Ok(finished);
            }
            sleep(AGAIN).await;
        }
    }

    /// What was captured is paid, and what is paid has its tickets.
    async fn mend(&self, tenant: TenantId, id: OrderId) -> Result<(), CheckoutError> {
        let tx = self.parts.db.begin(tenant, MEND).await?;
        let order = store::lock(&tx, id).await?.ok_or(CheckoutError::NotFound)?;
        let payment = record::read(&tx, id).await?;
        let captured = order.total == 0 || payment.is_some_and(|one| one.state == PaymentState::Captured);
        let hold = store::hold(&tx, order.hold_id).await?.ok_or(CheckoutError::NotFound)?;
        match order.status {
            OrderStatus::Paid if captured => {
                issue(&tx, &self.parts.config.secret_key, id).await?;
            }
            OrderStatus::Pending | OrderStatus::Processing | OrderStatus::RequiresAction
                if captured && hold.state == HoldState::Completed =>
            {
                self.finish(&tx, id).await?;
            }
            _ => {}
        }
        tx.commit().await?;
        Ok(())
    }

    async fn standing(
        &self,
        tenant: TenantId,
        id: OrderId,
        taken_over: TakenOver,
        provider_asked: bool,
    ) -> Result<Finished, CheckoutError> {
        let refunds = self.refunds(tenant, id).await?;
        let tx = self.parts.db.begin(tenant, LOOK).await?;
        let order = store::read(&tx, id).await?.ok_or(CheckoutError::NotFound)?;
        let payment = record::read(&tx, id).await?.map(|payment| payment.state);
        let tickets = tickets_of(&tx, id).await?;
        tx.commit().await?;
        let good =
            tickets.iter().filter(|ticket| ticket.status != marquee_entity::orders::TicketStatus::Void);
        let refunds_rest = refunds.iter().all(|one| one.state != RefundState::Requested);
        Ok(Finished {
            order_id: id,
            status: order.status,
            payment,
            tickets: good.count(),
            provider_asked,
            done: provider_asked
                && refunds_rest
                && payment.is_none_or(|state| !record::is_open(state) || waits_for_buyer(state)),
            refunds,
            taken_over,
        })
    }
}

/// Nobody but the buyer can go on with it.
fn waits_for_buyer(state: PaymentState) -> bool {
    matches!(state, PaymentState::Created | PaymentState::RequiresAction)
}
