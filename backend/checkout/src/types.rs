//! What an order is, and the pure rules on it.

use chrono::{DateTime, Utc};
use marquee_core::ids::{HoldId, OrderId, OrderLineId, PerformanceId, PriceLevelId, TicketTypeId, UnitId};
use marquee_core::money::{Currency, Price};
use marquee_entity::inventory::HoldState;
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_entity::tenancy::ChargeModel;
use marquee_inventory::HeldUnit;
use marquee_payments::ledger::SaleTerms;
use marquee_payments::record::Payment;
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::CheckoutError;

/// Tries that may reach a card, for one order.
pub const MAX_ATTEMPTS: i32 = 5;

/// An order as recorded.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Order {
    /// Id.
    pub id: OrderId,
    /// What people call it.
    pub number: String,
    /// The hold it is for.
    pub hold_id: HoldId,
    /// The performance it is for.
    pub performance_id: PerformanceId,
    /// Where it stands in the database; see `shown_status`.
    pub status: OrderStatus,
    /// Where its tickets go.
    pub buyer_email: String,
    /// Who bought.
    pub buyer_name: String,
    /// BCP 47 tag of the buyer's language.
    pub locale: String,
    /// ISO 4217 code.
    pub currency: Currency,
    /// What is to be paid, in minor units.
    pub total: i64,
    /// Name of the payment provider.
    pub provider: String,
    /// Whose account is charged.
    pub charge_model: ChargeModel,
    /// The account that is charged.
    pub account: Option<String>,
    /// The platform's share, in minor units.
    pub application_fee: i64,
    /// Until when it can be paid, but for a bank's confirmation.
    pub expires_at: DateTime<Utc>,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
}

impl Order {
    /// Who gets what of it.
    pub(crate) fn sale_terms(&self) -> SaleTerms {
        SaleTerms {
            order: self.id,
            performance: self.performance_id,
            currency: self.currency.clone(),
            charge_model: self.charge_model,
            total: self.total,
            application_fee: self.application_fee,
        }
    }

    /// Was all of it paid back without its ever having been paid: because the money came too late?
    pub fn was_never_paid(&self) -> bool {
        self.status == OrderStatus::Refunded && self.paid_at.is_none()
    }
}

/// A line of an order: one unit at its frozen price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Line {
    /// Id.
    pub line_id: OrderLineId,
    /// The unit.
    pub unit_id: UnitId,
    /// What a person would call the place.
    pub label: String,
    /// Id of its price level.
    pub price_level: PriceLevelId,
    /// Name of its price level.
    pub price_level_name: String,
    /// Id of its ticket type.
    pub ticket_type: TicketTypeId,
    /// Name of its ticket type.
    pub ticket_type_name: String,
    /// What it costs.
    pub price: Price,
}

impl Line {
    /// A line for a unit that is held, at the price it is held for.
    pub(crate) fn new(unit: &HeldUnit) -> Self {
        Self {
            line_id: OrderLineId::generate(),
            unit_id: unit.unit_id,
            label: unit.label.clone(),
            price_level: unit.price_level_id,
            price_level_name: unit.price_level.clone(),
            ticket_type: unit.ticket_type_id,
            ticket_type_name: unit.ticket_type.clone(),
            price: unit.price.clone(),
        }
    }
}

/// What the rules need to know of an order's hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldView {
    /// Where it stands.
    pub state: HoldState,
    /// Is its time over, by the database's clock?
    pub expired: bool,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
}

impl HoldView {
    /// Are its units gone, or free for anybody to claim?
    pub fn is_gone(self) -> bool {
        match self.state {
            HoldState::Active => self.expired,
            HoldState::Released | HoldState::Expired => true,
            HoldState::Confirming | HoldState::Completed => false,
        }
    }
}

/// Was the money taken after the order was over? Then all of it goes back.
pub fn came_too_late(status: OrderStatus, payment: Option<&Payment>) -> bool {
    matches!(status, OrderStatus::Cancelled | OrderStatus::Expired)
        && payment.is_some_and(|payment| payment.state == PaymentState::Captured)
}

/// The status to show: an unpaid order whose hold is gone has expired, whether or not somebody has tidied up; one whose
/// money came too late is under way until the money is back.
pub fn shown_status(status: OrderStatus, hold: HoldView, payment: Option<&Payment>) -> OrderStatus {
    match status {
        status if came_too_late(status, payment) => OrderStatus::Processing,
        OrderStatus::Pending if hold.state == HoldState::Released => OrderStatus::Cancelled,
        OrderStatus::Pending if hold.is_gone() => OrderStatus::Expired,
        other => other,
    }
}

/// What a call to pay leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Nothing is to be paid: sell at once.
    SellForFree,
    /// Begin a try with the card given.
    Attempt,
    /// Go on with the try that is under way.
    GoOn,
}

