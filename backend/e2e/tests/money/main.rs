//! Money while everything breaks: processes die at every point of a purchase under every fault of the provider, events come
//! in every order, and buyers, banks, clocks and refunds cross each other. The simulator's log of money is the judge.
//!
//! `MARQUEE_ROUNDS` sets how often each campaign runs (1); `MARQUEE_TEST_SEED` repeats a run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

mod cells;
mod events;
mod faults;
mod interleavings;
mod lane;
mod matrix;
