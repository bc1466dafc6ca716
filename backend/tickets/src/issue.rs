use marquee_core::db::TenantTx;
use marquee_core::ids::{OrderId, TicketId};
use marquee_core::secret::SecretKey;

use crate::codes::{CURRENT_KEY, PublicKey, Signer};
use crate::{MailOrder, Ticket, TicketError, store};

/// Kind of the staged message that sends an order's tickets.
pub const MAIL: &str = "tickets.mail";

/// Issues one ticket for each line of a paid order and stages their mail, in the caller's transaction.
///
/// Idempotent: an order that has tickets, withdrawn ones included, keeps them, and nothing is staged again. The order's
/// row is locked, so two callers do not race.
///
/// # Errors
/// `NotPaid` before the order's status says so; `UnknownOrder`; `KeyMismatch` when the installation's secret changed;
/// `Db(Unique)` when a unit already has a ticket that counts.
pub async fn issue(tx: &TenantTx, secret: &SecretKey, order_id: OrderId) -> Result<Vec<Ticket>, TicketError> {
    let order = store::lock_order(tx, order_id).await?.ok_or(TicketError::UnknownOrder(order_id))?;
    let issued = store::tickets(tx, order_id).await?;
    if !issued.is_empty() {
        return Ok(issued);
    }
    if !order.status.is_paid() {
        return Err(TicketError::NotPaid(order_id));
    }
    let signer = Signer::derive(secret, tx.tenant(), CURRENT_KEY);
    publish(tx, &signer.public_key()).await?;
    let lines = store::lines(tx, order_id).await?;
    let tickets = lines
        .into_iter()
        .map(|line| {
            let ticket = TicketId::generate();
            (line, ticket, signer.sign(ticket, order.performance_id))
        })
        .collect();
    if store::insert(tx, order_id, tickets).await? > 0 {
        tx.stage(MAIL, &MailOrder { order_id }).await?;
    }
    Ok(store::tickets(tx, order_id).await?)
}

/// Makes sure that the tenant's table of keys has `key`.
async fn publish(tx: &TenantTx, key: &PublicKey) -> Result<(), TicketError> {
    match store::public_keys(tx).await?.iter().find(|known| known.kid == key.kid) {
        Some(known) if known == key => Ok(()),
        Some(_) => Err(TicketError::KeyMismatch(key.kid.0)),
        None => Ok(store::add_public_key(tx, key).await?),
    }
}
