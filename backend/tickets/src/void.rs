use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{TicketId, UnitId};

use crate::store;

/// Withdraws tickets, used ones included, in the caller's transaction: from its commit on the door says `revoked`. Answers the
/// units of those that were good until now; the caller holds the order's row.
///
/// # Errors
/// As [`DbError`] says.
pub async fn void(tx: &TenantTx, tickets: &[TicketId]) -> Result<Vec<UnitId>, DbError> {
    if tickets.is_empty() { Ok(Vec::new()) } else { store::void(tx, tickets).await }
}
