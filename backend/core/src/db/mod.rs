//! The only doors to the data.
//!
//! [`Db`] keeps its pools private. [`Db::begin`] opens a short transaction for one tenant, [`Db::begin_platform`] one
//! that crosses tenants by name. Both carry a [`Tag`]: it shows in `pg_stat_activity`, in logs and on /metrics, and its
//! [`Class`] says how many connections such work may hold. [`Db::holders`] says what held them when somebody waited.

mod connections;
mod error;
mod holders;
mod home;
mod listener;
mod numbering;
pub mod outbox;
mod platform_tx;
mod pool;
mod statistics;
mod tag;
mod tenant_tx;
mod tx;

use std::collections::HashSet;
use std::sync::Arc;

use sea_orm::FromQueryResult;
use sqlx::postgres::PgConnectOptions;
use tokio::runtime::Handle;

pub use error::DbError;
pub use holders::Holder;
pub use listener::{Heard, Listener};
pub use platform_tx::PlatformTx;
pub use pool::SESSION_SETTINGS;
pub use tag::{Class, Tag};
pub use tenant_tx::TenantTx;

use self::holders::{Book, Role};
use self::home::Home;
use self::numbering::Sender;
use self::pool::Pool;
use crate::ids::TenantId;

/// Values bound to a statement, in order.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$(::sea_orm::Value::from($value)),*] };
}

#[derive(Debug, FromQueryResult)]
struct ListenerRow {
    name: String,
}

/// The database, as the program's own two roles.
#[derive(Debug, Clone)]
pub struct Db {
    app: Arc<Pool>,
    platform: Arc<Pool>,
    app_options: PgConnectOptions,
    sender: Arc<Sender>,
    book: Arc<Book>,
    home: Arc<Home>,
}

impl Db {
    /// Opens both pools; connections are made when first needed, so that the program starts without its database.
    ///
    /// # Errors
    /// When an address cannot be read.
    pub async fn connect(app_url: &str, platform_url: &str, pool: u32) -> Result<Self, DbError> {
        let (app, platform) = (pool::options(app_url)?, pool::options(platform_url)?);
        let (book, home) = (Arc::new(Book::new()), Arc::new(Home::open()?));
        let open = |options, size, role| {
            Arc::new(Pool::open(options, size, role, Arc::clone(&book), home.handle().clone()))
        };
        Ok(Self {
            app: open(app.clone(), pool, Role::App),
            platform: open(platform, pool.div_ceil(3), Role::Platform),
            app_options: app,
            sender: Arc::new(Sender::new()),
            book,
            home,
        })
    }

    /// Opens a short transaction in which only `tenant`'s rows exist. Safe to cancel: what was begun is rolled back.
    ///
    /// # Errors
    /// `Unavailable` when no connection can be had in time.
    pub async fn begin(&self, tenant: TenantId, tag: Tag) -> Result<TenantTx, DbError> {
        let tx = self.app.begin(tag, Some(tenant)).await?;
        Ok(TenantTx::new(tx, tenant, Arc::clone(&self.sender)))
    }

    /// Opens a short transaction that crosses tenants, as the platform's role.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_platform(&self, tag: Tag) -> Result<PlatformTx, DbError> {
        self.platform.begin(tag, None).await.map(PlatformTx::new)
    }

    /// A transaction as the application's role with no tenant set: every tenant's table fails in it. For the
    /// narrow questions that come before there is a tenant.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_without_tenant(&self, tag: Tag) -> Result<PlatformTx, DbError> {
        self.app.begin(tag, None).await.map(PlatformTx::new)
    }

    /// The runtime that drives the connections. Work of many short steps with the database belongs there: elsewhere each
    /// step waits for whatever else its thread has to do.
    pub fn home(&self) -> &Handle {
        self.home.handle()
    }

    /// Sends what transactions of this process did to whoever listens on `channel`, all at once and numbered as
    /// [`TenantTx::notify`] does. For what was committed before: it makes a later commit no slower, but is lost with the process.
    ///
    /// # Errors
    /// As [`DbError`] says; it is unknown then whether they were sent.
    pub async fn tell(&self, tag: Tag, channel: &'static str, payloads: &[String]) -> Result<(), DbError> {
        let messages: Vec<String> = payloads
            .iter()
            .enumerate()
            .map(|(nth, payload)| self.sender.envelope(channel, nth, payload))
            .collect();
        let sql = "select count(pg_notify($1, one)) from unnest($2::text[]) one";
        self.app.alone(tag, sql, params![channel, messages]).await?;
        self.sender.committed(&vec![channel; payloads.len()]);
        Ok(())
    }

    /// A connection of its own that hears `channel`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn listen(&self, channel: &str) -> Result<Listener, DbError> {
        let options = self.app_options.clone().application_name(&self.sender.name());
        Listener::open(options, channel, self.sender.id()).await
    }

    /// By which name [`Db::listeners`] answers this process.
    pub fn listens_as(&self) -> String {
        self.sender.name()
    }

    /// Which processes listen now, each by a name of its own. One that is gone without having been told to stop may have left
    /// something untold that it had committed ([`Db::tell`]).
    ///
    /// # Errors
    /// As [`DbError`] says.
    pub async fn listeners(&self, tag: Tag) -> Result<HashSet<String>, DbError> {
        let tx = self.begin_without_tenant(tag).await?;
        let rows: Vec<ListenerRow> = tx
            .all(
                "select application_name as name from pg_stat_activity
                 where datname = current_database() and starts_with(application_name, $1)",
                params![numbering::LISTENS],
            )
            .await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    /// Kinds of work that hold or held connections, the likeliest cause of waits first: by the seconds that others waited for
    /// it in the last minute together with those that its oldest transaction has been open.
    pub fn holders(&self) -> Vec<Holder> {
        self.book.holders()
    }

    /// Brings the gauges of [`Db::holders`] on /metrics up to date.
    pub fn publish_holders(&self) {
        for holder in self.holders() {
            metrics::gauge!("marquee_db_open", "tag" => holder.tag.clone()).set(holder.open_now as f64);
            metrics::gauge!("marquee_db_blamed_seconds_total", "tag" => holder.tag)
                .set(holder.blamed_seconds_total);
        }
    }

    /// Does the database answer?
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.app.ping().await
    }
}
