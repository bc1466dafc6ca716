//! Every query about refunds.

use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::{OrderId, RefundId, TicketId};
use marquee_core::params;
use marquee_entity::money::RefundState;
use sea_orm::FromQueryResult;

use super::types::{Created, Due, Learnt, NewRefund, Refund, Totals, sources};
use crate::guard;
use crate::record::{LEASE_SECONDS, RecordError};

const DUE: Tag = Tag::background("refunds.due");

const COLUMNS: &str =
    "r.id, r.order_id, r.change_id, r.request_key, r.reason, r.state, r.amount, r.currency, r.provider_id,
    r.failure, r.note, r.requested_by, r.refunded_before, r.attempts, r.fence, r.created_at, r.succeeded_at,
    extract(epoch from marquee_now() - r.created_at)::float8 as age";

#[derive(FromQueryResult)]
struct TicketRow {
    ticket_id: TicketId,
}

/// Promises a refund, once for each key of an order. The caller holds the order's row and has judged the amount.
///
/// # Errors
/// As [`DbError`] says.
pub async fn create(tx: &TenantTx, new: &NewRefund<'_>) -> Result<Created, DbError> {
    let sql = format!(
        "insert into refunds as r (tenant_id, id, order_id, change_id, request_key, reason, amount, currency,
             requested_by, note, state, succeeded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $7 = 0 then 'succeeded' else 'requested' end,
             case when $7 = 0 then marquee_now() end)
         on conflict (tenant_id, order_id, request_key) do nothing
         returning {COLUMNS}"
    );
    let values = params![
        RefundId::generate(),
        new.order,
        new.change,
        new.request_key,
        new.reason,
        new.amount,
        new.currency.as_str(),
        new.requested_by,
        new.note,
    ];
    let Some(refund) = tx.optional::<Refund>(&sql, values).await? else {
        return by_key(tx, new.order, new.request_key).await?.map(Created::Known).ok_or(DbError::Contention);
    };
    if !new.tickets.is_empty() {
        add_tickets(tx, refund.id, new.tickets).await?;
    }
    Ok(Created::New(refund))
}

/// Notes tickets that a refund takes back.
///
/// # Errors
/// As [`DbError`] says.
pub async fn add_tickets(tx: &TenantTx, refund: RefundId, tickets: &[TicketId]) -> Result<(), DbError> {
    tx.execute(
        "insert into refund_tickets (tenant_id, refund_id, ticket_id) select $1, $2, unnest($3::uuid[])",
        params![refund, tickets.iter().map(|ticket| ticket.0).collect::<Vec<_>>()],
    )
    .await
    .map(drop)
}

/// A refund as it stands.
///
/// # Errors
/// As [`DbError`] says.
pub async fn read(tx: &TenantTx, id: RefundId) -> Result<Option<Refund>, DbError> {
    let sql = format!("select {COLUMNS} from refunds r where r.tenant_id = $1 and r.id = $2");
    tx.optional(&sql, params![id]).await
}

/// The refund of an order that this key asked for.
///
/// # Errors
/// As [`DbError`] says.
pub async fn by_key(tx: &TenantTx, order: OrderId, request_key: &str) -> Result<Option<Refund>, DbError> {
    let sql = format!(
        "select {COLUMNS} from refunds r where r.tenant_id = $1 and r.order_id = $2 and r.request_key = $3"
    );
    tx.optional(&sql, params![order, request_key]).await
}

/// The refund with this id of the provider's.
///
/// # Errors
/// As [`DbError`] says.
pub async fn by_provider(tx: &TenantTx, provider_id: &str) -> Result<Option<Refund>, DbError> {
    let sql = format!("select {COLUMNS} from refunds r where r.tenant_id = $1 and r.provider_id = $2");
    tx.optional(&sql, params![provider_id]).await
}

/// The refunds of an order, the oldest first.
///
/// # Errors
/// As [`DbError`] says.
pub async fn of_order(tx: &TenantTx, order: OrderId) -> Result<Vec<Refund>, DbError> {
    let sql = format!(
        "select {COLUMNS} from refunds r where r.tenant_id = $1 and r.order_id = $2 order by r.created_at, r.id"
    );
    tx.all(&sql, params![order]).await
}

/// The tickets that a refund takes back.
///
/// # Errors
/// As [`DbError`] says.
pub async fn tickets_of(tx: &TenantTx, refund: RefundId) -> Result<Vec<TicketId>, DbError> {
    let rows: Vec<TicketRow> = tx
        .all(
            "select ticket_id from refund_tickets where tenant_id = $1 and refund_id = $2 order by ticket_id",
            params![refund],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.ticket_id).collect())
}

