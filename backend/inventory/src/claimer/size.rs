//! How many requests a batch may have: as many as keep its connection busy for no longer than a claim may.

use std::time::Duration;

/// A batch that took longer is too large. The bound on a claim's connection is 20 ms (p99); this leaves room for noise.
const TOO_LONG: Duration = Duration::from_millis(10);
/// No batch is held smaller than this: below it a batch's fixed cost rules, and on a machine that is slow for other reasons
/// smaller batches would only be more of them.
pub(super) const LEAST: usize = 64;
/// Where a claimer begins.
const FIRST: usize = 64;

/// Additive increase while batches are full and fast, multiplicative decrease when one takes too long.
#[derive(Debug)]
pub(super) struct BatchSize {
    limit: usize,
    most: usize,
}

impl BatchSize {
    pub(super) fn new(most: usize) -> Self {
        Self { limit: FIRST.min(most), most }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// A batch of `size` took so long.
    pub(super) fn learn(&mut self, size: usize, took: Duration) {
        if took > TOO_LONG {
            let smaller = size.min(self.limit) * 3 / 4;
            self.limit = smaller.max(LEAST.min(self.most));
        } else if size >= self.limit {
            self.limit = (self.limit + 16).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_only_under_load_and_shrinks_when_slow() {
        let mut size = BatchSize::new(500);
        size.learn(1, Duration::from_millis(1));
        assert_eq!(size.limit(), FIRST, "a lone request says nothing about large batches");
        for _ in 0..50 {
            size.learn(size.limit(), Duration::from_millis(5));
        }
        assert_eq!(size.limit(), 500);
        size.learn(500, Duration::from_millis(30));
        assert_eq!(size.limit(), 375);
        for _ in 0..50 {
            size.learn(size.limit(), Duration::from_millis(30));
        }
        assert_eq!(size.limit(), LEAST);
    }

    #[test]
    fn it_keeps_below_what_it_is_told() {
        let mut size = BatchSize::new(4);
        size.learn(4, Duration::from_secs(1));
        size.learn(4, Duration::ZERO);
        assert!(size.limit() <= 4 && size.limit() > 0);
    }
}
