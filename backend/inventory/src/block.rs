//! Takes seats off sale, and puts them back.

use marquee_core::db::{DbError, Tag};
use marquee_core::ids::{PerformanceId, UnitId};
use marquee_tenants::Tenant;

use crate::availability::{Change, announce};
use crate::{HoldError, Inventory, store};

const UNBLOCK: Tag = Tag::new("units.unblock");

impl Inventory {
    /// Takes those of `seats` off sale that are free now, through the performance's strategy, so that no buyer gets one
    /// meanwhile. Answers which.
    ///
    /// # Errors
    /// `UnknownSeat`, `UnknownPerformance`, and when a store is out of reach.
    pub async fn block(
        &self,
        tenant: &Tenant,
        performance: PerformanceId,
        seats: &[String],
    ) -> Result<Vec<String>, HoldError> {
        let (strategy, target, units) = self.aim(tenant, performance, seats).await?;
        let blocked = strategy.block(self.db(), &target, &units).await?;
        Ok(named(seats, &units, &blocked))
    }

    /// Puts those of `seats` back on sale that were blocked. Answers which.
    ///
    /// # Errors
    /// As [`Inventory::block`].
    pub async fn unblock(
        &self,
        tenant: &Tenant,
        performance: PerformanceId,
        seats: &[String],
    ) -> Result<Vec<String>, HoldError> {
        let (strategy, target, units) = self.aim(tenant, performance, seats).await?;
        let tx = self.db().begin(tenant.id, UNBLOCK).await?;
        let freed = store::unblock(&tx, &units).await?;
        announce(&tx, performance, &freed.iter().copied().map(Change::freed).collect::<Vec<_>>()).await?;
        tx.commit().await?;
        strategy.learn(self.db(), &target, &units).await?;
        Ok(named(seats, &units, &freed))
    }
}

fn named(seats: &[String], units: &[UnitId], done: &[UnitId]) -> Vec<String> {
    let done = seats.iter().zip(units).filter(|(_, unit)| done.contains(unit));
    done.map(|(seat, _)| seat.clone()).collect()
}

/// Blocks what is free in Postgres: the units' own way, and the last word behind every other.
pub(crate) async fn in_postgres(
    db: &marquee_core::db::Db,
    tag: Tag,
    target: &crate::strategy::Target,
    units: &[UnitId],
) -> Result<Vec<UnitId>, DbError> {
    let tx = db.begin(target.tenant, tag).await?;
    let blocked = store::block(&tx, target.performance, units).await?;
    // Of a unit that was freed and blocked the later counts.
    let freed = blocked.freed.iter().map(|freed| Change::freed(freed.unit));
    let changes: Vec<Change> = freed.chain(blocked.units.iter().copied().map(Change::gone)).collect();
    announce(&tx, target.performance, &changes).await?;
    tx.commit().await?;
    Ok(blocked.units)
}