/// Sums over an order's refunds.
///
/// # Errors
/// As [`DbError`] says.
pub async fn totals(tx: &TenantTx, order: OrderId) -> Result<Totals, DbError> {
    tx.one(
        "select coalesce(sum(amount) filter (where state <> 'failed'), 0)::bigint as promised,
             coalesce(sum(amount) filter (where state in ('pending', 'succeeded')), 0)::bigint as known,
             coalesce(sum(amount) filter (where state = 'succeeded'), 0)::bigint as succeeded,
             coalesce(sum(amount) filter (where refunded_before is not null and state <> 'failed'), 0)::bigint as booked
         from refunds where tenant_id = $1 and order_id = $2",
        params![order],
    )
    .await
}

/// Takes an open refund that nobody has. `None`: it is not open, or somebody works on it.
///
/// # Errors
/// As [`DbError`] says.
pub async fn lease(tx: &TenantTx, id: RefundId) -> Result<Option<Refund>, DbError> {
    let sql = format!(
        "update refunds r set fence = r.fence + 1, attempts = r.attempts + 1,
             lease_until = marquee_now() + make_interval(secs => $3)
         where r.tenant_id = $1 and r.id = $2 and r.state in ('requested', 'pending')
           and coalesce(r.lease_until <= marquee_now(), true)
         returning {COLUMNS}"
    );
    tx.optional(&sql, params![id, LEASE_SECONDS]).await
}

/// Moves a refund on and ends its lease.
///
/// # Errors
/// `Overtaken` when the caller's fence is not the newest, or no such move leads from the recorded state.
pub async fn advance(
    tx: &TenantTx,
    refund: &Refund,
    next: RefundState,
    learnt: &Learnt<'_>,
) -> Result<Refund, RecordError> {
    let fence = guard::fence("r", "$3");
    let sql = format!(
        "update refunds r set state = $4, provider_id = coalesce(r.provider_id, $5), failure = $6,
             succeeded_at = case when $4 = 'succeeded' then marquee_now() else r.succeeded_at end,
             lease_until = null, due_at = marquee_now() + make_interval(secs => $7), updated_at = marquee_now()
         where r.tenant_id = $1 and r.id = $2 and {fence} and r.state = any($8)
         returning {COLUMNS}"
    );
    let values = params![
        refund.id,
        refund.fence,
        next,
        learnt.provider_id,
        learnt.failure,
        learnt.due_in,
        sources(next)
    ];
    tx.optional(&sql, values).await?.ok_or(RecordError::Overtaken)
}

/// Notes that the ledger took a refund in, when `before` had gone back of its order. Once: `false` where it had already.
///
/// # Errors
/// As [`DbError`] says.
pub async fn note_booked(tx: &TenantTx, id: RefundId, before: i64) -> Result<bool, DbError> {
    let rows = tx
        .execute(
            "update refunds set refunded_before = $3 where tenant_id = $1 and id = $2 and refunded_before is null",
            params![id, before],
        )
        .await?;
    Ok(rows == 1)
}

/// Ends the caller's lease with the state unchanged; the worker looks again after `due_in` seconds. `failure` says why
/// the try led to nothing, and is kept until the next one.
///
/// # Errors
/// `Overtaken` as above.
pub async fn put_back(
    tx: &TenantTx,
    refund: &Refund,
    failure: Option<&str>,
    due_in: f64,
) -> Result<(), RecordError> {
    let fence = guard::fence("r", "$3");
    let sql = format!(
        "update refunds r set lease_until = null, failure = $4, due_at = marquee_now() + make_interval(secs => $5)
         where r.tenant_id = $1 and r.id = $2 and {fence}"
    );
    let rows = tx.execute(&sql, params![refund.id, refund.fence, failure, due_in]).await?;
    if rows == 1 { Ok(()) } else { Err(RecordError::Overtaken) }
}

/// Open refunds that are due and that nobody has, the longest waiting first.
///
/// # Errors
/// As [`DbError`] says.
pub async fn due(db: &Db, limit: i64) -> Result<Vec<Due>, DbError> {
    let tx = db.begin_platform(DUE).await?;
    let due = tx
        .all(
            "select tenant_id, id as refund_id from refunds
             where state in ('requested', 'pending') and due_at <= marquee_now()
               and coalesce(lease_until <= marquee_now(), true)
             order by due_at limit $1",
            params![limit],
        )
        .await?;
    tx.commit().await?;
    Ok(due)
}
