use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, Statement, Value};

use super::{DbError, Opened, Tag};
use crate::ids::TenantId;

/// A short transaction in which only one tenant's rows exist.
///
/// Every statement binds the tenant as `$1`, so it names `tenant_id = $1` on each table; its own values start at `$2`.
/// Dropped without [`TenantTx::commit`] it rolls back.
pub struct TenantTx {
    tx: DatabaseTransaction,
    tenant: TenantId,
    tag: Tag,
    opened: Opened,
}

impl TenantTx {
    pub(super) fn new(tx: DatabaseTransaction, tenant: TenantId, tag: Tag, opened: Opened) -> Self {
        Self { tx, tenant, tag, opened }
    }

    /// Whose rows these are.
    pub fn tenant(&self) -> TenantId {
        self.tenant
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

    /// The first row of a query that has one.
    ///
    /// # Errors
    /// `NoRow` when it has none.
    pub async fn one<T: FromQueryResult>(&self, sql: &str, params: Vec<Value>) -> Result<T, DbError> {
        self.optional(sql, params).await?.ok_or(DbError::NoRow)
    }

    /// Runs a statement; answers how many rows it touched.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn execute(&self, sql: &str, params: Vec<Value>) -> Result<u64, DbError> {
        Ok(self.tx.execute_raw(self.statement(sql, params)).await?.rows_affected())
    }

    /// Sends `payload` to whoever listens on `channel` when this transaction commits. At most 8,000 bytes.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn notify(&self, channel: &'static str, payload: &str) -> Result<(), DbError> {
        let sql = self.tag.stamp("select pg_notify($1, $2)");
        self.tx
            .execute_raw(Statement::from_sql_and_values(
                DbBackend::Postgres,
                sql,
                crate::params![channel, payload],
            ))
            .await?;
        Ok(())
    }

    /// Makes what was done last. An `Unavailable` here leaves the outcome unknown.
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
        debug_assert!(sql.contains("$1"), "a tenant's statement names its tenant: {sql}");
        let values = std::iter::once(Value::from(self.tenant)).chain(params);
        Statement::from_sql_and_values(DbBackend::Postgres, self.tag.stamp(sql), values)
    }
}

impl std::fmt::Debug for TenantTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantTx")
            .field("tenant", &self.tenant)
            .field("tag", &self.tag)
            .finish_non_exhaustive()
    }
}
