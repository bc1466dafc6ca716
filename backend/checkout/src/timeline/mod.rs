//! What happened to an order, ours and the provider's side by side, and what would mend it: for whoever helps a buyer.
//! Reads only; what mends is done by [`crate::Checkout::take_over`], refunds and [`crate::Checkout::reissue`].

mod diagnose;
mod provider;
mod store;
mod types;

use marquee_core::db::Tag;
use marquee_core::ids::{OrderId, TenantId};
use marquee_payments::record;
use marquee_tickets::tickets_of;

use crate::{Checkout, CheckoutError};
pub use diagnose::{Diagnosis, Remedy};
pub use types::{File, Moment, ProviderSide, Source};

const FILE: Tag = Tag::new("order.file");

impl Checkout {
    /// The file of an order. The provider is asked too; where it does not answer the file says so and holds our part.
    ///
    /// # Errors
    /// `NotFound` where the tenant has no such order.
    pub async fn file(&self, tenant: TenantId, id: OrderId) -> Result<File, CheckoutError> {
        let tx = self.parts.db.begin(tenant, FILE).await?;
        let order = store::order(&tx, id).await?.ok_or(CheckoutError::NotFound)?;
        let payment = record::read(&tx, id).await?;
        let tickets = tickets_of(&tx, id).await?;
        let refunds = store::refunds(&tx, id).await?;
        let disputes = store::disputes(&tx, id).await?;
        let postings = store::postings(&tx, id).await?;
        let intent = payment.as_ref().and_then(|payment| payment.intent_id.as_deref());
        let mut timeline = store::moments(&tx, id, intent, &order.currency).await?;
        tx.commit().await?;
        timeline.extend(store::staff_moments(&self.parts.db, id).await?);
        let account = order.account.as_deref();
        let (provider, seen) = provider::look(&*self.parts.provider, account, intent).await;
        timeline.extend(seen);
        timeline.sort_by_key(|moment| moment.at);
        let statuses: Vec<_> = tickets.iter().map(|ticket| ticket.status).collect();
        let diagnosis = diagnose::diagnose(&diagnose::Facts {
            order: order.status,
            total: order.total,
            payment: payment.as_ref(),
            tickets: &statuses,
            refunds: &refunds,
            provider: &provider,
        });
        Ok(File {
            order,
            payment: payment.map(Into::into),
            tickets,
            refunds,
            disputes,
            postings,
            provider,
            timeline,
            diagnosis,
        })
    }
}
