//! What our own record says for a sale.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::OrderId;
use marquee_core::params;
use sea_orm::FromQueryResult;

/// What was sold, and when it takes place.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub(super) struct Sale {
    pub(super) title: String,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) cancelled: bool,
    pub(super) venue: String,
    pub(super) address: String,
    pub(super) city: String,
    pub(super) seller: String,
}

/// A ticket as it was issued.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub(super) struct Issued {
    pub(super) label: String,
    pub(super) ticket_type: String,
    pub(super) price: i64,
    pub(super) status: String,
    pub(super) issued_at: DateTime<Utc>,
    pub(super) voided_at: Option<DateTime<Utc>>,
}

/// A scan of one of the order's tickets at the door.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub(super) struct Scanned {
    pub(super) label: String,
    pub(super) gate: String,
    pub(super) device: String,
    pub(super) direction: String,
    pub(super) verdict: String,
    pub(super) scanned_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Waiting {
    n: i64,
}

pub(super) async fn sale(tx: &TenantTx, order: OrderId) -> Result<Sale, DbError> {
    tx.one(
        "select e.title, p.starts_at, p.cancelled_at is not null as cancelled, v.name as venue, v.address, v.city,
             t.legal_name as seller
         from orders o
         join performances p on p.tenant_id = $1 and p.id = o.performance_id
         join events e on e.tenant_id = $1 and e.id = p.event_id
         join venues v on v.tenant_id = $1 and v.id = p.venue_id
         join tenants t on t.id = $1
         where o.tenant_id = $1 and o.id = $2",
        params![order],
    )
    .await
}

pub(super) async fn issued(tx: &TenantTx, order: OrderId) -> Result<Vec<Issued>, DbError> {
    tx.all(
        "select t.label, line.ticket_type, line.face + line.fees + line.tax as price, t.status, t.issued_at, t.voided_at
         from tickets t join order_lines line on line.tenant_id = $1 and line.id = t.order_line_id
         where t.tenant_id = $1 and t.order_id = $2 order by line.place, t.issued_at, t.id",
        params![order],
    )
    .await
}

pub(super) async fn scanned(tx: &TenantTx, order: OrderId) -> Result<Vec<Scanned>, DbError> {
    tx.all(
        "select t.label, g.name as gate, d.name as device, s.direction, s.verdict, s.scanned_at
         from tickets t
         join scans s on s.tenant_id = $1 and s.ticket_id = t.id
         join gates g on g.tenant_id = $1 and g.id = s.gate_id
         join devices d on d.tenant_id = $1 and d.id = s.device_id
         where t.tenant_id = $1 and t.order_id = $2 order by s.scanned_at, s.id",
        params![order],
    )
    .await
}

/// Does a mail to the buyer still wait to be handed over?
pub(super) async fn mail_waits(tx: &TenantTx, order: OrderId) -> Result<bool, DbError> {
    let waiting: Waiting = tx
        .one(
            "select count(*) as n from outbox where tenant_id = $1 and kind = $2 and payload ->> 'order_id' = $3",
            params![marquee_tickets::MAIL, order.to_string()],
        )
        .await?;
    Ok(waiting.n > 0)
}
