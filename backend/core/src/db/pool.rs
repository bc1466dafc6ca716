//! One role's connections, with a budget for each class of work.

use std::fmt::Write;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use sea_orm::Value;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use super::DbError;
use super::connections::{Connection, Connections};
use super::holders::{Book, Place, Role};
use super::tag::{Class, Tag};
use super::tx::{Held, Tx};
use crate::crash;
use crate::ids::TenantId;

/// How long a request waits for a connection before it is told that the service is overloaded.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Limits that hold on the server's side, whatever the program does.
///
/// Rows that buyers fight over are reached by key, also while a table is so small that the planner would rather read all
/// of it: it will have grown before the plan is made anew. Random pages are priced as an SSD has them. Reports may scan.
pub const SESSION_SETTINGS: [(&str, &str); 5] = [
    ("statement_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("random_page_cost", "1.1"),
    ("enable_seqscan", "off"),
];
/// Prepared statements kept by each connection: all that the program has.
const STATEMENTS: usize = 500;

#[derive(Debug)]
pub(super) struct Pool {
    role: Role,
    connections: Connections,
    size: u32,
    background: Arc<Semaphore>,
    report: Arc<Semaphore>,
    book: Arc<Book>,
}

/// How connections of this program are made.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, DbError> {
    let options: PgConnectOptions = url.parse().map_err(DbError::from_sqlx)?;
    Ok(options
        .options(SESSION_SETTINGS)
        .application_name("marquee")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging())
}

impl Pool {
    pub(super) fn open(
        options: PgConnectOptions,
        size: u32,
        role: Role,
        book: Arc<Book>,
        home: Handle,
    ) -> Self {
        let size = size.max(1);
        let connections = Connections::new(options, size as usize, home);
        let budget = |class: Class| Arc::new(Semaphore::new(class.budget(size as usize)));
        Self {
            role,
            connections,
            size,
            background: budget(Class::Background),
            report: budget(Class::Report),
            book,
        }
    }

    /// Opens a transaction. BEGIN and the tenant's setting travel as one message. Safe to cancel: whatever was begun is
    /// rolled back in a task of its own before its connection is used again.
    ///
    /// A connection that turns out to be dead is replaced, as long as there is time: after the database restarted the pool may
    /// be full of them.
    pub(super) async fn begin(&self, tag: Tag, tenant: Option<TenantId>) -> Result<Tx, DbError> {
        let sql = opening(tag, tenant);
        let asked = Instant::now();
        let deadline = tokio::time::Instant::from_std(asked + ACQUIRE_TIMEOUT);
        let place = self.book.place(self.role, tag);
        let waited = metrics::histogram!("marquee_db_wait_seconds", "tag" => tag.as_str());
        let mut permit = match self.permit(tag.class(), deadline).await {
            Ok(permit) => permit,
            Err(error) => {
                waited.record(asked.elapsed().as_secs_f64());
                return Err(error);
            }
        };
        for others in (0..=self.size).rev() {
            let connection = self.connection(deadline).await;
            if others == self.size || connection.is_err() {
                waited.record(asked.elapsed().as_secs_f64());
            }
            let connection = connection?;
            let _lease = Lease::new(Arc::clone(&self.book), place, tag);
            let mut tx = Tx::new(tag, Held { connection, _lease, permit });
            match tx.simple(sql.clone()).await.map_err(DbError::from_sqlx) {
                Ok(()) => return Ok(tx),
                Err(DbError::Unavailable(reason)) if others > 0 => {
                    tracing::debug!(reason, "connection lost, trying another");
                    permit = tx.discard();
                }
                Err(error) => {
                    tx.discard();
                    return Err(error);
                }
            }
        }
        Err(DbError::Unavailable("every connection was lost".to_owned()))
    }

    /// Runs one statement as a transaction of its own, in which there is no tenant.
    pub(super) async fn alone(&self, tag: Tag, sql: &str, values: Vec<Value>) -> Result<(), DbError> {
        let asked = Instant::now();
        let deadline = tokio::time::Instant::from_std(asked + ACQUIRE_TIMEOUT);
        let place = self.book.place(self.role, tag);
        let had = async {
            let permit = self.permit(tag.class(), deadline).await?;
            Ok::<_, DbError>((permit, self.connection(deadline).await?))
        };
        let had = had.await;
        metrics::histogram!("marquee_db_wait_seconds", "tag" => tag.as_str())
            .record(asked.elapsed().as_secs_f64());
        let (permit, connection) = had?;
        let _lease = Lease::new(Arc::clone(&self.book), place, tag);
        let mut tx = Tx::new(tag, Held { connection, _lease, permit });
        crash::pass(format_args!("commit:{}:before", tag.as_str()));
        match tx.execute(sql, values).await {
            Ok(_) => {
                crash::pass(format_args!("commit:{}:after", tag.as_str()));
                tx.leave();
                Ok(())
            }
            Err(error) => {
                tx.discard();
                Err(error)
            }
        }
    }

