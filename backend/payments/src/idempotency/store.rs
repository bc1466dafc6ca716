use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::TenantId;
use marquee_core::params;
use sea_orm::FromQueryResult;

use super::types::judge;
use super::{Answer, Call, Fence, Standing};

const UNFINISHED: Tag = Tag::background("idempotency.unfinished");

/// A scope with a call that has no answer and that nobody works on.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Unfinished {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which call, of which resource.
    pub scope: String,
}

#[derive(Debug, FromQueryResult)]
struct KeyRow {
    fingerprint: Vec<u8>,
    locked: bool,
    status: Option<i16>,
    body: Option<String>,
}

#[derive(Debug, FromQueryResult)]
struct FenceRow {
    fence: i64,
}

/// What is known of a call's key.
///
/// # Errors
/// As [`DbError`] says.
pub async fn standing(tx: &TenantTx, call: &Call) -> Result<Standing, DbError> {
    let row: Option<KeyRow> = tx
        .optional(
            "select fingerprint, coalesce(locked_until > marquee_now(), false) as locked, status, body
             from idempotency_keys where tenant_id = $1 and scope = $2 and key = $3",
            params![call.scope.as_str(), call.key.as_str()],
        )
        .await?;
    let Some(row) = row else { return Ok(Standing::New) };
    let answer =
        row.status.zip(row.body).map(|(status, body)| Answer { status: status.unsigned_abs(), body });
    Ok(judge(&row.fingerprint, &call.fingerprint, answer, row.locked))
}

/// Begins a call whose work goes on after this transaction. `None`: the key was there already.
///
/// # Errors
/// As [`DbError`] says.
pub async fn begin(tx: &TenantTx, call: &Call, lock_seconds: f64) -> Result<Option<Fence>, DbError> {
    let row: Option<FenceRow> = tx
        .optional(
            "insert into idempotency_keys (tenant_id, scope, key, fingerprint, locked_until, fence)
             values ($1, $2, $3, $4, marquee_now() + make_interval(secs => $5), 1)
             on conflict (tenant_id, scope, key) do nothing returning fence",
            params![call.scope.as_str(), call.key.as_str(), call.fingerprint.to_vec(), lock_seconds],
        )
        .await?;
    Ok(row.map(|row| Fence(row.fence)))
}

/// Goes on with a call that was begun and that nobody works on. `None`: somebody does, or it has its answer.
///
/// # Errors
/// As [`DbError`] says.
pub async fn take_over(tx: &TenantTx, call: &Call, lock_seconds: f64) -> Result<Option<Fence>, DbError> {
    let row: Option<FenceRow> = tx
        .optional(
            "update idempotency_keys set fence = fence + 1, locked_until = marquee_now() + make_interval(secs => $5)
             where tenant_id = $1 and scope = $2 and key = $3 and fingerprint = $4 and status is null
               and coalesce(locked_until <= marquee_now(), true)
             returning fence",
            params![call.scope.as_str(), call.key.as_str(), call.fingerprint.to_vec(), lock_seconds],
        )
        .await?;
    Ok(row.map(|row| Fence(row.fence)))
}

