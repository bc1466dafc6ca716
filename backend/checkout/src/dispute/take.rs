//! Takes over what the provider knows of an order's disputes.

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::TenantId;
use marquee_payments::disputes::{self, Dispute, Taken};
use marquee_payments::ledger;
use marquee_payments::record::Payment;
use marquee_payments::{ProviderDispute, ProviderError};

use super::count;
use crate::change::pay_back_if_cancelled;
use crate::service::retrying;
use crate::{Checkout, CheckoutError, RefundError, store};

const TAKE: Tag = Tag::new("dispute.take");

impl Checkout {
    /// Records every dispute of a payment that is news. Answers how many were.
    pub(crate) async fn take_disputes(
        &self,
        tenant: TenantId,
        payment: &Payment,
        intent: &str,
    ) -> Result<usize, CheckoutError> {
        let listed = self.parts.provider.list_disputes(payment.account.as_deref(), intent).await;
        let mut news = 0;
        for known in &listed.map_err(|error| unavailable(&error))? {
            news += usize::from(self.take_dispute(tenant, payment, known).await?);
        }
        Ok(news)
    }

    /// Records what the provider says of a dispute. Answers whether it was news. Where the money stays ours and the performance
    /// was cancelled meanwhile, it is promised back in the same commit.
    pub(super) async fn take_dispute(
        &self,
        tenant: TenantId,
        payment: &Payment,
        known: &ProviderDispute,
    ) -> Result<bool, CheckoutError> {
        let (taken, promised) = retrying(|| async {
            let tx = self.parts.db.begin(tenant, TAKE).await?;
            let order = store::lock(&tx, payment.order_id).await?.ok_or(CheckoutError::NotFound)?;
            let taken = disputes::take(&tx, order.id, known).await?;
            book(&tx, taken.dispute(), known).await?;
            let over = taken.dispute().outcome.is_some() && !matches!(taken, Taken::Known(_));
            let promised = if over { pay_back_if_cancelled(&tx, &order).await? } else { None };
            tx.commit().await?;
            Ok((taken, promised))
        })
        .await?;
        if let Some(refund) = promised
            && let Err(error) = self.drive_refund(tenant, refund).await
        {
            tracing::warn!(%error, refund.id = %refund, "a refund stays open, the worker goes on");
        }
        match &taken {
            Taken::New(dispute) => {
                count("opened");
                tracing::warn!(tenant.id = %tenant, order.id = %payment.order_id, provider.id = dispute.provider_id,
                    status = dispute.status, amount = dispute.amount, "a payment is disputed");
            }
            Taken::Moved(dispute) => {
                count(dispute.outcome.map_or("moved", |outcome| outcome.as_str()));
                tracing::info!(tenant.id = %tenant, order.id = %payment.order_id, provider.id = dispute.provider_id,
                    status = dispute.status, "a dispute moved on");
            }
            Taken::Known(_) => {}
        }
        Ok(!matches!(taken, Taken::Known(_)))
    }
}

/// The money left when the bank took it, and came back, or is lost, when that ended. Each is booked once; of an inquiry
/// nothing is.
async fn book(tx: &TenantTx, dispute: &Dispute, known: &ProviderDispute) -> Result<(), CheckoutError> {
    if !dispute.withdrawn {
        return Ok(());
    }
    let terms = ledger::terms_of(tx, dispute.order_id).await?;
    let opened = ledger::dispute_opened(&terms, &dispute.provider_id, dispute.amount);
    let left = known.movements.first().map_or(known.created, |movement| movement.created);
    ledger::post(tx, &opened.at(left)).await.map_err(RefundError::from)?;
    let Some(outcome) = dispute.outcome else { return Ok(()) };
    let closed = ledger::dispute_closed(&terms, &dispute.provider_id, dispute.amount, outcome);
    if let Some(closed) = closed {
        let ended = known.movements.get(1).map(|movement| movement.created);
        let closed = match ended {
            Some(ended) => closed.at(ended),
            None => closed,
        };
        ledger::post(tx, &closed).await.map_err(RefundError::from)?;
    }
    Ok(())
}

pub(crate) fn unavailable(error: &ProviderError) -> CheckoutError {
    tracing::warn!(%error, "the provider cannot be asked");
    CheckoutError::ProviderUnavailable
}
