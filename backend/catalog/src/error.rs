//! What reading and writing the catalog may meet.

use marquee_core::db::DbError;
use marquee_core::ids::{EventId, PerformanceId, PlanId, VenueId};
use thiserror::Error;

use crate::plan::CheckReport;
use crate::strategy::StrategyError;

/// Why the catalog cannot be read.
#[derive(Debug, Clone, Error)]
pub enum CatalogError {
    /// The database is out of reach and nothing is known from before.
    #[error("the catalog cannot be read: {0}")]
    Unavailable(String),
    /// A row cannot be read, or a query failed: a defect.
    #[error("the catalog is unreadable: {0}")]
    Unreadable(String),
}

impl From<DbError> for CatalogError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Contention => Self::Unavailable(error.to_string()),
            DbError::Unique(_) | DbError::NoRow | DbError::Other(_) => Self::Unreadable(error.to_string()),
        }
    }
}

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Fields that cannot be what they are, all of them.
    #[error("{}", sentences(.0))]
    Invalid(Vec<InputFault>),
    /// The tenant has no such venue.
    #[error("there is no venue `{0}`")]
    NoVenue(VenueId),
    /// The tenant has no such event.
    #[error("there is no event `{0}`")]
    NoEvent(EventId),
    /// The tenant has no such seating plan.
    #[error("there is no seating plan `{0}`")]
    NoPlan(PlanId),
    /// The tenant has no such performance.
    #[error("there is no performance `{0}`")]
    NoPerformance(PerformanceId),
    /// Another event of the tenant has that name in addresses.
    #[error("another event is called `{0}`")]
    SlugTaken(String),
    /// The plan has seats of these categories, and no price level sells them.
    #[error("no price level sells the seats of: {}", .0.join(", "))]
    UnpricedCategories(Vec<String>),
    /// Price levels sell these categories, which the plan does not have.
    #[error("the plan has no category: {}", .0.join(", "))]
    UnknownCategories(Vec<String>),
    /// The strategy cannot serve what the performance sells.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// The strategy cannot change while buyers hold units.
    #[error("holds are live: the strategy can change when they have ended")]
    LiveHolds,
    /// It was called off.
    #[error("the performance is cancelled")]
    Cancelled,
    /// The plan has faults: all of them.
    #[error("the plan has {} faults", .0.faults.len())]
    BrokenPlan(Box<CheckReport>),
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A fault of one field of what was to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFault {
    /// Which: `price_levels/0/name`.
    pub field: String,
    /// Stable code: `blank`, `too_long`, `control_character`, `format`, `out_of_range`, `order`, `duplicate`,
    /// `empty`, `too_many`, `unknown`.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
}

fn sentences(faults: &[InputFault]) -> String {
    let one = |fault: &InputFault| format!("`{}`: {}", fault.field, fault.detail);
    faults.iter().map(one).collect::<Vec<_>>().join("; ")
}
