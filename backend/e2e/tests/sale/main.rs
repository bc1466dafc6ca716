//! Sales of few units to ten thousand buyers while something breaks. These tests stop everybody's Postgres and Redis, so they
//! have a process of their own and run one after the other.
//!
//! `MARQUEE_ROUNDS` sets how often each fault is tried (1); `MARQUEE_TEST_SEED` repeats a run; `MARQUEE_STRATEGY` keeps to one
//! way of claiming.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr
)]

mod crowding;
mod faults;
mod mass_expiry;
mod round;
mod strike;

use std::io::Write as _;

use marquee_e2e::stage::STRATEGIES;
use tokio::sync::{Mutex, MutexGuard};

static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits until no other test runs.
async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// The strategies to try: all, or the one that was asked for.
fn strategies() -> Vec<&'static str> {
    let wanted = std::env::var("MARQUEE_STRATEGY").ok();
    STRATEGIES.iter().copied().filter(|one| wanted.as_deref().is_none_or(|wanted| wanted == *one)).collect()
}

/// How often each fault is tried.
fn rounds() -> u64 {
    std::env::var("MARQUEE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Tells on standard error, past the test runner, which shows a passed test's words to nobody.
fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}
