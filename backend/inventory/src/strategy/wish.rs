//! Turns a batch's requests into units that each wants: the chosen ones, and the best that memory knows for any places.
//!
//! Two requests of a batch never want the same unit at once: what the first reaches for, a later one gets only when the
//! first did not ([`Outcome::Contended`]: it is claimed again in the next batch).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use marquee_core::ids::{HoldId, PriceLevelId, UnitId};

use super::{AnyUnits, ClaimRequest, Got, Outcome};
use crate::availability::Stock;

/// A request with the units it wants.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    pub(super) request: &'a ClaimRequest,
    pub(super) units: Vec<Got>,
}

/// A unit that a strategy took for a hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) unit: UnitId,
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
        wishes
    }

    /// Unit and hold of everything that is wanted, in the order of unit ids: the order in which all claims lock.
    pub(super) fn in_lock_order(&self) -> Vec<(UnitId, HoldId)> {
        let mut all: Vec<(UnitId, HoldId)> = self
            .wanted
            .iter()
            .flat_map(|wish| wish.units.iter().map(|got| (got.unit, wish.request.hold_id)))
            .collect();
        all.sort_unstable_by_key(|(unit, _)| unit.0);
        all
    }

    /// Sorts the wanted ones into those that were taken whole and those that were not.
    pub(super) fn judge(&mut self, batch: &[ClaimRequest], taken: &[Taken]) {
        let taken: HashMap<UnitId, &Taken> = taken.iter().map(|one| (one.unit, one)).collect();
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
    /// Those refused for a unit that somebody is just being given come again: it may not come to that, and it may be
    /// the same buyer's earlier call.
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

/// Chooses units in memory, each for one request.
struct Picker<'a> {
    stock: &'a Stock,
    /// What requests reach for already.
    reached: HashSet<UnitId>,
    /// How many places of a level the batch wants one by one.
    wanted: HashMap<PriceLevelId, usize>,
    /// The best of them, looked up once for the batch.
    best: HashMap<PriceLevelId, VecDeque<UnitId>>,
}

impl<'a> Picker<'a> {
    fn new(batch: &[ClaimRequest], stock: &'a Stock) -> Self {
        let mut wanted: HashMap<PriceLevelId, usize> = HashMap::new();
        for any in batch.iter().flat_map(|request| &request.any).filter(|any| alone(any)) {
            let sum = wanted.entry(any.offer.price_level).or_default();
            *sum = sum.saturating_add(any.quantity);
        }
        let chosen = batch.iter().map(|request| request.chosen.len()).sum::<usize>();
        // Some of the best may be chosen seats of this batch, or neighbours that somebody wants together.
        wanted.values_mut().for_each(|sum| *sum = sum.saturating_add(chosen));
        Self { stock, reached: HashSet::new(), wanted, best: HashMap::new() }
    }

    fn units_for(&mut self, request: &ClaimRequest) -> Result<Vec<Got>, Outcome> {
        if request.chosen.iter().any(|chosen| self.reached.contains(&chosen.unit)) {
            return Err(Outcome::Contended);
        }
        let mut units: Vec<Got> =
            request.chosen.iter().map(|one| Got { unit: one.unit, offer: Arc::clone(&one.offer) }).collect();
        self.reached.extend(units.iter().map(|got| got.unit));
        for wanted in &request.any {
            match self.pick(wanted, units.len()) {
                Ok(found) => {
                    self.reached.extend(&found);
                    let got = |unit| Got { unit, offer: Arc::clone(&wanted.offer) };
                    units.extend(found.into_iter().map(got));
                }
                Err(refusal) => {
                    for got in &units {
                        self.reached.remove(&got.unit);
                    }
                    self.best.clear();
                    return Err(refusal);
                }
            }
        }
        Ok(units)
    }

    /// The best units for any places, as memory sees it, but for those that are reached for; `own` of them by the same
    /// request.
    fn pick(&mut self, wanted: &AnyUnits, own: usize) -> Result<Vec<UnitId>, Outcome> {
        let level = wanted.offer.price_level;
        let found = if alone(wanted) {
            self.next_best(level, wanted.quantity)
        } else {
            self.stock.adjacent(level, wanted.quantity, &self.reached)
        };
        if let Some(found) = found {
            return Ok(found);
        }
        if self.stock.open(level) < wanted.quantity {
            return Err(Outcome::SoldOut);
        }
        // Enough but for the earlier requests: it depends on what becomes of them.
        if self.reached.len() > own
            && (alone(wanted) || self.stock.adjacent(level, wanted.quantity, &HashSet::new()).is_some())
        {
            return Err(Outcome::Contended);
        }
        Err(if alone(wanted) { Outcome::SoldOut } else { Outcome::NoAdjacent })
    }

    fn next_best(&mut self, level: PriceLevelId, quantity: usize) -> Option<Vec<UnitId>> {
        let best = match self.best.entry(level) {
            Entry::Occupied(best) => best.into_mut(),
            Entry::Vacant(none) => {
                let wanted = self.wanted.get(&level).copied().unwrap_or(quantity);
                none.insert(self.stock.best(level, wanted, &self.reached).into())
            }
        };
        let mut found = Vec::with_capacity(quantity.min(best.len()));
        while found.len() < quantity {
            match best.pop_front() {
                Some(unit) if self.reached.contains(&unit) => {}
                Some(unit) => found.push(unit),
                None => {
                    self.best.remove(&level);
                    return None;
                }
            }
        }
        Some(found)
    }
}

/// Are its places taken one by one, wherever they are?
fn alone(wanted: &AnyUnits) -> bool {
    !wanted.adjacent || wanted.quantity < 2
}
