//! A provider's events: whether they are genuine, and their safe-keeping.

mod event;
mod signature;
mod store;

pub use event::{Concern, Event, Malformed};
pub use signature::{BadSignature, TOLERANCE_SECONDS, sign, verify};
pub use store::{
    Stored, Waiting, done, postpone, store, store_unmatched, tenant_of, tenant_of_intent, waiting,
};
