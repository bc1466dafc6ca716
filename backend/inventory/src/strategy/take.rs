//! The guarded statements that take units.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{HoldId, UnitId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::wish::{Taken, Wishes};
use super::{Guard, Target};

/// A way to take units inside a transaction.
#[async_trait]
pub(super) trait Take: Send + Sync {
    /// Takes the units of those wishes that can be had whole; answers every unit that is to be had.
    async fn take(&self, tx: &TenantTx, target: &Target, wishes: &Wishes<'_>) -> Result<Vec<Taken>, DbError>;
}

/// What a statement does about rows that others have locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    /// It waits until they are done, and judges then.
    Wait,
    /// It passes over them.
    Skip,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: UnitId,
    until: Option<DateTime<Utc>>,
    taken_from: Option<HoldId>,
}

/// The one conditional update: the sub-select locks in id order (an update has no order of its own) and judges the locked
/// rows by the guard, so by what is true now; the units of holds that get all they want are updated.
///
/// `$2` units and `$3` their holds, `$4` performance, `$5` seconds.
pub(crate) fn conditional_update(guard: Guard, locked: Locked) -> String {
    let skip = match locked {
        Locked::Wait => "",
        Locked::Skip => "skip locked",
    };
    format!(
        "with open as materialized (
             select u.id, u.state, u.hold_id from units u
             where u.tenant_id = $1 and u.id = any($2::uuid[]) and u.performance_id = $4 and {guard}
             order by u.id for update of u {skip}
         ), wanted as materialized (
             select * from unnest($2::uuid[], $3::uuid[]) w (unit, hold)
         ), granted as materialized (
             select w.hold from wanted w left join open o on o.id = w.unit group by w.hold having count(*) = count(o.id)
         ), ending as materialized (
             select marquee_now() + make_interval(secs => $5) as until from (select count(*) from granted) g
         ), updated as (
             update units u set state = 'held', hold_id = w.hold, expires_at = e.until
             from wanted w join granted g on g.hold = w.hold cross join ending e
             where u.tenant_id = $1 and u.id = w.unit
             returning u.id, u.expires_at
         )
         select o.id, d.expires_at as until, case when o.state = 'held' then o.hold_id end as taken_from
         from open o left join updated d on d.id = o.id",
        guard = guard.sql(),
    )
}

pub(super) async fn update(
    tx: &TenantTx,
    target: &Target,
    wishes: &Wishes<'_>,
    guard: Guard,
    locked: Locked,
) -> Result<Vec<Taken>, DbError> {
    let wanted = wishes.in_lock_order();
    let units: Vec<Uuid> = wanted.iter().map(|(unit, _)| unit.0).collect();
    let holds: Vec<Uuid> = wanted.iter().map(|(_, hold)| hold.0).collect();
    let values = params![units, holds, target.performance, f64::from(target.hold_seconds)];
    let rows: Vec<Row> = tx.all(&conditional_update(guard, locked), values).await?;
    let taken = |row: Row| Taken { unit: row.id, until: row.until, taken_from: row.taken_from };
    Ok(rows.into_iter().map(taken).collect())
}
