use lettre::transport::smtp;
use marquee_core::db::DbError;
use marquee_core::ids::{OrderId, TicketId};
use thiserror::Error;

/// What making, reading or sending tickets may meet.
#[derive(Debug, Error)]
pub enum TicketError {
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The tenant has no such order, or none with tickets.
    #[error("no such order `{0}`")]
    UnknownOrder(OrderId),
    /// The order is not paid, or all of it was paid back: there is nothing to issue.
    #[error("order `{0}` is not paid")]
    NotPaid(OrderId),
    /// The order has no such ticket.
    #[error("the order has no ticket `{0}`")]
    UnknownTicket(TicketId),
    /// The ticket was used or withdrawn, or the order has none that is good.
    #[error("there is no ticket to replace: those that were used or withdrawn stay as they are")]
    NotReplaceable,
    /// The stored public key is not the one that the installation's secret gives: its codes would read as fakes.
    #[error("the stored ticket key `{0}` belongs to another secret key")]
    KeyMismatch(u8),
    /// A theme's files cannot be used.
    #[error("theme `{theme}`: {why}")]
    Theme {
        /// The theme.
        theme: String,
        /// What is wrong with it.
        why: String,
    },
    /// A text cannot be put into a QR symbol.
    #[error("no qr symbol: {0}")]
    Qr(#[from] qrcode::types::QrError),
    /// The PDF cannot be written.
    #[error("no pdf: {0}")]
    Pdf(String),
    /// A staged message says what this program does not understand.
    #[error("the staged message cannot be read: {0}")]
    Payload(String),
    /// The mail cannot be written.
    #[error("no mail: {0}")]
    Mail(String),
    /// The tenant's sites are down: nothing is sent in its name.
    #[error("the tenant is suspended")]
    Suspended,
    /// The mail server did not take the mail.
    #[error("not handed over: {0}")]
    Smtp(#[from] smtp::Error),
}
