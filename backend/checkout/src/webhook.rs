//! Takes in a provider's events. An event is only a reason to look: what is done follows from what the provider then
//! says about the payment itself, so that late, repeated and reordered events do no harm.

use marquee_core::db::Tag;
use marquee_core::ids::TenantId;
use marquee_core::problem::{Code, Problem};
use marquee_payments::record;
use marquee_payments::webhook::{self, Event, Stored, verify};
use uuid::Uuid;

use crate::{Checkout, CheckoutError};

const FIND: Tag = Tag::new("events.find");

impl Checkout {
    /// Checks and stores an event, and has it acted on.
    ///
    /// # Errors
    /// `invalid_signature` or `malformed_body` for what is not genuine; `unavailable` when it could not be stored, so
    /// that the provider sends it again.
    pub async fn receive(
        &self,
        header: Option<&str>,
        body: &[u8],
        secrets: &[String],
    ) -> Result<(), Problem> {
        let now = self.parts.clock.now().timestamp();
        verify(header.unwrap_or_default(), body, secrets, now).map_err(|bad| {
            tracing::warn!(reason = %bad, "an event was refused");
            Problem::new(Code::InvalidSignature).detail(bad.to_string())
        })?;
        let event = Event::parse(body)
            .map_err(|malformed| Problem::new(Code::MalformedBody).detail(malformed.to_string()))?;
        let db = &self.parts.db;
        let Some(tenant) = webhook::tenant_of(db, &event.account).await? else {
            return Ok(webhook::store_unmatched(db, &event).await?);
        };
        if let Stored::New(id) = webhook::store(db, tenant, &event).await? {
            let checkout = self.clone();
            tokio::spawn(async move { checkout.act_on(tenant, id, &event).await });
        }
        Ok(())
    }

    /// Looks at the payment that a stored event is about.
    pub(crate) async fn act_on(&self, tenant: TenantId, id: Uuid, event: &Event) {
        if let Err(error) = self.try_act_on(tenant, id, event).await {
            tracing::warn!(%error, event.id, "an event is left for later");
        }
    }

    async fn try_act_on(&self, tenant: TenantId, id: Uuid, event: &Event) -> Result<(), CheckoutError> {
        let genuine = event.live == self.parts.provider.is_live();
        if let Some(intent) = event.intent.as_deref().filter(|_| genuine) {
            let tx = self.parts.db.begin(tenant, FIND).await?;
            let order = record::order_of(&tx, &event.account, intent).await?;
            tx.commit().await?;
            if let Some(order) = order {
                self.drive(tenant, order).await?;
            }
        }
        webhook::done(&self.parts.db, tenant, id).await?;
        Ok(())
    }
}
