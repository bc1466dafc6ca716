use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::{HoldId, UnitId};
use marquee_core::params;
use marquee_entity::catalog::Strategy as Name;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::take::Take;
use super::wish::{Taken, Wishes};
use super::{ClaimRequest, Guard, Outcome, Strategy, Target, claim_in_one_transaction};

const CLAIM: Tag = Tag::new("claim.row_lock");

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
struct Ending {
    until: DateTime<Utc>,
}

/// `$2` units, `$3` performance. Every row is locked, whether it is to be had or not.
pub(crate) fn lock_statement(guard: Guard) -> String {
    format!(
        "with locked as materialized (
             select u.id, u.state, u.hold_id, u.expires_at from units u
             where u.tenant_id = $1 and u.id = any($2::uuid[]) and u.performance_id = $3
             order by u.id for update of u
         )
         select u.id, {guard} as open, case when u.state = 'held' then u.hold_id end as taken_from from locked u",
        guard = guard.sql(),
    )
}

/// `$2` units and `$3` their holds, `$4` seconds.
pub(crate) const UPDATE: &str =
    "with ending as materialized (select marquee_now() + make_interval(secs => $4) as until), updated as (
         update units u set state = 'held', hold_id = w.hold, expires_at = e.until
         from unnest($2::uuid[], $3::uuid[]) w (unit, hold) cross join ending e
         where u.tenant_id = $1 and u.id = w.unit
     )
     select until from ending";

#[async_trait]
impl Take for RowLock {
    async fn take(&self, tx: &TenantTx, target: &Target, wishes: &Wishes<'_>) -> Result<Vec<Taken>, DbError> {
        let wanted = wishes.in_lock_order();
        let units: Vec<Uuid> = wanted.iter().map(|(unit, _)| unit.0).collect();
        let rows: Vec<LockedRow> =
            tx.all(&lock_statement(self.guard), params![units, target.performance]).await?;
        let open: HashSet<UnitId> = rows.iter().filter(|row| row.open).map(|row| row.id).collect();
        let whole: HashSet<HoldId> = wishes
            .wanted
            .iter()
            .filter(|wish| wish.units.iter().all(|got| open.contains(&got.unit)))
            .map(|wish| wish.request.hold_id)
            .collect();
        let granted: Vec<&(UnitId, HoldId)> =
            wanted.iter().filter(|(_, hold)| whole.contains(hold)).collect();
        let until = if granted.is_empty() {
            None
        } else {
            let units: Vec<Uuid> = granted.iter().map(|(unit, _)| unit.0).collect();
            let holds: Vec<Uuid> = granted.iter().map(|(_, hold)| hold.0).collect();
            let ending: Ending =
                tx.one(UPDATE, params![units, holds, f64::from(target.hold_seconds)]).await?;
            Some(ending.until)
        };
        let updated: HashSet<UnitId> = granted.iter().map(|(unit, _)| *unit).collect();
        let taken = |row: LockedRow| Taken {
            unit: row.id,
            until: until.filter(|_| updated.contains(&row.id)),
            taken_from: row.taken_from,
        };
        Ok(rows.into_iter().filter(|row| row.open).map(taken).collect())
    }
}

#[async_trait]
impl Strategy for RowLock {
    fn name(&self) -> Name {
        Name::RowLock
    }

    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        claim_in_one_transaction(db, CLAIM, self.name(), self, target, batch).await
    }
}
