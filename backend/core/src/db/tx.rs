//! What both kinds of transaction have in common.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sea_query::Values;
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use sea_query_sqlx::SqlxValues;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tokio::runtime::Handle;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, OwnedSemaphorePermit};
use tokio::time::timeout;

use super::connections::Connection;
use super::pool::Lease;
use super::{DbError, Tag};
use crate::crash;

/// A rollback may have to wait for a statement that nobody waits for any more; after this the connection is closed instead.
const ROLLBACK: Duration = Duration::from_secs(15);

/// A connection in use, with its entry in the book and its part of a budget.
pub(super) struct Held {
    pub(super) connection: Connection,
    pub(super) _lease: Lease,
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

/// A transaction on a connection of the pool. Dropped without [`Tx::commit`] it rolls back, in a task of its own: the
/// connection goes back to the pool only when that is done.
pub(super) struct Tx {
    held: Mutex<Option<Held>>,
    tag: Tag,
    /// The server refused a statement: it will roll back whatever it is told.
    failed: AtomicBool,
}

impl Tx {
    pub(super) fn new(tag: Tag, held: Held) -> Self {
        Self { held: Mutex::new(Some(held)), tag, failed: AtomicBool::new(false) }
    }

    pub(super) fn tag(&self) -> Tag {
        self.tag
    }

    pub(super) async fn all<T: FromQueryResult>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, DbError> {
        let query = self.query(sql, values);
        let outcome = query.fetch_all(&mut *self.connection().await?).await;
        let rows = self.judge(outcome)?;
        rows.into_iter().map(read).collect()
    }

    pub(super) async fn optional<T: FromQueryResult>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<T>, DbError> {
        let query = self.query(sql, values);
        let outcome = query.fetch_optional(&mut *self.connection().await?).await;
        self.judge(outcome)?.map(read).transpose()
    }

    pub(super) async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
        let query = self.query(sql, values);
        let outcome = query.execute(&mut *self.connection().await?).await;
        Ok(self.judge(outcome)?.rows_affected())
    }

    /// Runs text without parameters, as one message.
    pub(super) async fn simple(&mut self, sql: String) -> Result<(), sqlx::Error> {
        let Some(held) = self.held.get_mut() else { return Err(sqlx::Error::PoolClosed) };
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(held.connection.get()?).await.map(drop)
    }

    pub(super) async fn commit(mut self) -> Result<(), DbError> {
        if self.failed.load(Ordering::Relaxed) {
            let reason = "nothing was committed: a statement of this transaction had failed";
            return Err(DbError::Other(Box::new(DbErr::Custom(reason.to_owned()))));
        }
        crash::pass(format_args!("commit:{}:before", self.tag.as_str()));
        match self.simple(self.tag.stamp("commit")).await {
            Ok(()) => {
                crash::pass(format_args!("commit:{}:after", self.tag.as_str()));
                self.held.get_mut().take();
                Ok(())
            }
            Err(error @ sqlx::Error::Database(_)) => Err(DbError::from_sqlx(error)),
            Err(error) => {
                self.discard();
                Err(DbError::from_sqlx(error))
            }
        }
    }

    /// Closes the connection, whatever state it is in; answers its part of the budget.
    pub(super) fn discard(&mut self) -> Option<OwnedSemaphorePermit> {
        let Held { connection, permit, .. } = self.held.get_mut().take()?;
        connection.detach();
        permit
    }

    /// Gives the connection back without a word: no transaction was opened.
    pub(super) fn leave(mut self) {
        self.held.get_mut().take();
    }

    /// A statement, prepared once for each connection and text.
    fn query(&self, sql: &str, values: Vec<Value>) -> Query<'static, Postgres, SqlxValues> {
        sqlx::query_with(AssertSqlSafe(self.tag.stamp(sql)), SqlxValues(Values(values)))
    }

    async fn connection(&self) -> Result<MappedMutexGuard<'_, PgConnection>, DbError> {
        let held = self.held.lock().await;
        MutexGuard::try_map(held, |held| held.as_mut()?.connection.get().ok())
            .map_err(|_| DbError::Unavailable("the transaction is over".to_owned()))
    }

    fn judge<T>(&self, outcome: Result<T, sqlx::Error>) -> Result<T, DbError> {
        outcome.map_err(|error| {
            self.failed.store(true, Ordering::Relaxed);
            DbError::from_sqlx(error)
        })
    }
}

fn read<T: FromQueryResult>(row: sqlx::postgres::PgRow) -> Result<T, DbError> {
    T::from_query_result(&QueryResult::from(row), "").map_err(DbError::from)
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(held) = self.held.get_mut().take() else { return };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(roll_back(held))),
            // Nobody is left to do it; the server rolls back what belongs to a closed connection.
            Err(_) => held.connection.detach(),
        }
    }
}

async fn roll_back(mut held: Held) {
    let rolling_back = async { sqlx::raw_sql("rollback").execute(held.connection.get()?).await };
    if !matches!(timeout(ROLLBACK, rolling_back).await, Ok(Ok(_))) {
        tracing::debug!("a transaction could not be rolled back, its connection is closed");
        held.connection.detach();
    }
}
