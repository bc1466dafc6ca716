//! The record of an order's payment: what is known of it here, and who may write to it.
//!
//! Here is what a recorded payment is and which states follow each other; it is taken in `take.rs`, moved on by its taker in
//! `advance.rs`, and read by everybody in `read.rs`.

mod advance;
mod read;
mod take;

use chrono::{DateTime, Utc};
use marquee_core::db::DbError;
use marquee_core::ids::{OrderId, PaymentId};
use marquee_core::money::{Currency, Money};
use marquee_entity::orders::PaymentState;
use sea_orm::FromQueryResult;
use thiserror::Error;
use uuid::Uuid;

pub use advance::{Learnt, advance, advance_twice, await_provider, note_intent, put_back, under_way};
pub use read::{Due, due, order_of, read};
pub use take::{Attempt, begin_attempt, give_up, lease, reopen};

/// How long a taker has a payment for itself. Longer than any one call to the provider may take, and short enough that
/// another process goes on soon when the taker dies.
pub const LEASE_SECONDS: f64 = 10.0;

const COLUMNS: &str = "p.id, p.order_id, p.provider, p.account, p.intent_id, p.state, p.amount, p.currency, p.attempts,
    p.attempt_id, p.confirmation_token, p.client_secret, p.action_url, p.decline_code, p.failure, p.action_until,
    p.awaited_since, p.fence, extract(epoch from marquee_now() - p.updated_at)::float8 as age";

/// The condition on `p` that it is the payment whose id at the provider is the value `intent`, or, where that is null, whose
/// charge is `charge` (the provider gives no two the same id): one look-up by a key, never a walk.
pub(crate) fn known_as(intent: &str, charge: &str) -> String {
    format!(
        "p.id = case when {intent}::text is not null
             then (select i.id from payments i where i.tenant_id = $1 and i.intent_id = {intent} limit 1)
             else (select c.id from payments c where c.tenant_id = $1 and c.charge_id = {charge} limit 1) end"
    )
}

/// Writes the step that `moved` (the statement before, under that name, answering [`COLUMNS`]) made, in one statement
/// with it: `$2` the step's id, `$3` its note.
const STEP: &str = ", step as (
         insert into payment_steps (tenant_id, id, order_id, state, fence, attempt_id, intent_id, note)
         select $1, $2, m.order_id, m.state, m.fence, m.attempt_id, m.intent_id, $3 from moved m
     )
     select * from moved";

/// A payment as recorded, and the right to write to it while its `fence` is the newest.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Payment {
    /// Id.
    pub id: PaymentId,
    /// Whose.
    pub order_id: OrderId,
    /// Name of the provider.
    pub provider: String,
    /// The account that is charged.
    pub account: Option<String>,
    /// The provider's id, once it told us.
    pub intent_id: Option<String>,
    /// Where it stands.
    pub state: PaymentState,
    /// How much, in minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
    /// Tries that reached the card, the running one included.
    pub attempts: i32,
    /// Names the running try to the provider.
    pub attempt_id: Option<Uuid>,
    /// What the payment form made of the card, for the running try.
    pub confirmation_token: Option<String>,
    /// With it the buyer's browser may go on.
    pub client_secret: Option<String>,
    /// The bank's page, while it asks the buyer to confirm.
    pub action_url: Option<String>,
    /// Why the last try was declined.
    pub decline_code: Option<String>,
    /// Why the last try never reached the card: `unreachable` or `invalid_token`.
    pub failure: Option<String>,
    /// Until when the buyer may confirm.
    pub action_until: Option<DateTime<Utc>>,
    /// Since when the provider cannot give it up, while its units are free again.
    pub awaited_since: Option<DateTime<Utc>>,
    /// Grows with each taker.
    pub fence: i64,
    /// Seconds since its state last changed.
    pub age: f64,
}

impl Payment {
    /// What is to be paid.
    pub fn money(&self) -> Money {
        Money { amount: self.amount, currency: self.currency.clone() }
    }
}

/// Why a payment was not written.
#[derive(Debug, Error)]
pub enum RecordError {
    /// Somebody else took it, or it has moved on.
    #[error("the payment was taken over")]
    Overtaken,
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Is there still something to do about a payment in this state?
pub fn is_open(state: PaymentState) -> bool {
    use PaymentState::{Cancelled, Captured, Declined};
    !matches!(state, Declined | Captured | Cancelled)
}

/// Does a payment stay in this state until something comes from outside?
fn rests(state: PaymentState) -> bool {
    !is_open(state) || state == PaymentState::RequiresAction
}

/// The states from which `next` may follow.
fn sources(next: PaymentState) -> Vec<String> {
    names(PaymentState::ALL, |state| state.transition(next).is_some())
}

fn names(states: &[PaymentState], pick: impl Fn(&PaymentState) -> bool) -> Vec<String> {
    states.iter().filter(|state| pick(state)).map(|state| state.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_that_was_taken_or_released_is_final() {
        for next in PaymentState::ALL {
            let from = sources(*next);
            assert!(!from.contains(&"captured".to_owned()), "{next}");
            assert!(!from.contains(&"cancelled".to_owned()), "{next}");
        }
    }

    #[test]
    fn only_a_payment_at_rest_can_be_tried_again() {
        assert_eq!(sources(PaymentState::Confirming), ["created", "requires_action", "declined"]);
        assert_eq!(
            sources(PaymentState::Captured),
            ["confirming", "requires_action", "capturing", "cancelling"]
        );
    }
}
