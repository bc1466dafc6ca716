//! The only place for SQL about letters.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{OrderId, PerformanceChangeId, RefundId};
use marquee_core::params;
use marquee_entity::money::{RefundReason, RefundState};
use sea_orm::FromQueryResult;

use super::types::{About, Facts, Letter, Row};
use crate::TicketError;
use crate::store::paper_order;

#[derive(Debug, FromQueryResult)]
struct RefundRow {
    order_id: OrderId,
    amount: i64,
    reason: RefundReason,
    state: RefundState,
    /// The promoter's words about the change that it follows from.
    note: Option<String>,
    staying: i64,
}

#[derive(Debug, FromQueryResult)]
struct ChangeRow {
    starts_at_before: DateTime<Utc>,
    starts_at_after: Option<DateTime<Utc>>,
    return_until: Option<DateTime<Utc>>,
    note: Option<String>,
    /// Was the performance cancelled, at whatever time?
    cancelled: bool,
}

/// What a letter tells; none for what is not true any more.
///
/// # Errors
/// `UnknownOrder`.
pub(crate) async fn facts(tx: &TenantTx, letter: Letter) -> Result<Option<Facts>, TicketError> {
    match letter {
        Letter::Refund { refund_id } => of_refund(tx, refund_id).await,
        Letter::Postponed { order_id, change_id } => postponed(tx, order_id, change_id).await,
    }
}

async fn of_refund(tx: &TenantTx, id: RefundId) -> Result<Option<Facts>, TicketError> {
    let refund: Option<RefundRow> = tx
        .optional(
            "select r.order_id, r.amount, r.reason, r.state,
                 (select c.note from performance_changes c where c.tenant_id = $1 and c.id = r.change_id) as note,
                 (select count(*) from tickets t
                  where t.tenant_id = $1 and t.order_id = r.order_id and t.status <> 'void') as staying
             from refunds r where r.tenant_id = $1 and r.id = $2",
            params![id],
        )
        .await?;
    let Some(refund) = refund.filter(|refund| refund.state != RefundState::Failed) else { return Ok(None) };
    let order = paper_order(tx, refund.order_id).await?;
    let order = order.ok_or(TicketError::UnknownOrder(refund.order_id))?;
    let RefundRow { amount, note, staying, .. } = refund;
    let (about, rows) = match refund.reason {
        RefundReason::SeatLost => (About::SeatLost { amount }, ordered(tx, refund.order_id).await?),
        RefundReason::Cancelled => (About::Cancelled { amount, note }, taken_back(tx, id).await?),
        RefundReason::Requested | RefundReason::Postponed | RefundReason::Provider => {
            (About::Refund { amount, staying }, taken_back(tx, id).await?)
        }
    };
    Ok(Some(Facts { order, about, rows }))
}

/// A date that was changed again, or given up, is not told any more.
async fn postponed(
    tx: &TenantTx,
    id: OrderId,
    change: PerformanceChangeId,
) -> Result<Option<Facts>, TicketError> {
    let order = paper_order(tx, id).await?.ok_or(TicketError::UnknownOrder(id))?;
    let rows = good(tx, id).await?;
    let change = change_of(tx, change).await?.filter(|change| {
        !change.cancelled && change.starts_at_after == Some(order.starts_at) && !rows.is_empty()
    });
    let Some(change) = change else { return Ok(None) };
    let Some(return_until) = change.return_until else { return Ok(None) };
    let (before, amount) = (change.starts_at_before, order.total);
    let about = About::Postponed { before, return_until, amount, note: change.note };
    Ok(Some(Facts { order, about, rows }))
}

async fn change_of(tx: &TenantTx, id: PerformanceChangeId) -> Result<Option<ChangeRow>, DbError> {
    tx.optional(
        "select c.starts_at_before, c.starts_at_after, c.return_until, c.note,
             p.cancelled_at is not null as cancelled
         from performance_changes c
         join performances p on p.tenant_id = $1 and p.id = c.performance_id
         where c.tenant_id = $1 and c.id = $2",
        params![id],
    )
    .await
}

/// The places whose tickets a refund takes back.
async fn taken_back(tx: &TenantTx, refund: RefundId) -> Result<Vec<Row>, DbError> {
    tx.all(
        "select line.label, line.ticket_type, line.price_level, line.face + line.fees + line.tax as total
         from refund_tickets r
         join tickets t on t.tenant_id = $1 and t.id = r.ticket_id
         join order_lines line on line.tenant_id = $1 and line.id = t.order_line_id
         where r.tenant_id = $1 and r.refund_id = $2
         order by line.place, t.id",
        params![refund],
    )
    .await
}

/// The places of an order whose tickets are good.
async fn good(tx: &TenantTx, order: OrderId) -> Result<Vec<Row>, DbError> {
    tx.all(
        "select line.label, line.ticket_type, line.price_level, line.face + line.fees + line.tax as total
         from tickets t
         join order_lines line on line.tenant_id = $1 and line.id = t.order_line_id
         where t.tenant_id = $1 and t.order_id = $2 and t.status <> 'void'
         order by line.place, t.id",
        params![order],
    )
    .await
}

/// The places that were ordered.
async fn ordered(tx: &TenantTx, order: OrderId) -> Result<Vec<Row>, DbError> {
    tx.all(
        "select line.label, line.ticket_type, line.price_level, line.face + line.fees + line.tax as total
         from order_lines line where line.tenant_id = $1 and line.order_id = $2
         order by line.place, line.id",
        params![order],
    )
    .await
}
