//! Which units this process is reaching for, so that its own claims do not choose the same places, and which it reached
//! for in vain, so that it does not choose them again at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use marquee_core::ids::UnitId;

/// A claim that says nothing for so long has ended.
const UNDER_WAY: Duration = Duration::from_secs(20);
/// Within this the notice of a commit has come, and memory knows.
const NOTICED: Duration = Duration::from_millis(500);
/// After a vain reach a unit is left alone so long, then twice as long, and so on.
const IN_VAIN: Duration = Duration::from_millis(50);
/// Vain reaches for one unit after which memory is taken to be wrong about it.
const WRONG: u32 = 4;
/// After a vain reach places are chosen apart from the best for so long: another process is choosing them too.
const APART: Duration = Duration::from_secs(1);
/// A unit whose row somebody keeps is left alone for so long.
const STUCK: Duration = Duration::from_secs(2);
/// Units remembered without looking for those that say nothing any more.
const REMEMBERED: usize = 4_096;

/// What this process reaches for, of one performance.
#[derive(Debug, Default)]
pub(crate) struct Reach(Mutex<Reached>);

/// The same, locked while units are chosen.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    units: HashMap<UnitId, Mark>,
    /// Chosen seats that a claim under way asks the database for.
    asked_for: HashSet<UnitId>,
    apart_until: Option<Instant>,
    /// So many units are looked through for those that say nothing any more.
    clean_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    until: Instant,
    in_vain: u32,
}

impl Reach {
    /// For choosing: nobody else chooses meanwhile.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Reached> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reached {
    /// Is this unit to be left alone?
    pub(crate) fn leaves(&self, unit: UnitId, now: Instant) -> bool {
        self.units.get(&unit).is_some_and(|mark| mark.until > now)
    }

    /// Are any left alone?
    pub(crate) fn leaves_any(&self, now: Instant) -> bool {
        self.units.values().any(|mark| mark.until > now)
    }

    /// Does a claim under way ask for this chosen seat? Another would wait for its row, with a connection in its hands.
    pub(crate) fn is_asked_for(&self, unit: UnitId) -> bool {
        self.asked_for.contains(&unit)
    }

    /// A claim asks for these chosen seats.
    pub(crate) fn ask_for(&mut self, units: impl IntoIterator<Item = UnitId>) {
        self.asked_for.extend(units);
    }

    /// It has its answer.
    pub(crate) fn answered(&mut self, units: &[UnitId]) {
        for unit in units {
            self.asked_for.remove(unit);
        }
    }

    /// Does another process choose the same places?
    pub(crate) fn apart(&self, now: Instant) -> bool {
        self.apart_until.is_some_and(|until| until > now)
    }

    /// A claim reaches for these.
    pub(crate) fn reach(&mut self, units: impl IntoIterator<Item = UnitId>, now: Instant) {
        if self.units.len() > self.clean_at.max(REMEMBERED) {
            self.units.retain(|_, mark| mark.until > now || mark.in_vain > 0 && mark.until + APART > now);
            // Twice as many as are worth keeping, so that cleaning costs nothing on the whole.
            self.clean_at = self.units.len() * 2;
        }
        for unit in units {
            self.mark(unit, now + UNDER_WAY);
        }
    }

    /// It has them.
    pub(crate) fn got(&mut self, units: impl IntoIterator<Item = UnitId>, now: Instant) {
        for unit in units {
            self.units.insert(unit, Mark { until: now + NOTICED, in_vain: 0 });
        }
    }

    /// It does without them.
    pub(crate) fn let_go(&mut self, units: impl IntoIterator<Item = UnitId>, now: Instant) {
        units.into_iter().for_each(|unit| self.mark(unit, now));
    }

    /// They were not to be had. True when that has been so too often for memory to be right.
    pub(crate) fn missed(&mut self, units: impl IntoIterator<Item = UnitId>, now: Instant) -> bool {
        let mut wrong = false;
        for unit in units {
            let mark = self.units.entry(unit).or_insert(Mark { until: now, in_vain: 0 });
            mark.in_vain += 1;
            mark.until = now + IN_VAIN * 2_u32.saturating_pow(mark.in_vain.min(WRONG) - 1);
            if mark.in_vain >= WRONG {
                mark.in_vain = 0;
                wrong = true;
            }
            self.apart_until = Some(now + APART);
        }
        wrong
    }

    /// Somebody keeps their rows for longer than a claim does.
    pub(crate) fn stuck(&mut self, units: impl IntoIterator<Item = UnitId>, now: Instant) {
        units.into_iter().for_each(|unit| self.mark(unit, now + STUCK));
    }

    fn mark(&mut self, unit: UnitId, until: Instant) {
        self.units.entry(unit).or_insert(Mark { until, in_vain: 0 }).until = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_left_alone_while_it_is_reached_for() {
        let (reach, now, unit) = (Reach::default(), Instant::now(), UnitId::generate());
        let mut reached = reach.lock();
        reached.reach([unit], now);
        assert!(reached.leaves(unit, now) && reached.leaves_any(now));
        reached.let_go([unit], now);
        assert!(!reached.leaves(unit, now));
        reached.got([unit], now);
        assert!(reached.leaves(unit, now) && !reached.leaves(unit, now + NOTICED));
    }

    #[test]
    fn a_unit_that_somebody_keeps_is_left_alone_for_a_while() {
        let (mut reached, now, unit) = (Reached::default(), Instant::now(), UnitId::generate());
        reached.reach([unit], now);
        reached.stuck([unit], now);
        assert!(reached.leaves(unit, now) && reached.leaves_any(now) && !reached.apart(now));
        assert!(!reached.leaves(unit, now + STUCK));
    }

    #[test]
    fn what_is_missed_again_and_again_is_told() {
        let (mut reached, mut now, unit) = (Reached::default(), Instant::now(), UnitId::generate());
        for _ in 1..WRONG {
            assert!(!reached.missed([unit], now));
            assert!(reached.leaves(unit, now) && reached.apart(now));
            now += Duration::from_secs(2);
            assert!(!reached.leaves(unit, now) && !reached.apart(now));
        }
        assert!(reached.missed([unit], now), "memory is wrong about it");
    }
}
