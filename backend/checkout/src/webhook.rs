//! Takes in a provider's events. An event is only a reason to look: what is done follows from what the provider then
//! says about the payment itself, so that late, repeated and reordered events do no harm.

use std::time::{Duration, Instant};

use marquee_core::db::{DbError, Tag};
use marquee_core::ids::TenantId;
use marquee_core::problem::{Code, Problem};
use marquee_payments::record;
use marquee_payments::webhook::{self, Concern, Event, Stored, verify};
use uuid::Uuid;

use crate::{Checkout, CheckoutError};

const FIND: Tag = Tag::new("events.find");
/// For how long it is remembered whose an account is: no account changes hands from one minute to the next.
const ACCOUNTS_LAST: Duration = Duration::from_secs(60);

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
        let tenant = match (event.account.is_empty(), event.intent.as_deref()) {
            (true, Some(intent)) => webhook::tenant_of_intent(db, intent).await?,
            _ => self.tenant_of(&event.account).await?,
        };
        let Some(tenant) = tenant else {
            return Ok(webhook::store_unmatched(db, &event).await?);
        };
        let concern = self.concern(&event);
        if let Stored::New(id) = webhook::store(db, tenant, &event, concern).await? {
            let checkout = self.clone();
            tokio::spawn(async move { checkout.act_on(tenant, id, &event).await });
        }
        Ok(())
    }

    /// The tenant that a provider's account belongs to; remembered for a while, as accounts hardly ever change hands.
    async fn tenant_of(&self, account: &str) -> Result<Option<TenantId>, DbError> {
        let known = self.accounts.lock().ok().and_then(|known| known.get(account).copied());
        if let Some((tenant, since)) = known
            && since.elapsed() < ACCOUNTS_LAST
        {
            return Ok(Some(tenant));
        }
        let found = webhook::tenant_of(&self.parts.db, account).await?;
        if let (Some(tenant), Ok(mut known)) = (found, self.accounts.lock()) {
            known.insert(account.to_owned(), (tenant, Instant::now()));
        }
        Ok(found)
    }

    /// What an event is a reason to look at, if it is genuine.
    fn concern(&self, event: &Event) -> Concern {
        let genuine = event.live == Some(self.parts.provider.is_live());
        if genuine { event.concern() } else { Concern::Nothing }
    }

    /// Looks at what a stored event is about.
    pub(crate) async fn act_on(&self, tenant: TenantId, id: Uuid, event: &Event) {
        let Err(error) = self.try_act_on(tenant, id, event).await else { return };
        tracing::warn!(%error, event.id, "an event is left for later");
        if let Err(error) = webhook::postpone(&self.parts.db, tenant, id).await {
            tracing::debug!(%error, event.id, "an event could not be postponed, it is taken up at once");
        }
    }

    async fn try_act_on(&self, tenant: TenantId, id: Uuid, event: &Event) -> Result<(), CheckoutError> {
        let concern = self.concern(event);
        let order = match (concern, event.intent.as_deref(), event.charge.as_deref()) {
            (Concern::Nothing, ..) | (_, None, None) => None,
            (_, intent, charge) => {
                let tx = self.parts.db.begin(tenant, FIND).await?;
                let order = record::order_of(&tx, &event.account, intent, charge).await?;
                tx.commit().await?;
                order
            }
        };
        match (order, concern) {
            (Some(order), Concern::Payment) => drop(self.drive(tenant, order).await?),
            (Some(order), Concern::Money) => drop(self.take_over(tenant, order).await?),
            (_, Concern::Nothing) | (None, _) => {}
        }
        webhook::done(&self.parts.db, tenant, id).await?;
        Ok(())
    }
}
