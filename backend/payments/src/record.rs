//! The record of an order's payment: what is known of it here, and who may write to it.

use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, PlatformTx, Tag, TenantTx};
use marquee_core::ids::{OrderId, PaymentId, TenantId};
use marquee_core::money::{Currency, Money};
use marquee_core::params;
use marquee_entity::orders::PaymentState;
use sea_orm::FromQueryResult;
use thiserror::Error;
use uuid::Uuid;

use crate::guard;

/// How long a taker has a payment for itself. Longer than any one call to the provider may take, and short enough that
/// another process goes on soon when the taker dies.
pub const LEASE_SECONDS: f64 = 10.0;

const DUE: Tag = Tag::background("payments.due");

const COLUMNS: &str = "p.id, p.order_id, p.provider, p.account, p.intent_id, p.state, p.amount, p.currency, p.attempts,
    p.attempt_id, p.confirmation_token, p.client_secret, p.action_url, p.decline_code, p.failure, p.action_until,
    p.awaited_since, p.fence, extract(epoch from marquee_now() - p.updated_at)::float8 as age";

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

/// A new try to pay.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// Whose.
    pub order: OrderId,
    /// Name of the provider.
    pub provider: &'a str,
    /// The account that is charged.
    pub account: Option<&'a str>,
    /// How much.
    pub amount: &'a Money,
    /// What the payment form made of the card.
    pub confirmation_token: &'a str,
}

/// What is learnt with a step; what is left out is forgotten, but for the client secret.
#[derive(Debug, Clone, Default)]
pub struct Learnt<'a> {
    /// See [`Payment::client_secret`].
    pub client_secret: Option<&'a str>,
    /// See [`Payment::action_url`].
    pub action_url: Option<&'a str>,
    /// See [`Payment::action_until`]; kept when left out.
    pub action_until: Option<DateTime<Utc>>,
    /// See [`Payment::decline_code`].
    pub decline_code: Option<&'a str>,
    /// See [`Payment::failure`]. Such a try does not count.
    pub failure: Option<&'static str>,
    /// The provider's id of the charge that was made or tried; kept when left out.
    pub charge: Option<&'a str>,
    /// The provider's fingerprint of the card; kept when left out.
    pub fingerprint: Option<&'a str>,
    /// What the payment's history is to say about the step, beside `decline_code` and `failure`.
    pub note: Option<&'static str>,
    /// When the worker is to look again, in seconds; matters while the payment is open.
    pub due_in: f64,
}

/// The payment of an order, if one was begun.
///
/// # Errors
/// As [`DbError`] says.
pub async fn read(tx: &TenantTx, order: OrderId) -> Result<Option<Payment>, DbError> {
    let sql = format!("select {COLUMNS} from payments p where p.tenant_id = $1 and p.order_id = $2");
    tx.optional(&sql, params![order]).await
}

/// Records a new try as `confirming` and takes the payment for the caller.
///
/// # Errors
/// `Overtaken` when the payment is not in a state for a new try.
pub async fn begin_attempt(tx: &TenantTx, attempt: &Attempt<'_>) -> Result<Payment, RecordError> {
    let sql = format!(
        "with moved as (
         insert into payments as p (tenant_id, id, order_id, provider, account, state, amount, currency, attempts,
             attempt_id, confirmation_token, lease_until, due_at, fence)
         values ($1, $4, $5, $6, $7, 'confirming', $8, $9, 1, $10, $11,
             marquee_now() + make_interval(secs => $12), marquee_now() + make_interval(secs => $12), 1)
         on conflict (tenant_id, order_id) do update set state = excluded.state, attempts = p.attempts + 1,
             attempt_id = excluded.attempt_id, confirmation_token = excluded.confirmation_token, decline_code = null,
             failure = null, action_url = null, action_until = null, lease_until = excluded.lease_until, due_at = excluded.due_at,
             fence = p.fence + 1, updated_at = marquee_now()
         where p.state = any($13)
         returning {COLUMNS}){STEP}"
    );
    let values = params![
        Uuid::now_v7(),
        None::<String>,
        PaymentId::generate(),
        attempt.order,
        attempt.provider,
        attempt.account,
        attempt.amount.amount,
        attempt.amount.currency.as_str(),
        Uuid::now_v7(),
        attempt.confirmation_token,
        LEASE_SECONDS,
        sources(PaymentState::Confirming),
    ];
    tx.optional(&sql, values).await?.ok_or(RecordError::Overtaken)
}

