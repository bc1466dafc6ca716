//! The list of differences, as staff work through it.

use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::{BreakId, TenantId};
use marquee_core::params;
use sea_orm::FromQueryResult;

use super::Break;

const LIST: Tag = Tag::new("reconcile.breaks");
const RESOLVE: Tag = Tag::new("reconcile.resolve");

const COLUMNS: &str = "id, tenant_id, kind, reference, about, found_at, resolved_at, resolved_by, resolution";

/// Open breaks of every tenant, or of one, the oldest first; those behind `after`.
///
/// # Errors
/// As [`DbError`] says.
pub async fn breaks(
    db: &Db,
    tenant: Option<TenantId>,
    after: Option<BreakId>,
    limit: i64,
) -> Result<Vec<Break>, DbError> {
    let tx = db.begin_platform(LIST).await?;
    let sql = format!(
        "select {COLUMNS} from reconciliation_breaks
         where resolved_at is null and coalesce(tenant_id = $1, true) and coalesce(id > $2, true)
         order by id limit $3"
    );
    let found = tx.all(&sql, params![tenant, after, limit]).await?;
    tx.commit().await?;
    Ok(found)
}

/// Whose a break is.
///
/// # Errors
/// As [`DbError`] says.
pub async fn tenant_of(db: &Db, id: BreakId) -> Result<Option<TenantId>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        tenant_id: TenantId,
    }
    let tx = db.begin_platform(LIST).await?;
    let row: Option<Row> =
        tx.optional("select tenant_id from reconciliation_breaks where id = $1", params![id]).await?;
    tx.commit().await?;
    Ok(row.map(|row| row.tenant_id))
}

/// Says what a break was. One that is resolved stays as it is. Answers it as it then stands.
///
/// # Errors
/// `NoRow` where the tenant has no such break.
pub async fn resolve(db: &Db, tenant: TenantId, id: BreakId, by: &str, note: &str) -> Result<Break, DbError> {
    let tx = db.begin(tenant, RESOLVE).await?;
    tx.execute(
        "update reconciliation_breaks set resolved_at = marquee_now(), resolved_by = $3, resolution = $4
         where tenant_id = $1 and id = $2 and resolved_at is null",
        params![id, by, note],
    )
    .await?;
    let sql = format!("select {COLUMNS} from reconciliation_breaks where tenant_id = $1 and id = $2");
    let resolved = tx.one(&sql, params![id]).await?;
    tx.commit().await?;
    Ok(resolved)
}