    /// Does the database answer?
    pub(super) async fn ping(&self) -> Result<(), DbError> {
        let deadline = tokio::time::Instant::now() + ACQUIRE_TIMEOUT;
        let mut connection = self.connection(deadline).await?;
        let answered = match connection.get() {
            Ok(open) => sqlx::raw_sql("select 1").execute(open).await.map(drop),
            Err(error) => Err(error),
        };
        answered.map_err(|error| {
            connection.detach();
            DbError::no_connection(error)
        })
    }

    async fn permit(
        &self,
        class: Class,
        deadline: tokio::time::Instant,
    ) -> Result<Option<OwnedSemaphorePermit>, DbError> {
        let budget = match class {
            Class::Buyers => return Ok(None),
            Class::Background => &self.background,
            Class::Report => &self.report,
        };
        let permit = self.wait(Some(class), deadline, Arc::clone(budget).acquire_owned()).await?;
        permit.map(Some).map_err(|error| DbError::Unavailable(error.to_string()))
    }

    async fn connection(&self, deadline: tokio::time::Instant) -> Result<Connection, DbError> {
        self.wait(None, deadline, self.connections.take()).await?.map_err(DbError::no_connection)
    }

    /// Waits for what is acquired; a wait for what others hold is charged to them.
    async fn wait<T>(
        &self,
        class: Option<Class>,
        deadline: tokio::time::Instant,
        acquire: impl Future<Output = T>,
    ) -> Result<T, DbError> {
        let mut acquire = pin!(acquire);
        if let Some(at_once) = acquire.as_mut().now_or_never() {
            return Ok(at_once);
        }
        // A pool with room is not waited for but only connects.
        let taken = class.is_some() || self.connections.all_taken();
        let mark = taken.then(|| self.book.mark(self.role, class));
        let outcome = timeout_at(deadline, acquire).await;
        if let Some(mark) = mark {
            self.book.charge(&mark);
        }
        outcome.map_err(|_| DbError::Unavailable("no connection became free in time".to_owned()))
    }
}

/// The message that opens a transaction.
fn opening(tag: Tag, tenant: Option<TenantId>) -> String {
    let mut sql = format!("begin; {}", tag.settings());
    if let Some(tenant) = tenant {
        // A UUID's own text needs no quoting.
        let _ = write!(sql, "select app.set_tenant('{tenant}')");
    }
    tag.stamp(sql.trim_end())
}

/// A connection's entry in the book, from when it is had until it is given back.
#[derive(Debug)]
pub(super) struct Lease {
    book: Arc<Book>,
    place: Place,
    number: u64,
    since: Instant,
    tag: Tag,
}

impl Lease {
    fn new(book: Arc<Book>, place: Place, tag: Tag) -> Self {
        let number = book.open(place);
        Self { book, place, number, since: Instant::now(), tag }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.book.close(self.place, self.number);
        metrics::histogram!("marquee_db_hold_seconds", "tag" => self.tag.as_str())
            .record(self.since.elapsed().as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_opens_with_one_message() {
        let tenant = "0199f0a0-0000-7000-8000-000000000001".parse().ok();
        assert_eq!(
            opening(Tag::claim("claim.ttl"), tenant),
            "begin; set local lock_timeout = '400ms'; \
             select app.set_tenant('0199f0a0-0000-7000-8000-000000000001') /*tag='claim.ttl'*/"
        );
        assert_eq!(
            opening(Tag::by_key("pay.sell"), tenant),
            "begin; set local plan_cache_mode = force_generic_plan; \
             select app.set_tenant('0199f0a0-0000-7000-8000-000000000001') /*tag='pay.sell'*/"
        );
        assert_eq!(
            opening(Tag::new("hold.read"), tenant),
            "begin; select app.set_tenant('0199f0a0-0000-7000-8000-000000000001') /*tag='hold.read'*/"
        );
        assert_eq!(
            opening(Tag::patient("claim.rebuild"), None),
            "begin; set local statement_timeout = '60s'; /*tag='claim.rebuild'*/"
        );
        assert_eq!(
            opening(Tag::report("audit"), None),
            "begin; set local statement_timeout = '60s'; set local enable_seqscan = on; /*tag='audit'*/"
        );
    }
}
