//! Typed column values: what a state column may hold, and which state may follow which.
//!
//! The database checks the same sets with named constraints; each state machine has one `transition` here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod text_enum;

pub mod catalog;
pub mod door;
pub mod inventory;
pub mod money;
pub mod orders;
pub mod tenancy;

pub use text_enum::UnknownValue;
