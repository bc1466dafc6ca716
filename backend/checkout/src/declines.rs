//! Declined payments are limited per address and per card: who tries one card after the other, or one card again and
//! again, is not buying. An order's own tries are limited by the order ([`crate::MAX_ATTEMPTS`]).
//!
//! So many declines in a window cost nothing; each further one makes whoever comes with the address or the card wait,
//! twice as long as the one before, at most until the window ends. Counters are shared between instances; each instance
//! remembers for itself who has to wait, and learns it with the next decline that it sees.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use marquee_core::clock::SharedClock;
use marquee_core::db::Tag;
use marquee_core::ids::{OrderId, TenantId};
use marquee_core::limits::{Count, Limit, Limits};

use crate::{Checkout, CheckoutError, store};

const WHO: Tag = Tag::new("pay.who");

/// Generous: a whole company behind one address may mistype.
const ADDRESS: Limit = Limit { name: "payment.declined", max: 40, window: 600 };
/// Of one card, over all orders of the installation.
const CARD: Limit = Limit { name: "payment.declined.card", max: 10, window: 3_600 };
/// The same for test keys: a provider's few test cards are everybody's.
const TEST_CARD: Limit = Limit { max: 40, ..CARD };
/// The wait after the first decline too many, in seconds.
const FIRST_WAIT: u32 = 2;
/// Addresses and cards remembered as waiting.
const REMEMBERED: usize = 10_000;

/// Counts declines; whoever has too many waits before the next try.
#[derive(Debug, Clone)]
pub(crate) struct Declines {
    limits: Limits,
    clock: SharedClock,
    card: Limit,
    waiting: Arc<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    addresses: Mutex<Until>,
    cards: Mutex<Until>,
}

type Until = HashMap<String, DateTime<Utc>>;

impl Declines {
    /// `live`: is real money moved?
    pub(crate) fn new(limits: Limits, clock: SharedClock, live: bool) -> Self {
        let card = if live { CARD } else { TEST_CARD };
        Self { limits, clock, card, waiting: Arc::default() }
    }

    /// For how many seconds this address may not try a card, if it may not.
    pub(crate) fn address_waits(&self, address: &str) -> Option<u32> {
        self.left(&self.waiting.addresses, address)
    }

    /// For how many seconds this card may not be tried, if it may not.
    pub(crate) fn card_waits(&self, fingerprint: &str) -> Option<u32> {
        self.left(&self.waiting.cards, fingerprint)
    }

    /// Does any card have to wait? Only then it is worth asking the provider which card is about to be tried.
    pub(crate) fn any_card_waits(&self) -> bool {
        let now = self.clock.now();
        self.waiting.cards.lock().is_ok_and(|cards| cards.values().any(|until| *until > now))
    }

    /// Counts a decline of an address.
    pub(crate) async fn count_address(&self, address: &str) {
        let wait = wait(ADDRESS, self.limits.count(ADDRESS, address).await);
        self.remember(&self.waiting.addresses, address, wait, "address");
    }

    /// Counts a decline of a card.
    pub(crate) async fn count_card(&self, fingerprint: &str) {
        let wait = wait(self.card, self.limits.count(self.card, fingerprint).await);
        self.remember(&self.waiting.cards, fingerprint, wait, "card");
    }

    fn left(&self, list: &Mutex<Until>, who: &str) -> Option<u32> {
        let until = list.lock().ok()?.get(who).copied()?;
        let left = (until - self.clock.now()).num_milliseconds();
        (left > 0).then(|| u32::try_from(left.unsigned_abs().div_ceil(1_000)).unwrap_or(u32::MAX))
    }

