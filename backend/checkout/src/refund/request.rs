//! Promises a refund: one transaction judges, writes, withdraws tickets and frees their units; nothing is called.

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::{OrderId, PerformanceChangeId, RefundId, TenantId, TicketId};
use marquee_core::money::Currency;
use marquee_entity::money::RefundReason;
use marquee_entity::orders::PaymentState;
use marquee_inventory::put_back_on_sale;
use marquee_payments::idempotency::{self, Call, Standing};
use marquee_payments::record;
use marquee_payments::refunds::{self, Created, NewRefund, Refund};
use marquee_tickets::{LETTER, Letter, void};

use super::rules::{Case, judge};
use super::view::{self, RefundView};
use super::{RefundError, count, settle};
use crate::answer::{self, Reply};
use crate::service::retrying;
use crate::types::Order;
use crate::{Checkout, CheckoutError};

const REQUEST: Tag = Tag::new("refund.request");
const LIST: Tag = Tag::new("refund.list");

/// How much goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundWhat {
    /// What is left, for all tickets that are good.
    Everything,
    /// So much, in minor units. The tickets stay good unless nothing is left then.
    Amount(i64),
    /// These tickets, each at its price.
    Tickets(Vec<TicketId>),
}

/// Asks for a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// How much.
    pub what: RefundWhat,
    /// Why.
    pub reason: RefundReason,
    /// The cancelled or postponed date it follows from.
    pub change: Option<PerformanceChangeId>,
    /// Names what asks for it: the same key of the same order again is the same refund.
    pub request_key: String,
    /// Who asks for it.
    pub requested_by: String,
    /// What staff wrote about it.
    pub note: Option<String>,
}

impl Checkout {
    /// Promises a refund and tries once to keep the promise at once; what stays open is gone on with by the worker.
    ///
    /// # Errors
    /// As [`RefundError`] says; nothing was written. `KeyReused` where the key asked for something else before.
    pub async fn request_refund(
        &self,
        tenant: TenantId,
        order: OrderId,
        what: RefundRequest,
    ) -> Result<RefundView, RefundError> {
        let refund = retrying(|| async {
            let tx = self.parts.db.begin(tenant, REQUEST).await?;
            let refund = promise(&tx, order, &what).await?;
            if !asks_for(&tx, &refund, &what).await? {
                return Err(CheckoutError::from(RefundError::KeyReused));
            }
            tx.commit().await?;
            Ok(refund)
        })
        .await?;
        if let Err(error) = self.drive_refund(tenant, refund.id).await {
            tracing::warn!(%error, refund.id = %refund.id, "a refund stays open, the worker goes on");
        }
        let tx = self.parts.db.begin(tenant, LIST).await?;
        let now = refunds::read(&tx, refund.id).await?.unwrap_or(refund);
        let tickets = refunds::tickets_of(&tx, now.id).await?;
        tx.commit().await?;
        Ok(RefundView::new(now, tickets))
    }

    /// As [`Checkout::request_refund`], for a call under an idempotency key: answers what was promised, the same each time,
    /// and keeps the promise behind the caller's back. `currency`, where the caller named one, must be the order's.
    ///
    /// # Errors
    /// As above; `InFlight`.
    pub async fn request_refund_once(
        &self,
        tenant: TenantId,
        order: OrderId,
        what: &RefundRequest,
        currency: Option<&Currency>,
        call: &Call,
    ) -> Result<Reply, RefundError> {
        let (reply, promised) = retrying(|| self.promise_once(tenant, order, what, currency, call)).await?;
        if let Some(refund) = promised {
            let checkout = self.clone();
            tokio::spawn(async move {
                if let Err(error) = checkout.drive_refund(tenant, refund).await {
                    tracing::warn!(%error, refund.id = %refund, "a refund stays open, the worker goes on");
                }
            });
        }
        Ok(reply)
    }

    async fn promise_once(
        &self,
        tenant: TenantId,
        order: OrderId,
        what: &RefundRequest,
        currency: Option<&Currency>,
        call: &Call,
    ) -> Result<(Reply, Option<RefundId>), CheckoutError> {
        let tx = self.parts.db.begin(tenant, REQUEST).await?;
        let locked = crate::store::lock(&tx, order).await?.ok_or(CheckoutError::NotFound)?;
        match idempotency::standing(&tx, call).await? {
            Standing::New => {}
            Standing::Mismatch => return Err(RefundError::KeyReused.into()),
            Standing::Answered(answer) => return Ok((Reply { answer, replayed: true }, None)),
            Standing::InFlight | Standing::Open => return Err(RefundError::InFlight.into()),
        }
        if currency.is_some_and(|currency| *currency != locked.currency) {
            return Err(RefundError::Currency.into());
        }
        let refund = promise(&tx, order, what).await?;
        let id = refund.id;
        let tickets = refunds::tickets_of(&tx, id).await?;
        let answer = answer::json(201, &RefundView::new(refund, tickets));
        if !idempotency::record(&tx, call, &answer).await? {
            return Err(RefundError::InFlight.into());
        }
        tx.commit().await?;
        Ok((Reply { answer, replayed: false }, Some(id)))
    }

