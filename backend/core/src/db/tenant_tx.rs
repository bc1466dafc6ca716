use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{FromQueryResult, Value};

use super::DbError;
use super::numbering::Sender;
use super::tx::Tx;
use crate::ids::TenantId;

/// A short transaction in which only one tenant's rows exist.
///
/// Every statement binds the tenant as `$1`, so it names `tenant_id = $1` on each table; its own values start at `$2`.
/// Dropped without [`TenantTx::commit`] it rolls back.
pub struct TenantTx {
    tx: Tx,
    tenant: TenantId,
    sender: Arc<Sender>,
    /// The channels of its messages, in order.
    messages: Mutex<Vec<&'static str>>,
}

impl TenantTx {
    pub(super) fn new(tx: Tx, tenant: TenantId, sender: Arc<Sender>) -> Self {
        Self { tx, tenant, sender, messages: Mutex::default() }
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
        self.tx.all(sql, self.bound(sql, params)).await
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
        self.tx.optional(sql, self.bound(sql, params)).await
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
        self.tx.execute(sql, self.bound(sql, params)).await
    }

    /// Sends `payload` to whoever listens on `channel` ([`super::Db::listen`]) when this transaction commits, numbered so that a
    /// listener notices when it missed one. At most 7,900 bytes.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn notify(&self, channel: &'static str, payload: &str) -> Result<(), DbError> {
        let message = {
            let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
            let message = self.sender.envelope(channel, messages.len(), payload);
            messages.push(channel);
            message
        };
        self.tx.execute("select pg_notify($1, $2)", crate::params![channel, message]).await.map(drop)
    }

    /// Makes what was done last. An `Unavailable` here leaves the outcome unknown.
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn commit(self) -> Result<(), DbError> {
        self.tx.commit().await?;
        self.sender.committed(&self.messages.into_inner().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    fn bound(&self, sql: &str, params: Vec<Value>) -> Vec<Value> {
        debug_assert!(sql.contains("$1"), "a tenant's statement names its tenant: {sql}");
        std::iter::once(Value::from(self.tenant)).chain(params).collect()
    }
}

impl std::fmt::Debug for TenantTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantTx")
            .field("tenant", &self.tenant)
            .field("tag", &self.tx.tag())
            .finish_non_exhaustive()
    }
}