/// Decides what a call to pay leads to; nothing is changed yet.
///
/// # Errors
/// Why it cannot be paid, or not like this.
pub fn open(
    order: &Order,
    hold: HoldView,
    payment: Option<&Payment>,
    has_token: bool,
) -> Result<Opening, CheckoutError> {
    let tries_left = payment.is_none_or(|payment| payment.attempts < MAX_ATTEMPTS);
    let attempt = || match (has_token, tries_left) {
        (false, _) => Err(CheckoutError::field(
            "/confirmation_token",
            "missing",
            "Paying takes what the payment form made of the card.",
        )),
        (true, false) => Err(CheckoutError::TooManyAttempts),
        (true, true) => Ok(Opening::Attempt),
    };
    if came_too_late(order.status, payment) || order.was_never_paid() {
        return Err(CheckoutError::TooLate);
    }
    // Whoever comes back from their bank is told how it ended, also when the provider's event was faster.
    let back_from_the_bank = !has_token && payment.is_some_and(|payment| payment.action_until.is_some());
    match shown_status(order.status, hold, payment) {
        OrderStatus::Pending | OrderStatus::Paid if back_from_the_bank => Ok(Opening::GoOn),
        OrderStatus::Expired => Err(CheckoutError::HoldExpired),
        OrderStatus::Pending if order.total == 0 => Ok(Opening::SellForFree),
        OrderStatus::Pending => attempt(),
        OrderStatus::RequiresAction if has_token && hold.expired => Err(CheckoutError::HoldExpired),
        OrderStatus::RequiresAction if has_token => attempt(),
        OrderStatus::RequiresAction | OrderStatus::Processing => Ok(Opening::GoOn),
        status @ (OrderStatus::Paid
        | OrderStatus::PartiallyRefunded
        | OrderStatus::Refunded
        | OrderStatus::Cancelled) => Err(CheckoutError::OrderState(status)),
    }
}

/// How a call to pay ends, read from what is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Paid; the tickets are there.
    Paid,
    /// Nobody knows yet.
    Processing,
    /// The bank asks the buyer to confirm.
    RequiresAction {
        /// With it the buyer's browser may go on.
        client_secret: Option<String>,
        /// The bank's page, if it is a page.
        action_url: Option<String>,
    },
    /// The bank said no.
    Declined(String),
    /// The card was surely not reached; the hold is the buyer's again.
    Unavailable,
    /// The provider does not know the token, or it was used.
    InvalidToken,
    /// Its time ran out, or it was given up.
    Closed(OrderStatus),
    /// The money came when the seats were gone, and goes back.
    TooLate,
}

