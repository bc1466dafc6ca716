//! Which units a batch's requests want: those that their buyers chose, and for any places the best that memory knows and
//! nobody else of this process reaches for. Nothing is taken yet.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

use marquee_core::ids::{PriceLevelId, UnitId};

use super::{AnyUnits, ClaimRequest, Got, Outcome};
use crate::availability::{Reached, Stock};

/// Chooses units in memory, each for one request.
pub(super) struct Picker<'a> {
    stock: &'a Stock,
    now: Instant,
    /// What other claims of this process reach for.
    reached: MutexGuard<'a, Reached>,
    /// What this batch wants already.
    own: HashSet<UnitId>,
    /// Of it, what was chosen here.
    pub(super) picked: Vec<UnitId>,
    /// Of it, what buyers chose.
    pub(super) asked_for: Vec<UnitId>,
    /// Is there more than one request? A lone one may as well wait for a row.
    crowd: bool,
    /// How many places of a level the batch wants one by one.
    wanted: HashMap<PriceLevelId, usize>,
    /// The best of them, looked up once for the batch.
    best: HashMap<PriceLevelId, VecDeque<UnitId>>,
}

impl<'a> Picker<'a> {
    pub(super) fn new(batch: &[ClaimRequest], stock: &'a Stock) -> Self {
        let mut wanted: HashMap<PriceLevelId, usize> = HashMap::new();
        for any in batch.iter().flat_map(|request| &request.any).filter(|any| alone(any)) {
            let sum = wanted.entry(any.offer.price_level).or_default();
            *sum = sum.saturating_add(any.quantity);
        }
        let chosen = batch.iter().map(|request| request.chosen.len()).sum::<usize>();
        // Some of the best may be chosen seats of this batch, or neighbours that somebody wants together.
        wanted.values_mut().for_each(|sum| *sum = sum.saturating_add(chosen));
        Self {
            stock,
            now: Instant::now(),
            reached: stock.reached(),
            own: HashSet::new(),
            picked: Vec::new(),
            asked_for: Vec::new(),
            crowd: batch.len() > 1,
            wanted,
            best: HashMap::new(),
        }
    }

    pub(super) fn units_for(&mut self, request: &ClaimRequest) -> Result<Vec<Got>, Outcome> {
        let asked_for = |unit| self.own.contains(&unit) || self.crowd && self.reached.is_asked_for(unit);
        if request.chosen.iter().any(|chosen| asked_for(chosen.unit)) {
            return Err(Outcome::Contended);
        }
        let mut units: Vec<Got> =
            request.chosen.iter().map(|one| Got { unit: one.unit, offer: Arc::clone(&one.offer) }).collect();
        self.own.extend(units.iter().map(|got| got.unit));
        let mut picked = Vec::new();
        for wanted in &request.any {
            match self.pick(wanted, units.len()) {
                Ok(found) => {
                    self.own.extend(&found);
                    picked.extend(&found);
                    let got = |unit| Got { unit, offer: Arc::clone(&wanted.offer) };
                    units.extend(found.into_iter().map(got));
                }
                Err(refusal) => {
                    for got in &units {
                        self.own.remove(&got.unit);
                    }
                    self.best.clear();
                    return Err(refusal);
                }
            }
        }
        self.reached.ask_for(request.chosen.iter().map(|chosen| chosen.unit));
        self.asked_for.extend(request.chosen.iter().map(|chosen| chosen.unit));
        self.reached.reach(picked.iter().copied(), self.now);
        self.picked.extend(picked);
        Ok(units)
    }

    /// The best units for any places, as memory sees it, but for those that are reached for; `own` of them by the same
    /// request.
    fn pick(&mut self, wanted: &AnyUnits, own: usize) -> Result<Vec<UnitId>, Outcome> {
        let level = wanted.offer.price_level;
        let found = if alone(wanted) {
            self.next_best(level, wanted.quantity)
        } else {
            let taken = |unit| self.own.contains(&unit) || self.reached.leaves(unit, self.now);
            self.stock.adjacent(level, wanted.quantity, self.reached.apart(self.now), taken)
        };
        if let Some(found) = found {
            return Ok(found);
        }
        if self.stock.open(level) < wanted.quantity {
            return Err(Outcome::SoldOut);
        }
        // Enough but for others of this process: it depends on what becomes of them.
        let others = self.own.len() > own || self.reached.leaves_any(self.now);
        if others
            && (alone(wanted) || self.stock.adjacent(level, wanted.quantity, false, |_| false).is_some())
        {
            return Err(Outcome::Contended);
        }
        Err(if alone(wanted) { Outcome::SoldOut } else { Outcome::NoAdjacent })
    }

    fn next_best(&mut self, level: PriceLevelId, quantity: usize) -> Option<Vec<UnitId>> {
        if !self.best.contains_key(&level) {
            let best = self.look_up(level, quantity);
            self.best.insert(level, best);
        }
        let best = self.best.get_mut(&level)?;
        let mut found = Vec::with_capacity(quantity.min(best.len()));
        while found.len() < quantity {
            match best.pop_front() {
                Some(unit) if self.own.contains(&unit) => {}
                Some(unit) => found.push(unit),
                None => {
                    self.best.remove(&level);
                    return None;
                }
            }
        }
        Some(found)
    }

    /// The best for the whole batch. While another process chooses the same, each takes its share of them.
    fn look_up(&self, level: PriceLevelId, quantity: usize) -> VecDeque<UnitId> {
        let wanted = self.wanted.get(&level).copied().unwrap_or(quantity);
        let taken = |unit| self.own.contains(&unit) || self.reached.leaves(unit, self.now);
        self.stock.best(level, wanted, self.reached.apart(self.now), taken).into()
    }
}

/// Are its places taken one by one, wherever they are?
fn alone(wanted: &AnyUnits) -> bool {
    !wanted.adjacent || wanted.quantity < 2
}
