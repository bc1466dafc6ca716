//! The only place for SQL about tickets.

use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{OrderId, OrderLineId, PerformanceId, TicketId, UnitId};
use marquee_core::params;
use marquee_entity::orders::OrderStatus;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::codes::{KeyId, PublicKey};
use crate::types::{PaperOrder, PaperTicket, Ticket};

#[derive(Debug, FromQueryResult)]
struct KeyRow {
    kid: i16,
    public_key: Vec<u8>,
}

#[derive(Debug, FromQueryResult)]
struct LineRow {
    id: OrderLineId,
}

#[derive(Debug, FromQueryResult)]
struct UnitRow {
    unit_id: UnitId,
}

/// What issuing needs of an order.
#[derive(Debug, FromQueryResult)]
pub(crate) struct OrderRow {
    pub(crate) performance_id: PerformanceId,
    pub(crate) status: OrderStatus,
    /// Has it tickets, withdrawn ones included?
    pub(crate) has_tickets: bool,
    /// Its lines, in the buyer's sequence.
    pub(crate) lines: Vec<Uuid>,
    /// What is known as the tenant's public key of the id asked for.
    pub(crate) public_key: Option<Vec<u8>>,
}

/// The tenant's public keys, by id.
pub(crate) async fn public_keys(tx: &TenantTx) -> Result<Vec<PublicKey>, DbError> {
    let rows: Vec<KeyRow> = tx
        .all("select kid, public_key from ticket_keys where tenant_id = $1 order by kid", params![])
        .await?;
    // The table's checks keep keys at 32 bytes; ids beyond a byte are not ours.
    let key = |row: KeyRow| {
        Some(PublicKey { kid: KeyId(row.kid.try_into().ok()?), bytes: row.public_key.try_into().ok()? })
    };
    Ok(rows.into_iter().filter_map(key).collect())
}

/// Makes a public key known, unless one with its id is.
pub(crate) async fn add_public_key(tx: &TenantTx, key: &PublicKey) -> Result<(), DbError> {
    tx.execute(
        "insert into ticket_keys (tenant_id, kid, public_key) values ($1, $2, $3)
         on conflict (tenant_id, kid) do nothing",
        params![i16::from(key.kid.0), key.bytes.to_vec()],
    )
    .await
    .map(drop)
}

/// The order, locked, with what issuing needs beside it. That is as it was before any wait for the lock: whoever issues has
/// locked the order in an earlier statement.
pub(crate) async fn lock_order(
    tx: &TenantTx,
    order: OrderId,
    key: KeyId,
) -> Result<Option<OrderRow>, DbError> {
    tx.optional(
        "select o.performance_id, o.status,
             exists (select 1 from tickets t where t.tenant_id = $1 and t.order_id = $2) as has_tickets,
             array(select l.id from order_lines l where l.tenant_id = $1 and l.order_id = $2 order by l.place, l.id) as lines,
             (select k.public_key from ticket_keys k where k.tenant_id = $1 and k.kid = $3) as public_key
         from orders o where o.tenant_id = $1 and o.id = $2 for update of o",
        params![order, i16::from(key.0)],
    )
    .await
}

/// Inserts the tickets of an order, one for each of `lines`; `(line, ticket, code)` each.
pub(crate) async fn insert(
    tx: &TenantTx,
    order: OrderId,
    tickets: Vec<(OrderLineId, TicketId, String)>,
) -> Result<u64, DbError> {
    let lines: Vec<Uuid> = tickets.iter().map(|(line, ..)| line.0).collect();
    let ids: Vec<Uuid> = tickets.iter().map(|(_, ticket, _)| ticket.0).collect();
    let codes: Vec<String> = tickets.into_iter().map(|(.., code)| code).collect();
    tx.execute(
        "insert into tickets (tenant_id, id, order_id, order_line_id, unit_id, performance_id, price_level_id,
             label, code, holder)
         select $1, new.id, line.order_id, line.id, line.unit_id, o.performance_id, line.price_level_id,
             line.label, new.code, o.buyer_name
         from unnest($3::uuid[], $4::uuid[], $5::text[]) as new (line_id, id, code)
         join order_lines line on line.tenant_id = $1 and line.id = new.line_id
         join orders o on o.tenant_id = $1 and o.id = line.order_id
         where o.id = $2",
        params![order, lines, ids, codes],
    )
    .await
}

