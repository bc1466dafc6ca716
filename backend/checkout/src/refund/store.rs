//! The queries of this room.

use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{OrderId, PerformanceId};
use marquee_core::params;
use sea_orm::FromQueryResult;

use super::rules::TicketAt;

#[derive(FromQueryResult)]
struct Flag {
    it_is: bool,
}

/// The order's tickets, in the buyer's sequence.
pub(super) async fn tickets(tx: &TenantTx, order: OrderId) -> Result<Vec<TicketAt>, DbError> {
    tx.all(
        "select t.id as ticket_id, t.status, line.face + line.fees + line.tax as price,
             coalesce((select bool_and(r.state = 'failed') from refund_tickets w
                       join refunds r on r.tenant_id = $1 and r.id = w.refund_id
                       where w.tenant_id = $1 and w.ticket_id = t.id), false) as owed
         from tickets t join order_lines line on line.tenant_id = $1 and line.id = t.order_line_id
         where t.tenant_id = $1 and t.order_id = $2 order by line.place, t.id",
        params![order],
    )
    .await
}

/// Can units of this performance still be sold to anybody: is it neither cancelled nor over?
pub(super) async fn still_sells(tx: &TenantTx, performance: PerformanceId) -> Result<bool, DbError> {
    let flag: Flag = tx
        .one(
            "select cancelled_at is null and ends_at > marquee_now() as it_is from performances
             where tenant_id = $1 and id = $2",
            params![performance],
        )
        .await?;
    Ok(flag.it_is)
}

/// Did the buyer's bank take the order's money back, for now or for good?
pub(super) async fn is_disputed(tx: &TenantTx, order: OrderId) -> Result<bool, DbError> {
    let flag: Flag = tx
        .one(
            "select exists (select 1 from disputes d where d.tenant_id = $1 and d.order_id = $2 and d.withdrawn
                            and coalesce(d.outcome = 'lost', true)) as it_is",
            params![order],
        )
        .await?;
    Ok(flag.it_is)
}
