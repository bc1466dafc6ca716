//! Units and holds: each seat is sold exactly once.
//!
//! Promises:
//! - a unit is claimed by one guarded statement in one transaction; a unique key on live claims stands behind it;
//! - a hold is all or nothing, and the same `Idempotency-Key` always finds the same hold again;
//! - expiry is decided by the database's clock at the moment of a write: nothing waits for a sweeper;
//! - a unit being paid for is `confirming`, and no claim and no sweep touches it;
//! - browsing reads memory, never the rows that buyers fight over.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod availability;
mod block;
mod claimer;
mod error;
mod hold;
mod lifecycle;
mod problem;
mod returned;
mod routes;
mod sheet;
mod store;
pub mod strategy;
mod turn;
mod types;
mod units;

pub use error::{HoldError, LifecycleError};
pub use hold::{Inventory, Made};
pub use lifecycle::{
    begin_confirming, extend_for_action, lock_hold, read_hold, release, return_to_buyer, sell, take_back,
};
pub use returned::put_back_on_sale;
pub use routes::{ApiDoc, routes};
pub use types::{HeldUnit, HoldDetail, HoldRequest, PlaceRequest, SeatRequest};
pub use units::{NewSeat, add_seats, create_places, create_seats};
