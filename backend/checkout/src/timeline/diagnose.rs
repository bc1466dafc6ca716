//! Is an order in order, and what would mend it? Pure rules.

use marquee_entity::money::RefundState;
use marquee_entity::orders::{OrderStatus, PaymentState, TicketStatus};
use marquee_payments::record::{Payment, is_open};
use serde::Serialize;
use utoipa::ToSchema;

use super::types::{FileRefund, ProviderSide};

/// A step under way is nobody's trouble for this long, in seconds.
const PATIENCE: f64 = 60.0;

/// The one safe thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Nothing is wrong.
    Nothing,
    /// It is under way.
    Wait,
    /// `marquee order finish`.
    Finish,
    /// `marquee order refund`.
    Refund,
    /// `marquee order reissue`.
    Reissue,
}

/// What is wrong, and what would mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Diagnosis {
    /// What to do.
    pub remedy: Remedy,
    /// Why, in a sentence.
    pub because: &'static str,
}

/// What the rules look at.
pub(super) struct Facts<'a> {
    pub(super) order: OrderStatus,
    pub(super) total: i64,
    pub(super) payment: Option<&'a Payment>,
    pub(super) tickets: &'a [TicketStatus],
    pub(super) refunds: &'a [FileRefund],
    pub(super) provider: &'a ProviderSide,
}

/// The first rule that applies tells.
pub(super) fn diagnose(facts: &Facts<'_>) -> Diagnosis {
    let (remedy, because) = money_is_out_of_step(facts)
        .or_else(|| money_has_to_go_back(facts))
        .or_else(|| tickets_are_missing(facts))
        .or_else(|| under_way(facts))
        .unwrap_or((Remedy::Nothing, "Money, seats and tickets agree."));
    Diagnosis { remedy, because }
}

