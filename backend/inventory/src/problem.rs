//! How this crate's errors reach people.

use marquee_core::problem::{Code, Problem};

use crate::HoldError;

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::UnknownPerformance | HoldError::UnknownHold => Code::NotFound.into(),
            HoldError::Over => Code::HoldExpired.into(),
            HoldError::InPayment => Problem::new(Code::OrderState).detail("These seats are being paid for."),
            HoldError::Invalid { pointer, detail } => Problem::field(pointer, "invalid", detail),
            HoldError::UnknownSeat(seat) => Problem::new(Code::UnknownSeat).with("seats", [seat]),
            HoldError::DuplicateSeat(seat) => Problem::new(Code::DuplicateSeat).with("seats", [seat]),
            HoldError::UnknownPriceLevel(_) => Code::UnknownPriceLevel.into(),
            HoldError::UnknownTicketType(_) => Code::UnknownTicketType.into(),
            HoldError::LimitPerOrder(limit) => Problem::new(Code::LimitPerOrder)
                .detail(format!("At most {limit} in one order."))
                .with("limit", limit),
            HoldError::NotOnSale { opens_at } => Problem::new(Code::NotOnSale).with("opens_at", opens_at),
            HoldError::SeatTaken(seats) => Problem::new(Code::SeatTaken).with("seats", seats),
            HoldError::SoldOut => Code::SoldOut.into(),
            HoldError::NoAdjacent => Code::NoAdjacent.into(),
            HoldError::Unavailable => Code::Unavailable.into(),
            HoldError::Overloaded | HoldError::StrategyChanged => Code::Overloaded.into(),
            HoldError::IdempotencyMismatch => Code::IdempotencyMismatch.into(),
            HoldError::Catalog(error) => error.into(),
            HoldError::Db(error) => error.into(),
        }
    }
}
