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

use std::io::Write as _;

use tokio::sync::{Mutex, MutexGuard};

static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other campaign runs: each has as many houses as the machine carries.
async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// How often each campaign runs.
fn rounds() -> u64 {
    std::env::var("MARQUEE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Tells on standard error, past the test runner, which shows a passed test's words to nobody.
fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}
