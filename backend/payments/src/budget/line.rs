//! Who waits, most urgent first.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;

use super::Priority;

/// Those who wait, in the order in which they leave.
#[derive(Debug, Default)]
pub(super) struct Line {
    joined: u64,
    waiting: BTreeMap<(Priority, u64), Arc<Notify>>,
}

/// A place in the line.
#[derive(Debug)]
pub(super) struct Place {
    order: (Priority, u64),
    call: Arc<Notify>,
}

impl Place {
    /// Ends when this place has become the first.
    pub(super) async fn called(&self) {
        self.call.notified().await;
    }
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Behind all that are as urgent.
    pub(super) fn join(&mut self, priority: Priority) -> Place {
        self.joined += 1;
        let place = Place { order: (priority, self.joined), call: Arc::new(Notify::new()) };
        self.waiting.insert(place.order, place.call.clone());
        place
    }

    pub(super) fn is_first(&self, place: &Place) -> bool {
        self.waiting.first_key_value().is_some_and(|(first, _)| *first == place.order)
    }

    /// Whoever is first now is called: the one before may have been, and would not have looked again.
    pub(super) fn leave(&mut self, place: &Place) {
        self.waiting.remove(&place.order);
        if let Some((_, call)) = self.waiting.first_key_value() {
            call.notify_one();
        }
    }
}
