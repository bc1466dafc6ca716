//! Configuration by environment, prefix `MARQUEE_`. Every setting stands here, with its default.

use std::net::SocketAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::secret::SecretKey;

/// What the program is told from outside.
#[derive(Debug, Clone)]
pub struct Config {
    /// `MARQUEE_DATABASE_URL`: the role that owns no table and serves requests under row-level security.
    pub database_url: String,
    /// `MARQUEE_DATABASE_PLATFORM_URL`: worker, audit, staff; crosses tenants by named policy.
    pub database_platform_url: String,
    /// `MARQUEE_DATABASE_ADMIN_URL`: the owner, for migrations. Needed by `migrate` alone.
    pub database_admin_url: Option<String>,
    /// `MARQUEE_REDIS_URL`: rate limits shared between instances. Without it each instance counts for itself.
    pub redis_url: Option<String>,
    /// `MARQUEE_STRIPE_API_BASE`: default Stripe itself.
    pub stripe_api_base: Option<String>,
    /// `MARQUEE_STRIPE_SECRET_KEY`.
    pub stripe_secret_key: String,
    /// `MARQUEE_STRIPE_PUBLISHABLE_KEY`.
    pub stripe_publishable_key: String,
    /// `MARQUEE_STRIPE_WEBHOOK_SECRET`: of the platform's own endpoint; several, separated by commas, during a rotation.
    pub stripe_webhook_secrets: Vec<String>,
    /// `MARQUEE_STRIPE_CONNECT_WEBHOOK_SECRET`: of the endpoint for connected accounts; several as above.
    pub stripe_connect_webhook_secrets: Vec<String>,
    /// `MARQUEE_STRIPE_RATE`: calls a second that this process makes with the secret key; 0 does not limit them. Default: half of
    /// what Stripe allows a key, 50 for a live one and 12 for a test one: for one server and one worker. Where more processes share
    /// a key, each gets its part.
    pub stripe_rate: Option<u32>,
    /// `MARQUEE_SMTP_URL`: where mail is handed over, `smtp://` or `smtps://`.
    pub smtp_url: String,
    /// `MARQUEE_BIND`: addresses to serve on, separated by commas. Default `127.0.0.1:8080`.
    pub bind: Vec<SocketAddr>,
    /// `MARQUEE_METRICS_BIND`: address of `/metrics` and `/holders`. Default `127.0.0.1:9464`.
    pub metrics_bind: SocketAddr,
    /// `MARQUEE_DOCTOR_SERVER`: where `marquee doctor` asks a running server what holds its connections. Default: the metrics'
    /// address.
    pub doctor_server: SocketAddr,
    /// `MARQUEE_PLATFORM_HOST`: the staff's own host. Default `platform.localhost`.
    pub platform_host: String,
    /// `MARQUEE_PUBLIC_SCHEME` and `MARQUEE_PUBLIC_PORT`: how links in mail are built: scheme `https` and no port by default.
    pub public_scheme: String,
    /// See `public_scheme`.
    pub public_port: Option<u16>,
    /// `MARQUEE_WORKERS`: HTTP threads. Default: the machine's cores.
    pub workers: Option<usize>,
    /// `MARQUEE_DB_POOL`: connections of each pool. Default 12.
    pub db_pool: u32,
    /// `MARQUEE_CLAIM_BATCH`: hold requests of a performance that are claimed by one transaction. Default 500; 1 gives each
    /// request a transaction of its own.
    pub claim_batch: usize,
    /// `MARQUEE_SECRET_KEY`: 64 hex digits; tokens and ticket keys are derived from it, so it must never change.
    pub secret_key: SecretKey,
    /// `MARQUEE_LIMITS`: `standard` (default) or `demo`, which leaves browsing and holds unlimited per address.
    pub limits: LimitProfile,
    /// `MARQUEE_TRUSTED_PROXIES`: how many proxies in front add a forwarded address. Default 0: such headers are not believed.
    pub trusted_proxies: u8,
}

/// How strict limits per address are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitProfile {
    /// For the open internet.
    Standard,
    /// For a machine that is its own crowd.
    Demo,
}

