//! A tenant's whole programme as it was at one moment, with the ways to find something in it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use marquee_core::ids::PerformanceId;

use crate::{Event, Performance};

/// All events of a tenant, published or not.
#[derive(Debug, Default)]
pub struct Programme {
    events: Vec<Arc<Event>>,
    by_slug: HashMap<String, usize>,
    by_performance: HashMap<PerformanceId, (usize, Arc<Performance>)>,
    plans: HashSet<String>,
}

impl Programme {
    /// Arranges events, and the hashes of the tenant's plans.
    pub fn new(events: Vec<Event>, plans: impl IntoIterator<Item = String>) -> Self {
        let mut events: Vec<Arc<Event>> = events.into_iter().map(Arc::new).collect();
        events.sort_by_key(|event| event.id);
        let by_slug = events.iter().enumerate().map(|(at, event)| (event.slug.clone(), at)).collect();
        let by_performance = events
            .iter()
            .enumerate()
            .flat_map(|(at, event)| event.performances.iter().map(move |one| (one.id, (at, Arc::clone(one)))))
            .collect();
        Self { events, by_slug, by_performance, plans: plans.into_iter().collect() }
    }

    /// The published events, oldest entry first.
    pub fn published(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.events.iter().filter(|event| event.is_published())
    }

    /// The published event of this name.
    pub fn event(&self, slug: &str) -> Option<&Arc<Event>> {
        self.events.get(*self.by_slug.get(slug)?).filter(|event| event.is_published())
    }

    /// A performance of a published event, with that event.
    pub fn performance(&self, id: PerformanceId) -> Option<(&Arc<Event>, &Arc<Performance>)> {
        let (at, performance) = self.by_performance.get(&id)?;
        let event = self.events.get(*at).filter(|event| event.is_published())?;
        Some((event, performance))
    }

    /// Is this the hash of one of the tenant's own plans?
    pub fn has_plan(&self, hash: &str) -> bool {
        self.plans.contains(hash)
    }
}
