//! Tidies up what is over. Nothing depends on it: whether a hold or an order is over is decided where it matters.

use futures::stream::{self, StreamExt};
use marquee_core::db::Tag;
use marquee_core::ids::{HoldId, TenantId};
use marquee_entity::inventory::HoldState;
use marquee_entity::orders::OrderStatus;
use marquee_inventory::{lock_hold, release};
use marquee_payments::record;

use crate::service::retrying;
use crate::store::{self, HoldToClose};
use crate::{Checkout, CheckoutError};

const EXPIRE: Tag = Tag::background("expire.hold");
/// Holds and orders tidied in one round.
const BATCH: i64 = 200;
/// Of them, so many at a time.
const AT_ONCE: usize = 4;

impl Checkout {
    /// Closes holds whose time is over and that nobody pays for, and orders whose hold is closed. Answers how many.
    ///
    /// A hold that is being paid for is not touched: its payment is cancelled at the provider first, by its driver.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn expire(&self) -> Result<usize, CheckoutError> {
        let db = &self.parts.db;
        let mut over = store::expired_holds(db, BATCH).await?;
        over.extend(store::stranded_orders(db, BATCH).await?);
        let closed = stream::iter(over)
            .map(|HoldToClose { tenant_id, hold_id }| async move {
                let closed = retrying(|| self.close_hold(tenant_id, hold_id)).await;
                closed
                    .inspect_err(
                        |error| tracing::warn!(%error, hold.id = %hold_id, "hold could not be closed"),
                    )
                    .is_ok_and(|closed| closed)
            })
            .buffer_unordered(AT_ONCE)
            .filter(|closed| std::future::ready(*closed))
            .count()
            .await;
        Ok(closed)
    }

    async fn close_hold(&self, tenant: TenantId, id: HoldId) -> Result<bool, CheckoutError> {
        let tx = self.parts.db.begin(tenant, EXPIRE).await?;
        let order = store::lock_live_of_hold(&tx, id).await?;
        let Some(hold) = lock_hold(&tx, id).await? else { return Ok(false) };
        let (closed, next) = match hold.state {
            HoldState::Active if hold.expired => {
                (release(&tx, id, HoldState::Expired).await?, OrderStatus::Expired)
            }
            HoldState::Expired => (false, OrderStatus::Expired),
            HoldState::Released => (false, OrderStatus::Cancelled),
            HoldState::Active | HoldState::Confirming | HoldState::Completed => return Ok(false),
        };
        let mut done = closed;
        if let Some(order) = order.filter(|order| order.status == OrderStatus::Pending) {
            done |= store::move_to(&tx, order.id, next).await?;
            record::give_up(&tx, order.id).await?;
        }
        tx.commit().await?;
        Ok(done)
    }
}
