use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::OrderId;

use crate::codes::PublicKey;
use crate::{Paper, Ticket, TicketError, store};

/// The order's tickets, withdrawn ones included, in the buyer's sequence; none before it is paid.
///
/// # Errors
/// As [`DbError`] says.
pub async fn tickets_of(tx: &TenantTx, order: OrderId) -> Result<Vec<Ticket>, DbError> {
    store::tickets(tx, order).await
}

/// The tenant's public keys: what a code is checked against.
///
/// # Errors
/// As [`DbError`] says.
pub async fn public_keys(tx: &TenantTx) -> Result<Vec<PublicKey>, DbError> {
    store::public_keys(tx).await
}

/// All that PDF and mail say about an order.
///
/// # Errors
/// `UnknownOrder` also for one without a ticket that counts.
pub async fn paper_of(tx: &TenantTx, order_id: OrderId) -> Result<Paper, TicketError> {
    let unknown = TicketError::UnknownOrder(order_id);
    let Some(order) = store::paper_order(tx, order_id).await? else { return Err(unknown) };
    let tickets = store::paper_tickets(tx, order_id).await?;
    if tickets.is_empty() { Err(unknown) } else { Ok(Paper { order, tickets }) }
}
