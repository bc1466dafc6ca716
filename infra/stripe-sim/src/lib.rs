//! A stateful stand-in for Stripe.
//!
//! It promises: Stripe's own client libraries work against it unchanged; money is counted exactly; a call is answered only
//! after its effect is on disk, so that killing the process loses nothing that anybody was told; a call with an
//! `Idempotency-Key` takes effect once. What Stripe has not are the controls under `/_sim` ([`control`]).
//!
//! The public surface is [`start`] with a [`Config`], for tests in process, and the program of the same name.

// Stripe's objects are wide, and `json!` recurses once a member.
#![recursion_limit = "512"]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod accounts;
pub mod application_fees;
pub mod balance;
pub mod cards;
pub mod charges;
pub mod config;
pub mod confirmation_tokens;
pub mod control;
pub mod customers;
pub mod disputes;
pub mod element;
pub mod engine;
pub mod events;
pub mod local_methods;
pub mod metadata;
pub mod payment_intents;
pub mod payment_methods;
pub mod refunds;
pub mod server;
pub mod sim;
pub mod transfers;
pub mod webhook_endpoints;
pub mod webhooks;

pub use config::{Config, Endpoint};
pub use engine::clock::{Clock, SystemClock};
pub use server::{Running, StartError, start};

/// The API version that objects and events have the shape of.
pub const API_VERSION: &str = "2026-09-30.endive";
