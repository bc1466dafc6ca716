use marquee_core::db::TenantTx;
use marquee_core::ids::{OrderId, OrderLineId, TicketId};
use marquee_core::secret::SecretKey;

use crate::codes::{CURRENT_KEY, Signer};
use crate::{MailOrder, TicketError, store};

/// Kind of the staged message that sends an order's tickets.
pub const MAIL: &str = "tickets.mail";

/// Issues one ticket for each line of a paid order and stages their mail, in the caller's transaction.
///
/// Idempotent: an order that has tickets, withdrawn ones included, keeps them, and nothing is staged again. The caller has
/// locked the order, so that no two race.
///
/// # Errors
/// `NotPaid` unless the order's status says that it is, and that not all of it was paid back; `UnknownOrder`; `KeyMismatch` when the installation's secret changed;
/// `Db(Unique)` when a unit already has a ticket that counts.
pub async fn issue(tx: &TenantTx, secret: &SecretKey, order_id: OrderId) -> Result<(), TicketError> {
    let order =
        store::lock_order(tx, order_id, CURRENT_KEY).await?.ok_or(TicketError::UnknownOrder(order_id))?;
    if order.has_tickets {
        return Ok(());
    }
    if !order.status.may_have_tickets() {
        return Err(TicketError::NotPaid(order_id));
    }
    let signer = signer(tx, secret, order.public_key.as_deref()).await?;
    let tickets = order
        .lines
        .into_iter()
        .map(|line| {
            let ticket = TicketId::generate();
            (OrderLineId(line), ticket, signer.sign(ticket, order.performance_id))
        })
        .collect();
    if store::insert(tx, order_id, tickets).await? > 0 {
        tx.stage(MAIL, &MailOrder { order_id }).await?;
    }
    Ok(())
}

/// Who signs tickets now. Doors check by the public key that is `known` since the first of them: with another secret nothing is
/// signed that they would turn away.
pub(crate) async fn signer(
    tx: &TenantTx,
    secret: &SecretKey,
    known: Option<&[u8]>,
) -> Result<Signer, TicketError> {
    let signer = Signer::derive(secret, tx.tenant(), CURRENT_KEY);
    let key = signer.public_key();
    match known {
        Some(known) if known != key.bytes => return Err(TicketError::KeyMismatch(key.kid.0)),
        Some(_) => {}
        None => store::add_public_key(tx, &key).await?,
    }
    Ok(signer)
}
