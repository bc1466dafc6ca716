//! The guarded statements that take units.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, Tag, TenantTx};
use marquee_core::ids::{HoldId, PerformanceId, UnitId};
use marquee_core::params;
use marquee_entity::catalog::Strategy as Name;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::wish::{Taken, Wishes};
use super::{Guard, Part};

/// A way to take units inside a transaction: all that the strategies that claim in one differ in.
#[async_trait]
pub(super) trait Take: Send + Sync + std::fmt::Debug {
    /// Its strategy's name.
    const NAME: Name;
    /// The tag of its transactions.
    const CLAIM: Tag;

    /// Takes the units of those wishes that can be had whole; answers every unit that is to be had.
    async fn take(&self, tx: &TenantTx, wanted: &Wanted) -> Result<HashMap<UnitId, Taken>, DbError>;

    /// How one free unit may be taken, held and recorded by a single statement; `None`: not at all.
    fn alone(&self) -> Option<Locked> {
        None
    }
}

/// What a statement does about rows that others have locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    /// It waits until they are done, and judges then.
    Wait,
    /// It passes over them.
    Skip,
}

impl Locked {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Wait => "",
            Self::Skip => "skip locked",
        }
    }
}

/// Everything that a batch wants, in the order of unit ids: the order in which all claims lock.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) lines: Vec<WantedUnit>,
}

/// A unit, the hold that wants it and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantedUnit {
    pub(super) unit: UnitId,
    pub(super) hold: HoldId,
    performance: PerformanceId,
    seconds: i32,
}

impl Wanted {
    pub(super) fn of(parts: &[Part<'_>], wishes: &[Wishes<'_>]) -> Self {
        let lines = parts.iter().zip(wishes).flat_map(|(part, wishes)| {
            let (performance, seconds) = (part.target.performance, part.target.hold_seconds);
            wishes.wanted.iter().flat_map(move |wish| {
                let hold = wish.request.hold_id;
                wish.units.iter().map(move |got| WantedUnit { unit: got.unit, hold, performance, seconds })
            })
        });
        let mut lines: Vec<WantedUnit> = lines.collect();
        lines.sort_unstable_by_key(|line| line.unit.0);
        Self { lines }
    }

    pub(super) fn units(&self) -> Value {
        self.lines.iter().map(|line| line.unit.0).collect::<Vec<Uuid>>().into()
    }

    pub(super) fn holds(&self) -> Value {
        self.lines.iter().map(|line| line.hold.0).collect::<Vec<Uuid>>().into()
    }

    pub(super) fn performances(&self) -> Value {
        self.lines.iter().map(|line| line.performance.0).collect::<Vec<Uuid>>().into()
    }

    pub(super) fn seconds(&self) -> Value {
        self.lines.iter().map(|line| f64::from(line.seconds)).collect::<Vec<f64>>().into()
    }
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: UnitId,
    until: Option<DateTime<Utc>>,
    taken_from: Option<HoldId>,
}

/// The one conditional update: the sub-select locks in id order (an update has no order of its own) and judges the locked
/// rows by the guard, so by what is true now; the units of holds that get all they want are updated.
///
/// `$2` units, `$3` their holds, `$4` performances and `$5` seconds.
pub(crate) fn conditional_update(guard: Guard, locked: Locked) -> String {
    format!(
        "with open as materialized (
             select u.id, u.performance_id, u.state, u.hold_id from units u
             where u.tenant_id = $1 and u.id = any($2::uuid[]) and {guard}
             order by u.id for update of u {skip}
         ), wanted as materialized (
             select * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::float8[]) w (unit, hold, performance, seconds)
         ), granted as materialized (
             select w.hold, min(w.seconds) as seconds
             from wanted w left join open o on o.id = w.unit and o.performance_id = w.performance
             group by w.hold having count(*) = count(o.id)
         ), ending as materialized (
             select marquee_now() as now from (select count(*) from granted) g
         ), updated as (
             update units u set state = 'held', hold_id = w.hold, expires_at = e.now + make_interval(secs => g.seconds)
             from wanted w join granted g on g.hold = w.hold cross join ending e
             where u.tenant_id = $1 and u.id = w.unit
             returning u.id, u.expires_at
         )
         select o.id, d.expires_at as until, case when o.state = 'held' then o.hold_id end as taken_from
         from open o left join updated d on d.id = o.id",
        guard = guard.sql(),
        skip = locked.sql(),
    )
}

pub(super) async fn update(
    tx: &TenantTx,
    wanted: &Wanted,
    guard: Guard,
    locked: Locked,
) -> Result<HashMap<UnitId, Taken>, DbError> {
    let values = params![wanted.units(), wanted.holds(), wanted.performances(), wanted.seconds()];
    let rows: Vec<Row> = tx.all(&conditional_update(guard, locked), values).await?;
    let taken = |row: Row| (row.id, Taken { until: row.until, taken_from: row.taken_from });
    Ok(rows.into_iter().map(taken).collect())
}
