//! The worker's part: goes on with what others left, wherever they left it.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use marquee_core::db::Tag;
use marquee_payments::idempotency::{self, Unfinished};
use marquee_payments::record::{self, Due};
use marquee_payments::webhook::{self, Event, Waiting};
use marquee_tenants::Directory;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{Checkout, CheckoutError, scope};

const PURGE: Tag = Tag::background("idempotency.purge");
/// How often the worker looks.
const ROUND: Duration = Duration::from_secs(1);
/// How often stored answers are dropped, and how old they get, in days.
const PURGE_EVERY: Duration = Duration::from_secs(3_600);
const KEEP_ANSWERS: i32 = 14;
/// Payments taken up in one round, and so many of them at a time.
const BATCH: i64 = 100;
const AT_ONCE: usize = 16;
/// How often calls without an answer are looked for, and how old they are then, in seconds: older than any that a living
/// process still works on.
const COMPLETE_EVERY: Duration = Duration::from_secs(10);
const UNFINISHED_AFTER: f64 = 30.0;

impl Checkout {
    /// Works until it is dropped: recovers payments, keeps promised refunds, goes on with changed performances, acts on events that were left, tidies up.
    pub async fn work(self, directory: Directory) {
        let recovering = self.clone().recover_forever();
        let refunding = self.clone().refund_forever();
        let changing = self.clone().change_forever();
        let polling = self.clone().poll_forever();
        let tidying = self.tidy_forever(directory);
        futures::future::join5(recovering, refunding, changing, polling, tidying).await;
    }

    async fn recover_forever(self) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            if let Err(error) = self.recover().await {
                tracing::debug!(%error, "payments could not be looked after, trying again");
            }
        }
    }

    async fn tidy_forever(self, directory: Directory) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut purged, mut completed) = (Instant::now(), Instant::now());
        loop {
            rounds.tick().await;
            if let Err(error) = self.expire().await {
                tracing::debug!(%error, "holds could not be tidied, trying again");
            }
            if completed.elapsed() >= COMPLETE_EVERY {
                completed = Instant::now();
                if let Err(error) = self.complete_unfinished().await {
                    tracing::debug!(%error, "calls could not be completed, trying again");
                }
            }
            if purged.elapsed() >= PURGE_EVERY {
                purged = Instant::now();
                self.purge(&directory).await;
            }
        }
    }

    /// One round: every payment that is due and that nobody has, every event that was left. Answers how many.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn recover(&self) -> Result<usize, CheckoutError> {
        let due = record::due(&self.parts.db, BATCH).await?;
        let left = webhook::waiting(&self.parts.db, BATCH).await?;
        let found = due.len() + left.len();
        stream::iter(due).for_each_concurrent(AT_ONCE, |due| self.recover_payment(due)).await;
        stream::iter(left).for_each_concurrent(AT_ONCE, |event| self.recover_event(event)).await;
        Ok(found)
    }

    /// Ends the calls that dead processes left without an answer. Answers in how many scopes it looked.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn complete_unfinished(&self) -> Result<usize, CheckoutError> {
        let left = idempotency::unfinished(&self.parts.db, scope::SCOPES, UNFINISHED_AFTER, BATCH).await?;
        for Unfinished { tenant_id, scope } in &left {
            if let Err(error) = self.complete(*tenant_id, scope).await {
                tracing::warn!(%error, tenant.id = %tenant_id, scope, "a call stays open, trying again");
            }
        }
        Ok(left.len())
    }

    async fn recover_payment(&self, Due { tenant_id, order_id }: Due) {
        if let Err(error) = self.drive(tenant_id, order_id).await {
            tracing::warn!(%error, tenant.id = %tenant_id, order.id = %order_id, "payment stays open, trying again");
        }
    }

    async fn recover_event(&self, waiting: Waiting) {
        let Ok(event) = Event::parse(waiting.payload.as_bytes()) else { return };
        self.act_on(waiting.tenant_id, waiting.id, &event).await;
    }

    async fn purge(&self, directory: &Directory) {
        for tenant in directory.all() {
            let purged = async {
                let tx = self.parts.db.begin(tenant.id, PURGE).await?;
                let rows = idempotency::purge(&tx, KEEP_ANSWERS).await?;
                tx.commit().await.map(|()| rows)
            };
            match purged.await {
                Ok(rows) => tracing::debug!(tenant.id = %tenant.id, rows, "old answers dropped"),
                Err(error) => tracing::debug!(%error, "old answers could not be dropped"),
            }
        }
    }
}
