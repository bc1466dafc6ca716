//! Which unit a seat of the plan is: read once for each performance, it never changes.

use std::collections::HashMap;
use std::sync::Arc;

use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::{PerformanceId, PriceLevelId, TenantId, UnitId};
use marquee_core::params;
use moka::future::Cache;
use sea_orm::FromQueryResult;

const SEATS: Tag = Tag::new("inventory.seats");

/// A seat's unit and price level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub(crate) unit: UnitId,
    pub(crate) level: PriceLevelId,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: UnitId,
    seat: String,
    price_level_id: PriceLevelId,
}

type Index = Arc<HashMap<String, Seat>>;

/// Seat → unit, by performance.
#[derive(Debug, Clone)]
pub(crate) struct Seats {
    db: Db,
    cache: Cache<(TenantId, PerformanceId), Index>,
}

impl Seats {
    pub(crate) fn new(db: Db) -> Self {
        let weigh = |_: &(TenantId, PerformanceId), index: &Index| index.len().try_into().unwrap_or(u32::MAX);
        Self { db, cache: Cache::builder().weigher(weigh).max_capacity(2_000_000).build() }
    }

    pub(crate) async fn of(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
    ) -> Result<Index, Arc<DbError>> {
        self.cache.try_get_with((tenant, performance), self.load(tenant, performance)).await
    }

    async fn load(&self, tenant: TenantId, performance: PerformanceId) -> Result<Index, DbError> {
        let tx = self.db.begin(tenant, SEATS).await?;
        let rows: Vec<Row> = tx
            .all(
                "select u.id, u.seat, u.price_level_id from units u
                 where u.tenant_id = $1 and u.performance_id = $2 and u.seat is not null",
                params![performance],
            )
            .await?;
        tx.commit().await?;
        let seat = |row: Row| (row.seat, Seat { unit: row.id, level: row.price_level_id });
        Ok(Arc::new(rows.into_iter().map(seat).collect()))
    }
}
