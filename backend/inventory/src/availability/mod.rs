//! What is free, from memory: loaded once for each performance, then kept by what every commit announces.
//!
//! A change travels as a notification inside the transaction that makes it, so it arrives if and only if that
//! commits, in commit order. A lost connection means that all boards are loaded again. Expiry needs no message:
//! a board knows when each hold ends.

mod board;
mod change;
mod feed;
mod load;

pub use change::{Change, announce};
pub use feed::Availability;
