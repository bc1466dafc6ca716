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
mod browse;
mod browser;
mod checkout;
mod conformance;
mod controls;
mod disputes;
mod door;
mod faults;
mod holders;
mod inventory;
mod pages;
mod plans;
mod refunds;
mod schema;
mod staff;
mod tenancy;
mod tickets;
