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
/// The list is read a little further back than it was known: a movement may show up behind a later one.
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
            for chunk in data.chunks(CHUNK) {
                new += self.store(lease, chunk).await?;
            }
            // Whole pages are taken: the rest of the one that has the last known movement is the overlap.
            let reached = data.iter().any(|one| Some(&one.id) == lease.last_movement.as_ref());
            window.page_after = data.last().map(|last| last.id.clone());
            if reached || !has_more || window.page_after.is_none() {
                break;
            }
        }
        let tx = self.db.begin(lease.tenant, READ).await?;
        store::advance(&tx, lease, newest.as_deref()).await?;
        tx.commit().await?;
        Ok(new)
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
