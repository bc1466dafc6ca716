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

/// A unit of a hold that was moved; none where no unit was the hold's own.
#[derive(Debug, FromQueryResult)]
struct MovedRow {
    performance_id: PerformanceId,
    expires_at: DateTime<Utc>,
    claims: i64,
    unit: Option<UnitId>,
}

/// A hold that was moved with its units.
struct MovedHold {
    performance: PerformanceId,
    expires_at: DateTime<Utc>,
    /// Those of its units that were its own.
    units: Vec<UnitId>,
    /// Were all of them?
    whole: bool,
}

/// The hold, its row and its units locked.
///
/// # Errors
/// As [`DbError`] says.
pub async fn lock_hold(tx: &TenantTx, id: HoldId) -> Result<Option<HoldDetail>, DbError> {
    store::locked_hold(tx, id).await
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
/// Of a hold that lives in Redis the units' rows are still free, or left over from a hold whose time is over: they are
/// written now. The live claim says whose they are.
///
/// # Errors
/// `HoldExpired` when its time has run out or it is not active; `NotOwned` when a unit is not its own.
pub async fn begin_confirming(tx: &TenantTx, id: HoldId) -> Result<(), LifecycleError> {
    let moved = shift(
        tx,
        id,
        [
            "state = 'confirming'",
            "h.state = 'active' and h.expires_at > marquee_now()",
            "state = 'confirming', hold_id = $2, expires_at = m.expires_at",
            "(u.state = 'free' or u.state = 'held' and (u.hold_id = $2 or u.expires_at <= marquee_now()))",
        ],
    )
    .await?;
    let changes: Vec<_> = moved.all_of_them()?.iter().map(|unit| Change::gone(*unit).of(id)).collect();
    Ok(announce(tx, moved.performance, &changes).await?)
}

/// `confirming` → `active` with its old end: the card was declined, the buyer may try again while time is left.
///
/// # Errors
/// `HoldExpired` when it is not being confirmed.
pub async fn return_to_buyer(tx: &TenantTx, id: HoldId) -> Result<(), LifecycleError> {
    let moved = shift(
        tx,
        id,
        [
            "state = 'active'",
            "h.state = 'confirming'",
            "state = 'held'",
            "u.hold_id = $2 and u.state = 'confirming'",
        ],
    )
    .await?;
    let changes: Vec<_> = moved.units.into_iter().map(|unit| Change::held(unit, moved.expires_at)).collect();
    Ok(announce(tx, moved.performance, &changes).await?)
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

/// `confirming` → sold and `completed`. Nothing is announced: its units have been gone since it was being confirmed.
///
/// # Errors
/// `HoldExpired` when it is not being confirmed; `NotOwned` when a unit is not its own. Either way nothing may be captured.
pub async fn sell(tx: &TenantTx, id: HoldId) -> Result<(), LifecycleError> {
    let moved = shift(
        tx,
        id,
        [
            "state = 'completed', closed_at = marquee_now()",
            "h.state = 'confirming'",
            "state = 'sold', expires_at = null",
            "u.hold_id = $2 and u.state = 'confirming'",
        ],
    )
    .await?;
    moved.all_of_them().map(drop)
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
    let changes: Vec<_> = units.into_iter().map(|unit| Change::freed(unit).of(id)).collect();
    announce(tx, moved.performance_id, &changes).await?;
    Ok(true)
}

/// Moves a hold and its units, by one statement: what is set on the hold, and if what; what is set on each unit, and if
/// what. The units are locked first, in the order of their ids, then the hold: as everywhere.
///
/// A row that this statement has to wait for is judged twice: by the version that was there when the statement began, and by
/// the one that is there after the wait. One whose old version fails the guard is skipped although its new one would pass.
/// So two calls for one hold must not meet here: every caller has locked the hold's order in an earlier statement, and what
/// it waited for there this statement sees from its beginning. (All do: `pay.rs`, `settle.rs` and `late.rs` in `checkout`.)
async fn shift(
    tx: &TenantTx,
    id: HoldId,
    [set, guard, unit_set, unit_guard]: [&str; 4],
) -> Result<MovedHold, LifecycleError> {
    let sql = format!(
        "with claimed as materialized (
             select c.unit_id from claims c where c.tenant_id = $1 and c.hold_id = $2 and c.closed_at is null
         ), locked as materialized (
             select u.id from units u
             where u.tenant_id = $1 and u.id = any(array(select unit_id from claimed)) order by u.id for update of u
         ), moved as (
             update holds h set {set}
             where h.tenant_id = $1 and h.id = $2 and (select count(*) from locked) > 0 and {guard}
             returning h.performance_id, h.expires_at
         ), units_moved as (
             update units u set {unit_set} from locked l cross join moved m
             where u.tenant_id = $1 and u.id = l.id and {unit_guard} returning u.id
         )
         select m.performance_id, m.expires_at, (select count(*) from claimed) as claims, u.id as unit
         from moved m left join units_moved u on true"
    );
    let rows: Vec<MovedRow> = tx.all(&sql, params![id]).await?;
    let first = rows.first().ok_or(LifecycleError::HoldExpired)?;
    let (performance, expires_at, claims) = (first.performance_id, first.expires_at, first.claims);
    let units: Vec<UnitId> = rows.into_iter().filter_map(|row| row.unit).collect();
    Ok(MovedHold { performance, expires_at, whole: claims == units.len() as i64, units })
}

impl MovedHold {
    fn all_of_them(&self) -> Result<&[UnitId], LifecycleError> {
        if self.whole { Ok(&self.units) } else { Err(LifecycleError::NotOwned) }
    }
}

async fn move_units(tx: &TenantTx, id: HoldId, sql: &str) -> Result<Vec<UnitId>, DbError> {
    let rows: Vec<MovedUnit> = tx.all(sql, params![id]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
