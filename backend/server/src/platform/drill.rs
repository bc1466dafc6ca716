//! A report that holds a connection on purpose.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use marquee_core::db::{Db, DbError, PlatformTx, Tag};
use marquee_core::params;
use marquee_tenants::staff::Member;

use crate::compose::record;

/// For how long it may be held.
pub const SECONDS: RangeInclusive<u8> = 1..=60;
/// One statement sleeps no longer than this: a report's statement has its own time-out.
const NAP: Duration = Duration::from_secs(10);

const DRILL: Tag = Tag::report("report.drill");

/// Takes one of the buyers' pool's connections as a report does, and holds it in a task of its own. Answers its tag.
///
/// # Errors
/// `Unavailable` when reports have no connection left.
pub async fn slow_report(db: &Db, who: &Member, seconds: u8) -> Result<Tag, DbError> {
    let held = db.begin_without_tenant(DRILL).await?;
    let details = serde_json::json!({ "seconds": seconds });
    record(db, &who.id.to_string(), "drill.slow_report", None, details).await?;
    let until = Instant::now() + Duration::from_secs(seconds.into());
    tokio::spawn(async move {
        if let Err(error) = hold(held, until).await {
            tracing::warn!(%error, "the drill ended early");
        }
    });
    Ok(DRILL)
}

async fn hold(tx: PlatformTx, until: Instant) -> Result<(), DbError> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return tx.commit().await;
        }
        tx.execute("select pg_sleep($1)", params![left.min(NAP).as_secs_f64()]).await?;
    }
}
