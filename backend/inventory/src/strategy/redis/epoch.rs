//! Epochs: which generation of Redis's holds the journal accepts, and how a new one begins.

use chrono::{DateTime, Utc};
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::{HoldId, PerformanceId, TenantId, UnitId};
use marquee_core::params;
use marquee_entity::inventory::{HoldState, UnitState};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::store::Entry;

const REBUILD: Tag = Tag::patient("claim.redis_rebuild");
const LOOK: Tag = Tag::new("claim.redis_look");

#[derive(Debug, FromQueryResult)]
struct EpochRow {
    epoch: i64,
}

#[derive(Debug, FromQueryResult)]
struct FenceRow {
    fence: i64,
}

#[derive(Debug, FromQueryResult)]
struct OpenedRow {
    epoch: i64,
    until: DateTime<Utc>,
}

#[derive(Debug, FromQueryResult)]
struct UnitRow {
    id: UnitId,
    state: UnitState,
    hold_id: Option<HoldId>,
    hold_state: Option<HoldState>,
    expires_at: Option<DateTime<Utc>>,
}

/// A performance as the journal has it.
#[derive(Debug)]
pub(super) struct Journal {
    pub(super) epoch: i64,
    /// The highest fence given out.
    pub(super) fence: i64,
    /// Every unit that is not free.
    pub(super) units: Vec<(UnitId, Entry)>,
}

/// The epoch that is in force; none before the first hold.
pub(super) async fn current(
    db: &Db,
    tenant: TenantId,
    performance: PerformanceId,
) -> Result<Option<i64>, DbError> {
    let tx = db.begin(tenant, LOOK).await?;
    let row: Option<EpochRow> = tx
        .optional(
            "select epoch from hold_epochs where tenant_id = $1 and performance_id = $2",
            params![performance],
        )
        .await?;
    tx.commit().await?;
    Ok(row.map(|row| row.epoch))
}

/// Begins a new epoch after `known` and reads the journal under it. Batches of the old epoch that are under way are
/// waited for; later ones are refused. `None` when somebody else began one meanwhile.
pub(super) async fn begin(
    db: &Db,
    tenant: TenantId,
    performance: PerformanceId,
    known: Option<i64>,
) -> Result<Option<Journal>, DbError> {
    let tx = db.begin(tenant, REBUILD).await?;
    tx.execute(
        "insert into hold_epochs (tenant_id, performance_id, epoch) values ($1, $2, 0) on conflict do nothing",
        params![performance],
    )
    .await?;
    let EpochRow { epoch } = tx
        .one(
            "select epoch from hold_epochs where tenant_id = $1 and performance_id = $2 for update",
            params![performance],
        )
        .await?;
    if known.is_some_and(|known| known != epoch) {
        return Ok(None);
    }
    let EpochRow { epoch } = tx
        .one(
            "update hold_epochs set epoch = epoch + 1 where tenant_id = $1 and performance_id = $2 returning epoch",
            params![performance],
        )
        .await?;
    let FenceRow { fence } = tx
        .one(
            "select coalesce(max(fence), 0) as fence from holds
             where tenant_id = $1 and performance_id = $2 and fence is not null",
            params![performance],
        )
        .await?;
    let rows: Vec<UnitRow> = tx
        .all(&format!("{UNITS} where u.tenant_id = $1 and u.performance_id = $2 and (u.state <> 'free' or c.hold_id is not null)"),
            params![performance])
        .await?;
    tx.commit().await?;
    // Redis keeps only what is not free.
    let units = rows
        .into_iter()
        .map(|row| (row.id, entry(&row)))
        .filter(|(_, entry)| *entry != Entry::Free)
        .collect();
    Ok(Some(Journal { epoch, fence, units }))
}

/// Opens a batch: the epoch in force, kept until the batch commits, and when its holds end.
pub(super) async fn open(
    tx: &TenantTx,
    performance: PerformanceId,
    hold_seconds: i32,
) -> Result<Option<(i64, DateTime<Utc>)>, DbError> {
    let row: Option<OpenedRow> = tx.optional(OPEN, params![performance, f64::from(hold_seconds)]).await?;
    Ok(row.map(|row| (row.epoch, row.until)))
}

/// `$2` performance, `$3` seconds.
pub(crate) const OPEN: &str = "select epoch, marquee_now() + make_interval(secs => $3) as until
     from hold_epochs where tenant_id = $1 and performance_id = $2 for share";

/// What the journal says of these units.
pub(super) async fn units(
    db: &Db,
    tenant: TenantId,
    units: &[UnitId],
) -> Result<Vec<(UnitId, Entry)>, DbError> {
    let ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    let tx = db.begin(tenant, LOOK).await?;
    let rows: Vec<UnitRow> = tx.all(&by_id(), params![ids]).await?;
    tx.commit().await?;
    Ok(rows.into_iter().map(|row| (row.id, entry(&row))).collect())
}

/// `$2` units.
pub(crate) fn by_id() -> String {
    format!("{UNITS} where u.tenant_id = $1 and u.id = any($2::uuid[])")
}

const UNITS: &str = "select u.id, u.state, c.hold_id, h.state as hold_state, h.expires_at
     from units u
     left join claims c on c.tenant_id = $1 and c.unit_id = u.id and c.closed_at is null
     left join holds h on h.tenant_id = $1 and h.id = c.hold_id";

fn entry(row: &UnitRow) -> Entry {
    match (row.state, row.hold_id.zip(row.expires_at), row.hold_state) {
        // A row that a hold left behind when it was closed is as good as free: the live claim says who holds a unit.
        (UnitState::Free | UnitState::Held, None, _) => Entry::Free,
        (UnitState::Free | UnitState::Held, Some((hold, until)), Some(HoldState::Active)) => {
            Entry::Held { hold, until, journalled: true }
        }
        _ => Entry::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_claim_says_who_holds_a_unit() {
        let (hold, until) = (HoldId::generate(), Utc::now());
        let entry_of = |state, claim: Option<HoldState>| {
            let hold_id = claim.map(|_| hold);
            let expires_at = claim.map(|_| until);
            entry(&UnitRow { id: UnitId::generate(), state, hold_id, hold_state: claim, expires_at })
        };
        let held = Entry::Held { hold, until, journalled: true };
        for state in [UnitState::Free, UnitState::Held] {
            assert_eq!(entry_of(state, None), Entry::Free, "{state:?}");
            assert_eq!(entry_of(state, Some(HoldState::Active)), held, "{state:?}");
            assert_eq!(entry_of(state, Some(HoldState::Confirming)), Entry::Gone, "{state:?}");
        }
        for state in [UnitState::Confirming, UnitState::Sold, UnitState::Blocked] {
            assert_eq!(entry_of(state, None), Entry::Gone, "{state:?}");
            assert_eq!(entry_of(state, Some(HoldState::Active)), Entry::Gone, "{state:?}");
        }
    }
}
