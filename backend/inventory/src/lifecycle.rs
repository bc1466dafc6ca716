//! What becomes of a hold after it is made. Each step runs inside the caller's transaction, is guarded, and
//! announces what it changed to the availability of every instance.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{HoldId, PerformanceId, UnitId};
use marquee_core::params;
use marquee_entity::inventory::HoldState;
use sea_orm::FromQueryResult;

use crate::availability::{Change, announce};
use crate::{HoldDetail, LifecycleError, store};

/// How much longer than its own time a hold may last while the buyer's bank asks for a confirmation.
const ACTION_GRACE_SECONDS: f64 = 300.0;

#[derive(Debug, FromQueryResult)]
struct Moved {
    performance_id: PerformanceId,
    expires_at: DateTime<Utc>,
}

#[derive(Debug, FromQueryResult)]
struct MovedUnit {
    id: UnitId,
}

#[derive(Debug, FromQueryResult)]
struct Claims {
    n: i64,
}

/// The hold, its row and its units locked.
///
/// # Errors
/// As [`DbError`] says.
pub async fn lock_hold(tx: &TenantTx, id: HoldId) -> Result<Option<HoldDetail>, DbError> {
    store::lock(tx, id).await?;
    store::hold(tx, id).await
}

/// The hold as it stands.
///
/// # Errors
/// As [`DbError`] says.
pub async fn read_hold(tx: &TenantTx, id: HoldId) -> Result<Option<HoldDetail>, DbError> {
    store::hold(tx, id).await
}

/// `active` and not expired → `confirming`: from here no claim and no sweep touches the units.
///
/// Of a hold that lives in Redis the units' rows are still free: they are written now. The live claim says whose they are.
///
/// # Errors
/// `HoldExpired` when its time has run out or it is not active; `NotOwned` when a unit is not its own.
pub async fn begin_confirming(tx: &TenantTx, id: HoldId) -> Result<(), LifecycleError> {
    store::lock(tx, id).await?;
    let moved = move_hold(
        tx,
        id,
        "update holds h set state = 'confirming'
         where h.tenant_id = $1 and h.id = $2 and h.state = 'active' and h.expires_at > marquee_now()
         returning h.performance_id, h.expires_at",
    )
    .await?;
    let units = move_units(
        tx,
        id,
        "update units u set state = 'confirming', hold_id = $2, expires_at = h.expires_at
         from claims c join holds h on h.tenant_id = $1 and h.id = $2
         where c.tenant_id = $1 and c.hold_id = $2 and c.closed_at is null and u.tenant_id = $1 and u.id = c.unit_id
           and (u.state = 'held' and u.hold_id = $2 or u.state = 'free')
         returning u.id",
    )
    .await?;
    all_of_them(tx, id, &units).await?;
    Ok(announce(tx, moved.performance_id, &units.into_iter().map(Change::gone).collect::<Vec<_>>()).await?)
}

/// `confirming` → `active` with its old end: the card was declined, the buyer may try again while time is left.
///
/// # Errors
/// `HoldExpired` when it is not being confirmed.
pub async fn return_to_buyer(tx: &TenantTx, id: HoldId) -> Result<(), LifecycleError> {
    store::lock(tx, id).await?;
    let moved = move_hold(
        tx,
        id,
        "update holds h set state = 'active' where h.tenant_id = $1 and h.id = $2 and h.state = 'confirming'
         returning h.performance_id, h.expires_at",
    )
    .await?;
    let units = move_units(
        tx,
        id,
        "update units u set state = 'held' from claims c
         where c.tenant_id = $1 and c.hold_id = $2 and u.tenant_id = $1 and u.id = c.unit_id
           and u.hold_id = $2 and u.state = 'confirming' returning u.id",
    )
    .await?;
    let changes: Vec<_> = units.into_iter().map(|unit| Change::held(unit, moved.expires_at)).collect();
    Ok(announce(tx, moved.performance_id, &changes).await?)
}

/// Gives a hold that is being confirmed time for 3-D Secure: five minutes from now, but never more than five beyond
/// its own time. Answers its new end.
///
/// # Errors
/// `HoldExpired` when it is not being confirmed.
pub async fn extend_for_action(tx: &TenantTx, id: HoldId) -> Result<DateTime<Utc>, LifecycleError> {
    store::lock(tx, id).await?;
    let moved: Option<Moved> = tx
        .optional(
            "update holds h set
                 latest_end = coalesce(h.latest_end, h.expires_at + make_interval(secs => $3)),
                 expires_at = greatest(h.expires_at, least(
                     coalesce(h.latest_end, h.expires_at + make_interval(secs => $3)),
                     marquee_now() + make_interval(secs => $3)))
             where h.tenant_id = $1 and h.id = $2 and h.state = 'confirming'
             returning h.performance_id, h.expires_at",
            params![id, ACTION_GRACE_SECONDS],
        )
        .await?;
    let moved = moved.ok_or(LifecycleError::HoldExpired)?;
    tx.execute(
        "update units u set expires_at = $3 from claims c
         where c.tenant_id = $1 and c.hold_id = $2 and u.tenant_id = $1 and u.id = c.unit_id
           and u.hold_id = $2 and u.state = 'confirming'",
        params![id, moved.expires_at],
    )
    .await?;
    Ok(moved.expires_at)
}

