//! Taking a payment: each of these lets its `fence` grow, so whoever had it before writes no more.

use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{OrderId, PaymentId};
use marquee_core::money::Money;
use marquee_core::params;
use marquee_entity::orders::PaymentState;
use uuid::Uuid;

use super::{COLUMNS, LEASE_SECONDS, Payment, RecordError, STEP, is_open, names, sources};

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
