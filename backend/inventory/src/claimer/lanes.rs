//! Batches of one performance that are under way, and when a further one may begin beside them.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinSet};

/// Batches of one performance under way at once: while Postgres works on one, the next is made. Instances share them, for
/// what makes a claim cheap is that its batch is large; each has one at least.
pub(super) const LANES: usize = 2;
/// A batch that is under way for longer waits for something: the next one does not wait for it.
const STUCK: Duration = Duration::from_millis(50);
/// So many waiting requests are worth a batch beside one that is under way.
pub(super) const WORTH_A_LANE: usize = 24;

/// The lanes of a claimer that are in use.
#[derive(Debug)]
pub(super) struct Lanes<T> {
    batches: JoinSet<T>,
    began: Vec<(Id, Instant)>,
}

impl<T: Send + 'static> Lanes<T> {
    pub(super) fn new() -> Self {
        Self { batches: JoinSet::new(), began: Vec::with_capacity(LANES) }
    }

    pub(super) fn are_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(super) fn are_full(&self) -> bool {
        self.batches.len() >= LANES
    }

    /// May a further batch begin, where the performance is claimed by so many processes?
    pub(super) fn may_begin(&self, processes: usize, now: Instant) -> bool {
        opens(self.began.iter().map(|(_, began)| now.saturating_duration_since(*began)), processes)
    }

    /// Are so many waiting requests, of those that a batch takes at most, worth a batch? None has to wait for others unless a
    /// batch is under way that will end soon.
    pub(super) fn worth(&self, waiting: usize, limit: usize, now: Instant) -> bool {
        let least = if self.next_stuck(now).is_some() { WORTH_A_LANE.min(limit) } else { 1 };
        waiting >= least
    }

    /// How long until a further batch is stuck; none where none is under way that is not.
    pub(super) fn next_stuck(&self, now: Instant) -> Option<Duration> {
        let since = self.began.iter().map(|(_, began)| now.saturating_duration_since(*began));
        since.filter(|since| *since <= STUCK).map(|since| STUCK - since + Duration::from_millis(1)).min()
    }

    pub(super) fn begin(&mut self, batch: impl Future<Output = T> + Send + 'static) {
        let id = self.batches.spawn(batch).id();
        self.began.push((id, Instant::now()));
    }

    /// Waits until a batch ends; none of one that panicked, or where none is under way. Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<T> {
        let (id, done) = match self.batches.join_next_with_id().await? {
            Ok((id, done)) => (id, Some(done)),
            Err(error) => (error.id(), None),
        };
        self.began.retain(|(one, _)| *one != id);
        done
    }
}

/// May a further lane open beside those that have been in use for so long? Those that are stuck are nobody's share, but
/// there are never more than [`LANES`].
fn opens(in_use: impl ExactSizeIterator<Item = Duration>, processes: usize) -> bool {
    let share = (LANES / processes.max(1)).max(1);
    in_use.len() < LANES && in_use.filter(|since| *since <= STUCK).count() < share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_batch_takes_no_share_however_often_others_begin() {
        let opens = |in_use: &[Duration], processes| opens(in_use.iter().copied(), processes);
        let (young, stuck) = (Duration::from_millis(1), STUCK + Duration::from_millis(1));
        for processes in 0..4 {
            assert!(opens(&[], processes));
            assert_eq!(opens(&[young], processes), processes < 2, "{processes}");
            assert!(opens(&[stuck], processes));
            for full in [[young, stuck], [stuck, stuck], [young, young]] {
                assert!(!opens(&full, processes));
            }
        }
    }

    #[tokio::test]
    async fn a_lone_request_waits_for_no_stuck_batch() {
        let (mut lanes, began) = (Lanes::<()>::new(), Instant::now());
        assert!(lanes.worth(1, 64, began) && lanes.next_stuck(began).is_none());
        lanes.begin(std::future::pending());
        assert!(!lanes.worth(1, 64, began) && !lanes.worth(WORTH_A_LANE - 1, 64, began));
        assert!(lanes.worth(WORTH_A_LANE, 64, began) && lanes.worth(4, 4, began));
        let now = Instant::now();
        let stuck = now + lanes.next_stuck(now).expect("it is not stuck yet");
        assert!(lanes.worth(1, 64, stuck) && lanes.may_begin(2, stuck) && lanes.next_stuck(stuck).is_none());
        assert!(!lanes.worth(0, 64, stuck));
    }

    #[tokio::test]
    async fn a_lane_is_free_when_its_batch_ends() {
        let (mut lanes, began) = (Lanes::new(), Instant::now());
        let later = began + Duration::from_secs(1);
        lanes.begin(std::future::pending());
        assert!(!lanes.may_begin(2, began) && lanes.may_begin(2, later));
        lanes.begin(async { 1 });
        assert!(lanes.are_full() && !lanes.may_begin(2, later));
        assert_eq!(lanes.next().await, Some(1));
        assert!(!lanes.are_empty() && lanes.may_begin(2, later), "the other is stuck still");
        lanes.begin(async { panic!("this one panics") });
        assert_eq!(lanes.next().await, None);
        assert!(!lanes.are_full() && lanes.may_begin(2, later));
    }
}
