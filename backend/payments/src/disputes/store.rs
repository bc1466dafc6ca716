//! Every query about disputes.

use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{DisputeId, OrderId};
use marquee_core::params;

use super::types::{Dispute, Taken, moves};
use crate::ProviderDispute;

const COLUMNS: &str = "d.id, d.order_id, d.provider_id, d.status, d.reason, d.amount, d.currency, d.withdrawn, d.evidence_due_at,
    d.evidence_sent_at, d.evidence, d.outcome, d.opened_at, d.closed_at";

/// Records what the provider says of a dispute of an order's payment, where it is news. The caller holds the order's row.
///
/// # Errors
/// As [`DbError`] says; `Unique` where the dispute is recorded as another order's.
pub async fn take(tx: &TenantTx, order: OrderId, known: &ProviderDispute) -> Result<Taken, DbError> {
    let sql = format!(
        "select {COLUMNS} from disputes d where d.tenant_id = $1 and d.order_id = $2 and d.provider_id = $3"
    );
    let recorded: Option<Dispute> = tx.optional(&sql, params![order, known.id.as_str()]).await?;
    match recorded {
        None => insert(tx, order, known).await.map(Taken::New),
        Some(recorded) if moves(&recorded, known) => update(tx, &recorded, known).await.map(Taken::Moved),
        Some(recorded) => Ok(Taken::Known(recorded)),
    }
}

async fn insert(tx: &TenantTx, order: OrderId, known: &ProviderDispute) -> Result<Dispute, DbError> {
    let sql = format!(
        "insert into disputes as d (tenant_id, id, order_id, provider_id, status, reason, amount, currency, withdrawn,
             evidence_due_at, outcome, opened_at, closed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, case when $11 is not null then marquee_now() end)
         returning {COLUMNS}"
    );
    let values = params![
        DisputeId::generate(),
        order,
        known.id.as_str(),
        known.status.as_str(),
        known.reason.as_str(),
        known.amount.amount,
        known.amount.currency.as_str(),
        known.money_withdrawn,
        known.due_by,
        known.outcome.map(|outcome| outcome.as_str().to_owned()),
        known.created,
    ];
    tx.one(&sql, values).await
}

async fn update(tx: &TenantTx, recorded: &Dispute, known: &ProviderDispute) -> Result<Dispute, DbError> {
    let sql = format!(
        "update disputes d set status = $3, withdrawn = d.withdrawn or $4, evidence_due_at = coalesce($5, d.evidence_due_at),
             outcome = $6, closed_at = case when $6 is not null then marquee_now() end, updated_at = marquee_now()
         where d.tenant_id = $1 and d.id = $2 and d.outcome is null
         returning {COLUMNS}"
    );
    let values = params![
        recorded.id,
        known.status.as_str(),
        known.money_withdrawn,
        known.due_by,
        known.outcome.map(|outcome| outcome.as_str().to_owned()),
    ];
    tx.one(&sql, values).await
}

/// The disputes of an order, the oldest first.
///
/// # Errors
/// As [`DbError`] says.
pub async fn of_order(tx: &TenantTx, order: OrderId) -> Result<Vec<Dispute>, DbError> {
    let sql = format!(
        "select {COLUMNS} from disputes d where d.tenant_id = $1 and d.order_id = $2 order by d.opened_at, d.id"
    );
    tx.all(&sql, params![order]).await
}

/// Notes what was sent to the bank.
///
/// # Errors
/// As [`DbError`] says.
pub async fn note_evidence(tx: &TenantTx, id: DisputeId, evidence: &str) -> Result<(), DbError> {
    tx.execute(
        "update disputes set evidence = $3, evidence_sent_at = marquee_now(), updated_at = marquee_now()
         where tenant_id = $1 and id = $2",
        params![id, evidence],
    )
    .await
    .map(drop)
}
