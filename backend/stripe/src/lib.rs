//! Stripe as a payment provider: the one crate that compiles async-stripe.
//!
//! Promises:
//! - every call ends within [`CALL_BUDGET`], whatever the network does;
//! - a call whose outcome is unknown is tried again within that budget under the same idempotency key, and stays
//!   [`marquee_payments::ProviderError::Unknown`] if that does not tell;
//! - the key and the connected account travel in headers with each call that needs them.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod call;
mod classify;
mod convert;
mod provider;
mod requests;
mod retry;
mod test_helpers;

pub use provider::{Stripe, StripeConfigError};
pub use retry::CALL_BUDGET;
