use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, Tag, TenantTx};
use marquee_core::ids::{HoldId, UnitId};
use marquee_core::params;
use marquee_entity::catalog::Strategy as Name;
use sea_orm::FromQueryResult;

use super::Guard;
use super::take::{Take, Wanted};
use super::wish::Taken;

/// Claims by SELECT … FOR UPDATE: whoever has the rows decides, whoever comes later waits and then decides.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowLock {
    /// On, but in negative controls.
    pub guard: Guard,
}

#[derive(Debug, FromQueryResult)]
struct LockedRow {
    id: UnitId,
    open: bool,
    taken_from: Option<HoldId>,
}

#[derive(Debug, FromQueryResult)]
struct UpdatedRow {
    id: UnitId,
    until: DateTime<Utc>,
}

/// `$2` units, `$3` performances. Every row is locked, whether it is to be had or not.
pub(crate) fn lock_statement(guard: Guard) -> String {
    format!(
        "with locked as materialized (
             select u.id, u.state, u.hold_id, u.expires_at from units u
             where u.tenant_id = $1 and u.id = any($2::uuid[]) and u.performance_id = any($3::uuid[])
             order by u.id for update of u
         )
         select u.id, {guard} as open, case when u.state = 'held' then u.hold_id end as taken_from from locked u",
        guard = guard.sql(),
    )
}

/// `$2` units, `$3` their holds, `$4` seconds.
pub(crate) const UPDATE: &str =
    "with now as materialized (select marquee_now() as now)
     update units u set state = 'held', hold_id = w.hold, expires_at = n.now + make_interval(secs => w.seconds)
     from unnest($2::uuid[], $3::uuid[], $4::float8[]) w (unit, hold, seconds) cross join now n
     where u.tenant_id = $1 and u.id = w.unit
     returning u.id, u.expires_at as until";

#[async_trait]
impl Take for RowLock {
    const NAME: Name = Name::RowLock;
    const CLAIM: Tag = Tag::claim("claim.row_lock");

    async fn take(&self, tx: &TenantTx, wanted: &Wanted) -> Result<HashMap<UnitId, Taken>, DbError> {
        let locked = params![wanted.units(), wanted.performances()];
        let rows: Vec<LockedRow> = tx.all(&lock_statement(self.guard), locked).await?;
        let open: HashSet<UnitId> = rows.iter().filter(|row| row.open).map(|row| row.id).collect();
        let broken: HashSet<HoldId> =
            wanted.lines.iter().filter(|line| !open.contains(&line.unit)).map(|line| line.hold).collect();
        let granted = wanted.lines.iter().filter(|line| !broken.contains(&line.hold)).copied().collect();
        let granted = Wanted { lines: granted };
        let mut ends: HashMap<UnitId, DateTime<Utc>> = HashMap::new();
        if !granted.lines.is_empty() {
            let values = params![granted.units(), granted.holds(), granted.seconds()];
            let updated: Vec<UpdatedRow> = tx.all(UPDATE, values).await?;
            ends.extend(updated.into_iter().map(|row| (row.id, row.until)));
        }
        let taken = |row: LockedRow| {
            (row.id, Taken { until: ends.get(&row.id).copied(), taken_from: row.taken_from })
        };
        Ok(rows.into_iter().filter(|row| row.open).map(taken).collect())
    }
}
