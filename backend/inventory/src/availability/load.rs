//! Reads a performance's board: the one reader of units outside buying, once for each board and after a gap.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::{PerformanceId, PriceLevelId, TenantId, UnitId};
use marquee_core::params;
use marquee_entity::inventory::UnitState;
use sea_orm::FromQueryResult;
use serde::Deserialize;

use super::board::{Board, Loaded, Section};
use super::change::Now;

const LOAD: Tag = Tag::new("availability.load");

#[derive(Debug, FromQueryResult)]
struct LevelRow {
    id: PriceLevelId,
}

#[derive(Debug, FromQueryResult)]
struct UnitRow {
    id: UnitId,
    price_level_id: PriceLevelId,
    seat: Option<String>,
    section: Option<String>,
    state: UnitState,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, FromQueryResult)]
struct DrawingRow {
    drawing: Option<String>,
}

#[derive(Debug, FromQueryResult)]
struct ClockRow {
    now: DateTime<Utc>,
}

#[derive(Debug, FromQueryResult)]
pub(super) struct Current {
    pub(super) tenant_id: TenantId,
    pub(super) id: PerformanceId,
}

#[derive(Debug, Deserialize)]
struct Drawing {
    sections: Vec<DrawnSection>,
}

#[derive(Debug, Deserialize)]
struct DrawnSection {
    id: String,
    seats: DrawnSeats,
}

#[derive(Debug, Deserialize)]
struct DrawnSeats {
    id: Vec<String>,
}

/// The board of a performance; none where the tenant has no such performance.
pub(super) async fn board(
    db: &Db,
    tenant: TenantId,
    performance: PerformanceId,
    version: u64,
) -> Result<Option<Board>, DbError> {
    let tx = db.begin(tenant, LOAD).await?;
    let drawing: Option<DrawingRow> = tx
        .optional(
            "select s.drawing from performances p
             left join seating_plans s on s.tenant_id = $1 and s.id = p.plan_id
             where p.tenant_id = $1 and p.id = $2",
            params![performance],
        )
        .await?;
    let Some(drawing) = drawing else { return Ok(None) };
    let levels: Vec<LevelRow> = tx
        .all(
            "select id from price_levels where tenant_id = $1 and performance_id = $2 order by position",
            params![performance],
        )
        .await?;
    let rows: Vec<UnitRow> = tx
        .all(
            "select u.id, u.price_level_id, u.seat, u.section, u.state, u.expires_at
             from units u where u.tenant_id = $1 and u.performance_id = $2",
            params![performance],
        )
        .await?;
    tx.commit().await?;
    let drawn = drawing.drawing.and_then(|text| serde_json::from_str::<Drawing>(&text).ok());
    let drawn = drawn.map(|drawing| drawing.sections).unwrap_or_default();
    let place: HashMap<(&str, &str), (u16, u32)> = drawn
        .iter()
        .zip(0..)
        .flat_map(|(section, at)| {
            section
                .seats
                .id
                .iter()
                .zip(0..)
                .map(move |(seat, i)| ((section.id.as_str(), seat.as_str()), (at, i)))
        })
        .collect();
    let units = rows
        .iter()
        .map(|row| Loaded {
            unit: row.id,
            level: row.price_level_id,
            seat: row.section.as_deref().zip(row.seat.as_deref()).and_then(|key| place.get(&key).copied()),
            now: match (row.state, row.expires_at) {
                (UnitState::Free, _) => Now::Free,
                (UnitState::Held, Some(until)) => Now::HeldUntil(until.timestamp_millis()),
                _ => Now::Gone,
            },
        })
        .collect();
    let sections =
        drawn.iter().map(|one| Section { id: one.id.clone(), seats: one.seats.id.len() }).collect();
    Ok(Some(Board::new(levels.into_iter().map(|row| row.id).collect(), sections, units, version)))
}

/// The database's clock, by which holds end.
pub(super) async fn now(db: &Db) -> Result<DateTime<Utc>, DbError> {
    let tx = db.begin_without_tenant(LOAD).await?;
    let row: Option<ClockRow> = tx.optional("select marquee_now() as now", params![]).await?;
    tx.commit().await?;
    row.map(|row| row.now).ok_or(DbError::NoRow)
}

/// Performances that fans may look at now.
pub(super) async fn current(db: &Db) -> Result<Vec<Current>, DbError> {
    let tx = db.begin_platform(LOAD).await?;
    let rows = tx
        .all(
            "select p.tenant_id, p.id from performances p where p.ends_at > marquee_now() and p.cancelled_at is null
             order by p.starts_at limit 2000",
            params![],
        )
        .await?;
    tx.commit().await?;
    Ok(rows)
}
