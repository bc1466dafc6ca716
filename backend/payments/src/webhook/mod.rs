//! A provider's events: whether they are genuine, and their safe-keeping.

mod event;
mod signature;
mod store;

pub use event::{Event, Malformed};
pub use signature::{BadSignature, TOLERANCE_SECONDS, sign, verify};
pub use store::{Stored, Waiting, done, store, store_unmatched, tenant_of, waiting};
