use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::TenantId;
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::Event;

const STORE: Tag = Tag::new("events.store");
const WAITING: Tag = Tag::background("events.waiting");

/// How an event was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// For the first time, under this id.
    New(Uuid),
    /// It was there already.
    Known,
}

/// A stored event that nothing was done about yet.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Waiting {
    /// Id under which it is stored.
    pub id: Uuid,
    /// Whose.
    pub tenant_id: TenantId,
    /// The body, byte for byte.
    pub payload: String,
}

/// The tenant that a provider's account belongs to.
///
/// # Errors
/// As [`DbError`] says.
pub async fn tenant_of(db: &Db, account: &str) -> Result<Option<TenantId>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        tenant: Option<TenantId>,
    }
    if account.is_empty() {
        return Ok(None);
    }
    let tx = db.begin_without_tenant(STORE).await?;
    let row: Option<Row> =
        tx.optional("select app.tenant_by_account($1) as tenant", params![account]).await?;
    tx.commit().await?;
    Ok(row.and_then(|row| row.tenant))
}

/// Stores an event of a tenant's account, once.
///
/// # Errors
/// As [`DbError`] says.
pub async fn store(db: &Db, tenant: TenantId, event: &Event) -> Result<Stored, DbError> {
    let tx = db.begin(tenant, STORE).await?;
    let id = Uuid::now_v7();
    let rows = tx
        .execute(
            "insert into provider_events (tenant_id, id, account, event_id, kind, payload)
             values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, account, event_id) do nothing",
            params![
                id,
                event.account.as_str(),
                event.id.as_str(),
                event.kind.as_str(),
                event.payload.as_str()
            ],
        )
        .await?;
    tx.commit().await?;
    Ok(if rows == 1 { Stored::New(id) } else { Stored::Known })
}

/// Stores an event that belongs to no tenant.
///
/// # Errors
/// As [`DbError`] says.
pub async fn store_unmatched(db: &Db, event: &Event) -> Result<(), DbError> {
    let tx = db.begin_without_tenant(STORE).await?;
    tx.execute(
        "select app.store_unmatched_event($1, $2, $3, $4, $5)",
        params![
            Uuid::now_v7(),
            event.account.as_str(),
            event.id.as_str(),
            event.kind.as_str(),
            event.payload.as_str()
        ],
    )
    .await?;
    tx.commit().await
}

/// What the event was a reason for is done.
///
/// # Errors
/// As [`DbError`] says; it is then looked at again.
pub async fn done(db: &Db, tenant: TenantId, id: Uuid) -> Result<(), DbError> {
    let tx = db.begin(tenant, STORE).await?;
    tx.execute(
        "update provider_events set processed_at = marquee_now()
         where tenant_id = $1 and id = $2 and processed_at is null",
        params![id],
    )
    .await?;
    tx.commit().await
}

/// Events that have waited longer than `seconds`: whoever took them in died before acting on them.
///
/// # Errors
/// As [`DbError`] says.
pub async fn waiting(db: &Db, seconds: f64, limit: i64) -> Result<Vec<Waiting>, DbError> {
    let tx = db.begin_platform(WAITING).await?;
    let rows = tx
        .all(
            "select id, tenant_id, payload from provider_events
             where processed_at is null and received_at <= marquee_now() - make_interval(secs => $1)
             order by received_at limit $2",
            params![seconds, limit],
        )
        .await?;
    tx.commit().await?;
    Ok(rows)
}
