//! Logs and metrics.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Bucket bounds of the database's histograms, in seconds: fine where a claim lives, coarse beyond.
const DB_BUCKETS: &[f64] =
    &[0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0];

/// Bucket bounds of how long a call of the payment provider waits for its turn, in seconds: at most what a call may take.
const WAIT_BUCKETS: &[f64] = &[0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

/// What is logged unless `RUST_LOG` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// A server's or worker's life.
    Service,
    /// A command's troubles alone.
    Command,
}

/// Starts logging to standard error: readable on a terminal, JSON lines elsewhere. `RUST_LOG` narrows it.
pub fn start_logging(verbosity: Verbosity, json: bool) {
    let default = match verbosity {
        Verbosity::Service => "info,sqlx=warn,sea_orm=warn,stripe=error,actix_http=off",
        Verbosity::Command => "warn,stripe=error",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json { builder.json().try_init() } else { builder.try_init() };
    if let Err(error) = started {
        tracing::debug!(%error, "logging was started before");
    }
}

/// Installs the recorder behind `/metrics`.
///
/// # Errors
/// When a recorder is installed already.
pub fn start_metrics() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Prefix("marquee_db_".to_owned()), DB_BUCKETS)?
        .set_buckets_for_metric(Matcher::Full("marquee_provider_wait_seconds".to_owned()), WAIT_BUCKETS)?
        .install_recorder()
}
