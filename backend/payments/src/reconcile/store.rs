//! Every query about movements and cursors.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::{OrderId, TenantId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::ReconcileError;
use super::types::{Due, Scope, pause};
use crate::ProviderMovement;

const DUE: Tag = Tag::background("reconcile.due");
const LEASE: Tag = Tag::background("reconcile.lease");

/// How long a reader has an account for itself, in seconds, from its last step on.
const LEASE_SECONDS: f64 = 60.0;
/// Accounts found to be new in one round.
const NEW_ACCOUNTS: i64 = 100;
/// Movements looked at in one round, and when all are looked at.
const LOOKED_AT: (i64, i64) = (20, 500);

/// The `source_ref` of the posting that records a movement `m`, where `p` is the payment whose charge it is.
pub(super) const SOURCE_REF: &str = "case
    when m.kind in ('charge', 'payment') then 'capture:' || p.intent_id
    when m.kind in ('refund', 'payment_refund') then 'refund:' || m.source_id
    when m.kind in ('refund_failure', 'payment_failure_refund') then 'refund_failed:' || m.source_id
    when m.kind = 'adjustment' and m.amount < 0 then 'dispute_opened:' || m.source_id
    when m.kind = 'adjustment' then 'dispute_closed:' || m.source_id end";

/// Kinds of movements that a posting records.
pub(super) const POSTED: &str = "('charge', 'payment', 'refund', 'payment_refund', 'refund_failure', 'payment_failure_refund', 'adjustment')";

/// Kinds of movements that are fees by themselves.
pub(super) const FEES: &str = "('stripe_fee', 'network_cost', 'tax_fee')";

/// Kinds that take money to a bank or bring it back from there.
pub(super) const PAYOUTS: &str = "('payout', 'payout_cancel', 'payout_failure')";

/// The right to read an account, while its fence is the newest.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Lease {
    /// Whose.
    pub tenant: TenantId,
    /// The provider's id of the account.
    pub account: String,
    pub(super) fence: i64,
    /// When the newest movement that is known moved.
    pub(super) since: Option<DateTime<Utc>>,
}

/// A movement without a posting.
#[derive(Debug, FromQueryResult)]
pub(super) struct Unexplained {
    pub(super) kind: String,
    pub(super) source_id: String,
    pub(super) order_id: Option<OrderId>,
}

#[derive(Debug, FromQueryResult)]
struct AccountRow {
    tenant_id: TenantId,
    account: String,
}

#[derive(Debug, FromQueryResult)]
struct IdRow {
    id: String,
}

#[derive(Debug, FromQueryResult)]
struct SourceRow {
    source: String,
    order_id: OrderId,
}

#[derive(Debug, FromQueryResult)]
struct OrderRow {
    id: OrderId,
}

#[derive(Debug, FromQueryResult)]
struct Answer {
    yes: bool,
}

#[derive(Debug, FromQueryResult)]
struct Quiet {
    quiet: Option<f64>,
}

/// Accounts that are due and that nobody reads, the longest waiting first; those of new tenants among them.
///
/// # Errors
/// As [`DbError`] says.
pub async fn due(db: &Db, limit: i64) -> Result<Vec<Due>, DbError> {
    let tx = db.begin_platform(DUE).await?;
    let new: Vec<AccountRow> = tx
        .all(
            "select t.id as tenant_id, t.payment_account as account from tenants t
             where t.payment_account is not null
               and not exists (select 1 from provider_cursors c where c.tenant_id = t.id and c.account = t.payment_account)
             limit $1",
            params![NEW_ACCOUNTS],
        )
        .await?;
    let due = tx
        .all(
            "select tenant_id, account, coalesce(reconciled_at <= marquee_now() - interval '1 day', true) as daily
             from provider_cursors
             where due_at <= marquee_now() and coalesce(lease_until <= marquee_now(), true)
             order by due_at limit $1",
            params![limit],
        )
        .await?;
    tx.commit().await?;
    for AccountRow { tenant_id, account } in new {
        let tx = db.begin(tenant_id, DUE).await?;
        open(&tx, &account).await?;
        tx.commit().await?;
    }
    Ok(due)
}

