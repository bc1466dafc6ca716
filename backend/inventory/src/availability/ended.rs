//! Which holds this process was told the end of.
//!
//! A hold's beginning is told after its commit (`herald.rs`), its end inside the transaction that ends it. A buyer whose
//! first answer was lost may find the hold again by its key at another process, and give it back or pay for it there, before
//! the first one has told that it began: its end is heard first. What begins after its end is passed over. So is what has
//! ended by time when it is told: somebody else may have taken it over since.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::change::{Change, Mark, Now};

/// Longer than a process goes on trying to tell what it has committed.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Holds kept without looking for those that may be forgotten.
const FEW: usize = 1_024;

/// The holds that ended a while ago at most.
#[derive(Debug, Default)]
pub(super) struct Ended {
    holds: HashMap<Mark, Instant>,
    /// So many are looked through for those that may be forgotten.
    clean_at: usize,
}

impl Ended {
    /// Leaves out of `changes` the beginnings of holds whose end was told, or is over at `now` (Unix milliseconds by the
    /// database's clock), and remembers the ends among them.
    pub(super) fn sift(&mut self, changes: Vec<Change>, at: Instant, now: i64) -> Vec<Change> {
        let mut kept = changes;
        kept.retain(|change| {
            let Some(hold) = change.hold else { return true };
            match change.now {
                Now::HeldUntil(until) => until > now && !self.knows(hold, at),
                Now::Free | Now::Gone => {
                    self.remember(hold, at);
                    true
                }
            }
        });
        kept
    }

    fn knows(&self, hold: Mark, at: Instant) -> bool {
        self.holds.get(&hold).is_some_and(|ended| at.saturating_duration_since(*ended) < REMEMBERED)
    }

    fn remember(&mut self, hold: Mark, at: Instant) {
        if self.holds.len() > self.clean_at.max(FEW) {
            self.holds.retain(|_, ended| at.saturating_duration_since(*ended) < REMEMBERED);
            // Twice as many as are worth keeping, so that cleaning costs nothing on the whole.
            self.clean_at = self.holds.len() * 2;
        }
        self.holds.insert(hold, at);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use marquee_core::ids::{HoldId, UnitId};

    use super::*;

    #[test]
    fn a_beginning_is_passed_over_only_after_the_end_of_the_same_hold() {
        let (mut ended, at, hold) = (Ended::default(), Instant::now(), HoldId::generate());
        let (unit, now) = (UnitId::generate(), Utc::now());
        let until = now + Duration::from_secs(600);
        let mut sift = |change, at| ended.sift(vec![change], at, now.timestamp_millis());
        let begins = Change::held(unit, until).of(hold);
        assert_eq!(sift(begins, at), [begins]);
        for end in [Change::freed(unit).of(hold), Change::gone(unit).of(hold)] {
            assert_eq!(sift(end, at), [end]);
        }
        for kept in [Change::held(unit, until).of(HoldId::generate()), Change::held(unit, until)] {
            assert_eq!(sift(kept, at), [kept]);
        }
        assert_eq!(sift(begins, at), []);
        assert_eq!(sift(begins, at + REMEMBERED), [begins], "it is forgotten some time");
    }

    #[test]
    fn a_beginning_is_passed_over_when_its_time_is_over() {
        let (mut ended, now, unit) = (Ended::default(), Utc::now(), UnitId::generate());
        let mut sift = |change| ended.sift(vec![change], Instant::now(), now.timestamp_millis());
        let late = Change::held(unit, now).of(HoldId::generate());
        assert_eq!(sift(late), []);
        let still = Change::held(unit, now + Duration::from_millis(1)).of(HoldId::generate());
        assert_eq!(sift(still), [still]);
        // What a buyer was given back is told in its order.
        let back = Change::held(unit, now);
        assert_eq!(sift(back), [back]);
    }

    #[test]
    fn what_may_be_forgotten_goes() {
        let (mut ended, mut now) = (Ended::default(), Instant::now());
        for _ in 0..20 * FEW {
            ended.sift(vec![Change::freed(UnitId::generate()).of(HoldId::generate())], now, 0);
            now += REMEMBERED / 512;
        }
        assert!(ended.holds.len() <= 3 * FEW, "{}", ended.holds.len());
    }
}
