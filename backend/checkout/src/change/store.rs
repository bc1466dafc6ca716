//! The queries of this room.

use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::{OrderId, PerformanceChangeId, PerformanceId};
use marquee_core::params;
use marquee_entity::money::{ChangeKind, PostponementChoice};
use sea_orm::FromQueryResult;

use super::types::{Change, Chosen, Concerned, Due, Progress};
use crate::types::Order;

const FIND: Tag = Tag::background("changes.due");

const COLUMNS: &str =
    "c.id, c.performance_id, c.kind, c.starts_at_before, c.starts_at_after, c.return_until, c.note,
    c.requested_by, c.created_at, c.done_at, c.fence,
    (select p.currency from performances p where p.tenant_id = c.tenant_id and p.id = c.performance_id) as currency";

/// Paid orders that a change `c` concerns: of a new date those that were placed for the old one.
const CONCERNED: &str =
    "o.tenant_id = $1 and o.performance_id = c.performance_id and o.status in ('paid', 'partially_refunded')
    and (c.kind = 'cancelled' or o.created_at <= c.created_at)";

/// A change about to be written.
pub(super) struct NewChange<'a> {
    pub(super) id: PerformanceChangeId,
    pub(super) performance: PerformanceId,
    pub(super) kind: ChangeKind,
    pub(super) before: DateTime<Utc>,
    pub(super) after: Option<DateTime<Utc>>,
    pub(super) return_until: Option<DateTime<Utc>>,
    pub(super) note: Option<&'a str>,
    pub(super) requested_by: &'a str,
}

#[derive(FromQueryResult)]
struct Flag {
    it_is: bool,
}

#[derive(FromQueryResult)]
struct Now {
    now: DateTime<Utc>,
}

/// The database's clock.
pub(super) async fn now(tx: &TenantTx) -> Result<DateTime<Utc>, DbError> {
    let row: Now = tx.one("select marquee_now() as now where $1 is not null", params![]).await?;
    Ok(row.now)
}

pub(super) async fn has_performance(tx: &TenantTx, id: PerformanceId) -> Result<bool, DbError> {
    let flag: Flag = tx
        .one(
            "select exists (select 1 from performances p where p.tenant_id = $1 and p.id = $2) as it_is",
            params![id],
        )
        .await?;
    Ok(flag.it_is)
}

pub(super) async fn insert(tx: &TenantTx, new: &NewChange<'_>) -> Result<Change, DbError> {
    let sql = format!(
        "insert into performance_changes as c (tenant_id, id, performance_id, kind, starts_at_before, starts_at_after,
             return_until, note, requested_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning {COLUMNS}"
    );
    let values = params![
        new.id,
        new.performance,
        new.kind,
        new.before,
        new.after,
        new.return_until,
        new.note,
        new.requested_by,
    ];
    tx.one(&sql, values).await
}

/// The change that called a performance off.
pub(super) async fn cancellation(
    tx: &TenantTx,
    performance: PerformanceId,
) -> Result<Option<Change>, DbError> {
    let sql = format!(
        "select {COLUMNS} from performance_changes c
         where c.tenant_id = $1 and c.performance_id = $2 and c.kind = 'cancelled'"
    );
    tx.optional(&sql, params![performance]).await
}

/// The newest change of a performance.
pub(super) async fn latest(tx: &TenantTx, performance: PerformanceId) -> Result<Option<Change>, DbError> {
    let sql = format!(
        "select {COLUMNS} from performance_changes c where c.tenant_id = $1 and c.performance_id = $2
         order by c.created_at desc, c.id desc limit 1"
    );
    tx.optional(&sql, params![performance]).await
}

/// The changes of a performance, the oldest first.
pub(super) async fn of_performance(
    tx: &TenantTx,
    performance: PerformanceId,
) -> Result<Vec<Change>, DbError> {
    let sql = format!(
        "select {COLUMNS} from performance_changes c where c.tenant_id = $1 and c.performance_id = $2
         order by c.created_at, c.id"
    );
    tx.all(&sql, params![performance]).await
}

/// The newest change of date since an order was placed.
pub(super) async fn postponement(tx: &TenantTx, order: &Order) -> Result<Option<Change>, DbError> {
    let sql = format!(
        "select {COLUMNS} from performance_changes c
         where c.tenant_id = $1 and c.performance_id = $2 and c.kind = 'postponed' and c.created_at >= $3
         order by c.created_at desc, c.id desc limit 1"
    );
    tx.optional(&sql, params![order.performance_id, order.created_at]).await
}

/// How far a change got.
pub(super) async fn progress(tx: &TenantTx, change: &Change) -> Result<Progress, DbError> {
    let sql = format!(
        "select count(*) as orders,
             count(*) filter (where n.order_id is null) as left,
             count(*) filter (where r.state in ('requested', 'pending')) as requested,
             count(*) filter (where r.state = 'succeeded') as succeeded,
             count(*) filter (where r.state = 'failed') as failed,
             count(*) filter (where c.kind = 'cancelled' and n.order_id is not null and r.id is null) as disputed,
             coalesce(sum(r.amount) filter (where r.state <> 'failed'), 0)::bigint as amount,
             count(*) filter (where p.choice = 'keep') as kept,
             count(*) filter (where p.choice = 'return') as returned
         from performance_changes c
         join orders o on o.tenant_id = $1 and o.performance_id = c.performance_id
         left join change_notices n on n.tenant_id = $1 and n.change_id = c.id and n.order_id = o.id
         left join refunds r on r.tenant_id = $1 and r.order_id = o.id and r.change_id = c.id
         left join postponement_choices p on p.tenant_id = $1 and p.change_id = c.id and p.order_id = o.id
         where c.tenant_id = $1 and c.id = $2 and (n.order_id is not null or {CONCERNED})"
    );
    tx.one(&sql, params![change.id]).await
}

