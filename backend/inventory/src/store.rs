//! Statements that more than one verb needs.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{HoldId, PerformanceId, PriceLevelId, TicketTypeId, UnitId};
use marquee_core::money::{Currency, Price};
use marquee_core::params;
use marquee_entity::inventory::HoldState;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{HeldUnit, HoldDetail};

#[derive(Debug, FromQueryResult)]
struct UnitRow {
    id: UnitId,
}

#[derive(Debug, FromQueryResult)]
struct LapsedRow {
    id: HoldId,
}

/// A unit that is to be had again.
#[derive(Debug, Clone, Copy, FromQueryResult)]
pub(crate) struct Freed {
    pub(crate) unit: UnitId,
    pub(crate) performance: PerformanceId,
}

#[derive(Debug, FromQueryResult)]
struct HoldRow {
    id: HoldId,
    performance_id: PerformanceId,
    state: HoldState,
    expires_at: DateTime<Utc>,
    expired: bool,
    total: i64,
    currency: Currency,
}

/// A hold that a key made.
#[derive(Debug, FromQueryResult)]
pub(crate) struct HoldOfKey {
    pub(crate) id: HoldId,
    /// Of what was asked for.
    pub(crate) fingerprint: Vec<u8>,
}

#[derive(Debug, FromQueryResult)]
struct ClaimRow {
    unit_id: UnitId,
    seat: Option<String>,
    label: String,
    price_level_id: PriceLevelId,
    price_level: String,
    ticket_type_id: TicketTypeId,
    ticket_type: String,
    face: i64,
    fees: i64,
    tax: i64,
}

fn ids(holds: impl IntoIterator<Item = HoldId>) -> Vec<Uuid> {
    holds.into_iter().map(|hold| hold.0).collect()
}

/// Closes those of `holds` whose time has run out, once each, and frees their units; answers the units they had.
/// Units that another claim has locked are left to it: it is taking them over.
pub(crate) async fn expire_holds(
    tx: &TenantTx,
    holds: impl IntoIterator<Item = HoldId>,
) -> Result<Vec<Freed>, DbError> {
    tx.all(EXPIRE, params![ids(holds)]).await
}

/// Frees units that this transaction took for holds it does not make after all.
pub(crate) async fn give_back(
    tx: &TenantTx,
    holds: &[HoldId],
    units: Vec<Uuid>,
) -> Result<Vec<UnitId>, DbError> {
    let rows: Vec<UnitRow> = tx.all(GIVE_BACK, params![units, ids(holds.iter().copied())]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// `$2` units, `$3` holds.
pub(crate) const GIVE_BACK: &str = "update units u set state = 'free', hold_id = null, expires_at = null
     where u.tenant_id = $1 and u.id = any($2::uuid[]) and u.hold_id = any($3::uuid[]) and u.state = 'held'
     returning u.id";

/// `$2` holds.
pub(crate) const EXPIRE: &str = "with due as materialized (
                 select h.id from holds h
                 where h.tenant_id = $1 and h.id = any($2::uuid[]) and h.state = 'active' and h.expires_at <= marquee_now()
                 order by h.id for update of h
             ), closed as (
                 update holds h set state = 'expired', closed_at = marquee_now()
                 from due where h.tenant_id = $1 and h.id = due.id returning h.id
             ), closed_claims as (
                 update claims c set closed_at = marquee_now()
                 from closed where c.tenant_id = $1 and c.hold_id = closed.id and c.closed_at is null
                 returning c.unit_id, c.hold_id, c.performance_id
             ), left_over as materialized (
                 select u.id from closed_claims c join units u on u.tenant_id = $1 and u.id = c.unit_id
                 where u.hold_id = c.hold_id and u.state = 'held'
                 for update of u skip locked
             ), freed as (
                 update units u set state = 'free', hold_id = null, expires_at = null
                 from left_over l where u.tenant_id = $1 and u.id = l.id
             )
             select unit_id as unit, performance_id as performance from closed_claims";

/// What blocking units did.
#[derive(Debug)]
pub(crate) struct Blocked {
    /// They are off sale now.
    pub(crate) units: Vec<UnitId>,
    /// What holds had whose time was over, blocked now or not.
    pub(crate) freed: Vec<Freed>,
}

/// Takes units off sale that are free, left over from a hold that was closed, or in one whose time is over, which is closed
/// first: nobody else may have done so.
pub(crate) async fn block(
    tx: &TenantTx,
    performance: PerformanceId,
    units: &[UnitId],
) -> Result<Blocked, DbError> {
    let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    // Holds of Redis are journalled under a shared lock on this row: none of them comes in between.
    tx.execute(
        "select epoch from hold_epochs where tenant_id = $1 and performance_id = $2 for update",
        params![performance],
    )
    .await?;
    // A statement of its own: what the next ones see was done before the last of these locks was had.
    tx.execute(
        "select u.id from units u where u.tenant_id = $1 and u.performance_id = $2 and u.id = any($3::uuid[])
         order by u.id for update of u",
        params![performance, ids.clone()],
    )
    .await?;
    let lapsed: Vec<LapsedRow> = tx.all(LAPSED, params![ids.clone()]).await?;
    let mut freed = Vec::new();
    if !lapsed.is_empty() {
        freed = expire_holds(tx, lapsed.into_iter().map(|row| row.id)).await?;
    }
    let rows: Vec<UnitRow> = tx.all(BLOCK, params![performance, ids]).await?;
    Ok(Blocked { units: rows.into_iter().map(|row| row.id).collect(), freed })
}

/// `$2` performance, `$3` units.
pub(crate) const BLOCK: &str = "with free as materialized (
         select u.id from units u
         where u.tenant_id = $1 and u.performance_id = $2 and u.id = any($3::uuid[])
           and (u.state = 'free' or u.state = 'held' and u.expires_at <= marquee_now())
           and not exists (select 1 from claims c
                           where c.tenant_id = $1 and c.unit_id = u.id and c.closed_at is null)
         order by u.id for update of u
     )
     update units u set state = 'blocked', hold_id = null, expires_at = null from free
     where u.tenant_id = $1 and u.id = free.id returning u.id";

