//! Venues, seating plans, events, performances, price levels and ticket types.
//!
//! Promises:
//! - browsing is answered from memory, at most half a second old, and never touches units or holds;
//! - while the database is away, what was known stays up; when many ask at once, one reads;
//! - fans see published events only, and a tenant's own alone;
//! - what is written was checked: amounts, windows, limits, texts, and that every category of a plan has its price.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod catalog;
mod error;
mod fresh;
pub mod plan;
mod programme;
mod store;
mod types;

pub use catalog::Catalog;
pub use error::CatalogError;
pub use programme::Programme;
pub use types::{
    Availability, Credit, Event, FreeUnits, Performance, PerformanceState, PlanInfo, Poster, PriceLevel,
    Strategy, TicketType, UnknownUnits, Venue,
};