/// Changes that are not done and that nobody has, the longest waiting first.
pub(super) async fn due(db: &Db, limit: i64) -> Result<Vec<Due>, DbError> {
    let tx = db.begin_platform(FIND).await?;
    let due = tx
        .all(
            "select tenant_id, id from performance_changes
             where state = 'open' and due_at <= marquee_now() and coalesce(lease_until <= marquee_now(), true)
             order by due_at limit $1",
            params![limit],
        )
        .await?;
    tx.commit().await?;
    Ok(due)
}

/// Takes a change that is not done and that nobody has.
pub(super) async fn lease(
    tx: &TenantTx,
    id: PerformanceChangeId,
    seconds: f64,
) -> Result<Option<Change>, DbError> {
    let sql = format!(
        "update performance_changes c set fence = c.fence + 1, lease_until = marquee_now() + make_interval(secs => $3)
         where c.tenant_id = $1 and c.id = $2 and c.state = 'open' and coalesce(c.lease_until <= marquee_now(), true)
         returning {COLUMNS}"
    );
    tx.optional(&sql, params![id, seconds]).await
}

/// Keeps a change for another while. `false`: somebody else has it.
pub(super) async fn keep(tx: &TenantTx, change: &Change, seconds: f64) -> Result<bool, DbError> {
    let rows = tx
        .execute(
            "update performance_changes set lease_until = marquee_now() + make_interval(secs => $4)
             where tenant_id = $1 and id = $2 and fence = $3",
            params![change.id, change.fence, seconds],
        )
        .await?;
    Ok(rows == 1)
}

/// Ends a taker's lease: looked at again after so many seconds.
pub(super) async fn put_back(tx: &TenantTx, change: &Change, due_in: f64) -> Result<(), DbError> {
    tx.execute(
        "update performance_changes set lease_until = null, due_at = marquee_now() + make_interval(secs => $4)
         where tenant_id = $1 and id = $2 and fence = $3",
        params![change.id, change.fence, due_in],
    )
    .await
    .map(drop)
}

/// Ends a change, unless somebody else took it.
pub(super) async fn finish(tx: &TenantTx, change: &Change) -> Result<(), DbError> {
    tx.execute(
        "update performance_changes set state = 'done', done_at = marquee_now(), lease_until = null
         where tenant_id = $1 and id = $2 and fence = $3 and state = 'open'",
        params![change.id, change.fence],
    )
    .await
    .map(drop)
}

/// Paid orders that a change has not reached yet, after `after` in the order of their ids.
pub(super) async fn unreached(
    tx: &TenantTx,
    change: &Change,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Concerned>, DbError> {
    let sql = format!(
        "select o.id from performance_changes c join orders o on {CONCERNED}
         where c.tenant_id = $1 and c.id = $2 and coalesce(o.id > $3, true)
           and not exists (select 1 from change_notices n
                           where n.tenant_id = $1 and n.change_id = c.id and n.order_id = o.id)
         order by o.id limit $4"
    );
    tx.all(&sql, params![change.id, after, limit]).await
}

/// Is the order, locked by the caller, one that the change concerns?
pub(super) async fn concerns(tx: &TenantTx, change: &Change, order: OrderId) -> Result<bool, DbError> {
    let sql = format!(
        "select exists (select 1 from performance_changes c join orders o on {CONCERNED}
                        where c.tenant_id = $1 and c.id = $2 and o.id = $3) as it_is"
    );
    let flag: Flag = tx.one(&sql, params![change.id, order]).await?;
    Ok(flag.it_is)
}

/// Notes that a change has reached an order. `false`: it had before.
pub(super) async fn note(
    tx: &TenantTx,
    change: PerformanceChangeId,
    order: OrderId,
) -> Result<bool, DbError> {
    let rows = tx
        .execute(
            "insert into change_notices (tenant_id, change_id, order_id) values ($1, $2, $3)
             on conflict (tenant_id, change_id, order_id) do nothing",
            params![change, order],
        )
        .await?;
    Ok(rows == 1)
}

/// Orders of a change's performance that may still come to be paid: of a new date those placed for the old one.
pub(super) async fn unpaid(tx: &TenantTx, change: &Change) -> Result<Vec<Concerned>, DbError> {
    tx.all(
        "select o.id from performance_changes c
         join orders o on o.tenant_id = $1 and o.performance_id = c.performance_id
         where c.tenant_id = $1 and c.id = $2 and o.status in ('pending', 'processing', 'requires_action')
           and (c.kind = 'cancelled' or o.created_at <= c.created_at)
         order by o.id",
        params![change.id],
    )
    .await
}

/// What a buyer chose.
pub(super) async fn chosen(
    tx: &TenantTx,
    change: PerformanceChangeId,
    order: OrderId,
) -> Result<Option<Chosen>, DbError> {
    tx.optional(
        "select choice, chosen_at from postponement_choices where tenant_id = $1 and change_id = $2 and order_id = $3",
        params![change, order],
    )
    .await
}

/// Writes what a buyer chose, in place of what they chose before.
pub(super) async fn choose(
    tx: &TenantTx,
    change: PerformanceChangeId,
    order: OrderId,
    choice: PostponementChoice,
) -> Result<Chosen, DbError> {
    tx.one(
        "insert into postponement_choices as p (tenant_id, change_id, order_id, choice) values ($1, $2, $3, $4)
         on conflict (tenant_id, change_id, order_id) do update set choice = excluded.choice, chosen_at = marquee_now()
         returning p.choice, p.chosen_at",
        params![change, order, choice],
    )
    .await
}
