//! The program's own histograms, as `/metrics` shows them, and what came to them between two looks.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::error::BenchError;
use crate::http;

/// One tag's histogram: how many lie at or below each bound, bounds in seconds, rising; the last is infinite.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram(Vec<(f64, f64)>);

/// Histograms by tag.
pub type Histograms = BTreeMap<String, Histogram>;

/// Reads one metric of the program.
///
/// # Errors
/// When it does not answer.
pub async fn read(address: SocketAddr, metric: &str) -> Result<Histograms, BenchError> {
    let (status, body) = http::once(address, &http::get("localhost", "/metrics"))
        .await
        .map_err(BenchError::system("cannot read the program's metrics"))?;
    if status != 200 {
        return Err(BenchError::failed(format!("/metrics answers {status}")));
    }
    Ok(parse(&String::from_utf8_lossy(&body), metric))
}

/// Reads a gauge without labels; none where the program does not show it.
///
/// # Errors
/// When it does not answer.
pub async fn gauge(address: SocketAddr, name: &str) -> Result<Option<f64>, BenchError> {
    let (_, body) = http::once(address, &http::get("localhost", "/metrics"))
        .await
        .map_err(BenchError::system("cannot read the program's metrics"))?;
    let text = String::from_utf8_lossy(&body);
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.and_then(|value| value.trim().parse().ok()))
}

/// The histograms of `metric`, by the label `tag`.
pub fn parse(text: &str, metric: &str) -> Histograms {
    let mut found = Histograms::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix(metric).and_then(|rest| rest.strip_prefix("_bucket{")) else {
            continue;
        };
        let Some((labels, value)) = rest.rsplit_once('}') else { continue };
        let label = |name: &str| {
            labels.split(',').find_map(|one| one.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
        };
        let (Some(tag), Some(bound)) = (label("tag"), label("le")) else { continue };
        let bound = if bound == "+Inf" { Ok(f64::INFINITY) } else { bound.parse() };
        if let (Ok(bound), Ok(count)) = (bound, value.trim().parse::<f64>()) {
            let buckets = &mut found.entry(tag.to_owned()).or_default().0;
            // One tag may be there several times, told apart by further labels.
            match buckets.iter_mut().find(|(known, _)| *known == bound) {
                Some((_, sum)) => *sum += count,
                None => buckets.push((bound, count)),
            }
        }
    }
    for histogram in found.values_mut() {
        histogram.0.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    found
}

/// What came to each tag between two looks.
pub fn between(before: &Histograms, after: &Histograms) -> Histograms {
    let none = Histogram::default();
    after
        .iter()
        .map(|(tag, now)| (tag.clone(), now.since(before.get(tag).unwrap_or(&none))))
        .filter(|(_, delta)| delta.count() > 0.0)
        .collect()
}

/// All tags that begin with `prefix`, as one; the program gives them all the same bounds.
pub fn together(histograms: &Histograms, prefix: &str) -> Histogram {
    let mut all = Histogram::default();
    for (_, one) in histograms.iter().filter(|(tag, _)| tag.starts_with(prefix)) {
        all.add(one);
    }
    all
}

impl Histogram {
    /// Adds another one, whose bounds are the same.
    pub fn add(&mut self, other: &Self) {
        for (bound, count) in &other.0 {
            match self.0.iter_mut().find(|(known, _)| known == bound) {
                Some((_, sum)) => *sum += count,
                None => self.0.push((*bound, *count)),
            }
        }
        self.0.sort_by(|one, other| one.0.total_cmp(&other.0));
    }

    fn since(&self, before: &Self) -> Self {
        let then =
            |bound: f64| before.0.iter().find(|(known, _)| *known == bound).map_or(0.0, |(_, count)| *count);
        Self(self.0.iter().map(|(bound, count)| (*bound, count - then(*bound))).collect())
    }

    /// How many were counted.
    pub fn count(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// The share at or below a bound that the histogram has.
    pub fn share_within(&self, seconds: f64) -> Option<f64> {
        let (_, within) = self.0.iter().find(|(bound, _)| *bound == seconds)?;
        (self.count() > 0.0).then(|| within / self.count())
    }

    /// The value that this share does not exceed, in milliseconds, taken evenly within its bucket; beyond the last
    /// bound there is none to name, so that bound is the answer.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = share * self.count();
        let (mut low, mut below) = (0.0, 0.0);
        for (bound, count) in &self.0 {
            if *count >= wanted && *count > below {
                let part = (wanted - below) / (count - below);
                let high = if bound.is_finite() { *bound } else { low };
                return Some((low * (1.0 - part) + high * part) * 1_000.0);
            }
            (low, below) = (*bound, *count);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# TYPE marquee_db_hold_seconds histogram
marquee_db_hold_seconds_bucket{tag="claim.ttl",le="0.001"} 10
marquee_db_hold_seconds_bucket{tag="claim.ttl",le="0.002"} 90
marquee_db_hold_seconds_bucket{tag="claim.ttl",le="0.02"} 99
marquee_db_hold_seconds_bucket{tag="claim.ttl",le="+Inf"} 100
marquee_db_hold_seconds_sum{tag="claim.ttl"} 0.3
marquee_db_hold_seconds_bucket{class="a",tag="claim.redis",le="0.001"} 4
marquee_db_hold_seconds_bucket{class="b",tag="claim.redis",le="0.001"} 6
marquee_db_hold_seconds_bucket{class="b",tag="claim.redis",le="+Inf"} 6
marquee_db_hold_seconds_bucket{class="a",tag="claim.redis",le="+Inf"} 4
marquee_db_wait_seconds_bucket{tag="claim.ttl",le="+Inf"} 7
"#;

    #[test]
    fn buckets_are_read_by_tag() {
        let found = parse(TEXT, "marquee_db_hold_seconds");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["claim.redis", "claim.ttl"]);
        let ttl = &found["claim.ttl"];
        assert_eq!(ttl.count(), 100.0);
        assert_eq!(ttl.share_within(0.02), Some(0.99));
        assert_eq!(ttl.quantile(0.5), Some(1.5));
        assert_eq!(ttl.quantile(0.99), Some(20.0));
        assert_eq!(ttl.quantile(1.0), Some(20.0), "beyond the last bound");
        assert_eq!(found["claim.redis"].count(), 10.0);
        assert_eq!(together(&found, "claim.").count(), 110.0);
    }

    #[test]
    fn only_what_came_between_counts() {
        let before = parse(TEXT, "marquee_db_hold_seconds");
        let after = parse(
            &TEXT.replace("\"} 100", "\"} 140").replace("\"} 99", "\"} 139"),
            "marquee_db_hold_seconds",
        );
        let delta = between(&before, &after);
        assert_eq!(delta.len(), 1);
        assert_eq!(delta["claim.ttl"].count(), 40.0);
        assert_eq!(delta["claim.ttl"].share_within(0.02), Some(1.0));
        assert_eq!(Histogram::default().quantile(0.5), None);
    }
}
