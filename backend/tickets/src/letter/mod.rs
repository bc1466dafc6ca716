//! Letters: the mails that tell a buyer what became of an order or of its performance.
//!
//! Staged in the commit that makes them true, like the tickets' own mail, and delivered by the same worker. Facts are read
//! when the mail is written; a letter that has been overtaken by then is not sent.

mod content;
mod store;
mod types;
mod words;

pub(crate) use content::{LetterContent, content};
pub(crate) use store::facts;
pub(crate) use types::Facts;
pub use types::Letter;

/// Kind of the staged message that sends a [`Letter`].
pub const LETTER: &str = "order.letter";

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
