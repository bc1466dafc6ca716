//! What a refund is, and the pure rules on it.

use chrono::{DateTime, Utc};
use marquee_core::ids::{OrderId, PerformanceChangeId, RefundId, TenantId, TicketId};
use marquee_core::money::Currency;
use marquee_entity::money::{RefundReason, RefundState};
use sea_orm::FromQueryResult;

/// A refund as recorded, and the right to write to it while its `fence` is the newest.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Refund {
    /// Id.
    pub id: RefundId,
    /// Of which order.
    pub order_id: OrderId,
    /// The cancelled or postponed date it follows from.
    pub change_id: Option<PerformanceChangeId>,
    /// Names what asked for it.
    pub request_key: String,
    /// Why.
    pub reason: RefundReason,
    /// Where it stands.
    pub state: RefundState,
    /// How much, in minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// The provider's id, once it told us.
    pub provider_id: Option<String>,
    /// Why it failed, or why the last try did, in the provider's words for programs.
    pub failure: Option<String>,
    /// What staff wrote about it.
    pub note: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// What had gone back of the order when the ledger took this refund in; none until then.
    pub refunded_before: Option<i64>,
    /// How often it was taken up.
    pub attempts: i32,
    /// Grows with each taker.
    pub fence: i64,
    /// When it was promised.
    pub created_at: DateTime<Utc>,
    /// When the provider had done it.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// Seconds since it was promised.
    pub age: f64,
}

/// A refund about to be promised.
#[derive(Debug, Clone, Copy)]
pub struct NewRefund<'a> {
    /// Of which order.
    pub order: OrderId,
    /// How much, in minor units. Nothing: it is done at once, without the provider.
    pub amount: i64,
    /// The order's.
    pub currency: &'a Currency,
    /// Why.
    pub reason: RefundReason,
    /// The cancelled or postponed date it follows from.
    pub change: Option<PerformanceChangeId>,
    /// Names what asks for it: the same key of the same order again is the same refund.
    pub request_key: &'a str,
    /// Who asks for it.
    pub requested_by: &'a str,
    /// What staff wrote about it.
    pub note: Option<&'a str>,
    /// The tickets that it takes back.
    pub tickets: &'a [TicketId],
}

/// How a refund was written down.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// For the first time.
    New(Refund),
    /// It was there already; nothing was written.
    Known(Refund),
}

/// What is learnt with a step.
#[derive(Debug, Clone, Copy, Default)]
pub struct Learnt<'a> {
    /// The provider's id; kept when left out.
    pub provider_id: Option<&'a str>,
    /// Why it failed.
    pub failure: Option<&'a str>,
    /// When the worker is to look again, in seconds; matters while the refund is open.
    pub due_in: f64,
}

/// Sums over an order's refunds, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromQueryResult)]
pub struct Totals {
    /// All that did not fail: done, under way or promised.
    pub promised: i64,
    /// What the provider has: done or under way there. What is only promised it may still refuse.
    pub known: i64,
    /// What the provider has done.
    pub succeeded: i64,
    /// What the ledger has taken in and not taken back.
    pub booked: i64,
}

/// A refund that somebody should look after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Due {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which.
    pub refund_id: RefundId,
}

/// The states from which `next` may follow.
pub(super) fn sources(next: RefundState) -> Vec<String> {
    let leads = |state: &&RefundState| state.transition(next).is_some();
    RefundState::ALL.iter().filter(leads).map(|state| state.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_fails_for_good() {
        for next in RefundState::ALL {
            assert!(!sources(*next).contains(&"failed".to_owned()), "{next}");
        }
    }

    #[test]
    fn a_refund_that_was_done_can_only_come_back() {
        assert_eq!(sources(RefundState::Pending), ["requested"]);
        assert_eq!(sources(RefundState::Succeeded), ["requested", "pending"]);
        assert_eq!(sources(RefundState::Failed), ["requested", "pending", "succeeded"]);
    }
}
