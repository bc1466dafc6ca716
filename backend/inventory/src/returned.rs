//! Sold units that come back, because their tickets were taken back.

use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{HoldId, PerformanceId, UnitId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::availability::{Change, announce};

#[derive(Debug, FromQueryResult)]
struct Freed {
    id: UnitId,
    performance_id: PerformanceId,
}

/// Sold → free for those of `units` that the hold has sold: their claims are closed, and they can be had again. A hold that
/// has none left is `released`. Answers which were freed; the caller holds the order's row.
///
/// # Errors
/// As [`DbError`] says.
pub async fn put_back_on_sale(tx: &TenantTx, hold: HoldId, units: &[UnitId]) -> Result<Vec<UnitId>, DbError> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    let freed: Vec<Freed> = tx.all(FREE, params![hold, ids]).await?;
    tx.execute(
        "update holds h set state = 'released', closed_at = marquee_now()
         where h.tenant_id = $1 and h.id = $2 and h.state = 'completed'
           and not exists (select 1 from claims c where c.tenant_id = $1 and c.hold_id = h.id and c.closed_at is null)",
        params![hold],
    )
    .await?;
    let freed_units: Vec<UnitId> = freed.iter().map(|row| row.id).collect();
    if let Some(performance) = freed.first().map(|row| row.performance_id) {
        let changes: Vec<Change> = freed_units.iter().map(|unit| Change::freed(*unit).of(hold)).collect();
        announce(tx, performance, &changes).await?;
    }
    Ok(freed_units)
}

/// `$2` hold, `$3` units: locked in id order like everywhere, then freed together with their claims.
const FREE: &str = "with sold as materialized (
         select u.id from units u
         where u.tenant_id = $1 and u.id = any($3::uuid[]) and u.hold_id = $2 and u.state = 'sold'
         order by u.id for update of u
     ), closed as (
         update claims c set closed_at = marquee_now() from sold
         where c.tenant_id = $1 and c.hold_id = $2 and c.unit_id = sold.id and c.closed_at is null returning c.unit_id
     )
     update units u set state = 'free', hold_id = null, expires_at = null from closed
     where u.tenant_id = $1 and u.id = closed.unit_id and u.hold_id = $2 and u.state = 'sold'
     returning u.id, u.performance_id";