/// The holds whose time is over that have one of the units `$2`.
pub(crate) const LAPSED: &str =
    "select distinct h.id from claims c join holds h on h.tenant_id = $1 and h.id = c.hold_id
     where c.tenant_id = $1 and c.unit_id = any($2::uuid[]) and c.closed_at is null
       and h.state = 'active' and h.expires_at <= marquee_now()";

/// Puts blocked units back on sale; answers which.
pub(crate) async fn unblock(tx: &TenantTx, units: &[UnitId]) -> Result<Vec<UnitId>, DbError> {
    let rows: Vec<UnitRow> = tx
        .all(
            "update units u set state = 'free'
             where u.tenant_id = $1 and u.id = any($2::uuid[]) and u.state = 'blocked' returning u.id",
            params![units.iter().map(|unit| unit.0).collect::<Vec<Uuid>>()],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

const HOLD: &str = "h.id, h.performance_id, h.state, h.expires_at, h.expires_at <= marquee_now() as expired, h.total, h.currency";

/// The units of a hold, locked in the order of their ids: everything that touches both locks them before the hold.
const UNITS_LOCKED: &str = "with locked as materialized (
         select u.id from units u
         where u.tenant_id = $1 and u.id = any(array(
             select c.unit_id from claims c where c.tenant_id = $1 and c.hold_id = $2))
         order by u.id for update of u
     )";

/// The hold that a key made for a performance.
pub(crate) async fn hold_of_key(
    tx: &TenantTx,
    performance: PerformanceId,
    key: &str,
) -> Result<Option<HoldOfKey>, DbError> {
    let sql = "select h.id, h.fingerprint from holds h
         where h.tenant_id = $1 and h.performance_id = $2 and h.idempotency_key = $3";
    tx.optional(sql, params![performance, key]).await
}

/// A hold with its units, in the order they were asked for.
pub(crate) async fn hold(tx: &TenantTx, id: HoldId) -> Result<Option<HoldDetail>, DbError> {
    let sql = format!("select {HOLD} from holds h where h.tenant_id = $1 and h.id = $2");
    detail(tx, tx.optional(&sql, params![id]).await?).await
}

/// The same, its units and itself locked.
pub(crate) async fn locked_hold(tx: &TenantTx, id: HoldId) -> Result<Option<HoldDetail>, DbError> {
    let sql = format!(
        "{UNITS_LOCKED} select {HOLD} from holds h
         where h.tenant_id = $1 and h.id = $2 and (select count(*) from locked) >= 0 for update of h"
    );
    detail(tx, tx.optional(&sql, params![id]).await?).await
}

async fn detail(tx: &TenantTx, row: Option<HoldRow>) -> Result<Option<HoldDetail>, DbError> {
    let Some(row) = row else { return Ok(None) };
    let claims: Vec<ClaimRow> = tx
        .all(
            "select c.unit_id, u.seat, u.label, c.price_level_id, l.name as price_level, c.ticket_type_id,
                    t.name as ticket_type, c.face, c.fees, c.tax
             from claims c
             join units u on u.tenant_id = $1 and u.id = c.unit_id
             join price_levels l on l.tenant_id = $1 and l.id = c.price_level_id
             join ticket_types t on t.tenant_id = $1 and t.id = c.ticket_type_id
             where c.tenant_id = $1 and c.hold_id = $2
             order by c.place",
            params![row.id],
        )
        .await?;
    let units = claims.into_iter().map(|claim| held_unit(claim, &row.currency)).collect();
    Ok(Some(HoldDetail {
        id: row.id,
        performance_id: row.performance_id,
        state: row.state,
        expires_at: row.expires_at,
        expired: row.expired,
        total: row.total,
        currency: row.currency,
        units,
    }))
}

fn held_unit(row: ClaimRow, currency: &Currency) -> HeldUnit {
    HeldUnit {
        unit_id: row.unit_id,
        seat: row.seat,
        label: row.label,
        price_level_id: row.price_level_id,
        price_level: row.price_level,
        ticket_type_id: row.ticket_type_id,
        ticket_type: row.ticket_type,
        price: Price {
            total: row.face + row.fees + row.tax,
            face: row.face,
            fees: row.fees,
            tax: row.tax,
            currency: currency.clone(),
        },
    }
}

/// Locks the units of a hold, then the hold.
pub(crate) async fn lock(tx: &TenantTx, id: HoldId) -> Result<(), DbError> {
    let sql = format!(
        "{UNITS_LOCKED} select h.id from holds h
         where h.tenant_id = $1 and h.id = $2 and (select count(*) from locked) >= 0 for update of h"
    );
    tx.execute(&sql, params![id]).await.map(drop)
}
