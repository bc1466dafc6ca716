use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::{DbError, Opened, Tag};
use crate::ids::TenantId;

/// A short transaction that crosses tenants. It finds work and answers platform staff; what it finds is then
/// done tenant by tenant in a [`super::TenantTx`]. Acts of people are written to the audit log.
pub struct PlatformTx {
    tx: DatabaseTransaction,
    tag: Tag,
    opened: Opened,
}

impl PlatformTx {
    pub(super) fn new(tx: DatabaseTransaction, tag: Tag, opened: Opened) -> Self {
        Self { tx, tag, opened }
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn all<T: FromQueryResult>(&self, sql: &str, params: Vec<Value>) -> Result<Vec<T>, DbError> {
        let rows = self.tx.query_all_raw(self.statement(sql, params)).await?;
        rows.iter().map(|row| T::from_query_result(row, "").map_err(DbError::from)).collect()
    }

    /// The first row of a query, if any.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn optional<T: FromQueryResult>(
        &self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<Option<T>, DbError> {
        let row = self.tx.query_one_raw(self.statement(sql, params)).await?;
        row.map(|row| T::from_query_result(&row, "").map_err(DbError::from)).transpose()
    }

    /// Runs a statement; answers how many rows it touched.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn execute(&self, sql: &str, params: Vec<Value>) -> Result<u64, DbError> {
        Ok(self.tx.execute_raw(self.statement(sql, params)).await?.rows_affected())
    }

    /// Writes to the audit log that `actor` did `action`.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn record(
        &self,
        actor: &str,
        action: &str,
        about: Option<TenantId>,
        details: serde_json::Value,
    ) -> Result<(), DbError> {
        self.execute(
            "insert into audit_log (id, actor, action, about_tenant, details) values ($1, $2, $3, $4, $5)",
            crate::params![Uuid::now_v7(), actor, action, about, details],
        )
        .await
        .map(drop)
    }

    /// Makes what was done last.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn commit(self) -> Result<(), DbError> {
        let done = self.tx.commit().await;
        metrics::histogram!("marquee_db_hold_seconds", "tag" => self.tag.as_str())
            .record(self.opened.at.elapsed().as_secs_f64());
        Ok(done?)
    }

    fn statement(&self, sql: &str, params: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(DbBackend::Postgres, self.tag.stamp(sql), params)
    }
}

impl std::fmt::Debug for PlatformTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlatformTx").field("tag", &self.tag).finish_non_exhaustive()
    }
}
