//! Reads a performance's units: the one reader outside buying, once for each performance and after a gap.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::{PerformanceId, PriceLevelId, TenantId, UnitId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use serde::Deserialize;
use uuid::Uuid;

use super::board::Board;
use super::change::{Change, Now};
use super::clock::DbClock;
use crate::sheet::{Columns, PlanSection, Sheet};

const LOAD: Tag = Tag::background("availability.load");
const CLOCK: Tag = Tag::background("availability.clock");

#[derive(Debug, FromQueryResult)]
struct HeadRow {
    journal: bool,
    drawing: Option<String>,
    levels: Vec<Uuid>,
}

/// All units as columns: one row is far faster to read than one for each unit.
#[derive(Debug, FromQueryResult)]
struct UnitColumns {
    ids: Vec<Uuid>,
    levels: Vec<Uuid>,
    seats: Vec<i32>,
    seat_text: String,
    labels: Vec<i32>,
    label_text: String,
    row_keys: Vec<i32>,
    places: Vec<i32>,
    ranks: Vec<i32>,
    untils: Vec<i64>,
}

#[derive(Debug, FromQueryResult)]
struct JournalColumns {
    ids: Vec<Uuid>,
    untils: Vec<i64>,
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
///
/// # Errors
/// As [`DbError`] says.
pub(super) async fn board(
    db: &Db,
    clock: &DbClock,
    tenant: TenantId,
    performance: PerformanceId,
) -> Result<Option<Board>, DbError> {
    let tx = db.begin(tenant, LOAD).await?;
    let asked = Instant::now();
    let now: ClockRow = tx.one("select marquee_now() as now where $1 is not null", params![]).await?;
    clock.learn(asked, Instant::now(), now.now);
    let head: Option<HeadRow> = tx
        .optional(
            "select p.strategy = 'redis' as journal, s.drawing,
                    array(select l.id from price_levels l where l.tenant_id = $1 and l.performance_id = $2
                          order by l.position) as levels
             from performances p left join seating_plans s on s.tenant_id = $1 and s.id = p.plan_id
             where p.tenant_id = $1 and p.id = $2",
            params![performance],
        )
        .await?;
    let Some(head) = head else { return Ok(None) };
    // 0: free. The end of a hold in whole milliseconds, rounded down. -1: cannot be had.
    let units: UnitColumns = tx
        .one(
            "select coalesce(array_agg(u.id), '{}') as ids, coalesce(array_agg(u.price_level_id), '{}') as levels,
                    coalesce(array_agg(coalesce(octet_length(u.seat), 0)), '{}') as seats,
                    coalesce(string_agg(coalesce(u.seat, ''), ''), '') as seat_text,
                    coalesce(array_agg(octet_length(u.label)), '{}') as labels,
                    coalesce(string_agg(u.label, ''), '') as label_text,
                    coalesce(array_agg(u.row_key), '{}') as row_keys, coalesce(array_agg(u.place), '{}') as places,
                    coalesce(array_agg(u.rank), '{}') as ranks,
                    coalesce(array_agg(case u.state
                        when 'free' then 0
                        when 'held' then floor(date_part('epoch', u.expires_at) * 1000 + 0.0005)::bigint
                        else -1 end), '{}') as untils
             from units u where u.tenant_id = $1 and u.performance_id = $2",
            params![performance],
        )
        .await?;
    let journal = if head.journal { Some(journal(&tx, performance).await?) } else { None };
    tx.commit().await?;
    let at = clock.now();
    let assembled = tokio::task::spawn_blocking(move || assemble(head, units, journal, at)).await;
    assembled.map(Some).map_err(|_| DbError::Unavailable("a board could not be assembled".to_owned()))
}

/// Units that only their claims say are held: where holds live in Redis, rows are written on payment.
async fn journal(
    tx: &marquee_core::db::TenantTx,
    performance: PerformanceId,
) -> Result<JournalColumns, DbError> {
    tx.one(
        "select coalesce(array_agg(c.unit_id), '{}') as ids,
                coalesce(array_agg(case h.state
                    when 'active' then floor(date_part('epoch', h.expires_at) * 1000 + 0.0005)::bigint
                    else -1 end), '{}') as untils
         from holds h join claims c on c.tenant_id = $1 and c.hold_id = h.id and c.closed_at is null
         where h.tenant_id = $1 and h.performance_id = $2 and h.state in ('active', 'confirming')",
        params![performance],
    )
    .await
}

fn assemble(head: HeadRow, rows: UnitColumns, journal: Option<JournalColumns>, at: i64) -> Board {
    let drawn = head.drawing.and_then(|text| serde_json::from_str::<Drawing>(&text).ok());
    let plan: Vec<PlanSection> = drawn
        .map(|drawing| drawing.sections)
        .unwrap_or_default()
        .into_iter()
        .map(|section| PlanSection { id: section.id, seats: section.seats.id })
        .collect();
    // Where both speak of a unit, what comes later wins: a claim says more than a row that may be left over from a hold before,
    // and a row that cannot be had says more than a claim.
    let claimed = journal.into_iter().flat_map(|columns| columns.ids.into_iter().zip(columns.untils));
    let (gone, open): (Vec<_>, Vec<_>) =
        rows.ids.iter().copied().zip(rows.untils).partition(|(_, until)| *until == -1);
    let units = open.into_iter().chain(claimed).chain(gone).map(|(unit, until)| {
        let now = match until {
            0 => Now::Free,
            -1 => Now::Gone,
            until => Now::HeldUntil(until),
        };
        Change::new(UnitId(unit), now)
    });
    let units: Vec<Change> = units.collect();
    let columns = Columns {
        ids: rows.ids.into_iter().map(UnitId).collect(),
        levels: rows.levels.into_iter().map(PriceLevelId).collect(),
        seats: rows.seats,
        seat_text: rows.seat_text,
        labels: rows.labels,
        label_text: rows.label_text,
        row_keys: rows.row_keys,
        places: rows.places,
        ranks: rows.ranks,
    };
    let levels = head.levels.into_iter().map(PriceLevelId).collect();
    Board::new(Arc::new(Sheet::new(levels, &plan, columns)), units, at)
}

/// Asks the database what time it is.
///
/// # Errors
/// As [`DbError`] says.
pub(super) async fn clock(db: &Db, clock: &DbClock) -> Result<(), DbError> {
    let tx = db.begin_without_tenant(CLOCK).await?;
    let asked = Instant::now();
    let row: Option<ClockRow> = tx.optional("select marquee_now() as now", params![]).await?;
    let answered = Instant::now();
    tx.commit().await?;
    clock.learn(asked, answered, row.ok_or(DbError::NoRow)?.now);
    Ok(())
}

/// Performances that fans may look at now.
///
/// # Errors
/// As [`DbError`] says.
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