/// Takes a payment that rests declined, for what happened to it at the provider without us: a buyer's browser can
/// confirm what we announced. It goes on as `next`. `None`: it does not rest.
///
/// # Errors
/// As [`DbError`] says.
pub async fn reopen(
    tx: &TenantTx,
    order: OrderId,
    next: PaymentState,
    note: &'static str,
) -> Result<Option<Payment>, DbError> {
    let sql = format!(
        "with moved as (
         update payments p set state = $5, fence = p.fence + 1, attempt_id = null, confirmation_token = null,
             lease_until = marquee_now() + make_interval(secs => $6), due_at = marquee_now(), updated_at = marquee_now()
         where p.tenant_id = $1 and p.order_id = $4 and p.state = 'declined'
         returning {COLUMNS}){STEP}"
    );
    tx.optional(&sql, params![Uuid::now_v7(), note, order, next, LEASE_SECONDS]).await
}

/// Takes an open payment that nobody has. `None`: it is not open, or somebody works on it.
///
/// # Errors
/// As [`DbError`] says.
pub async fn lease(tx: &TenantTx, order: OrderId) -> Result<Option<Payment>, DbError> {
    let sql = format!(
        "update payments p set fence = p.fence + 1, lease_until = marquee_now() + make_interval(secs => $3)
         where p.tenant_id = $1 and p.order_id = $2 and p.state = any($4)
           and coalesce(p.lease_until <= marquee_now(), true)
         returning {COLUMNS}"
    );
    tx.optional(&sql, params![order, LEASE_SECONDS, names(PaymentState::ALL, |state| is_open(*state))]).await
}

/// Notes the provider's id and the client secret, and keeps the payment for another while.
///
/// # Errors
/// `Overtaken` as above.
pub async fn note_intent(
    tx: &TenantTx,
    payment: &Payment,
    intent: &str,
    client_secret: Option<&str>,
) -> Result<Payment, RecordError> {
    let fence = guard::fence("p", "$3");
    let sql = format!(
        "update payments p set intent_id = $4, client_secret = coalesce($5, p.client_secret),
             lease_until = marquee_now() + make_interval(secs => $6)
         where p.tenant_id = $1 and p.id = $2 and {fence} and coalesce(p.intent_id = $4, true)
         returning {COLUMNS}"
    );
    let values = params![payment.id, payment.fence, intent, client_secret, LEASE_SECONDS];
    tx.optional(&sql, values).await?.ok_or(RecordError::Overtaken)
}

/// Moves a payment on. Where the new state is one to rest in, the caller's lease ends; else it is renewed.
///
/// # Errors
/// `Overtaken` when the caller's fence is not the newest or no such move leads from the recorded state.
pub async fn advance(
    tx: &TenantTx,
    payment: &Payment,
    next: PaymentState,
    learnt: &Learnt<'_>,
) -> Result<Payment, RecordError> {
    let fence = guard::fence("p", "$5");
    let sql = format!(
        "with moved as (
         update payments p set state = $6, client_secret = coalesce($7, p.client_secret), action_url = $8,
             action_until = coalesce($9, p.action_until), decline_code = $10, failure = $11,
             attempts = p.attempts - (case when $11 = 'unreachable' then 1 else 0 end),
             confirmation_token = case when $6 = 'confirming' then p.confirmation_token end,
             charge_id = coalesce($12, p.charge_id), card_fingerprint = coalesce($13, p.card_fingerprint),
             captured_at = case when $6 = 'captured' then marquee_now() end, awaited_since = null,
             lease_until = case when $14 then null else marquee_now() + make_interval(secs => $15) end,
             due_at = marquee_now() + make_interval(secs => $16), updated_at = marquee_now()
         where p.tenant_id = $1 and p.id = $4 and {fence} and p.state = any($17)
         returning {COLUMNS}){STEP}"
    );
    let values = params![
        Uuid::now_v7(),
        learnt.note.or(learnt.failure).or(learnt.decline_code),
        payment.id,
        payment.fence,
        next,
        learnt.client_secret,
        learnt.action_url,
        learnt.action_until,
        learnt.decline_code,
        learnt.failure,
        learnt.charge,
        learnt.fingerprint,
        rests(next),
        LEASE_SECONDS,
        learnt.due_in,
        sources(next),
    ];
    tx.optional(&sql, values).await?.ok_or(RecordError::Overtaken)
}