/// Withdraws tickets that are still good; answers the lines they were for.
pub(crate) async fn withdraw(
    tx: &TenantTx,
    order: OrderId,
    tickets: &[TicketId],
) -> Result<Vec<OrderLineId>, DbError> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.0).collect();
    let rows: Vec<LineRow> = tx
        .all(
            "update tickets set status = 'void', voided_at = marquee_now()
             where tenant_id = $1 and order_id = $2 and id = any ($3) and status = 'valid'
             returning order_line_id as id",
            params![order, ids],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The order's tickets, in the buyer's sequence.
pub(crate) async fn tickets(tx: &TenantTx, order: OrderId) -> Result<Vec<Ticket>, DbError> {
    tx.all(
        "select t.id as ticket_id, t.label, t.code, t.holder, t.status
         from tickets t
         join order_lines line on line.tenant_id = $1 and line.id = t.order_line_id
         where t.tenant_id = $1 and t.order_id = $2
         order by line.place, t.id",
        params![order],
    )
    .await
}

/// The order with its performance and venue.
pub(crate) async fn paper_order(tx: &TenantTx, order: OrderId) -> Result<Option<PaperOrder>, DbError> {
    tx.optional(
        "select o.id as order_id, o.number, o.buyer_name, o.buyer_email, o.locale, o.currency,
             o.total - coalesce((select sum(r.amount) from refunds r
                 where r.tenant_id = $1 and r.order_id = $2 and r.state <> 'failed'), 0)::bigint as total,
             e.title as event_title, p.starts_at, p.doors_at, v.name as venue, v.address, v.city
         from orders o
         join performances p on p.tenant_id = $1 and p.id = o.performance_id
         join events e on e.tenant_id = $1 and e.id = p.event_id
         join venues v on v.tenant_id = $1 and v.id = p.venue_id
         where o.tenant_id = $1 and o.id = $2",
        params![order],
    )
    .await
}

/// The order's tickets that have not been withdrawn, with what is printed on them.
pub(crate) async fn paper_tickets(tx: &TenantTx, order: OrderId) -> Result<Vec<PaperTicket>, DbError> {
    tx.all(
        "select t.id as ticket_id, t.label, t.code, t.holder, line.ticket_type, line.price_level,
             line.face + line.fees + line.tax as total,
             array(select g.name from gates g
                   where g.tenant_id = $1 and g.performance_id = t.performance_id
                     and (g.price_level_ids is null or t.price_level_id = any (g.price_level_ids))
                   order by g.position, g.id) as gates
         from tickets t
         join order_lines line on line.tenant_id = $1 and line.id = t.order_line_id
         where t.tenant_id = $1 and t.order_id = $2 and t.status <> 'void'
         order by line.place, t.id",
        params![order],
    )
    .await
}

/// Withdraws those of the tickets that are good or used, locked in the order of their ids as the door locks them; answers
/// their units.
pub(crate) async fn void(tx: &TenantTx, tickets: &[TicketId]) -> Result<Vec<UnitId>, DbError> {
    let rows: Vec<UnitRow> = tx
        .all(
            "with good as materialized (
                 select t.id from tickets t
                 where t.tenant_id = $1 and t.id = any($2::uuid[]) and t.status <> 'void'
                 order by t.id for update of t
             )
             update tickets t set status = 'void', voided_at = marquee_now() from good
             where t.tenant_id = $1 and t.id = good.id
             returning t.unit_id",
            params![tickets.iter().map(|ticket| ticket.0).collect::<Vec<Uuid>>()],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.unit_id).collect())
}