/// Takes an account that nobody reads. `None`: somebody does.
///
/// # Errors
/// As [`DbError`] says.
pub async fn take(db: &Db, tenant: TenantId, account: &str) -> Result<Option<Lease>, DbError> {
    let tx = db.begin(tenant, LEASE).await?;
    open(&tx, account).await?;
    let lease = tx
        .optional(
            "update provider_cursors c set fence = c.fence + 1, lease_until = marquee_now() + make_interval(secs => $3)
             where c.tenant_id = $1 and c.account = $2 and coalesce(c.lease_until <= marquee_now(), true)
             returning c.tenant_id as tenant, c.account, c.fence,
                 (select m.moved_at from provider_movements m
                  where m.tenant_id = $1 and m.account = $2 and m.movement_id = c.last_movement) as since",
            params![account, LEASE_SECONDS],
        )
        .await?;
    tx.commit().await?;
    Ok(lease)
}

async fn open(tx: &TenantTx, account: &str) -> Result<(), DbError> {
    tx.execute(
        "insert into provider_cursors as c (tenant_id, account) values ($1, $2) on conflict (tenant_id, account) do nothing",
        params![account],
    )
    .await
    .map(drop)
}

/// Ends a lease; the account is due again after a pause, or at once after `retry_in` seconds where it was not done.
///
/// # Errors
/// `Overtaken` when somebody else has taken it.
pub async fn put_back(db: &Db, lease: &Lease, retry_in: Option<f64>) -> Result<(), ReconcileError> {
    let tx = db.begin(lease.tenant, LEASE).await?;
    let row: Quiet = tx
        .one(
            "select extract(epoch from marquee_now() - max(m.moved_at))::float8 as quiet
             from provider_movements m where m.tenant_id = $1 and m.account = $2",
            params![lease.account.as_str()],
        )
        .await?;
    let rows = tx
        .execute(
            "update provider_cursors set lease_until = null, due_at = marquee_now() + make_interval(secs => $4)
             where tenant_id = $1 and account = $2 and fence = $3",
            params![lease.account.as_str(), lease.fence, retry_in.unwrap_or_else(|| pause(row.quiet))],
        )
        .await?;
    tx.commit().await?;
    if rows == 1 { Ok(()) } else { Err(ReconcileError::Overtaken) }
}

/// Keeps a lease for another while.
pub(super) async fn keep(tx: &TenantTx, lease: &Lease) -> Result<(), ReconcileError> {
    let rows = tx
        .execute(
            "update provider_cursors set lease_until = marquee_now() + make_interval(secs => $4)
             where tenant_id = $1 and account = $2 and fence = $3",
            params![lease.account.as_str(), lease.fence, LEASE_SECONDS],
        )
        .await?;
    if rows == 1 { Ok(()) } else { Err(ReconcileError::Overtaken) }
}

/// Everything up to `newest` is stored.
pub(super) async fn advance(
    tx: &TenantTx,
    lease: &Lease,
    newest: Option<&str>,
) -> Result<(), ReconcileError> {
    let rows = tx
        .execute(
            "update provider_cursors set last_movement = coalesce($4, last_movement), polled_at = marquee_now()
             where tenant_id = $1 and account = $2 and fence = $3",
            params![lease.account.as_str(), lease.fence, newest],
        )
        .await?;
    if rows == 1 { Ok(()) } else { Err(ReconcileError::Overtaken) }
}