    /// Promises a refund in the caller's transaction; [`Checkout::recover_refunds`] keeps the promise.
    ///
    /// # Errors
    /// As [`RefundError`] says; the transaction may go on unless the database said no.
    pub(crate) async fn request_refund_in(
        tx: &TenantTx,
        order: &Order,
        what: &RefundRequest,
    ) -> Result<RefundId, RefundError> {
        Ok(promise(tx, order.id, what).await?.id)
    }

    /// The refunds of an order, the oldest first.
    ///
    /// # Errors
    /// `NotFound` where the tenant has no such order.
    pub async fn refunds(&self, tenant: TenantId, order: OrderId) -> Result<Vec<RefundView>, RefundError> {
        let tx = self.parts.db.begin(tenant, LIST).await?;
        crate::store::read(&tx, order).await?.ok_or(RefundError::NotFound)?;
        let views = view::views(&tx, order).await?;
        tx.commit().await?;
        Ok(views)
    }
}

/// Two requests for one order follow one another: the second one counts the first.
///
/// It can be switched off only in builds that carry the `negative-control` feature: there a concurrency test proves that
/// it would see money go back twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guard {
    /// The order's row is locked until the transaction ends.
    #[default]
    On,
    /// Everybody judges by what they read.
    #[cfg(feature = "negative-control")]
    Off,
}

/// Judges and writes a refund in the caller's transaction, guarded or not.
#[cfg(feature = "negative-control")]
pub async fn promise_refund(
    tx: &TenantTx,
    order: OrderId,
    what: &RefundRequest,
    guard: Guard,
) -> Result<RefundId, RefundError> {
    Ok(promise_under(tx, order, what, guard).await?.id)
}

/// Judges and writes a refund, or finds the one that the same key asked for.
async fn promise(tx: &TenantTx, id: OrderId, what: &RefundRequest) -> Result<Refund, RefundError> {
    promise_under(tx, id, what, Guard::On).await
}

async fn promise_under(
    tx: &TenantTx,
    id: OrderId,
    what: &RefundRequest,
    guard: Guard,
) -> Result<Refund, RefundError> {
    let order = match guard {
        Guard::On => crate::store::lock(tx, id).await?,
        #[cfg(feature = "negative-control")]
        Guard::Off => crate::store::read(tx, id).await?,
    };
    let order = order.ok_or(RefundError::NotFound)?;
    if let Some(known) = refunds::by_key(tx, id, &what.request_key).await? {
        return Ok(known);
    }
    let tickets = super::store::tickets(tx, id).await?;
    let payment = record::read(tx, id).await?;
    let captured = payment.filter(|payment| payment.state == PaymentState::Captured);
    let case = Case {
        status: order.status,
        total: order.total,
        captured: captured.map(|payment| payment.amount),
        totals: refunds::totals(tx, id).await?,
        disputed: super::store::is_disputed(tx, id).await?,
        tickets: &tickets,
    };
    let judged = judge(&case, &what.what)?;
    let new = NewRefund {
        order: id,
        amount: judged.amount,
        currency: &order.currency,
        reason: what.reason,
        change: what.change,
        request_key: &what.request_key,
        requested_by: &what.requested_by,
        note: what.note.as_deref(),
        tickets: &judged.tickets,
    };
    let refund = match refunds::create(tx, &new).await? {
        Created::Known(known) => return Ok(known),
        Created::New(refund) => refund,
    };
    withdraw(tx, &order, &judged.tickets).await?;
    if judged.amount == 0 {
        settle::follow(tx, &order).await?;
    }
    tx.stage(LETTER, &Letter::Refund { refund_id: refund.id }).await?;
    count("requested");
    Ok(refund)
}

/// Withdraws tickets and puts their units back on sale, where anybody could still come.
pub(super) async fn withdraw(tx: &TenantTx, order: &Order, tickets: &[TicketId]) -> Result<(), RefundError> {
    let units = void(tx, tickets).await?;
    if !units.is_empty() && super::store::still_sells(tx, order.performance_id).await? {
        put_back_on_sale(tx, order.hold_id, &units).await?;
    }
    Ok(())
}

/// Is this refund what the request asks for?
async fn asks_for(tx: &TenantTx, refund: &Refund, what: &RefundRequest) -> Result<bool, RefundError> {
    Ok(refund.reason == what.reason
        && match &what.what {
            RefundWhat::Everything => true,
            RefundWhat::Amount(amount) => refund.amount == *amount,
            RefundWhat::Tickets(named) => {
                let taken = refunds::tickets_of(tx, refund.id).await?;
                named.iter().all(|ticket| taken.contains(ticket))
            }
        })
}
