//! How this crate's errors reach people.

use marquee_core::problem::{Code, Problem};
use marquee_entity::orders::OrderStatus;
use marquee_tickets::TicketError;

use crate::CheckoutError;
use crate::notice::Notice;

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
            CheckoutError::TooLate => {
                let notice = Notice::RefundUnderWay.body();
                Problem::new(Code::HoldExpired).detail(notice.text).with("notice", notice)
            }
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
                .detail(format!(
                    "Too many payments were declined, with this card or from here. Nothing was charged. Wait {seconds} s \
                     before the next try; each further decline makes the wait longer."
                ))
                .with("reason", "declined_payments")
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
            CheckoutError::Tickets(TicketError::UnknownOrder(_) | TicketError::UnknownTicket(_)) => {
                Code::NotFound.into()
            }
            CheckoutError::Tickets(error @ (TicketError::NotPaid(_) | TicketError::NotReplaceable)) => {
                Problem::new(Code::OrderState).detail(sentence(&error))
            }
            error @ (CheckoutError::Record(_)
            | CheckoutError::Ledger(_)
            | CheckoutError::NotOwned
            | CheckoutError::Tickets(_)) => {
                tracing::error!(%error, "a checkout failed");
                Code::Internal.into()
            }
        }
    }
}

fn sentence(error: &TicketError) -> &'static str {
    match error {
        TicketError::NotPaid(_) => "It is not paid, or all of it was paid back: there is no ticket to issue.",
        _ => "It has no ticket to replace: those that were used or withdrawn stay as they are.",
    }
}

fn state_sentence(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Paid | OrderStatus::PartiallyRefunded => "It is paid already.",
        OrderStatus::Refunded => "It was paid, and paid back.",
        OrderStatus::Cancelled => "It was cancelled.",
        OrderStatus::Expired => "Its time has run out.",
        OrderStatus::Pending | OrderStatus::Processing | OrderStatus::RequiresAction => {
            "A payment for these seats is under way."
        }
    }
}
