//! What every command stands on, built from the configuration.

use std::sync::{Arc, OnceLock};

use marquee_core::clock::{SharedClock, SystemClock};
use marquee_core::config::Config;
use marquee_core::db::{Db, DbError, Tag};
use marquee_core::ids::TenantId;
use marquee_core::params;
use marquee_payments::Provider;
use marquee_stripe::Stripe;
use marquee_tenants::{Directory, Tenant};
use sea_orm::FromQueryResult;

use crate::cli::Failure;

/// The tag of what platform staff do.
pub const STAFF: Tag = Tag::new("platform.staff");

/// Configuration, database, tenants and clock.
#[derive(Debug, Clone)]
pub struct Foundation {
    /// What the environment said.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The tenants.
    pub directory: Directory,
    /// The time.
    pub clock: SharedClock,
    /// One for the process: what it may ask of Stripe is counted in it.
    stripe: Arc<OnceLock<Stripe>>,
}

#[derive(Debug, FromQueryResult)]
struct AccountRow {
    account: Option<String>,
}

impl Foundation {
    /// Opens the database and reads the tenants.
    ///
    /// # Errors
    /// When the database is out of reach or has no schema.
    pub async fn open(config: Config) -> Result<Self, Failure> {
        let foundation = Self::open_lazily(config).await?;
        foundation.directory.refresh(&foundation.db).await?;
        Ok(foundation)
    }

    /// Opens without asking the database anything yet: a server starts while it is away.
    ///
    /// # Errors
    /// When an address cannot be read.
    pub async fn open_lazily(config: Config) -> Result<Self, Failure> {
        let db = Db::connect(&config.database_url, &config.database_platform_url, config.db_pool).await?;
        Ok(Self {
            config,
            db,
            directory: Directory::new(),
            clock: Arc::new(SystemClock),
            stripe: Arc::default(),
        })
    }

    /// The tenant that somebody named by slug or id.
    ///
    /// # Errors
    /// When there is none, or its sites are down.
    pub fn tenant(&self, name: &str) -> Result<Arc<Tenant>, Failure> {
        let why = || format!("no active tenant `{name}`: `marquee tenant list` shows all");
        self.directory.by_name(name).ok_or_else(|| why().into())
    }

    /// The payment provider, as itself.
    ///
    /// # Errors
    /// When a key or an address is not to be used.
    pub fn stripe(&self) -> Result<Stripe, Failure> {
        if let Some(stripe) = self.stripe.get() {
            return Ok(stripe.clone());
        }
        let config = &self.config;
        let stripe = Stripe::new(
            &config.stripe_secret_key,
            &config.stripe_publishable_key,
            config.stripe_api_base.as_deref(),
            config.stripe_rate,
        )?;
        Ok(self.stripe.get_or_init(|| stripe).clone())
    }

    /// The payment provider.
    ///
    /// # Errors
    /// As [`Foundation::stripe`].
    pub fn provider(&self) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::new(self.stripe()?))
    }

    /// Every account that was ever charged or may be.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accounts(&self) -> Result<Vec<Option<String>>, Failure> {
        let tx = self.db.begin_platform(STAFF).await?;
        let rows: Vec<AccountRow> = tx
            .all(
                "select payment_account as account from tenants where payment_account is not null
                 union select account from payments",
                params![],
            )
            .await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(|row| row.account).collect())
    }

    /// Writes to the audit log what was done from the command line.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn record(
        &self,
        action: &str,
        about: Option<TenantId>,
        details: serde_json::Value,
    ) -> Result<(), Failure> {
        Ok(record(&self.db, "cli", action, about, details).await?)
    }
}

/// Writes to the audit log that `actor` did `action`, in a transaction of its own.
///
/// # Errors
/// When the database cannot be written.
pub async fn record(
    db: &Db,
    actor: &str,
    action: &str,
    about: Option<TenantId>,
    details: serde_json::Value,
) -> Result<(), DbError> {
    let tx = db.begin_platform(STAFF).await?;
    tx.record(actor, action, about, details).await?;
    tx.commit().await
}
