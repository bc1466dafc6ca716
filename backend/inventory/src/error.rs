use chrono::{DateTime, Utc};
use marquee_catalog::CatalogError;
use marquee_core::db::DbError;
use thiserror::Error;

/// Why a hold was not made, or is not there.
#[derive(Debug, Error)]
pub enum HoldError {
    /// No such performance for this tenant.
    #[error("no such performance")]
    UnknownPerformance,
    /// No such hold, or the token is not its own.
    #[error("no such hold")]
    UnknownHold,
    /// Its time ran out, or it was given back.
    #[error("the hold is over")]
    Over,
    /// Its units are being paid for.
    #[error("the hold is being paid for")]
    InPayment,
    /// The request asks for nothing, or for an impossible number.
    #[error("{detail}")]
    Invalid {
        /// JSON pointer.
        pointer: String,
        /// A sentence.
        detail: String,
    },
    /// Not in the plan of this performance.
    #[error("seat `{0}` is not on sale here")]
    UnknownSeat(String),
    /// Named twice in one request.
    #[error("seat `{0}` is named twice")]
    DuplicateSeat(String),
    /// Not a level of this performance.
    #[error("no price level `{0}` here")]
    UnknownPriceLevel(String),
    /// Not a ticket type of the level.
    #[error("no ticket type `{0}` at this price level")]
    UnknownTicketType(String),
    /// More than one order may have.
    #[error("at most {0} in one order")]
    LimitPerOrder(i32),
    /// Before or after its sale, or cancelled.
    #[error("not on sale")]
    NotOnSale {
        /// When the sale begins, if that is to come.
        opens_at: Option<DateTime<Utc>>,
    },
    /// Others have these seats.
    #[error("taken: {0:?}")]
    SeatTaken(Vec<String>),
    /// Not enough units of a price level are left.
    #[error("not enough left")]
    SoldOut,
    /// Enough are left, but not side by side.
    #[error("not enough side by side")]
    NoAdjacent,
    /// Too many are waiting, or it took too long.
    #[error("too many are waiting")]
    Overloaded,
    /// The performance is claimed by another strategy since a moment ago.
    #[error("the strategy has just changed")]
    StrategyChanged,
    /// What keeps the holds is out of reach.
    #[error("the holds are out of reach")]
    Unavailable,
    /// The key was used for another request.
    #[error("the key was used with another body")]
    IdempotencyMismatch,
    /// The catalog could not be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Why a hold could not go on to the next state.
#[derive(Debug, Error)]
pub enum LifecycleError {
    /// Its time ran out, it was given back, or it is not in the state for this.
    #[error("the hold is over")]
    HoldExpired,
    /// At least one of its units is not its own any more.
    #[error("the hold does not own its units")]
    NotOwned,
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}
