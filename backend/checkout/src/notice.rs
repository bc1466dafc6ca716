//! What happened to an order's payment and what happens next, in plain words: one notice for each case that a buyer can
//! be in.

use marquee_entity::money::RefundState;
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_payments::record::Payment;
use serde::Serialize;

use crate::types::{HoldView, Order, came_too_late, shown_status};

/// What a buyer should know now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The bank asks the buyer.
    BankAsks,
    /// The payment is under way; the seats are kept.
    UnderWay,
    /// The bank said no; the seats are kept while time is left.
    Declined,
    /// The card was not reached; the seats are kept while time is left.
    NotReached,
    /// The seats are free again, and nothing was charged.
    NothingCharged,
    /// The seats are free again, and what may have been reserved or begun is being given up.
    GivingUp,
    /// The seats are free again, and the payment cannot be stopped any more.
    Unstoppable,
    /// The money came when the seats were gone, and is on its way back.
    RefundUnderWay,
    /// It is back.
    PaidBack,
    /// It could not be paid back that way.
    RefundFailed,
}

/// A notice as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NoticeBody {
    /// Stable name of the case: `bank_asks`, `payment_under_way`, `declined`, `not_reached`, `nothing_charged`,
    /// `giving_up`, `payment_unstoppable`, `refund_under_way`, `paid_back`, `refund_failed`.
    pub code: &'static str,
    /// The case in English, for people.
    pub text: &'static str,
}

impl Notice {
    /// The case of an order; none where there is nothing to say that its status does not. `refund` is that of money
    /// that came too late.
    pub(crate) fn of(
        order: &Order,
        hold: HoldView,
        payment: Option<&Payment>,
        refund: Option<RefundState>,
    ) -> Option<Self> {
        if order.was_never_paid() {
            return Some(Self::PaidBack);
        }
        if came_too_late(order.status, payment) {
            return Some(match refund {
                Some(RefundState::Failed) => Self::RefundFailed,
                _ => Self::RefundUnderWay,
            });
        }
        let state = payment.map(|payment| payment.state);
        match shown_status(order.status, hold, payment) {
            OrderStatus::RequiresAction => Some(Self::BankAsks),
            OrderStatus::Processing => Some(Self::UnderWay),
            OrderStatus::Pending => payment
                .filter(|_| state == Some(PaymentState::Declined))
                .map(|payment| if payment.failure.is_some() { Self::NotReached } else { Self::Declined }),
            OrderStatus::Expired | OrderStatus::Cancelled => Some(match (payment, state) {
                (Some(payment), _) if payment.awaited_since.is_some() => Self::Unstoppable,
                (_, Some(PaymentState::Cancelling)) => Self::GivingUp,
                _ => Self::NothingCharged,
            }),
            OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => None,
        }
    }

    /// As it is sent.
    pub(crate) fn body(self) -> NoticeBody {
        let (code, text) = match self {
            Self::BankAsks => (
                "bank_asks",
                "Your bank asks you to confirm the payment. Your seats are kept for you until you have, for at most \
                 five minutes beyond your time. Nothing is charged if you do not confirm.",
            ),
            Self::UnderWay => (
                "payment_under_way",
                "Your payment is under way and its outcome is not known yet. We keep asking; you are charged once at \
                 most, and never without seats.",
            ),
            Self::Declined => (
                "declined",
                "Your bank declined the payment. Nothing was charged, and your seats are still held: try again or use \
                 another card.",
            ),
            Self::NotReached => (
                "not_reached",
                "The payment did not reach your bank. Nothing was charged, and your seats are still held: try again.",
            ),
            Self::NothingCharged => {
                ("nothing_charged", "This order is over and its seats are free again. Nothing was charged.")
            }
            Self::GivingUp => (
                "giving_up",
                "This order is over. What your bank may have reserved for it is being released; nothing is charged.",
            ),
            Self::Unstoppable => (
                "payment_unstoppable",
                "Your time ran out while the payment was under way, and the seats are free again. The payment could \
                 not be stopped: if it still goes through, the full amount is paid back to you at once.",
            ),
            Self::RefundUnderWay => (
                "refund_under_way",
                "Your payment came when your time had run out and the seats were gone. The full amount is on its way \
                 back to you; you need not do anything.",
            ),
            Self::PaidBack => (
                "paid_back",
                "Your payment came when your time had run out and the seats were gone. The full amount was paid back \
                 to you; your bank may take a few days to show it.",
            ),
            Self::RefundFailed => (
                "refund_failed",
                "Your payment came when your time had run out and the seats were gone. Your bank did not take the \
                 money back; we are looking for another way and will write to you.",
            ),
        };
        NoticeBody { code, text }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use marquee_entity::inventory::HoldState;

    use super::*;
    use crate::sample::{order, payment};

    const LIVE: HoldView =
        HoldView { state: HoldState::Active, expired: false, expires_at: DateTime::UNIX_EPOCH };
    const GONE: HoldView = HoldView { state: HoldState::Expired, ..LIVE };

    fn told(status: OrderStatus, hold: HoldView, payment: Option<&Payment>) -> Option<Notice> {
        Notice::of(&order(status), hold, payment, None)
    }

    #[test]
    fn each_case_has_its_words() {
        let declined = payment(PaymentState::Declined);
        let unreached = Payment { failure: Some("unreachable".to_owned()), ..declined.clone() };
        let cancelling = payment(PaymentState::Cancelling);
        let awaited = Payment { awaited_since: Some(DateTime::UNIX_EPOCH), ..cancelling.clone() };
        let captured = payment(PaymentState::Captured);
        for (status, hold, payment, expected) in [
            (OrderStatus::Pending, LIVE, None, None),
            (OrderStatus::Pending, LIVE, Some(&declined), Some(Notice::Declined)),
            (OrderStatus::Pending, LIVE, Some(&unreached), Some(Notice::NotReached)),
            (OrderStatus::Pending, GONE, Some(&declined), Some(Notice::NothingCharged)),
            (OrderStatus::Expired, GONE, None, Some(Notice::NothingCharged)),
            (OrderStatus::Expired, GONE, Some(&cancelling), Some(Notice::GivingUp)),
            (OrderStatus::Expired, GONE, Some(&awaited), Some(Notice::Unstoppable)),
            (OrderStatus::Expired, GONE, Some(&captured), Some(Notice::RefundUnderWay)),
            (OrderStatus::Paid, LIVE, Some(&captured), None),
        ] {
            assert_eq!(told(status, hold, payment), expected, "{status} {hold:?}");
        }
    }

    #[test]
    fn nobody_is_told_that_nothing_was_charged_when_something_was() {
        let captured = payment(PaymentState::Captured);
        for refund in
            [None, Some(RefundState::Requested), Some(RefundState::Pending), Some(RefundState::Failed)]
        {
            for status in [OrderStatus::Expired, OrderStatus::Cancelled] {
                let notice = Notice::of(&order(status), GONE, Some(&captured), refund).unwrap();
                assert!(!notice.body().text.contains("othing was charged"), "{notice:?}");
            }
        }
    }
}
