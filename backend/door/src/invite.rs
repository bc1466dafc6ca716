use marquee_core::db::{Db, Tag};
use marquee_core::ids::{PerformanceId, TenantId};

use crate::{DoorError, code, store};

const INVITE: Tag = Tag::new("door.invite");

/// Makes a one-time provisioning code for a device at this performance, good for seven days. The code is in the answer
/// alone; its hash is stored. A performance that has no gate yet gets one, so that there is somewhere to scan.
///
/// # Errors
/// `UnknownPerformance` when the tenant has none of this id.
pub async fn invite(db: &Db, tenant: TenantId, performance: PerformanceId) -> Result<String, DoorError> {
    let code = code::generate(&mut rand::rng());
    let hash = code::hash(&code).ok_or(DoorError::Unauthorised)?;
    let tx = db.begin(tenant, INVITE).await?;
    if !store::lock_performance(&tx, performance).await? {
        return Err(DoorError::UnknownPerformance);
    }
    store::ensure_gate(&tx, performance).await?;
    store::insert_invite(&tx, performance, hash).await?;
    tx.commit().await?;
    tracing::info!(tenant.id = %tenant, performance.id = %performance, "device invited");
    Ok(code)
}
