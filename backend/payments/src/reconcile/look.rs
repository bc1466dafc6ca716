//! Finds the orders behind movements that the ledger does not know.

use std::collections::BTreeSet;

use marquee_core::db::Tag;
use marquee_core::ids::OrderId;

use super::store::Unexplained;
use super::types::Behind;
use super::{Lease, ReconcileError, Reconciler, Scope, store};
use crate::{ProviderError, Refusal};

const LOOK: Tag = Tag::background("reconcile.look");
const CHARGES: Tag = Tag::background("reconcile.charges");

impl Reconciler {
    /// Orders about which the provider's balance tells more than the ledger: somebody has to look at them there. What is
    /// nobody's order stays for the comparison.
    ///
    /// # Errors
    /// As [`ReconcileError`] says.
    pub async fn to_look_at(&self, lease: &Lease, scope: Scope) -> Result<BTreeSet<OrderId>, ReconcileError> {
        let tx = self.db.begin(lease.tenant, LOOK).await?;
        store::keep(&tx, lease).await?;
        let unexplained = store::unexplained(&tx, &lease.account, scope).await?;
        tx.commit().await?;
        let mut orders = BTreeSet::new();
        for movement in unexplained {
            match movement.order_id {
                Some(order) => orders.extend([order]),
                None => {
                    self.keep(lease).await?;
                    orders.extend(self.order_behind(lease, &movement).await?);
                }
            }
        }
        Ok(orders)
    }

    /// Keeps a lease for another while: before each thing that is done under it and may take long, so that many of them are
    /// not overtaken, and begun anew, for ever.
    ///
    /// # Errors
    /// `Overtaken` when somebody else has taken it.
    pub async fn keep(&self, lease: &Lease) -> Result<(), ReconcileError> {
        let tx = self.db.begin(lease.tenant, LOOK).await?;
        store::keep(&tx, lease).await?;
        Ok(tx.commit().await?)
    }

    /// Asks the provider which payment a movement is of.
    async fn order_behind(
        &self,
        lease: &Lease,
        movement: &Unexplained,
    ) -> Result<Option<OrderId>, ReconcileError> {
        let (account, source) = (Some(lease.account.as_str()), movement.source_id.as_str());
        let behind = Behind::of(&movement.kind);
        let intent =
            match behind {
                Some(Behind::Charge) => known(self.provider.retrieve_charge(account, source).await)?
                    .and_then(|charge| charge.intent),
                Some(Behind::Refund) => known(self.provider.retrieve_refund(account, source).await)?
                    .and_then(|refund| refund.intent),
                Some(Behind::Dispute) => known(self.provider.retrieve_dispute(account, source).await)?
                    .and_then(|dispute| dispute.intent),
                None => None,
            };
        let Some(intent) = intent else { return Ok(None) };
        let tx = self.db.begin(lease.tenant, LOOK).await?;
        let mut order = crate::record::order_of(&tx, &lease.account, Some(&intent), None).await?;
        if order.is_some() && behind == Some(Behind::Charge) {
            store::note_charges(&tx, &lease.account, vec![intent.clone()], vec![source.to_owned()]).await?;
        }
        tx.commit().await?;
        if order.is_none() {
            let told = known(self.provider.retrieve_intent(account, &intent).await)?;
            let told = told.and_then(|intent| intent.order);
            let tx = self.db.begin(lease.tenant, LOOK).await?;
            order = store::existing(&tx, told).await?;
            tx.commit().await?;
        }
        Ok(order)
    }

    /// Notes the charges of payments that were taken before charges were noted.
    ///
    /// # Errors
    /// As [`ReconcileError`] says.
    pub async fn learn_charges(&self, lease: &Lease) -> Result<(), ReconcileError> {
        let mut after: Option<String> = None;
        loop {
            let tx = self.db.begin(lease.tenant, CHARGES).await?;
            store::keep(&tx, lease).await?;
            let missing = store::charges_missing(&tx, &lease.account).await?;
            tx.commit().await?;
            if !missing {
                return Ok(());
            }
            let page = self.provider.list_intents(Some(&lease.account), after.as_deref()).await?;
            after = page.data.last().map(|last| last.id.clone());
            let has_more = page.has_more && after.is_some();
            let (intents, charges) =
                page.data.into_iter().filter_map(|one| Some((one.id, one.latest_charge?))).unzip();
            let tx = self.db.begin(lease.tenant, CHARGES).await?;
            store::note_charges(&tx, &lease.account, intents, charges).await?;
            tx.commit().await?;
            if !has_more {
                return Ok(());
            }
        }
    }
}

/// What the provider does not know is nobody's.
fn known<T>(answer: Result<T, ProviderError>) -> Result<Option<T>, ProviderError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ProviderError::Refused(Refusal::Invalid { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}
