//! Payments that buyers' banks took back, or ask about.
//!
//! Promises:
//! - a dispute is recorded as the provider has it, and only moves on; the ledger follows in the same commit;
//! - what speaks for the sale (order, buyer, mails, scans at the door) is put together from our own record, and what was
//!   sent is kept;
//! - the tickets of a disputed order stay good: whether they should is for people to decide.

mod evidence;
mod store;
mod take;

pub use evidence::{Evidence, EvidenceError};
pub(crate) use take::unavailable;

/// Counts how disputes go.
fn count(outcome: &'static str) {
    metrics::counter!("marquee_disputes_total", "outcome" => outcome).increment(1);
}
