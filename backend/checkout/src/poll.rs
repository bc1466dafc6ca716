//! The worker reads what moved the provider's balance: so it hears of refunds, disputes and payments whose events never
//! came, and compares the ledger with it once a day.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use marquee_core::ids::TenantId;
use marquee_payments::reconcile::{self, Compared, Due, Lease, ReconcileError, Reconciler, Scope};
use tokio::time::{MissedTickBehavior, interval};

use crate::{Checkout, CheckoutError};

/// How often the worker looks for accounts that are due.
const ROUND: Duration = Duration::from_secs(1);
/// Accounts read in one round, and so many of them at a time.
const BATCH: i64 = 50;
const AT_ONCE: usize = 4;
/// Seconds until an account that could not be read is tried again.
const RETRY: f64 = 20.0;

impl Checkout {
    /// Reads accounts until it is dropped.
    pub(crate) async fn poll_forever(self) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            match reconcile::due(&self.parts.db, BATCH).await {
                Ok(due) => stream::iter(due).for_each_concurrent(AT_ONCE, |due| self.poll(due)).await,
                Err(error) => tracing::debug!(%error, "accounts could not be found, trying again"),
            }
        }
    }

    async fn poll(&self, Due { tenant_id, account, daily }: Due) {
        if let Err(error) = self.read_account(tenant_id, &account, daily).await {
            tracing::warn!(%error, tenant.id = %tenant_id, account, "movements could not be read, trying again");
        }
    }

    /// Reads what moved on an account of a tenant's, looks at every order about which the provider knows more than the
    /// ledger, and compares the two. `None`: another process is at it.
    ///
    /// # Errors
    /// When the provider or the database cannot be asked.
    pub async fn reconcile(
        &self,
        tenant: TenantId,
        account: &str,
    ) -> Result<Option<Compared>, CheckoutError> {
        self.read_account(tenant, account, true).await
    }

    async fn read_account(
        &self,
        tenant: TenantId,
        account: &str,
        compare: bool,
    ) -> Result<Option<Compared>, CheckoutError> {
        let Some(lease) = reconcile::take(&self.parts.db, tenant, account).await? else { return Ok(None) };
        let done = self.read_under(&lease, compare).await;
        let retry = done.is_err().then_some(RETRY);
        reconcile::put_back(&self.parts.db, &lease, retry).await?;
        done.map(Some)
    }

    async fn read_under(&self, lease: &Lease, compare: bool) -> Result<Compared, CheckoutError> {
        let reconciler = Reconciler::new(self.parts.db.clone(), self.parts.provider.clone());
        if compare {
            reconciler.learn_charges(lease).await?;
        }
        reconciler.read(lease).await?;
        let scope = if compare { Scope::All } else { Scope::Recent };
        for order in reconciler.to_look_at(lease, scope).await? {
            reconciler.keep(lease).await?;
            if let Err(error) = self.take_over(lease.tenant, order).await {
                tracing::warn!(%error, order.id = %order, "what the provider knows of an order was not taken over");
            }
        }
        if compare {
            return Ok(reconciler.compare(lease).await?);
        }
        reconciler.correct_shares(lease, scope).await?;
        Ok(Compared::default())
    }
}

impl From<ReconcileError> for CheckoutError {
    fn from(error: ReconcileError) -> Self {
        match error {
            ReconcileError::Overtaken => Self::Record(marquee_payments::record::RecordError::Overtaken),
            ReconcileError::Provider(error) => {
                tracing::debug!(%error, "the provider did not answer");
                Self::ProviderUnavailable
            }
            ReconcileError::Ledger(error) => error.into(),
            ReconcileError::Db(error) => error.into(),
        }
    }
}