type Finding = Option<(Remedy, &'static str)>;

/// The provider knows something that we do not.
fn money_is_out_of_step(facts: &Facts<'_>) -> Finding {
    let provider = facts.provider;
    let ours = facts.payment?;
    let captured = ours.state == PaymentState::Captured;
    if provider.captured > 0 && !captured && (ours.age > PATIENCE || !is_open(ours.state)) {
        return Some((Remedy::Finish, "The provider took the money, and the order does not know."));
    }
    if provider.refunds.iter().any(|id| !facts.refunds.iter().any(|one| one.provider_id.as_ref() == Some(id)))
    {
        return Some((Remedy::Finish, "Money was given back at the provider, and the order does not know."));
    }
    if provider.status.as_deref() == Some("requires_capture") && ours.age > PATIENCE {
        return Some((Remedy::Finish, "Money is reserved on the card and was neither taken nor released."));
    }
    if is_open(ours.state) && ours.state != PaymentState::RequiresAction && ours.age > PATIENCE {
        return Some((Remedy::Finish, "The payment did not come to an end."));
    }
    None
}

fn money_has_to_go_back(facts: &Facts<'_>) -> Finding {
    let captured = facts.payment.is_some_and(|payment| payment.state == PaymentState::Captured);
    let live = facts.refunds.iter().any(|refund| refund.state != RefundState::Failed);
    let failed = facts.refunds.iter().any(|refund| refund.state == RefundState::Failed);
    if failed && !live {
        return Some((Remedy::Refund, "A refund failed: the money is still here."));
    }
    let owns = facts.order.is_paid() || matches!(facts.order, OrderStatus::Processing);
    (captured && !owns && !live).then_some((Remedy::Refund, "Money was taken for an order that is closed."))
}

fn tickets_are_missing(facts: &Facts<'_>) -> Finding {
    let owed = matches!(facts.order, OrderStatus::Paid);
    let settled = facts.total == 0 || facts.payment.is_some_and(|one| one.state == PaymentState::Captured);
    (owed
        && settled
        && facts.tickets.iter().all(|status| *status == TicketStatus::Void)
        && facts.refunds.is_empty())
    .then_some((Remedy::Reissue, "It is paid and has no ticket that is good."))
}

fn under_way(facts: &Facts<'_>) -> Finding {
    let paying = facts.payment.is_some_and(|payment| is_open(payment.state));
    let refunding =
        facts.refunds.iter().any(|one| matches!(one.state, RefundState::Requested | RefundState::Pending));
    (paying || refunding).then_some((Remedy::Wait, "It is under way."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn refund(state: RefundState, provider_id: Option<&str>) -> FileRefund {
        FileRefund {
            refund_id: marquee_core::ids::RefundId::generate(),
            amount: 1_000,
            state,
            reason: marquee_entity::money::RefundReason::Requested,
            provider_id: provider_id.map(str::to_owned),
            failure: None,
            requested_by: "cli".to_owned(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            succeeded_at: None,
        }
    }

    struct Given {
        order: OrderStatus,
        state: PaymentState,
        age: f64,
        tickets: Vec<TicketStatus>,
        refunds: Vec<FileRefund>,
        provider: ProviderSide,
    }

    fn healthy() -> Given {
        Given {
            order: OrderStatus::Paid,
            state: PaymentState::Captured,
            age: 3_600.0,
            tickets: vec![TicketStatus::Valid],
            refunds: Vec::new(),
            provider: ProviderSide {
                known: true,
                status: Some("succeeded".to_owned()),
                captured: 1_000,
                ..ProviderSide::default()
            },
        }
    }

    fn remedy(given: &Given) -> Remedy {
        let payment =
            Payment { state: given.state, age: given.age, ..sample::payment(PaymentState::Confirming) };
        diagnose(&Facts {
            order: given.order,
            total: 1_000,
            payment: Some(&payment),
            tickets: &given.tickets,
            refunds: &given.refunds,
            provider: &given.provider,
        })
        .remedy
    }

    #[test]
    fn a_sold_seat_needs_nothing() {
        assert_eq!(remedy(&healthy()), Remedy::Nothing);
        let used = Given { tickets: vec![TicketStatus::Used], ..healthy() };
        assert_eq!(remedy(&used), Remedy::Nothing);
    }

    #[test]
    fn money_that_the_order_does_not_know_of_is_taken_over() {
        for state in [PaymentState::Capturing, PaymentState::Confirming] {
            let charged = Given { order: OrderStatus::Processing, state, tickets: Vec::new(), ..healthy() };
            assert_eq!(remedy(&charged), Remedy::Finish);
            assert_eq!(remedy(&Given { age: 1.0, ..charged }), Remedy::Wait);
        }
        let declined = Given {
            order: OrderStatus::Pending,
            state: PaymentState::Declined,
            age: 1.0,
            tickets: Vec::new(),
            ..healthy()
        };
        assert_eq!(remedy(&declined), Remedy::Finish);
        let by_hand = ProviderSide { refunds: vec!["re_1".to_owned()], ..healthy().provider };
        assert_eq!(remedy(&Given { provider: by_hand.clone(), ..healthy() }), Remedy::Finish);
        let known = vec![refund(RefundState::Succeeded, Some("re_1"))];
        let settled = Given {
            order: OrderStatus::Refunded,
            tickets: vec![TicketStatus::Void],
            refunds: known,
            provider: by_hand,
            ..healthy()
        };
        assert_eq!(remedy(&settled), Remedy::Nothing);
    }

    #[test]
    fn reserved_money_is_not_left_lying() {
        let reserved = Given {
            order: OrderStatus::Processing,
            state: PaymentState::Authorised,
            tickets: Vec::new(),
            provider: ProviderSide {
                known: true,
                status: Some("requires_capture".to_owned()),
                ..ProviderSide::default()
            },
            ..healthy()
        };
        assert_eq!(remedy(&reserved), Remedy::Finish);
    }

    #[test]
    fn a_paid_order_without_a_ticket_gets_one() {
        assert_eq!(remedy(&Given { tickets: Vec::new(), ..healthy() }), Remedy::Reissue);
    }

    #[test]
    fn money_of_a_closed_order_or_a_failed_refund_goes_back() {
        let closed = Given { order: OrderStatus::Expired, tickets: Vec::new(), ..healthy() };
        assert_eq!(remedy(&closed), Remedy::Refund);
        let failed = Given { refunds: vec![refund(RefundState::Failed, Some("re_1"))], ..healthy() };
        assert_eq!(remedy(&failed), Remedy::Refund);
        let again =
            vec![refund(RefundState::Failed, Some("re_1")), refund(RefundState::Pending, Some("re_2"))];
        assert_eq!(remedy(&Given { refunds: again, ..healthy() }), Remedy::Wait);
    }
}
