use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::DbError;
use super::tx::Tx;
use crate::ids::TenantId;

/// A short transaction that crosses tenants. It finds work and answers platform staff; what it finds is then
/// done tenant by tenant in a [`super::TenantTx`]. Acts of people are written to the audit log.
pub struct PlatformTx {
    tx: Tx,
}

impl PlatformTx {
    pub(super) fn new(tx: Tx) -> Self {
        Self { tx }
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn all<T: FromQueryResult>(&self, sql: &str, params: Vec<Value>) -> Result<Vec<T>, DbError> {
        self.tx.all(sql, params).await
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
        self.tx.optional(sql, params).await
    }

    /// Runs a statement; answers how many rows it touched.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn execute(&self, sql: &str, params: Vec<Value>) -> Result<u64, DbError> {
        self.tx.execute(sql, params).await
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
        self.tx.commit().await
    }
}

impl std::fmt::Debug for PlatformTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlatformTx").field("tag", &self.tx.tag()).finish_non_exhaustive()
    }
}
