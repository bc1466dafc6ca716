//! Everything that is promised to outsiders, shown from outside: one module for each capability.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

mod audit;
mod bad_input;
mod checkout;
mod controls;
mod door;
mod faults;
mod inventory;
mod schema;
mod tenancy;
mod tickets;
