//! What held the pool when somebody waited.
//!
//! A wait is charged to those who held connections meanwhile, each moment weighed by how long the connection had been held by
//! then: one that was just taken is given back soon, one held for long is the one that is missing. So a single report
//! stands out among thousands of short claims, which together hold more connections than it does.
//!
//! The book keeps, per pool and tag, the integral of these weights over time; the difference over a wait is a tag's share in it.
//! That costs the same however many transactions came and went.

mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::state::State;
use super::tag::{Class, Tag};

/// The two pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    App,
    Platform,
}

/// A kind of work that holds or held connections, and what others waited for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// What it is for.
    #[schema(example = "order.place")]
    pub tag: String,
    /// Whose connections it uses: `buyers`, `background` or `report`.
    pub class: String,
    /// Its transactions that are open.
    pub open_now: usize,
    /// For how long the oldest of these has been open, in seconds; 0 when none is.
    pub longest_open_seconds: f64,
    /// Seconds that others waited for it in about the last minute.
    pub blamed_seconds_last_minute: f64,
    /// Seconds that others waited for it since the program started.
    pub blamed_seconds_total: f64,
}

/// The book of one [`super::Db`].
#[derive(Debug)]
pub(super) struct Book {
    state: Mutex<State>,
}

/// A pool's and tag's place in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(usize);

/// How things stood when somebody began to wait.
#[derive(Debug)]
pub(super) struct Mark {
    at: Instant,
    weights: Vec<(Place, f64)>,
    /// Whose use counts.
    role: Role,
    class: Option<Class>,
}

impl Book {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State::new(Instant::now())) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What the book says is never the last word on anything: a panic elsewhere does not close it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn place(&self, role: Role, tag: Tag) -> Place {
        self.state().place(role, tag, Instant::now())
    }

    /// A connection is held from now on; answers the number under which it is given back.
    pub(super) fn open(&self, place: Place) -> u64 {
        self.state().open(place, Instant::now())
    }

    pub(super) fn close(&self, place: Place, number: u64) {
        self.state().close(place, number, Instant::now());
    }

    /// Somebody begins to wait for a connection of this pool, or for the budget of a class there.
    pub(super) fn mark(&self, role: Role, class: Option<Class>) -> Mark {
        self.state().mark(role, class, Instant::now())
    }

    /// The wait is over.
    pub(super) fn charge(&self, mark: &Mark) {
        self.state().charge(mark, Instant::now());
    }

    pub(super) fn holders(&self) -> Vec<Holder> {
        self.state().holders(Instant::now())
    }
}
