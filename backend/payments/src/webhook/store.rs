use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::TenantId;
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Concern, Event};
use crate::record::known_as;

const STORE: Tag = Tag::by_key("events.store");
const WAITING: Tag = Tag::background("events.waiting");

/// How long whoever took in an event has for acting on it before others do, in seconds; the pause after each failure is
/// twice as long as the one before, up to the longest.
const PATIENCE: f64 = 5.0;
const LONGEST_PAUSE: f64 = 900.0;

/// How an event was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// For the first time, under this id; somebody has to act on it.
    New(Uuid),
    /// For the first time, and there is nothing to do about it.
    Settled,
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

/// The tenant whose payment on the platform's own account has this id at the provider.
///
/// # Errors
/// As [`DbError`] says.
pub async fn tenant_of_intent(db: &Db, intent: &str) -> Result<Option<TenantId>, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        tenant_id: TenantId,
    }
    let tx = db.begin_platform(STORE).await?;
    let sql = "select tenant_id from payments where intent_id = $1 and account is null limit 1";
    let row: Option<Row> = tx.optional(sql, params![intent]).await?;
    tx.commit().await?;
    Ok(row.map(|row| row.tenant_id))
}

/// Stores an event of a tenant's account, once, and tells in the same statement whether somebody has to act on it: most
/// events tell of what this program did itself. One about a payment asks for nothing where no such payment is known, where
/// it is over, and while somebody holds its lease, who learns it from the provider.
///
/// # Errors
/// As [`DbError`] says.
pub async fn store(db: &Db, tenant: TenantId, event: &Event, concern: Concern) -> Result<Stored, DbError> {
    #[derive(FromQueryResult)]
    struct Row {
        open: bool,
    }
    let tx = db.begin(tenant, STORE).await?;
    let id = Uuid::now_v7();
    let sql = format!(
        "insert into provider_events as e (tenant_id, id, account, event_id, kind, payload, due_at, processed_at)
         select $1, $2, $3, $4, $5, $6, marquee_now() + make_interval(secs => $7),
             case when $8 = 'money' or $8 = 'payment' and exists (
                 select from payments p
                  where p.tenant_id = $1 and coalesce(p.account, '') = $3 and {}
                    and p.state not in ('captured', 'cancelled')
                    and (p.state = 'declined' or coalesce(p.lease_until <= marquee_now(), true)))
             then null else marquee_now() end
         on conflict (tenant_id, account, event_id) do nothing
         returning e.processed_at is null as open",
        known_as("$9", "$10")
    );
    let values = params![
        id,
        event.account.as_str(),
        event.id.as_str(),
        event.kind.as_str(),
        event.payload.as_str(),
        PATIENCE,
        match concern {
            Concern::Money => "money",
            Concern::Payment => "payment",
            Concern::Nothing => "nothing",
        },
        event.intent.as_deref(),
        event.charge.as_deref(),
    ];
    let row: Option<Row> = tx.optional(&sql, values).await?;
    tx.commit().await?;
    Ok(match row {
        Some(Row { open: true }) => Stored::New(id),
        Some(Row { open: false }) => Stored::Settled,
        None => Stored::Known,
    })
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

/// What the event is a reason for could not be done: it is looked at again later.
///
/// # Errors
/// As [`DbError`] says; it is then looked at again at once.
pub async fn postpone(db: &Db, tenant: TenantId, id: Uuid) -> Result<(), DbError> {
    let tx = db.begin(tenant, STORE).await?;
    tx.execute(
        "update provider_events set attempts = attempts + 1,
             due_at = marquee_now() + make_interval(secs => least($3 * 2.0 ^ least(attempts, 20), $4))
         where tenant_id = $1 and id = $2 and processed_at is null",
        params![id, PATIENCE, LONGEST_PAUSE],
    )
    .await?;
    tx.commit().await
}

/// Events that are due: whoever took them in died before acting on them, or failed.
///
/// # Errors
/// As [`DbError`] says.
pub async fn waiting(db: &Db, limit: i64) -> Result<Vec<Waiting>, DbError> {
    let tx = db.begin_platform(WAITING).await?;
    let rows = tx
        .all(
            "select id, tenant_id, payload from provider_events
             where processed_at is null and due_at <= marquee_now() order by due_at limit $1",
            params![limit],
        )
        .await?;
    tx.commit().await?;
    Ok(rows)
}
