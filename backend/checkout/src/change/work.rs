//! The worker's part: reaches every order of a changed performance, a few at a time, and goes on where others died.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use marquee_core::db::Tag;
use marquee_core::ids::TenantId;
use marquee_entity::money::ChangeKind;
use tokio::time::{MissedTickBehavior, interval};

use super::store;
use super::types::{Change, Concerned, Due};
use crate::{Checkout, CheckoutError};

const LEASE: Tag = Tag::background("change.lease");
/// How often the worker looks.
const ROUND: Duration = Duration::from_secs(1);
/// Changes taken up in one round.
const CHANGES: i64 = 8;
/// For how long whoever goes on with a change has it for themselves; renewed with each batch.
const LEASE_SECONDS: f64 = 15.0;
/// Orders looked up at once, and so many of them at a time: as many calls to the provider are under way at most.
const BATCH: i64 = 50;
const AT_ONCE: usize = 8;
/// When a change that is not done is looked at again, in seconds.
const AGAIN: f64 = 1.0;

impl Checkout {
    /// Goes on with changes until it is dropped.
    pub(crate) async fn change_forever(self) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            if let Err(error) = self.recover_changes().await {
                tracing::debug!(%error, "changed performances could not be looked after, trying again");
            }
        }
    }

    /// One round: every change that is not done and that nobody has. Answers how many.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub(crate) async fn recover_changes(&self) -> Result<usize, CheckoutError> {
        let due = store::due(&self.parts.db, CHANGES).await?;
        let found = due.len();
        for Due { tenant_id, id } in due {
            let tx = self.parts.db.begin(tenant_id, LEASE).await?;
            let leased = store::lease(&tx, id, LEASE_SECONDS).await?;
            tx.commit().await?;
            let Some(change) = leased else { continue };
            if let Err(error) = self.go_on_with(tenant_id, &change).await {
                tracing::warn!(%error, tenant.id = %tenant_id, change.id = %id, "a changed performance is not done, trying again");
            }
        }
        Ok(found)
    }

    /// Reaches what can be reached now. Not done while an order is left, or may still come to be paid.
    async fn go_on_with(&self, tenant: TenantId, change: &Change) -> Result<(), CheckoutError> {
        let mut after = None;
        loop {
            let tx = self.parts.db.begin(tenant, LEASE).await?;
            let ours = store::keep(&tx, change, LEASE_SECONDS).await?;
            let batch = store::unreached(&tx, change, after, BATCH).await?;
            tx.commit().await?;
            let Some(last) = batch.last().map(|order| order.id).filter(|_| ours) else { break };
            after = Some(last);
            stream::iter(batch)
                .for_each_concurrent(AT_ONCE, |Concerned { id }| async move {
                    if let Err(error) = self.reach(tenant, change, id).await {
                        tracing::warn!(%error, order.id = %id, "an order is not reached, trying again");
                    }
                })
                .await;
        }
        if change.kind == ChangeKind::Cancelled {
            self.give_up_all_unpaid(tenant, change).await?;
        }
        let tx = self.parts.db.begin(tenant, LEASE).await?;
        // Paid ones are looked for last: an order is always among the one kind or the other.
        let unpaid = store::unpaid(&tx, change).await?;
        let left = store::unreached(&tx, change, None, 1).await?;
        if unpaid.is_empty() && left.is_empty() {
            store::finish(&tx, change).await?;
        } else {
            store::put_back(&tx, change, AGAIN).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn give_up_all_unpaid(&self, tenant: TenantId, change: &Change) -> Result<(), CheckoutError> {
        let tx = self.parts.db.begin(tenant, LEASE).await?;
        let unpaid = store::unpaid(&tx, change).await?;
        tx.commit().await?;
        stream::iter(unpaid)
            .for_each_concurrent(AT_ONCE, |Concerned { id }| async move {
                if let Err(error) = self.give_up_unpaid(tenant, id).await {
                    tracing::warn!(%error, order.id = %id, "an unpaid order of a cancelled performance stays open, trying again");
                }
            })
            .await;
        Ok(())
    }
}
