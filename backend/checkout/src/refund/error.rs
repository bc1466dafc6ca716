use marquee_core::db::DbError;
use marquee_core::ids::TicketId;
use marquee_core::problem::{Code, FieldError, Problem};
use marquee_entity::orders::OrderStatus;
use marquee_payments::ledger::LedgerError;
use thiserror::Error;

use crate::CheckoutError;

/// Why a refund was not promised. Nothing was written.
#[derive(Debug, Error)]
pub enum RefundError {
    /// The tenant has no such order.
    #[error("there is no such order")]
    NotFound,
    /// Nothing was captured for it, or everything went back already.
    #[error("{}", state_sentence(.0))]
    OrderState(OrderStatus),
    /// Together with what was promised before it is more than was captured.
    #[error("at most {left} (minor units) can still be paid back")]
    ExceedsCapture {
        /// What can still be paid back, in minor units.
        left: i64,
    },
    /// The buyer's bank took the money back, or decides whether it will.
    #[error(
        "the buyer's bank has taken this payment back, or is deciding about it: it cannot be refunded as well"
    )]
    Disputed,
    /// Nothing or less than nothing was asked for.
    #[error("an amount is more than 0, in minor units")]
    Amount,
    /// No ticket was named, or one twice.
    #[error("name each ticket once, and at least one")]
    Tickets,
    /// The order has no such ticket.
    #[error("the order has no ticket {0}")]
    UnknownTicket(TicketId),
    /// The ticket was withdrawn before.
    #[error("ticket {0} was withdrawn already")]
    TicketVoid(TicketId),
    /// Another currency than the order's was named.
    #[error("the order is in another currency")]
    Currency,
    /// The key asked for another refund before.
    #[error("the key was used for another refund")]
    KeyReused,
    /// The first call with the key is still running.
    #[error("the first call with the key is still running")]
    InFlight,
    /// The ledger did not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The order could not be read or written.
    #[error(transparent)]
    Checkout(Box<CheckoutError>),
}

impl RefundError {
    /// The stable code, as HTTP has it.
    pub fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::OrderState(_) => Code::OrderState,
            Self::ExceedsCapture { .. } => Code::RefundExceedsCapture,
            Self::Disputed => Code::OrderDisputed,
            Self::Amount | Self::Tickets | Self::UnknownTicket(_) | Self::TicketVoid(_) | Self::Currency => {
                Code::ValidationFailed
            }
            Self::KeyReused => Code::IdempotencyMismatch,
            Self::InFlight => Code::IdempotencyInFlight,
            Self::Db(DbError::Unavailable(_)) => Code::Unavailable,
            Self::Db(DbError::Contention) => Code::Overloaded,
            Self::Ledger(_) | Self::Db(_) | Self::Checkout(_) => Code::Internal,
        }
    }

    /// Where in a request's body the fault is, and what kind it is.
    fn field(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Amount => Some(("/amount", "out_of_range")),
            Self::Tickets => Some(("/tickets", "invalid")),
            Self::UnknownTicket(_) => Some(("/tickets", "unknown")),
            Self::TicketVoid(_) => Some(("/tickets", "void")),
            Self::Currency => Some(("/currency", "mismatch")),
            _ => None,
        }
    }
}

fn state_sentence(status: &OrderStatus) -> &'static str {
    match status {
        OrderStatus::Refunded | OrderStatus::PartiallyRefunded | OrderStatus::Paid => {
            "all of the order's money has gone back already, or is on its way"
        }
        OrderStatus::Cancelled | OrderStatus::Expired => {
            "nothing was taken for the order, or all of it is on its way back already"
        }
        OrderStatus::Pending | OrderStatus::RequiresAction | OrderStatus::Processing => {
            "the order is not paid yet: there is nothing to pay back"
        }
    }
}

impl From<CheckoutError> for RefundError {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::Db(error) => Self::Db(error),
            CheckoutError::NotFound => Self::NotFound,
            CheckoutError::Refund(error) => *error,
            other => Self::Checkout(Box::new(other)),
        }
    }
}

impl From<RefundError> for CheckoutError {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::Db(error) => Self::Db(error),
            RefundError::Checkout(error) => *error,
            other => Self::Refund(Box::new(other)),
        }
    }
}

impl From<RefundError> for Problem {
    fn from(error: RefundError) -> Self {
        if let Some((pointer, code)) = error.field() {
            let detail = sentence(&error);
            return Problem::fields(vec![FieldError { pointer: pointer.to_owned(), code, detail }]);
        }
        match error {
            RefundError::Db(error) => error.into(),
            RefundError::Checkout(error) => (*error).into(),
            RefundError::Ledger(error) => {
                tracing::error!(%error, "a refund could not be booked");
                Code::Internal.into()
            }
            RefundError::NotFound => Code::NotFound.into(),
            RefundError::OrderState(status) => {
                Problem::new(Code::OrderState).detail(sentence(&error)).with("order_status", status)
            }
            RefundError::ExceedsCapture { left } => {
                Problem::new(Code::RefundExceedsCapture).detail(sentence(&error)).with("left", left)
            }
            RefundError::InFlight => Problem::new(Code::IdempotencyInFlight).retry_after(2),
            other => Problem::new(other.code()).detail(sentence(&other)),
        }
    }
}

/// The error as a sentence that stands alone.
fn sentence(error: &RefundError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}
