//! Ledger and movements beside each other, one by one.

use marquee_core::db::{DbError, Tag, TenantTx};
use marquee_core::ids::{BreakId, OrderId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use super::store::{FEES, PAYOUTS, POSTED, SOURCE_REF};
use super::types::{Compared, Day};
use super::{Lease, ReconcileError, Reconciler, Scope, store};
use crate::ledger;

const COMPARE: Tag = Tag::report("reconcile.compare");
const SHARES: Tag = Tag::background("reconcile.shares");

/// What is younger may be under way, in seconds.
const PATIENCE_SECONDS: f64 = 60.0;
/// How far back is compared, in days; further where a break is open.
const DAYS: i32 = 35;
/// Days told of.
const TOLD: i64 = 14;

#[derive(Debug, FromQueryResult)]
struct Difference {
    kind: String,
    reference: String,
    about: Value,
}

#[derive(Debug, FromQueryResult)]
struct Share {
    order_id: OrderId,
    movement_id: String,
    /// What the platform kept or got back by the movement, less what is posted of it.
    short: i64,
}

/// The movements of an account (`$2`) since `$3`, each with its posting; and the postings of its orders that no movement
/// is of. `money` and `platform_fee` are what the posting moved at the provider and of the platform's fee.
const SIDES: &str = "booked as (
         select t.source_ref, t.kind, t.order_id, t.effective_at, min(a.currency) as currency,
             coalesce(sum(case e.direction when 'debit' then e.amount else -e.amount end)
                 filter (where a.kind in ('stripe_pending', 'stripe_available')), 0)::bigint as money,
             coalesce(sum(case e.direction when 'debit' then -e.amount else e.amount end)
                 filter (where a.kind = 'platform_fee_revenue'), 0)::bigint as platform_fee
         from ledger_transactions t
         join ledger_entries e on e.tenant_id = $1 and e.transaction_id = t.id
         join ledger_accounts a on a.tenant_id = $1 and a.id = e.account_id
         where t.tenant_id = $1 and t.effective_at >= $3::timestamptz - interval '7 days'
         group by t.source_ref, t.kind, t.order_id, t.effective_at
     ), moved as (
         select m.*, {source_ref} as source_ref, m.kind in {posted} as posted,
             case when m.kind in {fees} then m.fee - m.amount else m.fee end as kept
         from provider_movements m
         left join payments p on p.tenant_id = $1 and p.charge_id = m.source_id
         where m.tenant_id = $1 and m.account = $2 and m.moved_at >= $3
     ), matched as (
         select m.movement_id, m.kind, m.source_id, m.source_ref, m.posted, m.amount, m.fee, m.kept, m.application_fee, m.currency,
             m.moved_at, m.seen_at, b.source_ref is not null as found, b.money, b.currency as booked_currency, b.order_id,
             b.platform_fee + coalesce(s.platform_fee, 0) as platform_fee, -coalesce(f.money, 0) as fee_posted
         from moved m
         left join booked b on b.source_ref = m.source_ref
         left join booked s on s.source_ref = 'fee_share:' || m.movement_id
         left join booked f on f.source_ref = 'fee:' || m.movement_id
     ), alone as (
         select b.* from booked b join payments p on p.tenant_id = $1 and p.order_id = b.order_id
         where p.account = $2 and b.kind in ('capture', 'refund', 'refund_failed', 'dispute_opened', 'dispute_closed')
           and b.money <> 0 and b.effective_at >= $3
           and not exists (
               select 1 from provider_movements m where m.tenant_id = $1 and m.account = $2
                 and m.source_id = case b.kind when 'capture' then p.charge_id else split_part(b.source_ref, ':', 2) end
                 and {source_ref} = b.source_ref)
     )";

const DIFFERENCES: &str = "found as (
         select case
                 when posted and not found then 'posting_missing'
                 when posted and (money <> amount or booked_currency <> currency) then 'amount_mismatch'
                 when posted and kind <> 'adjustment' and platform_fee <> application_fee then 'platform_fee_mismatch'
                 when fee_posted <> kept then 'processing_fee_mismatch'
                 when not posted and kind not in {fees} and kind not in {payouts} then 'movement_unexplained'
             end as kind,
             movement_id as reference,
             jsonb_build_object('account', $2::text, 'at', moved_at, 'day', (moved_at at time zone 'utc')::date,
                 'movement', movement_id, 'movement_kind', kind, 'source', source_id, 'posting', source_ref, 'order_id', order_id,
                 'currency', currency, 'provider', jsonb_build_object('amount', amount, 'fee', kept, 'platform_fee', application_fee),
                 'ledger', case when found then jsonb_build_object('amount', money, 'fee', fee_posted, 'platform_fee', platform_fee) end)
                 as about
         from matched where seen_at <= marquee_now() - make_interval(secs => $4)
         union all
         select 'movement_missing', source_ref,
             jsonb_build_object('account', $2::text, 'at', effective_at, 'day', (effective_at at time zone 'utc')::date,
                 'posting', source_ref, 'order_id', order_id, 'currency', currency,
                 'ledger', jsonb_build_object('amount', money, 'platform_fee', platform_fee))
         from alone where effective_at <= marquee_now() - make_interval(secs => $4)
     )
     select kind, reference, about from found where kind is not null order by kind, reference";

const BY_DAY: &str = "line as (
         select moved_at as at, currency, amount - fee as provider,
             coalesce(money, 0) - fee_posted as ledger
         from matched where kind not in {payouts}
         union all
         select effective_at, currency, 0, money from alone
     )
     select (at at time zone 'utc')::date as day, currency, count(*) as count, sum(provider)::bigint as provider,
         sum(ledger)::bigint as ledger
     from line group by 1, 2 order by 1 desc, 2 limit $4";

