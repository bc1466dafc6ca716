//! The record of payments that buyers' banks took back, or ask about.
//!
//! A dispute is recorded as the provider has it and only ever moves on: an older word than the one known changes nothing.

mod store;
mod types;

pub use store::{note_evidence, of_order, take};
pub use types::{Dispute, Taken};
