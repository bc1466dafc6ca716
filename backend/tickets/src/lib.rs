//! Tickets: signed codes, issuing, paper, the mail that brings them, and letters about what became of them.
//!
//! Promises:
//! - a code that verifies was signed for this tenant by this installation; any other text is refused, one changed
//!   character included ([`codes`] has the format);
//! - private keys are derived from the installation's secret and stored nowhere;
//! - [`issue`] gives each line of a paid order one ticket, once, in the caller's transaction, and stages the mail in the
//!   same commit; [`reissue`] withdraws what is good and issues it anew, so that a seat never has two good tickets;
//! - [`void`] withdraws tickets in the caller's transaction: the door refuses them from its commit on;
//! - the mail goes out whenever the mail server is there: tried every few seconds for ten minutes, then less often for
//!   three days ([`deliver_mail`]);
//! - no page, header or property of PDF and mail names anybody but the tenant.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]
#![cfg_attr(test, allow(clippy::print_stderr))]

mod brand;
pub mod codes;
mod error;
mod issue;
mod letter;
mod mail;
mod pdf;
mod qr;
mod read;
mod reissue;
mod routes;
#[cfg(test)]
mod sample;
mod service;
mod store;
mod texts;
mod types;
mod void;
mod worker;

pub use error::TicketError;
pub use issue::{MAIL, issue};
pub use letter::{LETTER, Letter};
pub use mail::is_address;
pub use qr::svg as qr_svg;
pub use read::{paper_of, public_keys, tickets_of};
pub use reissue::reissue;
pub use routes::{ApiDoc, routes};
pub use service::Tickets;
pub use types::{MailOrder, Paper, PaperOrder, PaperTicket, Ticket};
pub use void::void;
pub use worker::deliver_mail;
