//! `/api/platform/v1` on the platform's own host: what its staff see of the program, and what they practise with.
//!
//! Promises: nothing here is answered to anybody but signed-in platform staff, and what they set off is in the audit log.

mod breaks;
mod changes;
mod drill;
pub mod orders;
mod refunds;
mod routes;

pub use routes::{ApiDoc, Holders, routes};
