//! The journal: a batch that Redis granted becomes holds and claims in Postgres, or does not count.

use std::collections::{HashMap, HashSet};

use marquee_core::db::{Db, DbError};
use marquee_core::ids::{HoldId, UnitId};

use super::super::record::{self, Judged};
use super::super::wish::{Taken, Wishes};
use super::super::{Guard, Part, Strategy};
use super::epoch::{self, Opened};
use super::store::Grant;
use super::{CLAIM, ClaimRequest, Outcome, Redis, Target};

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
        let looked_at = if self.guard == Guard::On { granted.as_slice() } else { &[] };
        let opened = epoch::open(&tx, target.performance, target.hold_seconds, looked_at).await?;
        let Some(Opened { until, mut refused, .. }) = opened.filter(|opened| opened.epoch == epoch) else {
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
            for one in &freed {
                refused.remove(&one.unit);
            }
        }
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
}

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
