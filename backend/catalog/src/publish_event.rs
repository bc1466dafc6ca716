use marquee_core::db::TenantTx;
use marquee_core::ids::EventId;

use crate::{WriteError, store};

/// Shows an event to fans; one that they see already stays as it is.
///
/// # Errors
/// `NoEvent`.
pub async fn publish_event(tx: &TenantTx, id: EventId) -> Result<(), WriteError> {
    if store::write::publish(tx, id).await? { Ok(()) } else { Err(WriteError::NoEvent(id)) }
}
