//! The journal: a batch that Redis granted becomes holds and claims in Postgres, or does not count.

use std::collections::{HashMap, HashSet};

use marquee_core::db::{Db, DbError, TenantTx};
use marquee_core::ids::{HoldId, UnitId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::super::record::{self, Judged};
use super::super::wish::{Taken, Wishes};
use super::super::{Guard, Part, Strategy};
use super::store::Grant;
use super::{CLAIM, ClaimRequest, Outcome, Redis, Target, epoch};

#[derive(Debug, FromQueryResult)]
struct UnitRow {
    id: UnitId,
}

/// What became of a batch that Redis granted.
pub(super) enum Journalled {
    Done(Vec<Outcome>),
    /// The journal is in another epoch, or Redis gave a fence twice.
    Stale,
}

impl Redis {
    pub(super) async fn journal(
        &self,
        db: &Db,
        target: &Target,
        batch: &[ClaimRequest],
        mut wishes: Wishes<'_>,
        epoch: i64,
        grants: &[Grant],
    ) -> Result<Journalled, DbError> {
        let granted: Vec<UnitId> = wishes
            .wanted
            .iter()
            .zip(grants)
            .filter(|(_, grant)| matches!(grant, Grant::Whole { .. }))
            .flat_map(|(wish, _)| wish.units.iter().map(|got| got.unit))
            .collect();
        let tx = db.begin(target.tenant, CLAIM).await?;
        let opened = epoch::open(&tx, target.performance, target.hold_seconds).await?;
        let Some((_, until)) = opened.filter(|(in_force, _)| *in_force == epoch) else {
            return Ok(Journalled::Stale);
        };
        let over: HashSet<HoldId> = grants
            .iter()
            .flat_map(|grant| match grant {
                Grant::Whole { taken_from, .. } => taken_from.as_slice(),
                Grant::Lost { .. } => &[],
            })
            .copied()
            .collect();
        let mut freed = Vec::new();
        if !over.is_empty() {
            freed = crate::store::expire_holds(&tx, over).await?;
        }
        let refused = self.refused_by_postgres(&tx, &granted).await?;
        let mut taken = HashMap::new();
        for (wish, grant) in wishes.wanted.iter().zip(grants) {
            let lost: HashSet<UnitId> = match grant {
                Grant::Whole { .. } => HashSet::new(),
                Grant::Lost { units, .. } => units.iter().copied().collect(),
            };
            let units = || wish.units.iter().map(|got| got.unit);
            let open = |unit: &UnitId| !lost.contains(unit) && !refused.contains(unit);
            let until = units().all(|unit| open(&unit)).then_some(until);
            taken.extend(units().filter(open).map(|unit| (unit, Taken { until, taken_from: None })));
        }
        let fences = wishes.wanted.iter().zip(grants).filter_map(|(wish, grant)| match grant {
            Grant::Whole { fence, .. } => Some((wish.request.hold_id, *fence)),
            Grant::Lost { .. } => None,
        });
        wishes.fences = fences.collect();
        wishes.judge(batch, &taken);
        wishes.wait_for(batch, &under_way(grants));
        let judged = Judged { part: Part { target, batch }, wishes };
        let settled = match record::settle(&tx, self.name(), vec![judged], freed).await {
            Err(error) if is_a_fence_again(&error) => return Ok(Journalled::Stale),
            settled => settled?,
        };
        tx.commit().await?;
        if !settled.held.is_empty() {
            target.stock.stage(settled.held);
        }
        Ok(Journalled::Done(settled.outcomes.into_iter().next().unwrap_or_default()))
    }

    /// Units with a live claim, or blocked: never to be had, whatever Redis said.
    async fn refused_by_postgres(&self, tx: &TenantTx, units: &[UnitId]) -> Result<HashSet<UnitId>, DbError> {
        if units.is_empty() || self.guard != Guard::On {
            return Ok(HashSet::new());
        }
        let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
        let rows: Vec<UnitRow> = tx.all(REFUSED, params![ids]).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}

pub(crate) const REFUSED: &str = "select u.id from units u
     where u.tenant_id = $1 and u.id = any($2::uuid[])
       and (u.state = 'blocked' or (select true from claims c
            where c.tenant_id = $1 and c.unit_id = u.id and c.closed_at is null))";

/// Redis gave a number that it had given before. Names of indexes may have something appended on a distributed database.
fn is_a_fence_again(error: &DbError) -> bool {
    matches!(error, DbError::Unique(key) if key.starts_with("holds_fence_key"))
}

/// Units of grants that are not journalled yet.
fn under_way(grants: &[Grant]) -> HashSet<UnitId> {
    let of = |grant: &Grant| match grant {
        Grant::Whole { .. } => Vec::new(),
        Grant::Lost { under_way, .. } => under_way.clone(),
    };
    grants.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_known_by_its_key() {
        for (key, again) in
            [("holds_fence_key", true), ("holds_fence_key_102008", true), ("holds_pkey", false), ("", false)]
        {
            assert_eq!(is_a_fence_again(&DbError::Unique(key.to_owned())), again, "{key}");
        }
        assert!(!is_a_fence_again(&DbError::NoRow));
    }
}
