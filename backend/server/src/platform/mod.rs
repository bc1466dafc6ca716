//! `/api/platform/v1` on the platform's own host: what its staff see of the program, and what they practise with.
//!
//! Promises: nothing here is answered to anybody but signed-in platform staff, and what they set off is in the audit log.

mod breaks;
mod changes;
mod drill;
pub mod orders;
mod refunds;
mod routes;

use marquee_core::problem::{Code, Problem};

pub use routes::{ApiDoc, Holders, routes};

/// Does this in a task of its own: what is done is recorded, whoever is left to hear of it.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|error| {
        tracing::error!(%error, "what staff set off broke off");
        Problem::from(Code::Internal)
    })?
}
