//! Money that goes back to buyers.
//!
//! Promises:
//! - a refund is judged and promised under the order's row lock, in the commit that withdraws its tickets and puts their
//!   units back on sale: together with those before it, it never exceeds what was captured;
//! - the provider is asked outside of transactions, under a key made of the refund's id; before it is asked a second time
//!   its own list is searched for what the first call may have done;
//! - an order's status and the ledger follow what the provider has done, in the commit that records its word;
//! - what was refunded by hand at the provider is taken over as it stands there.

mod drive;
mod error;
mod request;
mod rules;
mod settle;
mod store;
mod take_over;
mod view;

pub use error::RefundError;
#[cfg(feature = "negative-control")]
pub use request::{Guard, promise_refund};
pub use request::{RefundRequest, RefundWhat};
pub use take_over::TakenOver;
pub(crate) use view::bodies;
pub use view::{RefundBody, RefundView};

/// Counts how refunds go.
fn count(outcome: &'static str) {
    metrics::counter!("marquee_refunds_total", "outcome" => outcome).increment(1);
}
