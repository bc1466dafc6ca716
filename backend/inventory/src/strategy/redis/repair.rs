//! Keeps Redis in step with Postgres, which has the last word.

use std::collections::{HashMap, HashSet};

use marquee_core::db::{Db, DbError};
use marquee_core::ids::{HoldId, UnitId};

use super::store::{Entry, Grant};
use super::{ClaimRequest, Granted, Outcome, Redis, Target, epoch};

impl Redis {
    /// Tells Redis how the batch ended: journalled holds are marked so, everything else is set to what Postgres says.
    /// Seats that Redis refused although memory has them free are set right too, and claimed again if they are.
    pub(super) async fn conclude(
        &self,
        db: &Db,
        target: &Target,
        granted: &Granted,
        batch: &[ClaimRequest],
        outcomes: &mut [Outcome],
    ) -> Result<(), DbError> {
        let held: HashMap<HoldId, _> = batch
            .iter()
            .zip(outcomes.iter())
            .filter_map(|(request, outcome)| match outcome {
                Outcome::Held { until, .. } => Some((request.hold_id, *until)),
                _ => None,
            })
            .collect();
        let (mut kept, mut doubtful) = (Vec::new(), Vec::new());
        for ((hold, units), grant) in granted.wanted.iter().zip(&granted.grants) {
            match (held.get(hold), grant) {
                (Some(until), _) => kept.push((*hold, *until, units.clone())),
                (None, Grant::Whole { .. }) => doubtful.extend(units),
                (None, Grant::Lost { units, .. }) => {
                    doubtful.extend(units.iter().filter(|unit| target.stock.is_open(**unit)));
                }
            }
        }
        if !kept.is_empty() {
            let (store, key, epoch) =
                (self.store.clone(), (target.tenant, target.performance), granted.epoch);
            // No batch waits for that. Whoever asks for these units before it is done comes into a later batch.
            drop(db.home().spawn(async move {
                if let Err(fault) = store.mark(key, epoch, &kept).await {
                    tracing::debug!(%fault, "holds could not be marked as journalled in redis");
                }
            }));
        }
        if doubtful.is_empty() {
            return Ok(());
        }
        let free = self.repair(db, target, &doubtful).await?;
        for (request, outcome) in batch.iter().zip(outcomes.iter_mut()) {
            if let Outcome::SeatTaken(seats) = outcome
                && request
                    .chosen
                    .iter()
                    .filter(|one| seats.contains(&one.seat))
                    .all(|one| free.contains(&one.unit))
            {
                *outcome = Outcome::Contended;
            }
        }
        Ok(())
    }

    /// Sets units in Redis to what Postgres says; answers those that are free in both then.
    pub(super) async fn repair(
        &self,
        db: &Db,
        target: &Target,
        units: &[UnitId],
    ) -> Result<HashSet<UnitId>, DbError> {
        let key = (target.tenant, target.performance);
        let Some(epoch) = self.known().get(&key).copied() else { return Ok(HashSet::new()) };
        let Ok(seen) = self.store.look(key, units).await else { return Ok(HashSet::new()) };
        let seen: HashMap<UnitId, String> = units.iter().copied().zip(seen).collect();
        let now = target.stock.db_now();
        let mut free = HashSet::new();
        let mut wrong = Vec::new();
        for (unit, truth) in epoch::units(db, target.tenant, units).await? {
            let Some(value) = seen.get(&unit) else { continue };
            // A grant under way is not in the journal yet.
            let under_way = matches!(
                Entry::of_value(value), Entry::Held { until, journalled: false, .. } if until > now
            );
            if under_way && truth == Entry::Free {
                continue;
            }
            if truth == Entry::Free {
                free.insert(unit);
            }
            if truth.to_value() != *value {
                wrong.push((unit, value.clone(), truth));
            }
        }
        if !wrong.is_empty()
            && let Err(fault) = self.store.sync(key, epoch, wrong).await
        {
            tracing::debug!(%fault, "units could not be set right in redis");
        }
        Ok(free)
    }

    /// Ends a reservation: Redis is told what Postgres says, reserved or not.
    pub(super) async fn set_right(&self, db: &Db, target: &Target, units: &[UnitId]) -> Result<(), DbError> {
        let key = (target.tenant, target.performance);
        let Some(epoch) = self.known().get(&key).copied() else { return Ok(()) };
        let truth = epoch::units(db, target.tenant, units).await?;
        let told = async {
            let ids: Vec<UnitId> = truth.iter().map(|(unit, _)| *unit).collect();
            let seen = self.store.look(key, &ids).await?;
            let units = truth.into_iter().zip(seen).map(|((unit, entry), seen)| (unit, seen, entry));
            self.store.sync(key, epoch, units).await
        };
        if let Err(fault) = told.await {
            tracing::debug!(%fault, "redis learns later which units are blocked");
        }
        Ok(())
    }
}
