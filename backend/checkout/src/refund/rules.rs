//! What may be refunded, and what an order is called then: pure rules.

use std::collections::HashSet;

use marquee_core::ids::TicketId;
use marquee_entity::orders::{OrderStatus, TicketStatus};
use marquee_payments::refunds::Totals;
use sea_orm::FromQueryResult;

use super::{RefundError, RefundWhat};

/// A ticket of an order with what it cost.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub(super) struct TicketAt {
    pub(super) ticket_id: TicketId,
    pub(super) status: TicketStatus,
    /// All-in, in minor units.
    pub(super) price: i64,
    /// Was it withdrawn for refunds that all failed?
    pub(super) owed: bool,
}

/// All that the rules look at.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) status: OrderStatus,
    pub(super) total: i64,
    /// What the provider took, in minor units; none while it has not.
    pub(super) captured: Option<i64>,
    pub(super) totals: Totals,
    /// Did the buyer's bank take the money back, or may it still?
    pub(super) disputed: bool,
    pub(super) tickets: &'a [TicketAt],
}

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    /// Minor units.
    pub(super) amount: i64,
    /// The tickets that it takes back.
    pub(super) tickets: Vec<TicketId>,
}

/// Judges a request. What was captured may go back whatever the order is called: one that is closed owns no seats, and its money
/// is owed in full, also after the refund that was promised at once has failed.
///
/// # Errors
/// Why not.
pub(super) fn judge(case: &Case<'_>, what: &RefundWhat) -> Result<Judged, RefundError> {
    let captured = match case.total {
        0 => Some(0).filter(|_| case.status.is_paid()),
        _ => case.captured,
    };
    let captured = captured.ok_or(RefundError::OrderState(case.status))?;
    if case.disputed {
        return Err(RefundError::Disputed);
    }
    let left = captured - case.totals.promised;
    let live = || case.tickets.iter().filter(|ticket| ticket.status != TicketStatus::Void);
    let all_live = || live().map(|ticket| ticket.ticket_id).collect::<Vec<_>>();
    match what {
        RefundWhat::Everything if left <= 0 && live().next().is_none() => {
            Err(RefundError::OrderState(case.status))
        }
        RefundWhat::Everything => Ok(Judged { amount: left.max(0), tickets: all_live() }),
        RefundWhat::Amount(amount) if *amount <= 0 => Err(RefundError::Amount),
        RefundWhat::Amount(_) if left <= 0 && case.total > 0 => Err(RefundError::OrderState(case.status)),
        RefundWhat::Amount(amount) if *amount > left => Err(RefundError::ExceedsCapture { left }),
        RefundWhat::Amount(amount) => {
            let tickets = if *amount == left { all_live() } else { Vec::new() };
            Ok(Judged { amount: *amount, tickets })
        }
        RefundWhat::Tickets(named) => of_tickets(case, named, left),
    }
}

/// Each ticket at its price. The last ones that are good get what is left of theirs: an amount may have gone back
/// before.
fn of_tickets(case: &Case<'_>, named: &[TicketId], left: i64) -> Result<Judged, RefundError> {
    let wanted: HashSet<TicketId> = named.iter().copied().collect();
    if wanted.is_empty() || wanted.len() != named.len() {
        return Err(RefundError::Tickets);
    }
    let mut sum = 0_i64;
    for id in named {
        let ticket = case.tickets.iter().find(|ticket| ticket.ticket_id == *id);
        let ticket = ticket.ok_or(RefundError::UnknownTicket(*id))?;
        if ticket.status == TicketStatus::Void && !ticket.owed {
            return Err(RefundError::TicketVoid(*id));
        }
        sum = sum.checked_add(ticket.price).ok_or(RefundError::ExceedsCapture { left })?;
    }
    let others: Vec<TicketId> = case
        .tickets
        .iter()
        .filter(|ticket| ticket.status != TicketStatus::Void && !wanted.contains(&ticket.ticket_id))
        .map(|ticket| ticket.ticket_id)
        .collect();
    let amount = if others.is_empty() { sum.min(left.max(0)) } else { sum };
    if amount > left {
        return Err(RefundError::ExceedsCapture { left: left.max(0) });
    }
    let completes = case.total > 0 && left > 0 && amount == left;
    let tickets = named.iter().copied().chain(others.into_iter().filter(|_| completes)).collect();
    Ok(Judged { amount, tickets })
}

