//! One test's database, and questions to it.

use std::time::{Duration, Instant};

use marquee_core::db::Db;
use marquee_demo::ports::Ports;
use marquee_demo::postgres;
use marquee_demo::secrets::Secrets;
use marquee_migrations::Migrator;
use sea_orm_migration::MigratorTrait as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::keeper::Keeper;

/// A database with the addresses of its three roles.
#[derive(Debug)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The owner of the schema.
    pub owner_url: String,
    /// The role that serves requests.
    pub app_url: String,
    /// The role that crosses tenants.
    pub platform_url: String,
    admin_url: String,
    keeper: Option<Keeper>,
}

/// The tables whose rows say what was sold, for "nothing changed".
const STATE: [&str; 17] = [
    "holds",
    "claims",
    "orders",
    "order_lines",
    "payments",
    "tickets",
    "scans",
    "admissions",
    "outbox",
    "idempotency_keys",
    "devices",
    "provider_events",
    "buyers",
    "refunds",
    "refund_tickets",
    "disputes",
    // What the provider kept is posted when the worker reads its movements.
    "ledger_transactions where kind <> $$processing_fee$$",
];

impl Database {
    /// The database of this name in the cluster.
    pub fn new(ports: &Ports, secrets: &Secrets, name: &str) -> Self {
        let url = |role: &str, password: &str| {
            let url = postgres::url(ports.postgres, role, password);
            let (server, _) = url.rsplit_once('/').unwrap();
            (format!("{server}/{name}"), format!("{server}/postgres"))
        };
        let (owner_url, admin_url) = url("marquee_owner", &secrets.database_owner);
        Self {
            name: name.to_owned(),
            owner_url,
            admin_url,
            app_url: url("marquee_app", &secrets.database_app).0,
            platform_url: url("marquee_platform", &secrets.database_platform).0,
            keeper: None,
        }
    }

    /// Brings it to the newest schema.
    pub async fn migrate(&self) {
        let owner = sea_orm::Database::connect(&self.owner_url).await.unwrap();
        Migrator::up(&owner, None).await.unwrap();
        owner.close().await.unwrap();
    }

    /// A copy of this database, dropped with the value.
    pub async fn clone_as(&self, name: &str, keeper: &Keeper) -> Self {
        self.create(name, &format!("template {}", self.name), keeper).await
    }

    /// An empty database in the same cluster, dropped with the value.
    pub async fn new_beside(&self, name: &str, keeper: &Keeper) -> Self {
        self.create(name, "template template0", keeper).await
    }

    async fn create(&self, name: &str, how: &str, keeper: &Keeper) -> Self {
        let mut admin = PgConnection::connect(&self.admin_url).await.unwrap();
        let sql = format!("create database {name} {how}");
        let started = Instant::now();
        // A template that somebody is still leaving cannot be copied yet.
        while let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut admin).await {
            assert!(started.elapsed() < Duration::from_secs(10), "{sql}: {error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let rights = format!(
            "revoke all on database {name} from public;
             grant connect on database {name} to marquee_app, marquee_platform"
        );
        sqlx::raw_sql(AssertSqlSafe(rights)).execute(&mut admin).await.unwrap();
        let renamed = |url: &str| format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        Self {
            name: name.to_owned(),
            owner_url: renamed(&self.owner_url),
            app_url: renamed(&self.app_url),
            platform_url: renamed(&self.platform_url),
            admin_url: self.admin_url.clone(),
            keeper: Some(keeper.clone()),
        }
    }

    /// The program's own door to it.
    pub async fn db(&self, pool: u32) -> Db {
        Db::connect(&self.app_url, &self.platform_url, pool).await.unwrap()
    }

    /// A connection as the owner.
    pub async fn owner(&self) -> PgConnection {
        PgConnection::connect(&self.owner_url).await.unwrap()
    }

    /// A connection as the role that serves requests.
    pub async fn app(&self) -> PgConnection {
        PgConnection::connect(&self.app_url).await.unwrap()
    }

    /// Runs statements as the owner.
    ///
    /// # Panics
    /// When one fails.
    pub async fn run(&self, sql: &str) {
        let mut owner = self.owner().await;
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut owner).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The first column of each row, as text (null: empty), asked as the owner, who sees every tenant.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let mut owner = self.owner().await;
        texts(&mut owner, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The one text of a question.
    pub async fn text(&self, sql: &str) -> String {
        self.texts(sql).await.into_iter().next().unwrap_or_else(|| panic!("no row: {sql}"))
    }

    /// The one number of a question.
    pub async fn number(&self, sql: &str) -> i64 {
        self.text(sql).await.parse().unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// What was sold, as a fingerprint: counts of every table and every unit's state. Equal before and after: nothing
    /// changed.
    pub async fn state(&self) -> String {
        let counts = STATE.map(|table| format!("'{table} ' || (select count(*) from {table})")).join(", ");
        let sql = format!(
            "select concat_ws(', ', {counts}, 'units ' || (select md5(string_agg(u.id || u.state ||
             coalesce(u.hold_id::text, ''), ',' order by u.id)) from units u))"
        );
        self.text(&sql).await
    }

    /// Ends every session of the program's two roles; each may end its own.
    ///
    /// # Panics
    /// When the server cannot be asked.
    pub async fn cut_off(&self) {
        for url in [&self.app_url, &self.platform_url] {
            let beside = format!("{}/postgres", url.rsplit_once('/').unwrap().0);
            let mut session = PgConnection::connect(&beside).await.unwrap();
            let sql = format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}' and usename = current_user",
                self.name
            );
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut session).await.unwrap();
        }
    }

    /// Moves the database's clock by an interval: `11 minutes`.
    pub async fn shift_clock(&self, by: &str) {
        self.run(&format!("call app.set_clock_offset('{by}')")).await;
    }
}

/// The first column of each row as text.
///
/// # Errors
/// As the database says.
pub async fn texts(connection: &mut PgConnection, sql: &str) -> Result<Vec<String>, sqlx::Error> {
    let sql = format!(
        "select (row_to_json(r)::json #>> array[(select k from json_object_keys(row_to_json(r)) k limit 1)]) from ({sql}) r"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get::<Option<String>, _>(0).map(Option::unwrap_or_default)).collect()
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(keeper) = &self.keeper {
            keeper.drop_database(&self.admin_url, &self.name);
        }
    }
}
