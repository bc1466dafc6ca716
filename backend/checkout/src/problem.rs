//! How this crate's errors reach people.

use marquee_core::problem::{Code, Problem};
use marquee_entity::orders::OrderStatus;

use crate::CheckoutError;

/// When somebody whose first call is still running should come again, in seconds.
const IN_FLIGHT_RETRY: u32 = 2;
/// When the provider is worth another try, in seconds.
const PROVIDER_RETRY: u32 = 5;

impl From<CheckoutError> for Problem {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::NotFound => Code::NotFound.into(),
            CheckoutError::Invalid(errors) => Problem::fields(errors),
            CheckoutError::HoldExpired => Code::HoldExpired.into(),
            CheckoutError::OrderState(status) => {
                Problem::new(Code::OrderState).detail(state_sentence(status)).with("order_status", status)
            }
            CheckoutError::NotOnSale => Problem::new(Code::NotOnSale).with("opens_at", ()),
            CheckoutError::LimitPerBuyer { limit, has } => Problem::new(Code::LimitPerBuyer)
                .detail(format!("At most {limit} for one buyer."))
                .with("limit", limit)
                .with("has", has),
            CheckoutError::TooManyAttempts => {
                Problem::new(Code::TooManyAttempts).detail("This order was tried too often.")
            }
            CheckoutError::TooManyDeclines(seconds) => Problem::new(Code::RateLimited)
                .detail("Too many declined payments from here.")
                .retry_after(seconds),
            CheckoutError::IdempotencyMismatch => Code::IdempotencyMismatch.into(),
            CheckoutError::IdempotencyInFlight => {
                Problem::new(Code::IdempotencyInFlight).retry_after(IN_FLIGHT_RETRY)
            }
            CheckoutError::ProviderUnavailable => Problem::new(Code::Unavailable)
                .detail("The payment service is out of reach. Nothing was charged, and your seats are still held.")
                .retry_after(PROVIDER_RETRY),
            CheckoutError::Refund(error) => (*error).into(),
            CheckoutError::Catalog(error) => error.into(),
            CheckoutError::Db(error) => error.into(),
            error @ (CheckoutError::Record(_) | CheckoutError::NotOwned | CheckoutError::Tickets(_)) => {
                tracing::error!(%error, "a checkout failed");
                Code::Internal.into()
            }
        }
    }
}

fn state_sentence(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => "It is paid already.",
        OrderStatus::Cancelled => "It was cancelled.",
        OrderStatus::Expired => "Its time has run out.",
        OrderStatus::Pending | OrderStatus::Processing | OrderStatus::RequiresAction => {
            "A payment for these seats is under way."
        }
    }
}
