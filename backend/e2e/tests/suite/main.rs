//! Everything that is promised to outsiders, shown from outside: one module for each capability.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

mod arena;
mod audit;
mod bad_input;
mod blocking;
mod browse;
mod browser;
mod card_testing;
mod changes;
mod checkout;
mod conformance;
mod controls;
mod disputes;
mod door;
mod edges;
mod engine;
mod events;
mod faults;
mod holders;
mod inventory;
mod journal;
mod late_money;
mod ledger;
mod minute_eleven;
mod onboarding;
mod pages;
mod plans;
mod provider_limits;
mod reconcile;
mod refunds;
mod repair;
mod schema;
mod staff;
mod tenancy;
mod tickets;
mod unfinished;
