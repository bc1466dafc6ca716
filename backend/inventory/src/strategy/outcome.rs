use std::sync::Arc;

use chrono::{DateTime, Utc};
use marquee_core::ids::{HoldId, UnitId};

use super::Offer;

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The hold is made, under the request's own id.
    Held {
        /// When it ends.
        until: DateTime<Utc>,
        /// Its units, in the order they were asked for.
        units: Vec<Got>,
    },
    /// The key had made this hold before.
    Replayed(HoldId),
    /// The key was used for something else.
    Mismatch,
    /// These chosen seats are not to be had.
    SeatTaken(Vec<String>),
    /// Not enough of a level are left.
    SoldOut,
    /// Enough are left, but not side by side.
    NoAdjacent,
    /// What keeps the holds of this performance is out of reach; nothing was made.
    Unavailable,
    /// The performance is claimed by another strategy since a moment ago; nothing was made.
    StrategyChanged,
    /// Others were reaching for what is left: the same request may succeed when they are done.
    Contended,
}

/// A unit that a request got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// The unit.
    pub unit: UnitId,
    /// What it is sold as.
    pub offer: Arc<Offer>,
}

impl Outcome {
    /// Its name on /metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Replayed(_) => "replayed",
            Self::Mismatch => "mismatch",
            Self::SeatTaken(_) => "seat_taken",
            Self::SoldOut => "sold_out",
            Self::NoAdjacent => "no_adjacent",
            Self::Unavailable => "unavailable",
            Self::StrategyChanged => "strategy_changed",
            Self::Contended => "contended",
        }
    }
}