/// `confirming` → sold and `completed`.
///
/// # Errors
/// `HoldExpired` when it is not being confirmed; `NotOwned` when a unit is not its own. Either way nothing may be captured.
pub async fn sell(tx: &TenantTx, id: HoldId) -> Result<(), LifecycleError> {
    store::lock(tx, id).await?;
    let moved = move_hold(
        tx,
        id,
        "update holds h set state = 'completed', closed_at = marquee_now()
         where h.tenant_id = $1 and h.id = $2 and h.state = 'confirming'
         returning h.performance_id, h.expires_at",
    )
    .await?;
    let units = move_units(
        tx,
        id,
        "update units u set state = 'sold', expires_at = null from claims c
         where c.tenant_id = $1 and c.hold_id = $2 and u.tenant_id = $1 and u.id = c.unit_id
           and u.hold_id = $2 and u.state = 'confirming' returning u.id",
    )
    .await?;
    all_of_them(tx, id, &units).await?;
    Ok(announce(tx, moved.performance_id, &units.into_iter().map(Change::gone).collect::<Vec<_>>()).await?)
}

/// Closes a hold that is active or being confirmed, exactly once, and frees its units. Answers whether it did.
///
/// # Errors
/// As [`DbError`] says.
pub async fn release(tx: &TenantTx, id: HoldId, outcome: HoldState) -> Result<bool, DbError> {
    debug_assert!(HoldState::Active.transition(outcome).is_some() && outcome != HoldState::Confirming);
    store::lock(tx, id).await?;
    close(tx, id, outcome, &[HoldState::Active, HoldState::Confirming]).await
}

/// Sold → free: the money turned out not to be had, the hold is `released`. Answers whether it did something.
///
/// # Errors
/// As [`DbError`] says.
pub async fn take_back(tx: &TenantTx, id: HoldId) -> Result<bool, DbError> {
    store::lock(tx, id).await?;
    close(tx, id, HoldState::Released, &[HoldState::Completed]).await
}

/// Closes a hold that is in one of `states`, exactly once, and frees its units.
async fn close(tx: &TenantTx, id: HoldId, outcome: HoldState, states: &[HoldState]) -> Result<bool, DbError> {
    let states: Vec<String> = states.iter().map(|state| state.as_str().to_owned()).collect();
    let moved: Option<Moved> = tx
        .optional(
            "update holds h set state = $3, closed_at = marquee_now()
             where h.tenant_id = $1 and h.id = $2 and h.state = any($4)
             returning h.performance_id, h.expires_at",
            params![id, outcome, states],
        )
        .await?;
    let Some(moved) = moved else { return Ok(false) };
    // Also the units whose rows were never written, because the hold lived in Redis, are to be had again.
    let units = move_units(
        tx,
        id,
        "with closed as (
             update claims c set closed_at = marquee_now()
             where c.tenant_id = $1 and c.hold_id = $2 and c.closed_at is null returning c.unit_id
         ), freed as (
             update units u set state = 'free', hold_id = null, expires_at = null from closed c
             where u.tenant_id = $1 and u.id = c.unit_id and u.hold_id = $2
               and u.state in ('held', 'confirming', 'sold')
         )
         select unit_id as id from closed",
    )
    .await?;
    announce(tx, moved.performance_id, &units.into_iter().map(Change::freed).collect::<Vec<_>>()).await?;
    Ok(true)
}

async fn move_hold(tx: &TenantTx, id: HoldId, sql: &str) -> Result<Moved, LifecycleError> {
    tx.optional(sql, params![id]).await?.ok_or(LifecycleError::HoldExpired)
}

async fn move_units(tx: &TenantTx, id: HoldId, sql: &str) -> Result<Vec<UnitId>, DbError> {
    let rows: Vec<MovedUnit> = tx.all(sql, params![id]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

async fn all_of_them(tx: &TenantTx, id: HoldId, units: &[UnitId]) -> Result<(), LifecycleError> {
    let claims: Claims = tx
        .one(
            "select count(*) as n from claims c where c.tenant_id = $1 and c.hold_id = $2 and c.closed_at is null",
            params![id],
        )
        .await?;
    if claims.n == units.len() as i64 && claims.n > 0 { Ok(()) } else { Err(LifecycleError::NotOwned) }
}