/// What an order is called, given what the provider has paid back of it. None: it stays as it is.
pub(super) fn status_after(
    now: OrderStatus,
    total: i64,
    was_paid: bool,
    succeeded: i64,
    tickets: &[TicketAt],
) -> Option<OrderStatus> {
    let void = tickets.iter().filter(|ticket| ticket.status == TicketStatus::Void).count();
    let next = if total == 0 {
        match void {
            0 => OrderStatus::Paid,
            all if all == tickets.len() => OrderStatus::Refunded,
            _ => OrderStatus::PartiallyRefunded,
        }
    } else if succeeded >= total {
        OrderStatus::Refunded
    } else if !was_paid {
        // Its seats were gone when the money came: until that is back, it is closed and its money still here. It is so again
        // when the bank returns what had gone back.
        if now != OrderStatus::Refunded {
            return None;
        }
        OrderStatus::Expired
    } else if succeeded > 0 {
        OrderStatus::PartiallyRefunded
    } else {
        OrderStatus::Paid
    };
    (next != now).then_some(next)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> TicketId {
        TicketId(Uuid::from_u128(n))
    }

    fn ticket(n: u128, status: TicketStatus, price: i64) -> TicketAt {
        TicketAt { ticket_id: id(n), status, price, owed: false }
    }

    fn two() -> Vec<TicketAt> {
        vec![ticket(1, TicketStatus::Valid, 47), ticket(2, TicketStatus::Used, 53)]
    }

    fn case(tickets: &[TicketAt], promised: i64) -> Case<'_> {
        Case {
            status: OrderStatus::Paid,
            total: 100,
            captured: Some(100),
            totals: Totals { promised, ..Totals::default() },
            disputed: false,
            tickets,
        }
    }

    fn asked(case: &Case<'_>, what: &RefundWhat) -> Result<Judged, RefundError> {
        judge(case, what)
    }

    fn won(amount: i64, tickets: &[u128]) -> Judged {
        Judged { amount, tickets: tickets.iter().map(|n| id(*n)).collect() }
    }

    #[test]
    fn everything_is_what_is_left() {
        let tickets = two();
        assert_eq!(asked(&case(&tickets, 0), &RefundWhat::Everything).unwrap(), won(100, &[1, 2]));
        assert_eq!(asked(&case(&tickets, 30), &RefundWhat::Everything).unwrap(), won(70, &[1, 2]));
        let gone = vec![ticket(1, TicketStatus::Void, 100)];
        let again = asked(&case(&gone, 100), &RefundWhat::Everything);
        assert!(matches!(again, Err(RefundError::OrderState(_))), "{again:?}");
        assert_eq!(
            asked(&case(&gone, 0), &RefundWhat::Everything).unwrap(),
            won(100, &[]),
            "the first one failed"
        );
    }

    #[test]
    fn an_amount_keeps_the_tickets_unless_it_is_all() {
        let tickets = two();
        assert_eq!(asked(&case(&tickets, 0), &RefundWhat::Amount(99)).unwrap(), won(99, &[]));
        assert_eq!(asked(&case(&tickets, 1), &RefundWhat::Amount(99)).unwrap(), won(99, &[1, 2]));
    }

    #[test]
    fn amounts_that_cannot_be_are_refused() {
        let tickets = two();
        for amount in [0, -1, i64::MIN] {
            let refused = asked(&case(&tickets, 0), &RefundWhat::Amount(amount));
            assert!(matches!(refused, Err(RefundError::Amount)), "{amount}: {refused:?}");
        }
        for (promised, amount) in [(0, 101), (60, 41), (0, i64::MAX)] {
            let refused = asked(&case(&tickets, promised), &RefundWhat::Amount(amount));
            assert!(matches!(refused, Err(RefundError::ExceedsCapture { .. })), "{amount}: {refused:?}");
        }
    }

    #[test]
    fn a_ticket_goes_back_once_at_its_price() {
        let mut tickets = two();
        assert_eq!(asked(&case(&tickets, 0), &RefundWhat::Tickets(vec![id(2)])).unwrap(), won(53, &[2]));
        tickets[1].status = TicketStatus::Void;
        let again = asked(&case(&tickets, 53), &RefundWhat::Tickets(vec![id(2)]));
        assert!(matches!(again, Err(RefundError::TicketVoid(_))), "{again:?}");
        tickets[1].owed = true;
        assert_eq!(asked(&case(&tickets, 0), &RefundWhat::Tickets(vec![id(2)])).unwrap(), won(53, &[2]));
        let strange = asked(&case(&tickets, 0), &RefundWhat::Tickets(vec![id(9)]));
        assert!(matches!(strange, Err(RefundError::UnknownTicket(_))), "{strange:?}");
        for named in [vec![], vec![id(1), id(1)]] {
            let refused = asked(&case(&tickets, 0), &RefundWhat::Tickets(named));
            assert!(matches!(refused, Err(RefundError::Tickets)), "{refused:?}");
        }
    }

    #[test]
    fn the_last_ticket_gets_what_is_left() {
        let tickets = two();
        assert_eq!(asked(&case(&tickets, 10), &RefundWhat::Tickets(vec![id(1)])).unwrap(), won(47, &[1]));
        let last = vec![ticket(1, TicketStatus::Void, 47), ticket(2, TicketStatus::Valid, 53)];
        assert_eq!(asked(&case(&last, 57), &RefundWhat::Tickets(vec![id(2)])).unwrap(), won(43, &[2]));
        let refused = asked(&case(&tickets, 60), &RefundWhat::Tickets(vec![id(1)]));
        assert!(matches!(refused, Err(RefundError::ExceedsCapture { left: 40 })), "{refused:?}");
    }

    #[test]
    fn what_was_not_captured_does_not_go_back() {
        let tickets = two();
        for status in OrderStatus::ALL {
            let mut unpaid = case(&tickets, 0);
            (unpaid.status, unpaid.captured) = (*status, None);
            let refused = asked(&unpaid, &RefundWhat::Everything);
            assert!(matches!(refused, Err(RefundError::OrderState(_))), "{status}: {refused:?}");
        }
    }

    #[test]
    fn what_came_too_late_goes_back_until_it_is_back() {
        for status in [OrderStatus::Expired, OrderStatus::Cancelled, OrderStatus::Processing] {
            let mut late = case(&[], 0);
            late.status = status;
            assert_eq!(asked(&late, &RefundWhat::Everything).unwrap(), won(100, &[]), "{status}");
            assert_eq!(asked(&late, &RefundWhat::Amount(40)).unwrap(), won(40, &[]), "{status}");
            late.totals.promised = 100;
            let again = asked(&late, &RefundWhat::Everything);
            assert!(matches!(again, Err(RefundError::OrderState(_))), "{status}: {again:?}");
        }
    }

    #[test]
    fn what_the_bank_took_back_is_not_paid_back_too() {
        let tickets = two();
        let mut disputed = case(&tickets, 0);
        disputed.disputed = true;
        let refused = asked(&disputed, &RefundWhat::Everything);
        assert!(matches!(refused, Err(RefundError::Disputed)), "{refused:?}");
    }

    #[test]
    fn what_cost_nothing_goes_back_for_nothing() {
        let tickets = vec![ticket(1, TicketStatus::Valid, 0), ticket(2, TicketStatus::Valid, 0)];
        let mut free = case(&tickets, 0);
        (free.total, free.captured) = (0, None);
        assert_eq!(asked(&free, &RefundWhat::Everything).unwrap(), won(0, &[1, 2]));
        assert_eq!(asked(&free, &RefundWhat::Tickets(vec![id(1)])).unwrap(), won(0, &[1]));
        assert!(matches!(asked(&free, &RefundWhat::Amount(1)), Err(RefundError::ExceedsCapture { .. })));
    }

    #[test]
    fn an_order_is_called_what_the_provider_has_done() {
        use OrderStatus::{Expired, Paid, PartiallyRefunded, Processing, Refunded};
        let after = |now, was_paid, succeeded| status_after(now, 100, was_paid, succeeded, &two());
        assert_eq!(after(Paid, true, 0), None);
        assert_eq!(after(Paid, true, 1), Some(PartiallyRefunded));
        assert_eq!(after(PartiallyRefunded, true, 100), Some(Refunded));
        assert_eq!(after(Refunded, true, 0), Some(Paid), "all of it failed");
        assert_eq!(after(Refunded, true, 40), Some(PartiallyRefunded));
        assert_eq!(after(Expired, false, 100), Some(Refunded));
        assert_eq!(after(Processing, false, 0), None);
        assert_eq!(after(Refunded, false, 0), Some(Expired), "as before it went back");
        let free = [ticket(1, TicketStatus::Void, 0), ticket(2, TicketStatus::Valid, 0)];
        assert_eq!(status_after(Paid, 0, true, 0, &free), Some(PartiallyRefunded));
        assert_eq!(status_after(Paid, 0, true, 0, &free[..1]), Some(Refunded));
    }
}
