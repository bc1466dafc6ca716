//! Declined payments are limited per address: who tries one card after the other is not buying.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use marquee_core::clock::SharedClock;
use marquee_core::limits::{Limit, Limits};

use crate::CheckoutError;

/// Generous: a whole company behind one address may mistype.
const DECLINES: Limit = Limit { name: "payment.declined", max: 60, window: 600 };
/// Addresses remembered as over the limit.
const REMEMBERED: usize = 10_000;

/// Counts declines; an address over the limit may not try again until its window ends.
#[derive(Debug, Clone)]
pub(crate) struct Declines {
    limits: Limits,
    clock: SharedClock,
    over: Arc<Mutex<HashMap<String, DateTime<Utc>>>>,
}

impl Declines {
    pub(crate) fn new(limits: Limits, clock: SharedClock) -> Self {
        Self { limits, clock, over: Arc::default() }
    }

    /// May this address try a card?
    pub(crate) fn check(&self, address: &str) -> Result<(), CheckoutError> {
        let now = self.clock.now();
        let until = self.over.lock().ok().and_then(|over| over.get(address).copied());
        match until.map(|until| (until - now).num_seconds()) {
            Some(left) if left > 0 => {
                Err(CheckoutError::TooManyDeclines(u32::try_from(left).unwrap_or(u32::MAX)))
            }
            _ => Ok(()),
        }
    }

    /// Counts a decline.
    pub(crate) async fn count(&self, address: &str) {
        let Err(seconds) = self.limits.hit(DECLINES, address).await else { return };
        tracing::warn!(client.address = address, "too many declined payments from one address");
        let Ok(mut over) = self.over.lock() else { return };
        let now = self.clock.now();
        if over.len() >= REMEMBERED {
            over.retain(|_, until| *until > now);
        }
        over.insert(address.to_owned(), now + TimeDelta::seconds(i64::from(seconds)));
    }
}

#[cfg(test)]
mod tests {
    use marquee_core::clock::ManualClock;

    use super::*;

    #[tokio::test]
    async fn an_address_over_the_limit_waits_until_its_window_ends() {
        let clock = Arc::new(ManualClock::at(DateTime::from_timestamp(1_700_000_000, 0).unwrap()));
        let declines = Declines::new(Limits::new(None, clock.clone()), clock.clone());
        let (one, other) = ("192.0.2.1", "192.0.2.2");
        for _ in 0..DECLINES.max {
            declines.count(one).await;
        }
        assert!(declines.check(one).is_ok());
        declines.count(one).await;
        assert!(matches!(declines.check(one), Err(CheckoutError::TooManyDeclines(_))));
        assert!(declines.check(other).is_ok());
        clock.advance(TimeDelta::seconds(600));
        assert!(declines.check(one).is_ok());
    }
}
