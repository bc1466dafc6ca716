//! Takes over what the provider knows of an order: its payment, refunds that were made there or changed since, disputes.

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::{OrderId, TenantId};
use marquee_entity::money::{RefundReason, RefundState};
use marquee_entity::orders::PaymentState;
use marquee_payments::ProviderRefund;
use marquee_payments::record::{self, Payment, RecordError};
use marquee_payments::refunds::{self, Created, NewRefund, Refund};
use marquee_tickets::{LETTER, Letter};
use serde::Serialize;

use super::count;
use super::drive::is_it;
use super::settle::{settle, state_of};
use crate::dispute::unavailable;
use crate::drive::Driven;
use crate::service::retrying;
use crate::types::Order;
use crate::{Checkout, CheckoutError};

const LOOK: Tag = Tag::new("refund.look");
const TAKE: Tag = Tag::new("refund.take_over");

/// What was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct TakenOver {
    /// Was the order's payment gone on with?
    pub payment: bool,
    /// Refunds that were made at the provider by hand.
    pub refunds_found: usize,
    /// Refunds of ours that stood otherwise at the provider.
    pub refunds_changed: usize,
    /// Disputes that are new or moved on.
    pub disputes: usize,
}

impl Checkout {
    /// Takes over what the provider knows of an order: goes on with its payment, and records refunds that we do not know or
    /// that changed, and disputes. Safe to do again.
    ///
    /// # Errors
    /// `NotFound` where the tenant has no such order; `ProviderUnavailable` when the provider cannot be asked.
    pub async fn take_over(&self, tenant: TenantId, order: OrderId) -> Result<TakenOver, CheckoutError> {
        let mut taken = TakenOver::default();
        self.take_over_into(tenant, order, &mut taken).await?;
        Ok(taken)
    }

    /// As [`Checkout::take_over`]; what was done before an error is added to `taken`.
    pub(crate) async fn take_over_into(
        &self,
        tenant: TenantId,
        order: OrderId,
        taken: &mut TakenOver,
    ) -> Result<(), CheckoutError> {
        taken.payment |= matches!(self.drive(tenant, order).await?, Driven::Rested(_));
        let tx = self.parts.db.begin(tenant, LOOK).await?;
        crate::store::read(&tx, order).await?.ok_or(CheckoutError::NotFound)?;
        let payment = record::read(&tx, order).await?;
        tx.commit().await?;
        let Some(payment) = payment else { return Ok(()) };
        let Some(intent) = payment.intent_id.as_deref() else { return Ok(()) };
        if payment.state == PaymentState::Captured {
            let listed = self.parts.provider.list_refunds(payment.account.as_deref(), intent).await;
            // The oldest first: shares of the fee are reckoned in that order.
            let mut listed = listed.map_err(|error| unavailable(&error))?;
            listed.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
            for known in &listed {
                self.take_refund(tenant, &payment, known, taken).await?;
            }
            taken.disputes += self.take_disputes(tenant, &payment, intent).await?;
        }
        Ok(())
    }

    async fn take_refund(
        &self,
        tenant: TenantId,
        payment: &Payment,
        known: &ProviderRefund,
        taken: &mut TakenOver,
    ) -> Result<(), CheckoutError> {
        match retrying(|| self.try_take_refund(tenant, payment, known)).await {
            Ok(Taken::Nothing) | Err(CheckoutError::Record(RecordError::Overtaken)) => {}
            Ok(Taken::Found) => {
                taken.refunds_found += 1;
                count("found");
                tracing::warn!(order.id = %payment.order_id, provider.id = known.id, "a refund made at the provider was taken over");
            }
            Ok(Taken::Changed) => {
                taken.refunds_changed += 1;
                count(state_of(known.status).as_str());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn try_take_refund(
        &self,
        tenant: TenantId,
        payment: &Payment,
        known: &ProviderRefund,
    ) -> Result<Taken, CheckoutError> {
        let tx = self.parts.db.begin(tenant, TAKE).await?;
        let order = crate::store::lock(&tx, payment.order_id).await?.ok_or(CheckoutError::NotFound)?;
        let ours = match known.refund {
            Some(id) => refunds::read(&tx, id).await?.filter(|one| one.order_id == order.id),
            None => None,
        };
        let ours = match ours {
            Some(ours) => Some(ours),
            None => refunds::by_provider(&tx, &known.id).await?,
        };
        let (refund, found) = match ours {
            Some(ours) if !is_it(&ours, known) => {
                tracing::error!(refund.id = %ours.id, provider.id = known.id, "the provider's refund is not ours");
                return Ok(Taken::Nothing);
            }
            Some(ours) if ours.state == state_of(known.status) => return Ok(Taken::Nothing),
            Some(ours) => (ours, false),
            // What came to nothing before we heard of it moved no money.
            None if state_of(known.status) == RefundState::Failed && known.movement.is_none() => {
                return Ok(Taken::Nothing);
            }
            None => (adopt(&tx, &order, known).await?, true),
        };
        settle(&tx, &order, &refund, known).await?;
        tx.commit().await?;
        Ok(if found { Taken::Found } else { Taken::Changed })
    }
}

/// Records a refund that was made at the provider; settling it takes the tickets back where nothing is left.
async fn adopt(tx: &TenantTx, order: &Order, known: &ProviderRefund) -> Result<Refund, CheckoutError> {
    let new = NewRefund {
        order: order.id,
        amount: known.amount.amount,
        currency: &order.currency,
        reason: RefundReason::Provider,
        change: None,
        request_key: &format!("provider:{}", known.id),
        requested_by: "provider",
        note: None,
        tickets: &[],
    };
    let refund = match refunds::create(tx, &new).await? {
        Created::Known(known) => return Ok(known),
        Created::New(refund) => refund,
    };
    tx.stage(LETTER, &Letter::Refund { refund_id: refund.id }).await?;
    Ok(refund)
}

/// What became of a refund that the provider lists.
enum Taken {
    Nothing,
    Found,
    Changed,
}
