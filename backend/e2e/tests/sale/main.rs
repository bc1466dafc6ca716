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

use marquee_e2e::stage::STRATEGIES;

/// The strategies to try: all, or the one that was asked for.
fn strategies() -> Vec<&'static str> {
    let wanted = std::env::var("MARQUEE_STRATEGY").ok();
    STRATEGIES.iter().copied().filter(|one| wanted.as_deref().is_none_or(|wanted| wanted == *one)).collect()
}
