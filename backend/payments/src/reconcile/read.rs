//! Reads what is new on an account, newest first, and stores it with what the provider kept of it.

use std::collections::{HashMap, HashSet};

use chrono::Duration;
use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::OrderId;

use super::{Lease, ReconcileError, Reconciler, store};
use crate::ledger::{self, SaleTerms};
use crate::{MovementPage, MovementWindow, ProviderMovement};

const READ: Tag = Tag::background("reconcile.read");

/// Movements stored in one transaction.
const CHUNK: usize = 25;
/// The list is read a little further back than it was known, however many movements that are: one may show up behind later ones.
const OVERLAP_SECONDS: i64 = 600;

impl Reconciler {
    /// Stores every movement that is not known yet. The cursor moves only when all pages are in: a reader that dies is
    /// followed by one that begins anew, and finds what was stored already. Answers how many were new.
    ///
    /// # Errors
    /// As [`ReconcileError`] says; what was stored by then stays.
    pub async fn read(&self, lease: &Lease) -> Result<usize, ReconcileError> {
        let after = lease.since.map(|since| since - Duration::seconds(OVERLAP_SECONDS));
        let mut window = MovementWindow { after, page_after: None };
        let mut newest = None;
        let mut new = 0;
        loop {
            let MovementPage { data, has_more } =
                self.provider.list_movements(Some(&lease.account), &window).await?;
            newest = newest.or_else(|| data.first().map(|first| first.id.clone()));
            // The window ends the list: what is known in it already is the overlap.
            window.page_after = data.last().map(|last| last.id.clone());
            for chunk in self.unknown(lease, data).await?.chunks(CHUNK) {
                new += self.store(lease, chunk).await?;
            }
            if !has_more || window.page_after.is_none() {
                break;
            }
        }
        let tx = self.db.begin(lease.tenant, READ).await?;
        store::advance(&tx, lease, newest.as_deref()).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Those of a page that are not stored yet: of the overlap usually none.
    async fn unknown(
        &self,
        lease: &Lease,
        page: Vec<ProviderMovement>,
    ) -> Result<Vec<ProviderMovement>, ReconcileError> {
        let tx = self.db.begin(lease.tenant, READ).await?;
        store::keep(&tx, lease).await?;
        let unknown = store::unknown(&tx, &lease.account, &page).await?;
        tx.commit().await?;
        Ok(page.into_iter().filter(|one| unknown.contains(&one.id)).collect())
    }

    async fn store(&self, lease: &Lease, movements: &[ProviderMovement]) -> Result<usize, ReconcileError> {
        let tx = self.db.begin(lease.tenant, READ).await?;
        store::keep(&tx, lease).await?;
        let new: HashSet<String> = store::add(&tx, &lease.account, movements).await?.into_iter().collect();
        let new: Vec<&ProviderMovement> = movements.iter().filter(|one| new.contains(&one.id)).collect();
        post_fees(&tx, &new).await?;
        tx.commit().await?;
        Ok(new.len())
    }
}

async fn post_fees(tx: &TenantTx, movements: &[&ProviderMovement]) -> Result<(), ReconcileError> {
    let kept: Vec<&ProviderMovement> = movements.iter().copied().filter(|one| one.kept() != 0).collect();
    if kept.is_empty() {
        return Ok(());
    }
    let orders = store::orders_of(tx, kept.iter().filter_map(|one| one.source.clone()).collect()).await?;
    let mut terms: HashMap<OrderId, SaleTerms> = HashMap::new();
    for movement in kept {
        let order = movement.source.as_ref().and_then(|source| orders.get(source)).copied();
        if let Some(order) = order
            && !terms.contains_key(&order)
        {
            terms.insert(order, ledger::terms_of(tx, order).await?);
        }
        let terms = order.and_then(|order| terms.get(&order));
        let posting = ledger::processing_fee(terms, &movement.id, movement.kept(), &movement.currency);
        if let Some(posting) = posting {
            ledger::post(tx, &posting.at(movement.created)).await?;
        }
    }
    Ok(())
}
