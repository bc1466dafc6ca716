//! What time it is at the database, by which holds end.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// A question that took longer than this says too little about the time, unless nothing better is known.
const SLOW: Duration = Duration::from_millis(500);

/// An estimate of the database's clock that rests on this machine's monotonic one: a wall clock that is wrong or jumps
/// does not matter.
#[derive(Debug)]
pub(super) struct DbClock {
    start: Instant,
    /// The database's clock at `start`, in Unix milliseconds.
    at_start: AtomicI64,
    measured: AtomicBool,
}

impl DbClock {
    /// `guess` stands in until the database has been asked.
    pub(super) fn new(guess: DateTime<Utc>) -> Self {
        Self {
            start: Instant::now(),
            at_start: AtomicI64::new(guess.timestamp_millis()),
            measured: AtomicBool::new(false),
        }
    }

    /// Now, in Unix milliseconds.
    pub(super) fn now(&self) -> i64 {
        self.at(Instant::now())
    }

    fn at(&self, moment: Instant) -> i64 {
        let since = moment.saturating_duration_since(self.start);
        self.at_start.load(Ordering::Relaxed).saturating_add(since.as_millis() as i64)
    }

    /// The database said `told` to a question asked at `asked` and answered at `answered`.
    pub(super) fn learn(&self, asked: Instant, answered: Instant, told: DateTime<Utc>) {
        let took = answered.saturating_duration_since(asked);
        if took > SLOW && self.measured.load(Ordering::Relaxed) {
            return;
        }
        let since = (asked + took / 2).saturating_duration_since(self.start);
        self.at_start.store(told.timestamp_millis() - since.as_millis() as i64, Ordering::Relaxed);
        self.measured.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_wall_clock_is_forgotten_with_the_first_answer() {
        let truth = DateTime::from_timestamp_millis(1_764_000_000_000).unwrap();
        for minutes in [-10, 0, 10] {
            let clock = DbClock::new(truth + chrono::Duration::minutes(minutes));
            let asked = clock.start + Duration::from_millis(400);
            clock.learn(asked, asked + Duration::from_millis(100), truth);
            let later = asked + Duration::from_millis(50 + 60_000);
            assert_eq!(clock.at(later), truth.timestamp_millis() + 60_000);
        }
    }

    #[test]
    fn a_slow_answer_is_worth_less_than_an_old_one() {
        let truth = DateTime::from_timestamp_millis(1_764_000_000_000).unwrap();
        let clock = DbClock::new(truth);
        clock.learn(clock.start, clock.start, truth);
        clock.learn(clock.start, clock.start + Duration::from_secs(9), truth);
        assert_eq!(clock.at(clock.start), truth.timestamp_millis());
    }
}
