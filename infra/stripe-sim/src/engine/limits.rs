//! The provider's limit of calls a second: a bucket of tokens, off unless asked for.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

/// How full the bucket is.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(per_second: u32, at: Instant) -> Self {
        Self { per_second: f64::from(per_second), tokens: f64::from(per_second), at }
    }

    fn take(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.per_second);
        self.at = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[derive(Debug, Default)]
struct Inner {
    per_second: Option<u32>,
    bucket: Option<Bucket>,
    refused: u64,
}

/// What is in force, and what it did.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Calls a second; `null`: no limit.
    pub per_second: Option<u32>,
    /// Calls refused since the limit was set.
    pub refused: u64,
}

/// The limit of the platform's key. A second's worth may come at once.
#[derive(Debug, Default)]
pub struct Limits(Mutex<Inner>);

impl Limits {
    /// With a limit from the start.
    pub fn new(per_second: Option<u32>) -> Self {
        let limits = Self::default();
        limits.set(per_second);
        limits
    }

    /// Sets the limit, with a full bucket.
    pub fn set(&self, per_second: Option<u32>) {
        let bucket = per_second.map(|number| Bucket::full(number, Instant::now()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Inner { per_second, bucket, refused: 0 };
    }

    /// Whether one more call is let through now.
    pub fn take(&self) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = inner.bucket.as_mut().is_none_or(|bucket| bucket.take(Instant::now()));
        if !enough {
            inner.refused += 1;
        }
        enough
    }

    /// What is in force, and what it did.
    pub fn report(&self) -> Report {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Report { per_second: inner.per_second, refused: inner.refused }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_seconds_worth_at_once_and_then_as_it_refills() {
        let start = Instant::now();
        let mut bucket = Bucket::full(5, start);
        let taken = (0..9).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 5);
        assert!(!bucket.take(start + Duration::from_millis(199)));
        assert!(bucket.take(start + Duration::from_millis(210)));
        let late = start + Duration::from_secs(60);
        assert_eq!((0..9).filter(|_| bucket.take(late)).count(), 5, "never more than a second's worth");
    }

    #[test]
    fn none_and_nothing() {
        let limits = Limits::default();
        assert!((0..1000).all(|_| limits.take()));
        limits.set(Some(0));
        assert!(!limits.take());
        assert_eq!(limits.report().refused, 1);
    }
}
