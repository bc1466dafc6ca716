//! The only doors to the data.
//!
//! [`Db`] keeps its pools private. [`Db::begin`] opens a short transaction for one tenant, [`Db::begin_platform`] one
//! that crosses tenants by name. Both carry a [`Tag`]: it shows in `pg_stat_activity`, in logs and on /metrics.

mod error;
pub mod outbox;
mod platform_tx;
mod tag;
mod tenant_tx;

use std::time::{Duration, Instant};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, TransactionTrait,
};
use sqlx::postgres::PgListener;
use tokio::sync::oneshot;

pub use error::DbError;
pub use platform_tx::PlatformTx;
pub use tag::Tag;
pub use tenant_tx::TenantTx;

use crate::ids::TenantId;

/// Values bound to a statement, in order.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$(::sea_orm::Value::from($value)),*] };
}

/// How long a request waits for a connection before it is told that the service is overloaded.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Limits that hold on the server's side, whatever the program does.
const SESSION_SETTINGS: [(&str, &str); 3] =
    [("statement_timeout", "10s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "10s")];

/// The database, as the program's own two roles.
#[derive(Debug, Clone)]
pub struct Db {
    app: DatabaseConnection,
    platform: DatabaseConnection,
    app_url: String,
}

impl Db {
    /// Opens both pools; connections are made when first needed, so that the program starts without its database.
    ///
    /// # Errors
    /// When an address cannot be read.
    pub async fn connect(app_url: &str, platform_url: &str, pool: u32) -> Result<Self, DbError> {
        Ok(Self {
            app: open(app_url, pool).await?,
            platform: open(platform_url, pool.div_ceil(3)).await?,
            app_url: app_url.to_owned(),
        })
    }

    /// Opens a short transaction in which only `tenant`'s rows exist.
    ///
    /// Safe to cancel: the transaction is opened in a task of its own, which rolls it back when nobody
    /// waits for it any more (sqlx 0.9's own `begin` may leave it open, tenant setting included).
    ///
    /// # Errors
    /// `Unavailable` when no connection can be had in time.
    pub async fn begin(&self, tenant: TenantId, tag: Tag) -> Result<TenantTx, DbError> {
        // A UUID's own text needs no quoting.
        let (tx, opened) =
            open_tx(&self.app, tag, Some(format!("select app.set_tenant('{tenant}')"))).await?;
        Ok(TenantTx::new(tx, tenant, tag, opened))
    }

    /// Opens a short transaction that crosses tenants, as the platform's role.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_platform(&self, tag: Tag) -> Result<PlatformTx, DbError> {
        let (tx, opened) = open_tx(&self.platform, tag, None).await?;
        Ok(PlatformTx::new(tx, tag, opened))
    }

    /// A transaction as the application's role with no tenant set: every tenant's table fails in it. For the
    /// narrow questions that come before there is a tenant.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_without_tenant(&self, tag: Tag) -> Result<PlatformTx, DbError> {
        let (tx, opened) = open_tx(&self.app, tag, None).await?;
        Ok(PlatformTx::new(tx, tag, opened))
    }

    /// A connection of its own that hears `channel`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn listen(&self, channel: &str) -> Result<PgListener, DbError> {
        let mut listener = PgListener::connect(&self.app_url).await.map_err(DbError::from_sqlx)?;
        listener.listen(channel).await.map_err(DbError::from_sqlx)?;
        Ok(listener)
    }

    /// Does the database answer?
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.app.execute_unprepared("select 1").await.map(drop).map_err(DbError::from)
    }
}

async fn open(url: &str, pool: u32) -> Result<DatabaseConnection, DbError> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(pool.max(1))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy(true)
        .sqlx_logging(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .map_sqlx_postgres_opts(|options| options.options(SESSION_SETTINGS).application_name("marquee"));
    Database::connect(options).await.map_err(DbError::from)
}

/// Moments of a transaction that metrics want.
#[derive(Debug, Clone, Copy)]
struct Opened {
    at: Instant,
}

async fn open_tx(
    pool: &DatabaseConnection,
    tag: Tag,
    set_up: Option<String>,
) -> Result<(DatabaseTransaction, Opened), DbError> {
    let (send, receive) = oneshot::channel();
    let pool = pool.clone();
    let asked = Instant::now();
    tokio::spawn(async move {
        let opened = begin_with(&pool, set_up.as_deref()).await;
        if let Err(Ok(tx)) = send.send(opened)
            && let Err(error) = tx.rollback().await
        {
            tracing::debug!(%error, "the transaction that nobody waited for could not be rolled back");
        }
    });
    let tx = receive.await.map_err(|_| DbError::Unavailable("the opening task ended".to_owned()))??;
    metrics::histogram!("marquee_db_wait_seconds", "tag" => tag.as_str())
        .record(asked.elapsed().as_secs_f64());
    Ok((tx, Opened { at: Instant::now() }))
}

/// Opens a transaction, once more with another connection when the first one turns out to be dead.
async fn begin_with(pool: &DatabaseConnection, set_up: Option<&str>) -> Result<DatabaseTransaction, DbError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let opened = async {
            let tx = pool.begin().await?;
            if let Some(sql) = set_up {
                tx.execute_unprepared(sql).await?;
            }
            Ok::<_, DbError>(tx)
        };
        match opened.await {
            Err(DbError::Unavailable(reason)) if tries < 4 => {
                tracing::debug!(reason, "connection lost, trying another")
            }
            other => return other,
        }
    }
}
