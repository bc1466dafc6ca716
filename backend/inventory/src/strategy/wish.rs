//! Where each request of a batch stands: the units that it wants (chosen in `picker.rs`), what became of them, and what this
//! process keeps of them for as long as that is not known.
//!
//! Two requests of a batch never want the same unit at once: what the first reaches for, a later one gets only when the
//! first did not ([`Outcome::Contended`]: it is claimed again in the next batch).

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use chrono::{DateTime, Utc};
use marquee_core::db::DbError;
use marquee_core::ids::{HoldId, UnitId};

use super::picker::Picker;
use super::{ClaimRequest, Got, Outcome};
use crate::availability::{Change, Stock};

/// A request with the units it wants.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pub(super) request: &'a ClaimRequest,
    pub(super) units: Vec<Got>,
}

/// A unit that a strategy took for a hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// It was to be had. Without `until`: it is, but another unit of its request is not.
    pub(super) until: Option<DateTime<Utc>>,
    /// The expired hold it was taken from.
    pub(super) taken_from: Option<HoldId>,
}

/// Where each request of a batch stands.
#[derive(Debug, Default)]
pub(super) struct Wishes<'a> {
    /// Those that want units, in the batch's order, no unit twice.
    pub(super) wanted: Vec<Wish<'a>>,
    /// Those that got them, and when they end.
    pub(super) won: Vec<(Wish<'a>, DateTime<Utc>)>,
    /// Those that cannot be had, as far as this batch knows. A repeated key is looked up before it is refused.
    pub(super) refused: HashMap<HoldId, Outcome>,
    /// Expired holds whose units were taken over.
    pub(super) taken_from: HashSet<HoldId>,
    /// The numbers that Redis gave holds.
    pub(super) fences: HashMap<HoldId, i64>,
    /// Keeps other claims of this process from asking for the same seats, until it is dropped.
    pub(super) asking: Asking,
    /// What was chosen in memory for those that want any places.
    chosen_here: ChosenHere,
}

/// Chosen seats that the database is being asked for.
#[derive(Debug, Default)]
pub(super) struct Asking {
    stock: Option<Stock>,
    units: Vec<UnitId>,
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(stock) = self.stock.take().filter(|_| !self.units.is_empty()) {
            stock.reached().answered(&self.units);
        }
    }
}

/// Units chosen in memory. Until it is known what became of them, no other claim of this process chooses them.
#[derive(Debug, Default)]
struct ChosenHere {
    stock: Option<Stock>,
    units: Vec<UnitId>,
    /// For one request alone.
    lone: bool,
}

impl ChosenHere {
    /// Some of them were to be had, others were not.
    fn learn(&mut self, taken: &HashMap<UnitId, Taken>) {
        let Some(stock) = &self.stock else { return };
        if self.units.is_empty() {
            return;
        }
        let (now, mut reached) = (Instant::now(), stock.reached());
        let (found, missed): (Vec<UnitId>, Vec<UnitId>) =
            self.units.drain(..).partition(|unit| taken.contains_key(unit));
        let (got, left): (Vec<UnitId>, Vec<UnitId>) =
            found.into_iter().partition(|unit| taken.get(unit).is_some_and(|one| one.until.is_some()));
        // Should the transaction fail after all, they are left alone for a moment too long.
        reached.got(got, now);
        reached.let_go(left, now);
        let wrong = reached.missed(missed, now);
        drop(reached);
        if wrong {
            stock.doubt();
        }
    }
}

impl ChosenHere {
    /// Another transaction keeps one of them. Of a whole batch's it is not known which.
    fn give_way(&mut self) {
        if self.lone
            && let Some(stock) = &self.stock
        {
            stock.reached().stuck(self.units.drain(..), Instant::now());
        }
    }
}

impl Drop for ChosenHere {
    fn drop(&mut self) {
        if let Some(stock) = self.stock.take().filter(|_| !self.units.is_empty()) {
            stock.reached().let_go(self.units.drain(..), Instant::now());
        }
    }
}

impl<'a> Wishes<'a> {
    /// Chooses units for each request.
    pub(super) fn of(batch: &'a [ClaimRequest], stock: &Stock) -> Self {
        let mut wishes = Self::default();
        let mut picker = Picker::new(batch, stock);
        let mut keys: HashSet<&str> = HashSet::new();
        for request in batch {
            // The same key again: answered when the first of it is settled.
            let chosen = if keys.insert(request.key.as_str()) {
                picker.units_for(request)
            } else {
                Err(Outcome::Contended)
            };
            match chosen {
                Ok(units) => wishes.wanted.push(Wish { request, units }),
                Err(refusal) => drop(wishes.refused.insert(request.hold_id, refusal)),
            }
        }
        wishes.asking = Asking { units: picker.asked_for, stock: Some(stock.clone()) };
        wishes.chosen_here =
            ChosenHere { units: picker.picked, stock: Some(stock.clone()), lone: batch.len() == 1 };
        wishes
    }

    /// Its one wish came true: what is held now, and the outcome.
    pub(super) fn end_alone(&mut self, wish: Wish<'_>, until: DateTime<Utc>) -> (Vec<Change>, Outcome) {
        let taken = |got: &Got| (got.unit, Taken { until: Some(until), taken_from: None });
        self.chosen_here.learn(&wish.units.iter().map(taken).collect());
        let hold = wish.request.hold_id;
        let held = wish.units.iter().map(|got| Change::held(got.unit, until).of(hold)).collect();
        (held, Outcome::Held { until, units: wish.units })
    }

