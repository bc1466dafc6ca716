//! Whose something is: what the command line and the platform staff's views share.

use marquee_core::db::{Db, DbError};
use marquee_core::ids::{OrderId, PerformanceId, TenantId};
use marquee_core::params;
use sea_orm::{FromQueryResult, Value};

use crate::compose::STAFF;

#[derive(FromQueryResult)]
struct Owner {
    tenant_id: TenantId,
}

/// Whose performance it is, if there is one of that id.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_performance(db: &Db, id: PerformanceId) -> Result<Option<TenantId>, DbError> {
    one(db, "select tenant_id from performances where id = $1", params![id]).await
}

/// Whose order it is, if there is one of that id.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_order(db: &Db, id: OrderId) -> Result<Option<TenantId>, DbError> {
    one(db, "select tenant_id from orders where id = $1", params![id]).await
}

async fn one(db: &Db, sql: &str, params: Vec<Value>) -> Result<Option<TenantId>, DbError> {
    let tx = db.begin_platform(STAFF).await?;
    let owner: Option<Owner> = tx.optional(sql, params).await?;
    tx.commit().await?;
    Ok(owner.map(|owner| owner.tenant_id))
}
