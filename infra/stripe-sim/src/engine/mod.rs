//! What every resource stands on: state, transactions, journal, requests, errors.

pub mod call;
pub mod clock;
pub mod dispatch;
pub mod errors;
pub mod expand;
pub mod faults;
pub mod form;
pub mod idempotency;
pub mod jobs;
pub mod journal;
pub mod limits;
pub mod list;
pub mod money;
pub mod requests;
pub mod reset;
pub mod router;
pub mod state;
pub mod table;
pub mod tx;