    /// Sorts the wanted ones into those that were taken whole and those that were not.
    pub(super) fn judge(&mut self, batch: &[ClaimRequest], taken: &HashMap<UnitId, Taken>) {
        self.chosen_here.learn(taken);
        let mut gone: HashSet<UnitId> = HashSet::new();
        for wish in std::mem::take(&mut self.wanted) {
            let ends: Option<Vec<_>> = wish.units.iter().map(|got| taken.get(&got.unit)?.until).collect();
            match ends.and_then(|ends| ends.into_iter().min()) {
                Some(until) => {
                    let from = wish.units.iter().filter_map(|got| taken.get(&got.unit)?.taken_from);
                    self.taken_from.extend(from);
                    gone.extend(wish.units.iter().map(|got| got.unit));
                    self.won.push((wish, until));
                }
                None => {
                    gone.extend(
                        wish.units.iter().map(|got| got.unit).filter(|unit| !taken.contains_key(unit)),
                    );
                    let refusal = refusal(wish.request, |unit| !taken.contains_key(&unit));
                    self.refused.insert(wish.request.hold_id, refusal.unwrap_or(Outcome::Contended));
                }
            }
        }
        // Those that stood back for an earlier request know now what became of their seats.
        for request in batch {
            if let Some(standing) = self.refused.get_mut(&request.hold_id)
                && *standing == Outcome::Contended
                && let Some(refusal) = refusal(request, |unit| gone.contains(&unit))
            {
                *standing = refusal;
            }
        }
    }
}

impl Wishes<'_> {
    /// Its units could not be taken.
    pub(super) fn fail(&mut self, error: &DbError) {
        if error.is_contention() {
            self.chosen_here.give_way();
        }
    }

    /// Those refused for a unit that somebody is just being given come again: it may not come to that, and it may be
    /// the same buyer's earlier call. Likewise for one that was won in this batch by a hold which then was not made.
    pub(super) fn wait_for(&mut self, batch: &[ClaimRequest], under_way: &HashSet<UnitId>) {
        for request in batch {
            if let Some(refused @ Outcome::SeatTaken(_)) = self.refused.get_mut(&request.hold_id)
                && request.chosen.iter().any(|chosen| under_way.contains(&chosen.unit))
            {
                *refused = Outcome::Contended;
            }
        }
    }
}

/// The chosen seats that are gone, if any is.
fn refusal(request: &ClaimRequest, gone: impl Fn(UnitId) -> bool) -> Option<Outcome> {
    let lost = request.chosen.iter().filter(|chosen| gone(chosen.unit));
    let lost: Vec<String> = lost.map(|chosen| chosen.seat.clone()).collect();
    (!lost.is_empty()).then_some(Outcome::SeatTaken(lost))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use marquee_core::http::IdempotencyKey;
    use marquee_core::ids::{PriceLevelId, TicketTypeId};
    use marquee_core::money::Price;

    use super::super::{ChosenUnit, Offer};
    use super::*;

    fn request(key: &str, units: &[UnitId]) -> ClaimRequest {
        let offer = Arc::new(Offer {
            price_level: PriceLevelId::generate(),
            price_level_name: "Stalls".to_owned(),
            ticket_type: TicketTypeId::generate(),
            ticket_type_name: "Full price".to_owned(),
            price: Price::of_parts(4_000, 250, 450, "EUR".parse().unwrap()).unwrap(),
        });
        let chosen = units.iter().map(|unit| ChosenUnit {
            unit: *unit,
            seat: unit.to_string(),
            offer: Arc::clone(&offer),
        });
        ClaimRequest {
            hold_id: HoldId::generate(),
            key: IdempotencyKey::new(key).unwrap(),
            fingerprint: [7; 32],
            chosen: chosen.collect(),
            any: Vec::new(),
        }
    }

    /// The first of a batch wins its seat and makes no hold, for its key had made one before.
    #[test]
    fn whoever_stood_back_for_a_hold_that_is_not_made_comes_again() {
        let [won, gone, other] = std::array::from_fn(|_| UnitId::generate());
        let batch = [
            request("first-key", &[won]),
            request("second-key", &[won]),
            request("third-key", &[other, won]),
            request("fourth-key", &[gone]),
        ];
        let [first, second, third, fourth] = batch.each_ref().map(|request| request.hold_id);
        let units = |request: &ClaimRequest| {
            request.chosen.iter().map(|one| Got { unit: one.unit, offer: Arc::clone(&one.offer) }).collect()
        };
        let mut wishes = Wishes::default();
        for request in [&batch[0], &batch[3]] {
            wishes.wanted.push(Wish { request, units: units(request) });
        }
        wishes.refused.extend([(second, Outcome::Contended), (third, Outcome::Contended)]);
        let until = Some(Utc::now());
        wishes.judge(&batch, &HashMap::from([(won, Taken { until, taken_from: None })]));
        assert_eq!(wishes.won.len(), 1);
        assert_eq!(wishes.won[0].0.request.hold_id, first);
        assert_eq!(wishes.refused[&second], Outcome::SeatTaken(vec![won.to_string()]));

        wishes.wait_for(&batch, &HashSet::from([won]));
        assert_eq!(
            (&wishes.refused[&second], &wishes.refused[&third]),
            (&Outcome::Contended, &Outcome::Contended)
        );
        assert_eq!(wishes.refused[&fourth], Outcome::SeatTaken(vec![gone.to_string()]));
    }
}
