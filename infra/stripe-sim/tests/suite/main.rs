//! The simulator from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::print_stderr, reason = "a skipped comparison says so")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod browser;
mod faults;
mod idempotency;
mod journal;
mod lists;
mod node;
mod payments;
mod refunds;
mod shapes;
mod webhooks;
