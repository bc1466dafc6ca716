use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::OrderId;
use marquee_core::money::{Currency, Money};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::types::{FileDispute, FileOrder, FilePosting, FileRefund, Moment, Source};

const STAFF: Tag = Tag::report("order.file");

#[derive(FromQueryResult)]
struct MomentRow {
    at: DateTime<Utc>,
    what: String,
    text: String,
    reference: Option<String>,
    attempt_id: Option<Uuid>,
    /// How much it was about, in minor units.
    amount: Option<i64>,
}

pub(super) async fn order(tx: &TenantTx, id: OrderId) -> Result<Option<FileOrder>, DbError> {
    tx.optional(
        "select id as order_id, number, status, performance_id, hold_id, buyer_email, buyer_name, currency, total,
             application_fee, charge_model, account, created_at, paid_at
         from orders where tenant_id = $1 and id = $2",
        params![id],
    )
    .await
}

pub(super) async fn refunds(tx: &TenantTx, order: OrderId) -> Result<Vec<FileRefund>, DbError> {
    tx.all(
        "select id as refund_id, amount, state, reason, provider_id, failure, requested_by, created_at, succeeded_at
         from refunds where tenant_id = $1 and order_id = $2 order by created_at, id",
        params![order],
    )
    .await
}

pub(super) async fn disputes(tx: &TenantTx, order: OrderId) -> Result<Vec<FileDispute>, DbError> {
    tx.all(
        "select id as dispute_id, provider_id, status, reason, amount, outcome, evidence_due_at, evidence_sent_at
         from disputes where tenant_id = $1 and order_id = $2 order by opened_at, id",
        params![order],
    )
    .await
}

pub(super) async fn postings(tx: &TenantTx, order: OrderId) -> Result<Vec<FilePosting>, DbError> {
    tx.all(
        "select t.kind, t.source_ref, a.kind as account, e.direction, e.amount, t.posted_at
         from ledger_transactions t
         join ledger_entries e on e.tenant_id = $1 and e.transaction_id = t.id
         join ledger_accounts a on a.tenant_id = $1 and a.id = e.account_id
         where t.tenant_id = $1 and t.order_id = $2 order by t.posted_at, t.id, e.line",
        params![order],
    )
    .await
}

/// What we recorded of an order, payment steps counted by try.
pub(super) async fn moments(
    tx: &TenantTx,
    order: OrderId,
    intent: Option<&str>,
    currency: &Currency,
) -> Result<Vec<Moment>, DbError> {
    let mut rows: Vec<MomentRow> = tx
        .all(
            "select h.created_at as at, 'seats_held' as what, 'until ' || to_char(h.expires_at at time zone 'utc', 'HH24:MI:SS') || ' UTC' as text,
                 h.id::text as reference, null::uuid as attempt_id, null::bigint as amount
             from orders o join holds h on h.tenant_id = $1 and h.id = o.hold_id where o.tenant_id = $1 and o.id = $2
             union all
             select created_at, 'order_placed', '', number, null, total from orders where tenant_id = $1 and id = $2
             union all
             select closed_at, 'order_closed', status, null, null, null from orders
             where tenant_id = $1 and id = $2 and closed_at is not null
             union all
             select at, 'payment_' || state, coalesce(note, ''), intent_id, attempt_id, null from payment_steps
             where tenant_id = $1 and order_id = $2
             union all
             select issued_at, 'ticket_issued', label, id::text, null, null from tickets where tenant_id = $1 and order_id = $2
             union all
             select voided_at, 'ticket_withdrawn', label, id::text, null, null from tickets
             where tenant_id = $1 and order_id = $2 and voided_at is not null
             union all
             select s.received_at, 'ticket_scanned', s.verdict || ', ' || s.direction, t.id::text, null, null
             from tickets t join scans s on s.tenant_id = $1 and s.ticket_id = t.id where t.tenant_id = $1 and t.order_id = $2
             union all
             select created_at, 'refund_promised', reason || ', by ' || requested_by, id::text, null, amount
             from refunds where tenant_id = $1 and order_id = $2
             union all
             select updated_at, 'refund_' || state, coalesce(failure, ''), coalesce(provider_id, id::text), null, amount
             from refunds where tenant_id = $1 and order_id = $2 and state <> 'requested'
             union all
             select opened_at, 'dispute_opened', reason, provider_id, null, amount from disputes
             where tenant_id = $1 and order_id = $2
             union all
             select closed_at, 'dispute_' || outcome, status, provider_id, null, null from disputes
             where tenant_id = $1 and order_id = $2 and closed_at is not null
             union all
             select posted_at, 'posted', kind, source_ref, null, null from ledger_transactions where tenant_id = $1 and order_id = $2
             union all
             select chosen_at, 'postponement_' || choice, '', change_id::text, null, null from postponement_choices
             where tenant_id = $1 and order_id = $2
             union all
             select created_at, 'mail_waiting', kind || coalesce(': ' || last_error, ''), id::text, null, null from outbox
             where tenant_id = $1 and payload ->> 'order_id' = $2::text",
            params![order],
        )
        .await?;
    if let Some(intent) = intent {
        rows.extend(events(tx, order, intent).await?);
    }
    rows.sort_by_key(|row| row.at);
    let mut tries: Vec<Uuid> = Vec::new();
    let moments = rows.into_iter().map(|row| {
        let attempt = row.attempt_id.map(|id| match tries.iter().position(|known| *known == id) {
            Some(index) => index + 1,
            None => {
                tries.push(id);
                tries.len()
            }
        });
        Moment {
            at: row.at,
            source: Source::Ours,
            what: row.what,
            text: text(row.amount, row.text, currency),
            reference: row.reference,
            attempt,
        }
    });
    Ok(moments.collect())
}

/// What there is to say: how much, and the words.
fn text(amount: Option<i64>, words: String, currency: &Currency) -> String {
    let amount = amount.map(|amount| Money { amount, currency: currency.clone() }.to_string());
    amount.into_iter().chain(Some(words)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The events that named the payment. Payloads are kept as they came, so the id is looked for in the text; those from before
/// the order cannot be about it.
async fn events(tx: &TenantTx, order: OrderId, intent: &str) -> Result<Vec<MomentRow>, DbError> {
    tx.all(
        "select e.received_at as at, 'event_received' as what,
             e.kind || case when e.processed_at is null then ', waiting' else '' end as text, e.event_id as reference,
             null::uuid as attempt_id, null::bigint as amount
         from orders o join provider_events e on e.tenant_id = $1 and e.received_at >= o.created_at
         where o.tenant_id = $1 and o.id = $2 and position($3 in e.payload) > 0",
        params![order, intent],
    )
    .await
}

/// What the staff did about an order, from the audit log.
pub(super) async fn staff_moments(db: &Db, order: OrderId) -> Result<Vec<Moment>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        at: DateTime<Utc>,
        actor: String,
        action: String,
    }
    let tx = db.begin_platform(STAFF).await?;
    let rows: Vec<Row> = tx
        .all(
            "select at, actor, action from audit_log
             where details ->> 'order' = $1 or details ->> 'order_id' = $1 order by at",
            params![order.to_string()],
        )
        .await?;
    tx.commit().await?;
    let moment = |row: Row| Moment {
        at: row.at,
        source: Source::Staff,
        what: row.action.replace('.', "_"),
        text: format!("by {}", row.actor),
        reference: None,
        attempt: None,
    };
    Ok(rows.into_iter().map(moment).collect())
}
