//! One database of the benchmark's cluster. Each measurement begins on a copy of a prepared one, file by file, so that
//! none inherits what another left.

use std::time::{Duration, Instant};

use marquee_demo::ports::Ports;
use marquee_demo::postgres;
use marquee_demo::secrets::Secrets;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::error::BenchError;

/// How long a template that somebody is leaving is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A database, by the addresses of its roles.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// As the owner of the schema.
    pub owner: String,
    /// As the role that serves requests.
    pub app: String,
    /// As the role that crosses tenants.
    pub platform: String,
}

impl Database {
    /// The one of this name.
    pub fn named(name: &str, ports: &Ports, secrets: &Secrets) -> Self {
        let url = |role: &str, password: &str| {
            let url = postgres::url(ports.postgres, role, password);
            let server = url.rsplit_once('/').map_or(url.as_str(), |(server, _)| server);
            format!("{server}/{name}")
        };
        Self {
            name: name.to_owned(),
            owner: url("marquee_owner", &secrets.database_owner),
            app: url("marquee_app", &secrets.database_app),
            platform: url("marquee_platform", &secrets.database_platform),
        }
    }

    /// A copy of this one; nobody may be connected to it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn copy(&self, name: &str) -> Result<Self, BenchError> {
        let renamed = |url: &str| {
            url.rsplit_once('/').map_or_else(String::new, |(server, _)| format!("{server}/{name}"))
        };
        let copy = Self {
            name: name.to_owned(),
            owner: renamed(&self.owner),
            app: renamed(&self.app),
            platform: renamed(&self.platform),
        };
        let mut admin = self.beside().await?;
        let sql = format!("create database {name} template {} strategy file_copy", self.name);
        let started = Instant::now();
        while let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut admin).await {
            if started.elapsed() > PATIENCE {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let rights = format!(
            "revoke all on database {name} from public; grant connect on database {name} to marquee_app, marquee_platform"
        );
        sqlx::raw_sql(AssertSqlSafe(rights)).execute(&mut admin).await?;
        Ok(copy)
    }

    /// Drops it, whoever is connected. What cannot be dropped in time goes with the cluster.
    ///
    /// # Errors
    /// When Postgres is out of reach.
    pub async fn remove(self) -> Result<(), BenchError> {
        let mut admin = self.beside().await?;
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            // A vacuum under way may not be ended by force, and ends at once when asked without.
            for how in ["with (force)", ""] {
                let sql = format!("drop database if exists {} {how}", self.name);
                if sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.is_ok() {
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn beside(&self) -> Result<PgConnection, BenchError> {
        let server = self.owner.rsplit_once('/').map_or(self.owner.as_str(), |(server, _)| server);
        Ok(PgConnection::connect(&format!("{server}/postgres")).await?)
    }

    /// Runs statements as the owner.
    ///
    /// # Errors
    /// As the database says.
    pub async fn run(&self, sql: &str) -> Result<(), BenchError> {
        let mut owner = PgConnection::connect(&self.owner).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut owner).await?;
        Ok(owner.close().await?)
    }

    /// The first column of each row, a text each, asked as the owner.
    ///
    /// # Errors
    /// As the database says.
    pub async fn texts(&self, sql: &str) -> Result<Vec<String>, BenchError> {
        let mut owner = PgConnection::connect(&self.owner).await?;
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut owner).await?;
        owner.close().await?;
        Ok(rows.iter().map(|row| row.try_get::<String, _>(0)).collect::<Result<_, _>>()?)
    }

    /// How many of these ids (UUIDs) the question `sql`, with them as `$1`, counts.
    ///
    /// # Errors
    /// As the database says.
    pub async fn count_of(&self, sql: &'static str, ids: &[uuid::Uuid]) -> Result<i64, BenchError> {
        let mut owner = PgConnection::connect(&self.owner).await?;
        let row = sqlx::query(sql).bind(ids).fetch_one(&mut owner).await?;
        owner.close().await?;
        Ok(row.try_get(0)?)
    }
}
