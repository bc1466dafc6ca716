//! Tickets.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]
mod brand;
pub mod codes;
mod error;
mod issue;
mod pdf;
mod qr;
mod read;
#[cfg(test)]
mod sample;
mod store;
mod texts;
mod types;

pub use error::TicketError;
pub use issue::{MAIL, issue};
pub use qr::svg as qr_svg;
pub use read::{paper_of, public_keys, tickets_of};
pub use types::{MailOrder, Paper, PaperOrder, PaperTicket, Ticket};
