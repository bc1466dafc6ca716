use std::time::Duration;

use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::TenantId;
use tokio::time::Instant;

use super::{Call, Standing, standing};

/// How long a call waits for another one with the same key.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks; a little longer each time, up to this.
const SLOWEST_LOOK: Duration = Duration::from_millis(250);
const FIRST_LOOK: Duration = Duration::from_millis(25);

const WAIT: Tag = Tag::new("idempotency.wait");

/// Waits, at most until `deadline`, for a running call to end: anything but `InFlight` is how it ended.
///
/// # Errors
/// As [`DbError`] says.
pub async fn wait(db: &Db, tenant: TenantId, call: &Call, deadline: Instant) -> Result<Standing, DbError> {
    let mut pause = FIRST_LOOK;
    loop {
        let tx = db.begin(tenant, WAIT).await?;
        let found = standing(&tx, call).await?;
        tx.commit().await?;
        if found != Standing::InFlight || Instant::now() >= deadline {
            return Ok(found);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(SLOWEST_LOOK);
    }
}
