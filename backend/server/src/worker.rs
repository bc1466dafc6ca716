//! `marquee worker`: mail, expiry, recovery of payments. Any number may run; nothing waits for one to be right.

use std::process::ExitCode;

use marquee_core::config::Config;
use marquee_core::telemetry;

use crate::cli::Failure;
use crate::compose::Foundation;
use crate::serve;

/// Works until told to stop.
///
/// # Errors
/// When the configuration is not to be had.
pub async fn run(config: Config) -> Result<ExitCode, Failure> {
    let metrics = telemetry::start_metrics()?;
    let foundation = Foundation::open_lazily(config).await?;
    let metrics_server = serve::serve_metrics(&foundation, metrics)?;
    let directory = tokio::spawn(foundation.directory.clone().keep_current(foundation.db.clone()));
    let work = serve::Services::of(foundation)?.work();
    tokio::select! {
        () = work => {}
        stop = serve::told_to_stop() => stop?,
    }
    directory.abort();
    metrics_server.stop(false).await;
    Ok(ExitCode::SUCCESS)
}
