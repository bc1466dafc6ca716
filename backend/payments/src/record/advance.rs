//! Moving a payment on: what the one that has taken it writes, under its `fence`, until it puts it back.

use chrono::{DateTime, Utc};
use marquee_core::db::TenantTx;
use marquee_core::params;
use marquee_entity::orders::PaymentState;
use uuid::Uuid;

use super::{COLUMNS, LEASE_SECONDS, Payment, RecordError, STEP, rests, sources};
use crate::guard;

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

/// Notes the provider's id and the client secret, and keeps the payment for another while.
///
/// # Errors
/// `Overtaken` when the caller's fence is not the newest or another id is noted.
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
    go(tx, payment, next, None, learnt).await
}

/// Moves a payment on by two steps at once: both are in its history, and what is learnt with them is the second's.
///
/// # Errors
/// `Overtaken` when the caller's fence is not the newest or no such moves lead from the recorded state.
pub async fn advance_twice(
    tx: &TenantTx,
    payment: &Payment,
    path: [PaymentState; 2],
    learnt: &Learnt<'_>,
) -> Result<Payment, RecordError> {
    let [first, second] = path;
    debug_assert!(first.transition(second).is_some(), "no move leads from {first} to {second}");
    go(tx, payment, first, Some(second), learnt).await
}

/// Moves a payment on by a step, or by that and the one `then`.
async fn go(
    tx: &TenantTx,
    payment: &Payment,
    first: PaymentState,
    then: Option<PaymentState>,
    learnt: &Learnt<'_>,
) -> Result<Payment, RecordError> {
    let path: Vec<PaymentState> = std::iter::once(first).chain(then).collect();
    let last = then.unwrap_or(first);
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
         returning {COLUMNS}){STEPS}"
    );
    let values = params![
        path.iter().map(|_| Uuid::now_v7()).collect::<Vec<Uuid>>(),
        learnt.note.or(learnt.failure).or(learnt.decline_code),
        payment.id,
        payment.fence,
        last,
        learnt.client_secret,
        learnt.action_url,
        learnt.action_until,
        learnt.decline_code,
        learnt.failure,
        learnt.charge,
        learnt.fingerprint,
        rests(last),
        LEASE_SECONDS,
        learnt.due_in,
        sources(first),
        path.iter().map(|state| state.as_str().to_owned()).collect::<Vec<String>>(),
    ];
    tx.optional(&sql, values).await?.ok_or(RecordError::Overtaken)
}

/// As [`super::STEP`], for several: `$2` their ids, `$18` where they lead, `$3` the note of the last.
const STEPS: &str = ", steps as (
         insert into payment_steps (tenant_id, id, order_id, state, fence, attempt_id, intent_id, note)
         select $1, s.id, m.order_id, s.state, m.fence, m.attempt_id, m.intent_id, case when s.state = m.state then $3 end
         from moved m cross join unnest($2::uuid[], $18::text[]) s (id, state)
     )
     select * from moved";

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
