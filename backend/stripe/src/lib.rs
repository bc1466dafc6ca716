//! Stripe as a payment provider: the one crate that compiles async-stripe.
//!
//! Promises:
//! - every call ends within [`CALL_BUDGET`], whatever the network does;
//! - a call whose outcome is unknown is tried again within that budget under the same idempotency key, and stays
//!   [`marquee_payments::ProviderError::Unknown`] if that does not tell;
//! - calls leave within the rate that Stripe allows the secret key, the most urgent first; when Stripe is busy all wait for as
//!   long as it says ([`marquee_payments::budget`]), and a call that got no turn was surely not made;
//! - the key and the connected account travel in headers with each call that needs them.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]
#![cfg_attr(test, allow(clippy::print_stderr))]

mod call;
mod classify;
mod client;
mod convert;
mod provider;
mod requests;
mod retry;
mod test_helpers;
mod token;

pub use provider::{Stripe, StripeConfigError};
pub use retry::CALL_BUDGET;