/// Which of these movements are not stored yet, by the provider's ids.
pub(super) async fn unknown(
    tx: &TenantTx,
    account: &str,
    movements: &[ProviderMovement],
) -> Result<HashSet<String>, DbError> {
    let ids: Vec<String> = movements.iter().map(|one| one.id.clone()).collect();
    let rows: Vec<IdRow> = tx
        .all(
            "select g.id from unnest($3::text[]) g (id)
             where not exists (select 1 from provider_movements m
                               where m.tenant_id = $1 and m.account = $2 and m.movement_id = g.id)",
            params![account, ids],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Stores movements; answers the provider's ids of those that are new.
pub(super) async fn add(
    tx: &TenantTx,
    account: &str,
    movements: &[ProviderMovement],
) -> Result<Vec<String>, DbError> {
    let texts = |pick: fn(&ProviderMovement) -> &str| {
        movements.iter().map(|one| pick(one).to_owned()).collect::<Vec<_>>()
    };
    let amounts = |pick: fn(&ProviderMovement) -> i64| movements.iter().map(pick).collect::<Vec<_>>();
    let times = |pick: fn(&ProviderMovement) -> DateTime<Utc>| movements.iter().map(pick).collect::<Vec<_>>();
    let rows: Vec<IdRow> = tx
        .all(
            "insert into provider_movements as m (tenant_id, account, id, movement_id, kind, source_id, amount, fee,
                 application_fee, net, currency, moved_at, available_at)
             select $1, $2, g.id, g.movement, g.kind, nullif(g.source, ''), g.amount, g.fee, g.application_fee, g.net,
                 g.currency, g.moved, g.available
             from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[],
                 $10::bigint[], $11::text[], $12::timestamptz[], $13::timestamptz[])
                 g (id, movement, kind, source, amount, fee, application_fee, net, currency, moved, available)
             on conflict (tenant_id, account, movement_id) do nothing
             returning m.movement_id as id",
            params![
                account,
                movements.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
                texts(|one| &one.id),
                texts(|one| &one.kind),
                texts(|one| one.source.as_deref().unwrap_or_default()),
                amounts(|one| one.amount),
                amounts(|one| one.fee),
                amounts(|one| one.application_fee),
                amounts(|one| one.net),
                texts(|one| one.currency.as_str()),
                times(|one| one.created),
                times(|one| one.available),
            ],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The orders that these objects of the provider belong to, as far as we know.
pub(super) async fn orders_of(
    tx: &TenantTx,
    sources: Vec<String>,
) -> Result<HashMap<String, OrderId>, DbError> {
    let rows: Vec<SourceRow> = tx
        .all(
            "select g.source, coalesce(p.order_id, r.order_id, d.order_id) as order_id
             from unnest($2::text[]) g (source)
             left join payments p on p.tenant_id = $1 and p.charge_id = g.source
             left join refunds r on r.tenant_id = $1 and r.provider_id = g.source
             left join disputes d on d.tenant_id = $1 and d.provider_id = g.source
             where coalesce(p.order_id, r.order_id, d.order_id) is not null",
            params![sources],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.source, row.order_id)).collect())
}

/// Movements that should have a posting and have none, the newest first.
pub(super) async fn unexplained(
    tx: &TenantTx,
    account: &str,
    scope: Scope,
) -> Result<Vec<Unexplained>, DbError> {
    let limit = if scope == Scope::Recent { LOOKED_AT.0 } else { LOOKED_AT.1 };
    let sql = format!(
        "select m.kind, m.source_id, coalesce(p.order_id, r.order_id, d.order_id) as order_id
         from provider_movements m
         left join payments p on p.tenant_id = $1 and p.charge_id = m.source_id
         left join refunds r on r.tenant_id = $1 and r.provider_id = m.source_id
         left join disputes d on d.tenant_id = $1 and d.provider_id = m.source_id
         where m.tenant_id = $1 and m.account = $2 and m.kind in {POSTED} and m.source_id is not null
           and coalesce(m.seen_at > marquee_now() - make_interval(secs => $3), true)
           and not exists (select 1 from ledger_transactions t where t.tenant_id = $1 and t.source_ref = {SOURCE_REF})
         order by m.seen_at desc limit $4"
    );
    tx.all(&sql, params![account, scope.seconds(), limit]).await
}

/// Are there payments whose charge was never noted?
pub(super) async fn charges_missing(tx: &TenantTx, account: &str) -> Result<bool, DbError> {
    let answer: Answer = tx
        .one(
            "select exists (select 1 from payments where tenant_id = $1 and account = $2 and state = 'captured'
                            and charge_id is null) as yes",
            params![account],
        )
        .await?;
    Ok(answer.yes)
}

/// Notes the charges of payments that have none.
pub(super) async fn note_charges(
    tx: &TenantTx,
    account: &str,
    intents: Vec<String>,
    charges: Vec<String>,
) -> Result<(), DbError> {
    tx.execute(
        "update payments p set charge_id = g.charge from unnest($3::text[], $4::text[]) g (intent, charge)
         where p.tenant_id = $1 and p.account = $2 and p.intent_id = g.intent and p.state = 'captured' and p.charge_id is null",
        params![account, intents, charges],
    )
    .await
    .map(drop)
}

/// The order, if the tenant has it.
pub(super) async fn existing(tx: &TenantTx, order: Option<OrderId>) -> Result<Option<OrderId>, DbError> {
    let row: Option<OrderRow> =
        tx.optional("select id from orders where tenant_id = $1 and id = $2", params![order]).await?;
    Ok(row.map(|row| row.id))
}