/// A setting that is missing or unreadable.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It has no default and is not set.
    #[error("set `{0}`")]
    Missing(&'static str),
    /// It is set to something else than it may be.
    #[error("`{name}` cannot be `{value}`: {why}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What stands in it.
        value: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Names the first setting that is missing or unreadable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads from any source of variables.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn read(get: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let required = |name| get(name).ok_or(ConfigError::Missing(name));
        let metrics_bind = optional(&get, "MARQUEE_METRICS_BIND")?
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 9464)));
        let bind = get("MARQUEE_BIND").unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        Ok(Self {
            database_url: required("MARQUEE_DATABASE_URL")?,
            database_platform_url: required("MARQUEE_DATABASE_PLATFORM_URL")?,
            database_admin_url: get("MARQUEE_DATABASE_ADMIN_URL"),
            redis_url: get("MARQUEE_REDIS_URL"),
            stripe_api_base: get("MARQUEE_STRIPE_API_BASE"),
            stripe_secret_key: required("MARQUEE_STRIPE_SECRET_KEY")?,
            stripe_publishable_key: required("MARQUEE_STRIPE_PUBLISHABLE_KEY")?,
            stripe_webhook_secrets: list(&required("MARQUEE_STRIPE_WEBHOOK_SECRET")?),
            stripe_connect_webhook_secrets: list(&required("MARQUEE_STRIPE_CONNECT_WEBHOOK_SECRET")?),
            stripe_rate: optional(&get, "MARQUEE_STRIPE_RATE")?,
            smtp_url: required("MARQUEE_SMTP_URL")?,
            bind: list(&bind).iter().map(|one| parse("MARQUEE_BIND", one)).collect::<Result<_, _>>()?,
            metrics_bind,
            doctor_server: optional(&get, "MARQUEE_DOCTOR_SERVER")?.unwrap_or(metrics_bind),
            platform_host: get("MARQUEE_PLATFORM_HOST").unwrap_or_else(|| "platform.localhost".to_owned()),
            public_scheme: get("MARQUEE_PUBLIC_SCHEME").unwrap_or_else(|| "https".to_owned()),
            public_port: optional(&get, "MARQUEE_PUBLIC_PORT")?,
            workers: optional(&get, "MARQUEE_WORKERS")?,
            db_pool: optional(&get, "MARQUEE_DB_POOL")?.unwrap_or(12),
            claim_batch: {
                let name = "MARQUEE_CLAIM_BATCH";
                let batch = optional(&get, name)?.unwrap_or(500);
                if batch == 0 {
                    let why = "it is at least 1".to_owned();
                    return Err(ConfigError::Invalid { name, value: batch.to_string(), why });
                }
                batch
            },
            secret_key: {
                let text = required("MARQUEE_SECRET_KEY")?;
                SecretKey::from_hex(&text).map_err(|error| ConfigError::Invalid {
                    name: "MARQUEE_SECRET_KEY",
                    value: "…".to_owned(),
                    why: error.to_string(),
                })?
            },
            limits: optional(&get, "MARQUEE_LIMITS")?.unwrap_or(LimitProfile::Standard),
            trusted_proxies: optional(&get, "MARQUEE_TRUSTED_PROXIES")?.unwrap_or(0),
        })
    }

    /// The address of a page on a site, for mail and redirects.
    pub fn public_url(&self, host: &str, path: &str) -> String {
        let port = self.public_port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}{path}", self.public_scheme)
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

fn optional<T: FromStr>(
    get: &impl Fn(&'static str) -> Option<String>,
    name: &'static str,
) -> Result<Option<T>, ConfigError>
where
    T::Err: std::fmt::Display,
{
    get(name).map(|text| parse(name, &text)).transpose()
}

fn parse<T: FromStr>(name: &'static str, text: &str) -> Result<T, ConfigError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| ConfigError::Invalid {
        name,
        value: text.to_owned(),
        why: error.to_string(),
    })
}

impl FromStr for LimitProfile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "standard" => Ok(Self::Standard),
            "demo" => Ok(Self::Demo),
            _ => Err("it is `standard` or `demo`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::read(|asked| match asked {
            _ if asked == name => Some(value.to_owned()),
            "MARQUEE_SECRET_KEY" => Some("0f".repeat(32)),
            "MARQUEE_DATABASE_URL"
            | "MARQUEE_DATABASE_PLATFORM_URL"
            | "MARQUEE_STRIPE_SECRET_KEY"
            | "MARQUEE_STRIPE_PUBLISHABLE_KEY"
            | "MARQUEE_STRIPE_WEBHOOK_SECRET"
            | "MARQUEE_STRIPE_CONNECT_WEBHOOK_SECRET"
            | "MARQUEE_SMTP_URL" => Some("x".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn a_batch_has_at_least_one_request() {
        assert_eq!(with("", "").unwrap().claim_batch, 500);
        assert_eq!(with("MARQUEE_CLAIM_BATCH", "1").unwrap().claim_batch, 1);
        for wrong in ["0", "-1", "many", "1.5"] {
            let error = with("MARQUEE_CLAIM_BATCH", wrong).unwrap_err().to_string();
            assert!(error.contains("MARQUEE_CLAIM_BATCH") && error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn the_rate_of_calls_is_a_number_or_the_providers_own() {
        assert_eq!(with("", "").unwrap().stripe_rate, None);
        assert_eq!(with("MARQUEE_STRIPE_RATE", "0").unwrap().stripe_rate, Some(0));
        assert_eq!(with("MARQUEE_STRIPE_RATE", "40").unwrap().stripe_rate, Some(40));
        for wrong in ["-1", "many", "2.5", "4294967296"] {
            let error = with("MARQUEE_STRIPE_RATE", wrong).unwrap_err().to_string();
            assert!(error.contains("MARQUEE_STRIPE_RATE") && error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn the_doctor_asks_where_metrics_are_served() {
        let config = with("MARQUEE_METRICS_BIND", "127.0.0.1:7777").unwrap();
        assert_eq!(config.doctor_server, config.metrics_bind);
        let config = with("MARQUEE_DOCTOR_SERVER", "127.0.0.1:7778").unwrap();
        assert_eq!((config.doctor_server.port(), config.metrics_bind.port()), (7_778, 9_464));
    }
}
