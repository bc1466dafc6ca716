//! The ledger: double entry, append-only.
//!
//! Promises:
//! - a posting is written whole and once: the same `source_ref` again changes nothing;
//! - it is sealed by the database, which sums what stands there, and only when debits and credits are equal in each
//!   currency; what it does not seal must not be committed;
//! - entries are never changed or taken away: the application's role cannot. What was wrong is put right by another
//!   posting.

mod error;
mod store;
mod types;

pub use error::LedgerError;
pub use store::{Posted, post, terms_of};
pub use types::{
    Account, Entry, Owner, Posting, SaleTerms, capture, dispute_closed, dispute_opened, fee_share,
    fee_share_corrected, processing_fee, refund, refund_failed,
};