/// The provider has the running try and is not done with it: the token is used up, and what the provider says of the
/// payment tells from here on. Ends the caller's lease as [`put_back`] does.
///
/// # Errors
/// `Overtaken` as above.
pub async fn under_way(tx: &TenantTx, payment: &Payment, due_in: f64) -> Result<(), RecordError> {
    let fence = guard::fence("p", "$5");
    let sql = format!(
        "with moved as (
         update payments p set confirmation_token = null, lease_until = null,
             due_at = marquee_now() + make_interval(secs => $6)
         where p.tenant_id = $1 and p.id = $4 and {fence} and p.state = 'confirming'
         returning {COLUMNS}){STEP}"
    );
    let values = params![Uuid::now_v7(), "under way at the provider", payment.id, payment.fence, due_in];
    tx.optional::<Payment>(&sql, values).await?.map(drop).ok_or(RecordError::Overtaken)
}

/// The units are free again while the provider cannot give the payment up: notes since when, and ends the caller's
/// lease as [`put_back`] does.
///
/// # Errors
/// `Overtaken` as above.
pub async fn await_provider(tx: &TenantTx, payment: &Payment, due_in: f64) -> Result<Payment, RecordError> {
    let fence = guard::fence("p", "$5");
    let sql = format!(
        "with moved as (
         update payments p set awaited_since = marquee_now(), lease_until = null,
             due_at = marquee_now() + make_interval(secs => $6)
         where p.tenant_id = $1 and p.id = $4 and {fence} and p.state = 'cancelling'
         returning {COLUMNS}){STEP}"
    );
    let values =
        params![Uuid::now_v7(), "the provider cannot give it up yet", payment.id, payment.fence, due_in];
    tx.optional(&sql, values).await?.ok_or(RecordError::Overtaken)
}

/// Ends the caller's lease with the state unchanged; the worker looks again after `due_in` seconds.
///
/// # Errors
/// `Overtaken` as above.
pub async fn put_back(tx: &TenantTx, payment: &Payment, due_in: f64) -> Result<(), RecordError> {
    let fence = guard::fence("p", "$3");
    let sql = format!(
        "update payments p set lease_until = null, due_at = marquee_now() + make_interval(secs => $4)
         where p.tenant_id = $1 and p.id = $2 and {fence}"
    );
    let rows = tx.execute(&sql, params![payment.id, payment.fence, due_in]).await?;
    if rows == 1 { Ok(()) } else { Err(RecordError::Overtaken) }
}

/// Marks a payment that rests unpaid to be cancelled at the provider, whoever had it.
///
/// # Errors
/// As [`DbError`] says.
pub async fn give_up(tx: &TenantTx, order: OrderId) -> Result<bool, DbError> {
    let sql = format!(
        "with moved as (
         update payments p set state = 'cancelling', fence = p.fence + 1, lease_until = null, confirmation_token = null,
             due_at = marquee_now(), updated_at = marquee_now()
         where p.tenant_id = $1 and p.order_id = $4 and p.state in ('created', 'declined')
         returning {COLUMNS}){STEP}"
    );
    let given_up: Option<Payment> = tx.optional(&sql, params![Uuid::now_v7(), None::<String>, order]).await?;
    Ok(given_up.is_some())
}

/// The order that a payment of `account` (empty: the platform's own) belongs to, by the provider's id of the payment or
/// of its charge.
///
/// # Errors
/// As [`DbError`] says.
pub async fn order_of(
    tx: &TenantTx,
    account: &str,
    intent: Option<&str>,
    charge: Option<&str>,
) -> Result<Option<OrderId>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        order_id: OrderId,
    }
    let row: Option<Row> = tx
        .optional(
            "select order_id from payments
             where tenant_id = $1 and coalesce(account, '') = $2
               and (intent_id = $3 or $3::text is null and charge_id = $4) limit 1",
            params![account, intent, charge],
        )
        .await?;
    Ok(row.map(|row| row.order_id))
}

/// A payment that somebody should look after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Due {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which order's.
    pub order_id: OrderId,
}

/// Open payments that are due and that nobody has, the longest waiting first.
///
/// # Errors
/// As [`DbError`] says.
pub async fn due(db: &Db, limit: i64) -> Result<Vec<Due>, DbError> {
    let tx: PlatformTx = db.begin_platform(DUE).await?;
    let due = tx
        .all(
            "select tenant_id, order_id from payments
             where state in ('created', 'confirming', 'requires_action', 'authorised', 'capturing', 'cancelling')
               and due_at <= marquee_now() and coalesce(lease_until <= marquee_now(), true)
             order by due_at limit $1",
            params![limit],
        )
        .await?;
    tx.commit().await?;
    Ok(due)
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
