use marquee_catalog::WriteError;
use marquee_core::db::DbError;
use marquee_core::problem::{Code, FieldError, Problem};
use marquee_entity::orders::OrderStatus;
use thiserror::Error;

use crate::{CheckoutError, RefundError};

/// Why a change was not made, or a choice not taken. Nothing was written.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The tenant has no such performance.
    #[error("there is no such performance")]
    NoPerformance,
    /// Nothing about this order is to be chosen.
    #[error("there is nothing to choose for this order")]
    NoPostponement,
    /// The performance was cancelled.
    #[error("this performance is cancelled: everyone gets their money back")]
    Cancelled,
    /// Something that was asked for cannot be.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldError>),
    /// The time to choose is over.
    #[error("the time to return these tickets is over: they are valid for the new date")]
    TooLate,
    /// The tickets were returned.
    #[error("these tickets were returned, and the money is on its way back")]
    Returned,
    /// The order has no tickets that could be kept or returned.
    #[error("this order has no tickets to keep or return")]
    OrderState(OrderStatus),
    /// The money cannot go back.
    #[error(transparent)]
    Refund(RefundError),
    /// Something else went wrong.
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
}

impl ChangeError {
    /// The stable code, as HTTP has it.
    pub fn code(&self) -> Code {
        match self {
            Self::NoPerformance | Self::NoPostponement => Code::NotFound,
            Self::Invalid(_) => Code::ValidationFailed,
            Self::Cancelled | Self::TooLate | Self::Returned | Self::OrderState(_) => Code::OrderState,
            Self::Refund(error) => error.code(),
            Self::Checkout(CheckoutError::NotFound) => Code::NotFound,
            Self::Checkout(CheckoutError::Db(DbError::Unavailable(_))) => Code::Unavailable,
            Self::Checkout(CheckoutError::Db(DbError::Contention)) => Code::Overloaded,
            Self::Checkout(_) => Code::Internal,
        }
    }

    pub(crate) fn field(pointer: &str, code: &'static str, detail: &str) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.to_owned(), code, detail: detail.to_owned() }])
    }
}

fn sentences(faults: &[FieldError]) -> String {
    let one = |fault: &FieldError| format!("{}: {}", fault.pointer.trim_start_matches('/'), fault.detail);
    faults.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl From<WriteError> for ChangeError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NoPerformance(_) => Self::NoPerformance,
            WriteError::Cancelled => Self::Cancelled,
            WriteError::Db(error) => Self::Checkout(error.into()),
            WriteError::Invalid(faults) => {
                let field = |fault: marquee_catalog::InputFault| FieldError {
                    pointer: format!("/{}", fault.field),
                    code: fault.code,
                    detail: fault.detail,
                };
                Self::Invalid(faults.into_iter().map(field).collect())
            }
            other => Self::Invalid(vec![FieldError {
                pointer: String::new(),
                code: "invalid",
                detail: other.to_string(),
            }]),
        }
    }
}

impl From<DbError> for ChangeError {
    fn from(error: DbError) -> Self {
        Self::Checkout(error.into())
    }
}

impl From<RefundError> for ChangeError {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::OrderState(status) => Self::OrderState(status),
            RefundError::Db(error) => Self::Checkout(error.into()),
            RefundError::Checkout(error) => Self::Checkout(*error),
            other => Self::Refund(other),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(faults) => Problem::fields(faults),
            ChangeError::Refund(error) => error.into(),
            ChangeError::Checkout(error) => error.into(),
            ChangeError::NoPerformance | ChangeError::NoPostponement => Code::NotFound.into(),
            ChangeError::OrderState(status) => Problem::new(Code::OrderState)
                .detail(sentence(&error.to_string()))
                .with("order_status", status),
            other => Problem::new(other.code()).detail(sentence(&other.to_string())),
        }
    }
}

/// As people read it.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_sentences() {
        let body = Problem::from(ChangeError::TooLate).body();
        let text = serde_json::to_string(&body).unwrap();
        assert!(
            text.contains("The time to return these tickets is over: they are valid for the new date."),
            "{text}"
        );
        assert!(text.contains("order_state"), "{text}");
    }
}
