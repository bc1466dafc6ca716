//! Signed delivery of events, retried until the endpoint says 2xx, and disturbed on demand.

pub mod deliver;
pub mod queue;
mod resolve;
pub mod settings;
pub mod sign;
