//! Events on their way.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

/// An event that an endpoint is to get.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    /// `evt_…`
    pub event: String,
    /// `we_…`
    pub endpoint: String,
    /// When the event happened, in milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// A delivery that has not succeeded yet.
#[derive(Debug)]
struct Waiting {
    delivery: Delivery,
    attempts: u32,
    not_before_ms: i64,
    busy: bool,
}

/// Deliveries that have not succeeded yet, in the order of their events.
#[derive(Debug, Default)]
pub struct Queue {
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    by_event: HashMap<String, Vec<u64>>,
}

/// What to do now, and when to look again.
#[derive(Debug, Default)]
pub struct Due {
    /// Deliveries to try now, with the number of tries so far. They are marked busy.
    pub now: Vec<(u64, Delivery, u32)>,
    /// When the next one is due.
    pub later_ms: Option<i64>,
}

impl Queue {
    /// Adds a delivery.
    pub fn add(&mut self, delivery: Delivery) {
        self.by_event.entry(delivery.event.clone()).or_default().push(self.next);
        let waiting = Waiting { not_before_ms: delivery.created_ms, delivery, attempts: 0, busy: false };
        self.waiting.insert(self.next, waiting);
        self.next += 1;
    }

    /// Forgets a delivery.
    pub fn remove(&mut self, event: &str, endpoint: &str) {
        let Some(numbers) = self.by_event.get_mut(event) else { return };
        numbers.retain(|number| {
            let gone = self.waiting.get(number).is_none_or(|waiting| waiting.delivery.endpoint == endpoint);
            if gone {
                self.waiting.remove(number);
            }
            !gone
        });
        if numbers.is_empty() {
            self.by_event.remove(event);
        }
    }

    /// How many endpoints have not got this event yet.
    pub fn pending_of(&self, event: &str) -> usize {
        self.by_event.get(event).map_or(0, Vec::len)
    }

    /// How many deliveries wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// All that wait, oldest first, for the journal.
    pub fn all(&self) -> impl Iterator<Item = &Delivery> {
        self.waiting.values().map(|waiting| &waiting.delivery)
    }

    /// Takes up to `limit` deliveries that are due.
    pub fn due(&mut self, now_ms: i64, delay_ms: i64, limit: usize) -> Due {
        let mut due = Due::default();
        for (number, waiting) in self.waiting.iter_mut().filter(|(_, waiting)| !waiting.busy) {
            let at = waiting.not_before_ms.max(waiting.delivery.created_ms + delay_ms);
            if at > now_ms {
                due.later_ms = Some(due.later_ms.map_or(at, |known| known.min(at)));
            } else if due.now.len() < limit {
                waiting.busy = true;
                due.now.push((*number, waiting.delivery.clone(), waiting.attempts));
            } else {
                break;
            }
        }
        due
    }

    /// Puts a failed delivery back.
    pub fn again(&mut self, number: u64, at_ms: i64) {
        if let Some(waiting) = self.waiting.get_mut(&number) {
            waiting.busy = false;
            waiting.attempts += 1;
            waiting.not_before_ms = at_ms;
        }
    }
}