impl Reconciler {
    /// Compares everything of the last weeks, opens a break for each difference that is new, and closes those that are
    /// gone. What somebody resolved is not opened again.
    ///
    /// # Errors
    /// As [`ReconcileError`] says; nothing has changed then but corrected shares.
    pub async fn compare(&self, lease: &Lease) -> Result<Compared, ReconcileError> {
        self.correct_shares(lease, Scope::All).await?;
        let tx = self.db.begin(lease.tenant, COMPARE).await?;
        store::keep(&tx, lease).await?;
        let account = lease.account.as_str();
        let since: Since = tx
            .one(
                "select least(marquee_now() - make_interval(days => $3), min((about ->> 'at')::timestamptz)) as at
                 from reconciliation_breaks
                 where tenant_id = $1 and resolved_at is null and about ->> 'account' = $2",
                params![account, DAYS],
            )
            .await?;
        let values = || params![account, since.at, PATIENCE_SECONDS];
        let found: Vec<Difference> = tx.all(&with_sides(DIFFERENCES), values()).await?;
        let days: Vec<Day> = tx.all(&with_sides(BY_DAY), params![account, since.at, TOLD]).await?;
        let opened = open(&tx, &found).await?;
        let closed = close(&tx, account, &found).await?;
        tx.execute(
            "update provider_cursors set reconciled_at = marquee_now() where tenant_id = $1 and account = $2",
            params![account],
        )
        .await?;
        tx.commit().await?;
        if opened > 0 {
            tracing::error!(tenant.id = %lease.tenant, account, opened, "ledger and provider disagree");
        }
        Ok(Compared { days, opened, closed })
    }

    /// How much of its fee the platform gave back with a refund is the provider's to say: made there by hand, a refund may
    /// leave the fee alone. What was posted otherwise is corrected.
    ///
    /// # Errors
    /// As [`ReconcileError`] says.
    pub async fn correct_shares(&self, lease: &Lease, scope: Scope) -> Result<(), ReconcileError> {
        let tx = self.db.begin(lease.tenant, SHARES).await?;
        store::keep(&tx, lease).await?;
        let values = params![lease.account.as_str(), scope.seconds()];
        let shares: Vec<Share> = tx.all(&shares(), values).await?;
        for Share { order_id, movement_id, short } in shares {
            let terms = ledger::terms_of(&tx, order_id).await?;
            if let Some(posting) = ledger::fee_share_corrected(&terms, &movement_id, short) {
                ledger::post(&tx, &posting).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

#[derive(Debug, FromQueryResult)]
struct Since {
    at: chrono::DateTime<chrono::Utc>,
}

fn with_sides(rest: &str) -> String {
    let sql = format!("with {SIDES}, {rest}").replace("{source_ref}", SOURCE_REF).replace("{posted}", POSTED);
    sql.replace("{fees}", FEES).replace("{payouts}", PAYOUTS)
}

fn shares() -> String {
    format!(
        "select t.order_id, m.movement_id, m.application_fee - coalesce(b.platform_fee, 0)::bigint as short
         from provider_movements m
         left join payments p on p.tenant_id = $1 and p.charge_id = m.source_id
         join ledger_transactions t on t.tenant_id = $1 and t.source_ref = {SOURCE_REF}
         cross join lateral (
             select sum(case e.direction when 'debit' then -e.amount else e.amount end) as platform_fee
             from ledger_entries e join ledger_accounts a on a.tenant_id = $1 and a.id = e.account_id
             where e.tenant_id = $1 and e.transaction_id = t.id and a.kind = 'platform_fee_revenue') b
         where m.tenant_id = $1 and m.account = $2
           and coalesce(m.seen_at > marquee_now() - make_interval(secs => $3), true)
           and m.kind in ('refund', 'payment_refund', 'refund_failure', 'payment_failure_refund')
           and m.application_fee <> coalesce(b.platform_fee, 0)
           and not exists (select 1 from ledger_transactions c
                           where c.tenant_id = $1 and c.source_ref = 'fee_share:' || m.movement_id)
         limit 500"
    )
}

async fn open(tx: &TenantTx, found: &[Difference]) -> Result<u64, DbError> {
    tx.execute(
        "insert into reconciliation_breaks as b (tenant_id, id, kind, reference, about)
         select $1, g.id, g.kind, g.reference, g.about::jsonb
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) g (id, kind, reference, about)
         where not exists (select 1 from reconciliation_breaks o
                           where o.tenant_id = $1 and o.kind = g.kind and o.reference = g.reference
                             and o.resolved_by <> 'reconciliation')
         on conflict (tenant_id, kind, reference) where resolved_at is null do nothing",
        params![
            found.iter().map(|_| BreakId::generate().0).collect::<Vec<Uuid>>(),
            found.iter().map(|one| one.kind.clone()).collect::<Vec<_>>(),
            found.iter().map(|one| one.reference.clone()).collect::<Vec<_>>(),
            found.iter().map(|one| one.about.to_string()).collect::<Vec<_>>(),
        ],
    )
    .await
}

async fn close(tx: &TenantTx, account: &str, found: &[Difference]) -> Result<u64, DbError> {
    tx.execute(
        "update reconciliation_breaks b set resolved_at = marquee_now(), resolved_by = 'reconciliation',
             resolution = 'the difference is gone'
         where b.tenant_id = $1 and b.resolved_at is null and b.about ->> 'account' = $2
           and not exists (select 1 from unnest($3::text[], $4::text[]) g (kind, reference)
                           where g.kind = b.kind and g.reference = b.reference)",
        params![
            account,
            found.iter().map(|one| one.kind.clone()).collect::<Vec<_>>(),
            found.iter().map(|one| one.reference.clone()).collect::<Vec<_>>(),
        ],
    )
    .await
}
