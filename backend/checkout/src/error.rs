use marquee_catalog::CatalogError;
use marquee_core::db::DbError;
use marquee_core::problem::FieldError;
use marquee_entity::orders::OrderStatus;
use marquee_inventory::LifecycleError;
use marquee_payments::ProviderError;
use marquee_payments::ledger::LedgerError;
use marquee_payments::record::RecordError;
use marquee_tickets::TicketError;
use thiserror::Error;

use crate::RefundError;

/// Why an order was not placed, paid or shown.
#[derive(Debug, Error)]
pub enum CheckoutError {
    /// No such order or hold here, or the token is not its own.
    #[error("not found")]
    NotFound,
    /// Something in the request is not right.
    #[error("invalid request")]
    Invalid(Vec<FieldError>),
    /// The hold's time ran out, or it was given back.
    #[error("the hold is over")]
    HoldExpired,
    /// The money came when the order was over; all of it goes back.
    #[error("the payment came too late")]
    TooLate,
    /// The order, or the one before it on the same hold, is not in a state for this.
    #[error("the order is {0}")]
    OrderState(OrderStatus),
    /// The performance was cancelled.
    #[error("not on sale")]
    NotOnSale,
    /// More than one buyer may have of this performance.
    #[error("at most {limit} for one buyer, who has {has}")]
    LimitPerBuyer {
        /// Most units of one buyer.
        limit: i32,
        /// What the buyer has already.
        has: i64,
    },
    /// The order was tried too often.
    #[error("too many attempts")]
    TooManyAttempts,
    /// Too many declined payments from one address or of one card; seconds until the next try.
    #[error("too many declined payments")]
    TooManyDeclines(u32),
    /// The key was used with another body.
    #[error("the key was used with another body")]
    IdempotencyMismatch,
    /// The first call with the key is still running.
    #[error("the first call with the key is still running")]
    IdempotencyInFlight,
    /// The payment provider could not be reached; surely nothing was charged.
    #[error("the payment provider is out of reach")]
    ProviderUnavailable,
    /// The catalog could not be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A payment's record could not be written.
    #[error(transparent)]
    Record(RecordError),
    /// A posting could not be made.
    #[error(transparent)]
    Ledger(LedgerError),
    /// The hold does not own its units: a breach that the audit names.
    #[error("the hold does not own its units")]
    NotOwned,
    /// A refund was not promised, or not booked.
    #[error(transparent)]
    Refund(Box<RefundError>),
    /// The tickets could not be issued.
    #[error(transparent)]
    Tickets(TicketError),
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl CheckoutError {
    /// Is it worth trying the same transaction again at once?
    pub(crate) fn is_contention(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_contention())
    }

    /// `validation_failed` at one field.
    pub(crate) fn field(pointer: &str, code: &'static str, detail: &str) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.to_owned(), code, detail: detail.to_owned() }])
    }
}

impl From<LifecycleError> for CheckoutError {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::HoldExpired => Self::HoldExpired,
            LifecycleError::NotOwned => Self::NotOwned,
            LifecycleError::Db(error) => Self::Db(error),
        }
    }
}

impl From<RecordError> for CheckoutError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Db(error) => Self::Db(error),
            RecordError::Overtaken => Self::Record(error),
        }
    }
}

impl From<ProviderError> for CheckoutError {
    fn from(error: ProviderError) -> Self {
        tracing::debug!(%error, "the provider could not be asked");
        Self::ProviderUnavailable
    }
}

impl From<LedgerError> for CheckoutError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Db(error) => Self::Db(error),
            other => Self::Ledger(other),
        }
    }
}

impl From<TicketError> for CheckoutError {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Db(error) => Self::Db(error),
            other => Self::Tickets(other),
        }
    }
}
