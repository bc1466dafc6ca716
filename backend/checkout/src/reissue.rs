//! Gives an order's tickets new codes.

use marquee_core::db::Tag;
use marquee_core::ids::{OrderId, TenantId, TicketId};
use marquee_tickets::{Ticket, reissue};

use crate::service::retrying;
use crate::{Checkout, CheckoutError};

const REISSUE: Tag = Tag::new("order.reissue");

impl Checkout {
    /// Withdraws the order's tickets that are good and issues others for the same seats; the buyer gets their mail. With
    /// `only` it is one ticket. A paid order that has none gets them.
    ///
    /// # Errors
    /// `NotFound` where the tenant has no such order; `Tickets` says why there is nothing to reissue.
    pub async fn reissue(
        &self,
        tenant: TenantId,
        order: OrderId,
        only: Option<TicketId>,
    ) -> Result<Vec<Ticket>, CheckoutError> {
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, REISSUE).await?;
            let tickets = reissue(&tx, &self.parts.config.secret_key, order, only).await?;
            tx.commit().await?;
            Ok(tickets)
        })
        .await
    }
}