/// How a call to pay ends.
pub fn outcome(order: &Order, payment: Option<&Payment>) -> Outcome {
    let status = order.status;
    if came_too_late(status, payment) || order.was_never_paid() {
        return Outcome::TooLate;
    }
    if status.is_paid() {
        return Outcome::Paid;
    }
    let resting = payment.filter(|payment| payment.state == PaymentState::Declined);
    match (status, resting, payment) {
        (OrderStatus::Cancelled | OrderStatus::Expired, ..) => Outcome::Closed(status),
        (OrderStatus::RequiresAction, _, Some(payment)) => Outcome::RequiresAction {
            client_secret: payment.client_secret.clone(),
            action_url: payment.action_url.clone(),
        },
        (OrderStatus::Pending, Some(payment), _) => match (payment.failure.as_deref(), &payment.decline_code)
        {
            (Some("invalid_token"), _) => Outcome::InvalidToken,
            (Some(_), _) | (None, None) => Outcome::Unavailable,
            (None, Some(code)) => Outcome::Declined(code.clone()),
        },
        _ => Outcome::Processing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn order(status: OrderStatus, total: i64) -> Order {
        Order { total, ..sample::order(status) }
    }

    fn payment(state: PaymentState, attempts: i32) -> Payment {
        Payment { attempts, ..sample::payment(state) }
    }

    fn hold(state: HoldState, expired: bool) -> HoldView {
        HoldView { state, expired, expires_at: DateTime::default() }
    }

    const LIVE: HoldView =
        HoldView { state: HoldState::Active, expired: false, expires_at: DateTime::UNIX_EPOCH };

    #[test]
    fn an_expired_hold_is_never_paid_for() {
        for gone in [hold(HoldState::Active, true), hold(HoldState::Expired, true)] {
            for total in [0, 1] {
                let opened = open(&order(OrderStatus::Pending, total), gone, None, true);
                assert!(matches!(opened, Err(CheckoutError::HoldExpired)), "{opened:?}");
            }
        }
    }

    #[test]
    fn a_given_back_hold_cancels_its_order() {
        let opened = open(&order(OrderStatus::Pending, 1), hold(HoldState::Released, false), None, true);
        assert!(matches!(opened, Err(CheckoutError::OrderState(OrderStatus::Cancelled))), "{opened:?}");
    }

    #[test]
    fn a_paid_order_is_not_paid_again() {
        for status in [OrderStatus::Paid, OrderStatus::PartiallyRefunded, OrderStatus::Refunded] {
            let order = Order { paid_at: Some(DateTime::UNIX_EPOCH), ..order(status, 1) };
            let opened = open(&order, hold(HoldState::Completed, true), None, true);
            assert!(matches!(opened, Err(CheckoutError::OrderState(_))), "{opened:?}");
        }
    }

    #[test]
    fn the_sixth_try_is_too_many() {
        let fifth = payment(PaymentState::Declined, MAX_ATTEMPTS - 1);
        let opened = open(&order(OrderStatus::Pending, 1), LIVE, Some(&fifth), true);
        assert_eq!(opened.unwrap(), Opening::Attempt);
        let sixth = payment(PaymentState::Declined, MAX_ATTEMPTS);
        let opened = open(&order(OrderStatus::Pending, 1), LIVE, Some(&sixth), true);
        assert!(matches!(opened, Err(CheckoutError::TooManyAttempts)), "{opened:?}");
    }

    #[test]
    fn a_token_is_needed_only_to_begin() {
        let opened = open(&order(OrderStatus::Pending, 1), LIVE, None, false);
        assert!(matches!(opened, Err(CheckoutError::Invalid(_))), "{opened:?}");
        assert_eq!(open(&order(OrderStatus::Pending, 0), LIVE, None, false).unwrap(), Opening::SellForFree);
        let confirming = hold(HoldState::Confirming, false);
        let waiting = payment(PaymentState::RequiresAction, 1);
        for (status, has_token, expected) in [
            (OrderStatus::RequiresAction, false, Opening::GoOn),
            (OrderStatus::RequiresAction, true, Opening::Attempt),
            (OrderStatus::Processing, false, Opening::GoOn),
            (OrderStatus::Processing, true, Opening::GoOn),
        ] {
            let opened = open(&order(status, 1), confirming, Some(&waiting), has_token);
            assert_eq!(opened.unwrap(), expected, "{status} {has_token}");
        }
    }

    #[test]
    fn an_event_that_was_faster_does_not_change_the_answer() {
        let mut declined = payment(PaymentState::Declined, 1);
        let opened = open(&order(OrderStatus::Pending, 1), LIVE, Some(&declined), false);
        assert!(matches!(opened, Err(CheckoutError::Invalid(_))), "the bank asked nothing: {opened:?}");
        declined.action_until = Some(DateTime::UNIX_EPOCH);
        let opened = open(&order(OrderStatus::Pending, 1), LIVE, Some(&declined), false);
        assert_eq!(opened.unwrap(), Opening::GoOn);
        let mut captured = payment(PaymentState::Captured, 1);
        captured.action_until = Some(DateTime::UNIX_EPOCH);
        let sold = hold(HoldState::Completed, true);
        assert_eq!(open(&order(OrderStatus::Paid, 1), sold, Some(&captured), false).unwrap(), Opening::GoOn);
        let opened = open(&order(OrderStatus::Paid, 1), sold, Some(&captured), true);
        assert!(matches!(opened, Err(CheckoutError::OrderState(_))), "{opened:?}");
    }

    #[test]
    fn what_is_not_known_is_called_processing() {
        for state in PaymentState::ALL {
            let recorded = payment(*state, 1);
            let told = |status| outcome(&order(status, 1), Some(&recorded));
            assert_eq!(told(OrderStatus::Processing), Outcome::Processing, "{state}");
            assert_eq!(told(OrderStatus::Paid), Outcome::Paid, "{state}");
        }
    }

    #[test]
    fn money_that_came_too_late_is_never_called_paid() {
        let captured = payment(PaymentState::Captured, 1);
        for status in [OrderStatus::Expired, OrderStatus::Cancelled] {
            assert_eq!(outcome(&order(status, 1), Some(&captured)), Outcome::TooLate);
            let gone = hold(HoldState::Expired, true);
            assert_eq!(
                shown_status(status, gone, Some(&captured)),
                OrderStatus::Processing,
                "until it is back"
            );
            let opened = open(&order(status, 1), gone, Some(&captured), true);
            assert!(matches!(opened, Err(CheckoutError::TooLate)), "{opened:?}");
        }
        let mut back = order(OrderStatus::Refunded, 1);
        assert_eq!(outcome(&back, Some(&captured)), Outcome::TooLate);
        back.paid_at = Some(DateTime::UNIX_EPOCH);
        assert_eq!(outcome(&back, Some(&captured)), Outcome::Paid, "paid, and paid back later");
    }

    #[test]
    fn a_refusal_says_whose_fault_it_was() {
        let mut recorded = payment(PaymentState::Declined, 1);
        recorded.decline_code = Some("insufficient_funds".to_owned());
        let told = |recorded: &Payment| outcome(&order(OrderStatus::Pending, 1), Some(recorded));
        assert_eq!(told(&recorded), Outcome::Declined("insufficient_funds".to_owned()));
        recorded.failure = Some("unreachable".to_owned());
        assert_eq!(told(&recorded), Outcome::Unavailable);
        recorded.failure = Some("invalid_token".to_owned());
        assert_eq!(told(&recorded), Outcome::InvalidToken);
    }
}
