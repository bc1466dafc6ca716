//! Percentiles, medians and spreads.

/// Durations in microseconds, to be asked about.
#[derive(Debug, Clone, Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    /// Of these, in any order.
    pub fn of(mut micros: Vec<u32>) -> Self {
        micros.sort_unstable();
        Self(micros)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The value that this share (0 to 1) of all does not exceed, in milliseconds; none of none.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).map(|micros| f64::from(*micros) / 1_000.0)
    }

    /// The middle one, in milliseconds.
    pub fn p50(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The value that one in a hundred exceeds, in milliseconds.
    pub fn p99(&self) -> Option<f64> {
        self.quantile(0.99)
    }

    /// The largest, in milliseconds.
    pub fn max(&self) -> Option<f64> {
        self.quantile(1.0)
    }
}

/// The mean; zero of none.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The middle value, or the mean of the two in the middle; zero of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 }
}

/// How far the values lie apart, as a share of their mean.
pub fn spread(values: &[f64]) -> f64 {
    let (low, high) =
        values.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), one| (low.min(*one), high.max(*one)));
    let mean = mean(values);
    if mean > 0.0 { (high - low) / mean } else { 0.0 }
}

/// Where the median of what these were drawn from lies with a probability of at least 95 %, whatever its distribution: between
/// two of the values. None where there are fewer than six.
///
/// As many values as heads in as many tosses of a coin lie below a median, so the k-th from either end is a bound with the
/// probability that there are not fewer than k (confidence interval of a median by order statistics).
pub fn median_within(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len();
    let mut outside = 2.0 * 0.5_f64.powi(i32::try_from(count).ok()?);
    let (mut exactly, mut rank) = (outside, 0);
    while outside <= 0.05 && rank < count / 2 {
        rank += 1;
        exactly *= (count + 1 - rank) as f64 / rank as f64;
        outside += exactly;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let low = *sorted.get(rank.checked_sub(1)?)?;
    Some((low, *sorted.get(count - rank)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let some = Latencies::of((1..=1000).rev().map(|ms| ms * 1_000).collect());
        assert_eq!(some.p50(), Some(500.0));
        assert_eq!(some.p99(), Some(990.0));
        assert_eq!(some.max(), Some(1000.0));
        assert_eq!(some.quantile(0.0), Some(1.0));
        assert_eq!(Latencies::of(vec![7]).p99(), Some(0.007));
        assert_eq!(Latencies::default().p99(), None);
    }

    #[test]
    fn a_median_lies_between_two_values() {
        let some = |count: usize| (1..=count).rev().map(|value| value as f64).collect::<Vec<_>>();
        // Ranks from tables of the sign test.
        for (count, within) in [(6, (1.0, 6.0)), (8, (1.0, 8.0)), (9, (2.0, 8.0)), (15, (4.0, 12.0))] {
            assert_eq!(median_within(&some(count)), Some(within), "{count}");
        }
        assert_eq!([0, 1, 5].map(|count| median_within(&some(count))), [None; 3]);
    }

    #[test]
    fn medians_and_spreads() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
        assert_eq!(mean(&[1.0, 3.0]), 2.0);
        assert_eq!(spread(&[9.0, 11.0]), 0.2);
        assert_eq!(spread(&[]), 0.0);
    }
}