    fn remember(&self, list: &Mutex<Until>, who: &str, wait: u32, what: &'static str) {
        if wait == 0 {
            return;
        }
        tracing::warn!(what, who, wait, "too many declined payments");
        metrics::counter!("marquee_declines_limited_total", "by" => what).increment(1);
        let Ok(mut list) = list.lock() else { return };
        let now = self.clock.now();
        if list.len() >= REMEMBERED {
            list.retain(|_, until| *until > now);
        }
        if list.len() < REMEMBERED || list.contains_key(who) {
            list.insert(who.to_owned(), now + TimeDelta::seconds(i64::from(wait)));
        }
    }
}

impl Checkout {
    /// For how many seconds a new try has to wait, if it has: whoever had too many declines waits, and so does a card that
    /// was declined too often, whichever order it is tried on. Which card it is only the provider can tell before it is
    /// tried; where it does not, the card is let through.
    pub(crate) async fn waits(
        &self,
        tenant: TenantId,
        id: OrderId,
        token: &str,
        address: Option<&str>,
    ) -> Result<Option<u32>, CheckoutError> {
        let waits = address.and_then(|address| self.declines.address_waits(address));
        if waits.is_some() || !self.declines.any_card_waits() {
            return Ok(waits);
        }
        let tx = self.parts.db.begin(tenant, WHO).await?;
        let order = store::read(&tx, id).await?.ok_or(CheckoutError::NotFound)?;
        tx.commit().await?;
        match self.parts.provider.card_of(order.account.as_deref(), token).await {
            Ok(Some(card)) => Ok(self.declines.card_waits(&card)),
            Ok(None) | Err(_) => Ok(None),
        }
    }
}

/// How long to wait after so many declines, in seconds.
fn wait(limit: Limit, Count { hits, left }: Count) -> u32 {
    match hits.saturating_sub(limit.max) {
        0 => 0,
        over => FIRST_WAIT.checked_shl(over - 1).filter(|wait| *wait > 0).map_or(left, |wait| wait.min(left)),
    }
}

#[cfg(test)]
mod tests {
    use marquee_core::clock::ManualClock;

    use super::*;

    fn declines(live: bool) -> (Declines, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(DateTime::from_timestamp(1_700_000_400, 0).unwrap()));
        (Declines::new(Limits::new(None, clock.clone()), clock.clone(), live), clock)
    }

    #[tokio::test]
    async fn an_address_with_too_many_waits_longer_each_time() {
        let (declines, clock) = declines(true);
        let (one, other) = ("192.0.2.1", "192.0.2.2");
        for _ in 0..ADDRESS.max {
            declines.count_address(one).await;
        }
        assert_eq!(declines.address_waits(one), None);
        let mut waits = Vec::new();
        for _ in 0..4 {
            declines.count_address(one).await;
            waits.extend(declines.address_waits(one));
        }
        assert_eq!(waits, [2, 4, 8, 16]);
        assert_eq!(declines.address_waits(other), None);
        clock.advance(TimeDelta::seconds(16));
        assert_eq!(declines.address_waits(one), None, "one more try, after the wait");
    }

    #[tokio::test]
    async fn a_card_waits_whoever_has_it() {
        let (declines, _) = declines(true);
        for _ in 0..CARD.max {
            declines.count_card("fp_1").await;
        }
        assert!(!declines.any_card_waits());
        declines.count_card("fp_1").await;
        assert!(declines.any_card_waits());
        assert_eq!(declines.card_waits("fp_1"), Some(2));
        assert_eq!(declines.card_waits("fp_2"), None);
    }

    #[tokio::test]
    async fn test_cards_are_everybodys() {
        let (declines, _) = declines(false);
        for _ in 0..TEST_CARD.max {
            declines.count_card("fp_1").await;
        }
        assert!(!declines.any_card_waits());
    }

    #[test]
    fn nobody_waits_beyond_the_window() {
        for hits in [CARD.max + 8, CARD.max + 40, u32::MAX] {
            assert_eq!(wait(CARD, Count { hits, left: 200 }), 200, "{hits}");
        }
        assert_eq!(wait(CARD, Count { hits: CARD.max, left: 200 }), 0);
    }
}
