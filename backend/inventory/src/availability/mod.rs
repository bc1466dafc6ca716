//! What is free, from memory: loaded once for each performance, then kept by what every commit announces.
//!
//! A change travels as a notification inside the transaction that makes it, so it arrives if and only if that commits, in
//! commit order; but for new holds, which are told together, after their commits and before their buyers are answered. One
//! that is told after its end all the same is passed over (`ended.rs`). Where something may have been missed the boards are
//! loaded again, and what was known is shown until then. Expiry needs no message: a board knows when each hold ends, by the
//! database's clock.

mod answer;
mod board;
mod change;
mod clock;
mod ended;
mod entry;
mod feed;
mod herald;
pub mod live;
mod load;
mod peers;
mod ranks;
mod reach;
mod share;
#[cfg(test)]
pub(crate) mod tests;

pub use answer::Rendered;
pub use change::{Change, Mark, Now, announce};
pub use entry::Stock;
pub use feed::{Availability, LiveError};
pub(crate) use reach::Reached;
