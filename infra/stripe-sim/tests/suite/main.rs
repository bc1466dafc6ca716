//! The simulator from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::print_stderr, reason = "a skipped comparison says so")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod browser;
mod clock;
mod disputes;
mod faults;
mod idempotency;
mod journal;
mod limits;
mod lists;
mod methods;
mod node;
mod payments;
mod refunds;
mod shapes;
mod transfers;
mod webhooks;
mod webhooks_disturbed;
