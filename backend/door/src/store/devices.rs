use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{DeviceId, GateId, PerformanceId, PriceLevelId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::provision::DevicePerformance;
use crate::types::Gate;

/// Days that a provisioning code is good for.
const INVITE_DAYS: i32 = 7;

/// A device that may scan.
#[derive(Debug, FromQueryResult)]
pub(crate) struct DeviceRow {
    pub(crate) id: DeviceId,
    pub(crate) name: String,
    pub(crate) performance_id: PerformanceId,
    /// The database's clock.
    pub(crate) now: DateTime<Utc>,
}

/// A gate as it stands.
#[derive(Debug, FromQueryResult)]
pub(crate) struct GateRow {
    pub(crate) id: GateId,
    pub(crate) name: String,
    pub(crate) opens_at: Option<DateTime<Utc>>,
    pub(crate) price_level_ids: Option<Vec<Uuid>>,
}

impl From<GateRow> for Gate {
    fn from(row: GateRow) -> Self {
        let price_levels = row.price_level_ids.map(|ids| ids.into_iter().map(PriceLevelId).collect());
        Self { name: row.name, opens_at: row.opens_at, price_levels }
    }
}

#[derive(Debug, FromQueryResult)]
struct PerformanceRow {
    id: PerformanceId,
    title: String,
    starts_at: DateTime<Utc>,
    doors_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

#[derive(Debug, FromQueryResult)]
struct InvitedRow {
    performance_id: PerformanceId,
}

/// The device with this token, unless it was withdrawn.
pub(crate) async fn device(tx: &TenantTx, token_hash: [u8; 32]) -> Result<Option<DeviceRow>, DbError> {
    tx.optional(
        "select id, name, performance_id, marquee_now() as now from devices
         where tenant_id = $1 and token_hash = $2 and revoked_at is null",
        params![token_hash.to_vec()],
    )
    .await
}

/// A performance's gates in their order.
pub(crate) async fn gates(tx: &TenantTx, performance: PerformanceId) -> Result<Vec<GateRow>, DbError> {
    tx.all(
        "select id, name, opens_at, price_level_ids from gates
         where tenant_id = $1 and performance_id = $2 order by position, id",
        params![performance],
    )
    .await
}

/// Is there such a performance? It stays locked, so that two invitations do not both make its first gate.
pub(crate) async fn lock_performance(tx: &TenantTx, performance: PerformanceId) -> Result<bool, DbError> {
    let found: Option<InvitedRow> = tx
        .optional(
            "select id as performance_id from performances
             where tenant_id = $1 and id = $2 for no key update",
            params![performance],
        )
        .await?;
    Ok(found.is_some())
}

/// Gives a performance without gates one that takes every ticket at any time.
pub(crate) async fn ensure_gate(tx: &TenantTx, performance: PerformanceId) -> Result<(), DbError> {
    if !gates(tx, performance).await?.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into gates (tenant_id, id, performance_id, name, position) values ($1, $2, $3, 'Main entrance', 0)",
        params![GateId::generate(), performance],
    )
    .await
    .map(drop)
}

/// Keeps a new provisioning code's hash.
pub(crate) async fn insert_invite(
    tx: &TenantTx,
    performance: PerformanceId,
    code_hash: [u8; 32],
) -> Result<(), DbError> {
    tx.execute(
        "insert into device_invites (tenant_id, id, performance_id, code_hash, expires_at)
         values ($1, $2, $3, $4, marquee_now() + make_interval(days => $5))",
        params![Uuid::now_v7(), performance, code_hash.to_vec(), INVITE_DAYS],
    )
    .await
    .map(drop)
}

/// Uses a provisioning code up. The guard decides between two who send it at once.
pub(crate) async fn use_invite(tx: &TenantTx, code_hash: [u8; 32]) -> Result<Option<PerformanceId>, DbError> {
    let used: Option<InvitedRow> = tx
        .optional(
            "update device_invites set used_at = marquee_now()
             where tenant_id = $1 and code_hash = $2 and used_at is null and expires_at > marquee_now()
             returning performance_id",
            params![code_hash.to_vec()],
        )
        .await?;
    Ok(used.map(|row| row.performance_id))
}

/// Keeps a new device.
pub(crate) async fn insert_device(
    tx: &TenantTx,
    id: DeviceId,
    performance: PerformanceId,
    name: &str,
    token_hash: [u8; 32],
) -> Result<(), DbError> {
    tx.execute(
        "insert into devices (tenant_id, id, performance_id, name, token_hash) values ($1, $2, $3, $4, $5)",
        params![id, performance, name, token_hash.to_vec()],
    )
    .await
    .map(drop)
}

/// What a device of this performance scans for.
pub(crate) async fn device_performances(
    tx: &TenantTx,
    performance: PerformanceId,
) -> Result<Vec<DevicePerformance>, DbError> {
    let rows: Vec<PerformanceRow> = tx
        .all(
            "select p.id, e.title, p.starts_at, p.doors_at, p.ends_at
             from performances p join events e on e.tenant_id = $1 and e.id = p.event_id
             where p.tenant_id = $1 and p.id = $2",
            params![performance],
        )
        .await?;
    let view = |row: PerformanceRow| DevicePerformance {
        id: row.id,
        title: row.title,
        starts_at: row.starts_at,
        doors_at: row.doors_at,
        ends_at: row.ends_at,
    };
    Ok(rows.into_iter().map(view).collect())
}
