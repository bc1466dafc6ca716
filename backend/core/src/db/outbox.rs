//! Side effects staged in the commit that causes them, done at least once afterwards.
//!
//! A consumer leases a message (it becomes invisible for [`LEASE_SECONDS`]), does the work outside any transaction, and
//! deletes it. One that dies leaves the lease to run out. Consumers are idempotent.

use sea_orm::FromQueryResult;
use serde::Serialize;

use super::{Db, DbError, Tag, TenantTx};
use crate::ids::{OutboxId, TenantId};
use crate::params;

/// How long a leased message stays invisible.
pub const LEASE_SECONDS: i64 = 60;

const LEASE: Tag = Tag::background("outbox.lease");
const FINISH: Tag = Tag::background("outbox.finish");

/// A message that is due.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Message {
    /// Its id, the same at each delivery.
    pub id: OutboxId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What it says.
    pub payload: serde_json::Value,
    /// Deliveries begun, this one included.
    pub attempts: i32,
    /// Seconds since it was staged.
    pub age: f64,
}

#[derive(Debug, FromQueryResult)]
struct Due {
    tenant_id: TenantId,
}

impl TenantTx {
    /// Stages a side effect; it happens if and only if this transaction commits.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn stage(
        &self,
        kind: &'static str,
        payload: &(impl Serialize + Sync),
    ) -> Result<OutboxId, DbError> {
        let id = OutboxId::generate();
        let payload = serde_json::to_value(payload).unwrap_or_default();
        self.execute(
            "insert into outbox (tenant_id, id, kind, payload) values ($1, $2, $3, $4)",
            params![id, kind, payload],
        )
        .await?;
        Ok(id)
    }
}

/// Leases up to `limit` due messages of one kind, the longest waiting tenants first.
///
/// # Errors
/// As [`DbError`] says.
pub async fn lease(db: &Db, kind: &'static str, limit: i64) -> Result<Vec<Message>, DbError> {
    let platform = db.begin_platform(LEASE).await?;
    let due: Vec<Due> = platform
        .all(
            "select tenant_id from outbox where kind = $1 and available_at <= marquee_now()
             group by tenant_id order by min(available_at) limit $2",
            params![kind, limit],
        )
        .await?;
    platform.commit().await?;
    let mut messages = Vec::new();
    for Due { tenant_id } in due {
        let tx = db.begin(tenant_id, LEASE).await?;
        let leased: Vec<Message> = tx
            .all(
                "update outbox set attempts = attempts + 1, available_at = marquee_now() + make_interval(secs => $2)
                 where tenant_id = $1 and id in (
                     select id from outbox where tenant_id = $1 and kind = $3 and available_at <= marquee_now()
                     order by available_at limit $4 for update skip locked)
                 returning id, tenant_id, payload, attempts,
                     extract(epoch from marquee_now() - created_at)::float8 as age",
                params![LEASE_SECONDS as f64, kind, limit],
            )
            .await?;
        tx.commit().await?;
        messages.extend(leased);
    }
    Ok(messages)
}

/// The message's work is done.
///
/// # Errors
/// As [`DbError`] says; the message is then delivered again.
pub async fn finish(db: &Db, message: &Message) -> Result<(), DbError> {
    let tx = db.begin(message.tenant_id, FINISH).await?;
    tx.execute("delete from outbox where tenant_id = $1 and id = $2", params![message.id]).await?;
    tx.commit().await
}

/// The message's work failed: it comes again after `seconds`.
///
/// # Errors
/// As [`DbError`] says; the message is then delivered again when its lease ends.
pub async fn postpone(db: &Db, message: &Message, seconds: f64, error: &str) -> Result<(), DbError> {
    come_again(db, message, message.attempts, seconds, error).await
}

/// The message's work cannot be tried yet: it comes again after `seconds`, and this delivery does not count.
///
/// # Errors
/// As [`DbError`] says; the message is then delivered again when its lease ends, and this delivery counts.
pub async fn put_back(db: &Db, message: &Message, seconds: f64, why: &str) -> Result<(), DbError> {
    come_again(db, message, message.attempts - 1, seconds, why).await
}

async fn come_again(
    db: &Db,
    message: &Message,
    attempts: i32,
    seconds: f64,
    why: &str,
) -> Result<(), DbError> {
    let tx = db.begin(message.tenant_id, FINISH).await?;
    tx.execute(
        "update outbox set available_at = marquee_now() + make_interval(secs => $3), last_error = $4, attempts = $5
         where tenant_id = $1 and id = $2",
        params![message.id, seconds, why, attempts],
    )
    .await?;
    tx.commit().await
}