/// Stores a key with its answer at once, for a call that is one transaction. `false`: the key was there already, and
/// this transaction must not be committed.
///
/// # Errors
/// As [`DbError`] says.
pub async fn record(tx: &TenantTx, call: &Call, answer: &Answer) -> Result<bool, DbError> {
    let rows = tx
        .execute(
            "insert into idempotency_keys (tenant_id, scope, key, fingerprint, status, body)
             values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, scope, key) do nothing",
            params![
                call.scope.as_str(),
                call.key.as_str(),
                call.fingerprint.to_vec(),
                answer.status as i16,
                answer.body.as_str()
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Answers every call of one scope or two that has no answer yet. Belongs in the commit that settles what they wait for, which is
/// guarded by that thing's own state: so a late writer cannot come here.
///
/// # Errors
/// As [`DbError`] says.
pub async fn settle_scopes(
    tx: &TenantTx,
    scope: &str,
    other: Option<&str>,
    answer: &Answer,
) -> Result<u64, DbError> {
    tx.execute(
        "update idempotency_keys set status = $4, body = $5, locked_until = null
         where tenant_id = $1 and scope in ($2, $3) and status is null",
        params![scope, other.unwrap_or(scope), answer.status as i16, answer.body.as_str()],
    )
    .await
}

/// Answers one call that its caller works on. `false`: it was answered, or taken over.
///
/// # Errors
/// As [`DbError`] says.
pub async fn settle(tx: &TenantTx, call: &Call, fence: Fence, answer: &Answer) -> Result<bool, DbError> {
    let rows = tx
        .execute(
            "update idempotency_keys set status = $5, body = $6, locked_until = null
             where tenant_id = $1 and scope = $2 and key = $3 and fence = $4 and status is null",
            params![
                call.scope.as_str(),
                call.key.as_str(),
                fence.0,
                answer.status as i16,
                answer.body.as_str()
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The call ends without a known outcome: whoever comes with the key again goes on.
///
/// # Errors
/// As [`DbError`] says.
pub async fn let_go(tx: &TenantTx, call: &Call, fence: Fence) -> Result<bool, DbError> {
    let rows = tx
        .execute(
            "update idempotency_keys set locked_until = null
             where tenant_id = $1 and scope = $2 and key = $3 and fence = $4 and status is null",
            params![call.scope.as_str(), call.key.as_str(), fence.0],
        )
        .await?;
    Ok(rows == 1)
}

/// The call turned out to change nothing: with the same key it is decided afresh.
///
/// # Errors
/// As [`DbError`] says.
pub async fn forget(tx: &TenantTx, call: &Call, fence: Fence) -> Result<bool, DbError> {
    let rows = tx
        .execute(
            "delete from idempotency_keys
             where tenant_id = $1 and scope = $2 and key = $3 and fence = $4 and status is null",
            params![call.scope.as_str(), call.key.as_str(), fence.0],
        )
        .await?;
    Ok(rows == 1)
}

/// Forgets the calls of a scope that have no answer and that nobody works on: what they asked for changed nothing, and
/// with the same key it is decided afresh.
///
/// # Errors
/// As [`DbError`] says.
pub async fn forget_scope(tx: &TenantTx, scope: &str) -> Result<u64, DbError> {
    tx.execute(
        "delete from idempotency_keys where tenant_id = $1 and scope = $2 and status is null
           and coalesce(locked_until <= marquee_now(), true)",
        params![scope],
    )
    .await
}

/// Scopes that begin with `prefix` and whose calls were begun more than `seconds` ago, have no answer, and are worked on by nobody: those who made
/// them died or went away. The oldest first.
///
/// # Errors
/// As [`DbError`] says.
pub async fn unfinished(db: &Db, prefix: &str, seconds: f64, limit: i64) -> Result<Vec<Unfinished>, DbError> {
    let tx = db.begin_platform(UNFINISHED).await?;
    let found = tx
        .all(
            "select tenant_id, scope from idempotency_keys
             where status is null and created_at <= marquee_now() - make_interval(secs => $1)
               and coalesce(locked_until <= marquee_now(), true) and starts_with(scope, $3)
             group by tenant_id, scope order by min(created_at) limit $2",
            params![seconds, limit, prefix],
        )
        .await?;
    tx.commit().await?;
    Ok(found)
}

/// Drops answers older than `days`. Calls without an answer stay: they are somebody's unfinished work.
///
/// # Errors
/// As [`DbError`] says.
pub async fn purge(tx: &TenantTx, days: i32) -> Result<u64, DbError> {
    tx.execute(
        "delete from idempotency_keys where tenant_id = $1 and status is not null
           and created_at < marquee_now() - make_interval(days => $2)",
        params![days],
    )
    .await
}
