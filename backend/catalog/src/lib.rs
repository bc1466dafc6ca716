//! Venues, seating plans, events, performances, price levels and ticket types.
//!
//! Promises:
//! - browsing is answered from memory, at most 0.7 s old, and never touches units or holds;
//! - while the database is away, what was known stays up; when many ask at once, one reads;
//! - fans see published events only, and a tenant's own alone;
//! - what is written was checked: amounts, windows, limits, texts, and that every category of a plan has its
//!   price.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod answer;
mod body;
mod catalog;
mod change_date;
mod create_event;
mod create_performance;
mod create_venue;
mod error;
#[cfg(test)]
mod fixtures;
mod fresh;
mod import_plan;
mod page;
pub mod plan;
mod problem;
mod programme;
mod publish_event;
mod routes;
mod set_performance;
mod show_performance;
mod store;
mod strategy;
mod types;
mod validate;

pub use answer::PlanFile;
pub use catalog::Catalog;
pub use change_date::{NewDate, Times, cancel_performance, move_performance};
pub use create_event::{NewEvent, create_event};
pub use create_performance::{
    CreatedPerformance, CreatedPriceLevel, NewGate, NewPerformance, NewPriceLevel, NewTicketType,
    create_performance,
};
pub use create_venue::{NewVenue, create_venue};
pub use error::{CatalogError, InputFault, WriteError};
pub use import_plan::{CheckedPlan, ImportedPlan, import_plan, plan_document};
pub use programme::Programme;
pub use publish_event::publish_event;
pub use routes::{ApiDoc, routes};
pub use set_performance::{PerformanceChanges, set_performance};
pub use show_performance::{SaleWindow, Settings, show_performance};
pub use strategy::{StrategyError, default_strategy, serves};
pub use types::{
    Availability, Credit, Event, FreeUnits, HOLD_SECONDS, Performance, PerformanceState, PlanInfo, Poster,
    PriceLevel, Strategy, TicketType, UnknownUnits, Venue,
};
