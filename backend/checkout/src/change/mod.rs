//! Performances that are cancelled or postponed, and what follows for their orders.
//!
//! Promises:
//! - a change is one row, written in the commit that changes the performance; from that commit on no order is placed or paid
//!   for a cancelled one;
//! - each order is reached once: in the commit that notes so, the buyer's letter is staged and, of a cancelled performance,
//!   the refund of all that is left is promised. Whoever dies between two orders leaves the rest to the next;
//! - payments that are under way when a performance is cancelled are given up at the provider; what was captured meanwhile goes
//!   back like the rest;
//! - where the buyer's bank decides about a payment its end is waited for: what the bank leaves goes back then;
//! - of a postponed one each buyer keeps or returns until the date that was told; who says nothing keeps.

mod choose;
mod error;
mod reach;
mod request;
mod store;
mod types;
mod work;

pub use choose::{CancellationBody, ChoiceRequest, PostponementBody};
pub(crate) use choose::{cancellation_of, postponement_of};
pub use error::ChangeError;
pub(crate) use reach::pay_back_if_cancelled;
pub use request::{Cancellation, Postponement};
pub use types::{ChangeView, Progress};
