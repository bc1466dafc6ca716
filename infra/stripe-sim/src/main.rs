//! The program `stripe-sim`.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stripe_sim::{Config, Endpoint};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A stateful stand-in for Stripe's API.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "STRIPE_SIM_BIND", default_value = "127.0.0.1:12111")]
    bind: SocketAddr,
    /// Where state is kept; without it, everything is forgotten at the end.
    #[arg(long, env = "STRIPE_SIM_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Where browsers reach it, if not at the address it listens at.
    #[arg(long, env = "STRIPE_SIM_PUBLIC_URL")]
    public_url: Option<String>,
    /// The key that servers show.
    #[arg(long, env = "STRIPE_SIM_SECRET_KEY", default_value = "sk_test_simulator", hide_env_values = true)]
    secret_key: String,
    /// The key that browsers show.
    #[arg(long, env = "STRIPE_SIM_PUBLISHABLE_KEY", default_value = "pk_test_simulator")]
    publishable_key: String,
    /// A connected account, `acct_…=Name`; may be repeated.
    #[arg(long = "account", env = "STRIPE_SIM_ACCOUNTS", value_delimiter = ',', value_parser = account)]
    accounts: Vec<(String, String)>,
    /// Where the platform's own events go.
    #[arg(long, env = "STRIPE_SIM_WEBHOOK_URL", requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// What they are signed with.
    #[arg(long, env = "STRIPE_SIM_WEBHOOK_SECRET", hide_env_values = true)]
    webhook_secret: Option<String>,
    /// Where connected accounts' events go.
    #[arg(long, env = "STRIPE_SIM_CONNECT_WEBHOOK_URL", requires = "connect_webhook_secret")]
    connect_webhook_url: Option<String>,
    /// What they are signed with.
    #[arg(long, env = "STRIPE_SIM_CONNECT_WEBHOOK_SECRET", hide_env_values = true)]
    connect_webhook_secret: Option<String>,
    /// Which events they get: names, or the beginnings of names before a `*`.
    #[arg(long, env = "STRIPE_SIM_WEBHOOK_EVENTS", value_delimiter = ',', default_value = "*")]
    webhook_events: Vec<String>,
    /// Answer 429 beyond so many calls a second.
    #[arg(long, env = "STRIPE_SIM_LIMIT_PER_SECOND")]
    limit_per_second: Option<u32>,
    /// Print one line, `ready http://…`, when calls are answered.
    #[arg(long)]
    print_ready: bool,
}

fn account(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((id, name)) if id.starts_with("acct_") && !name.is_empty() => {
            Ok((id.to_owned(), name.to_owned()))
        }
        _ => Err("expected `acct_…=Name`".into()),
    }
}

impl From<Arguments> for Config {
    fn from(arguments: Arguments) -> Self {
        let endpoint = |url: Option<String>, secret: Option<String>| {
            url.zip(secret).map(|(url, secret)| Endpoint { url, secret })
        };
        Self {
            bind: arguments.bind,
            data_dir: arguments.data_dir,
            public_url: arguments.public_url,
            secret_key: arguments.secret_key,
            publishable_key: arguments.publishable_key,
            accounts: arguments.accounts,
            webhook: endpoint(arguments.webhook_url, arguments.webhook_secret),
            connect_webhook: endpoint(arguments.connect_webhook_url, arguments.connect_webhook_secret),
            webhook_events: arguments.webhook_events,
            limit_per_second: arguments.limit_per_second,
            ..Self::default()
        }
    }
}

#[actix_web::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn,actix_http=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let print_ready = arguments.print_ready;
    match serve(arguments.into(), print_ready).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let reason = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            tracing::error!("{error}{reason}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config, print_ready: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut running = stripe_sim::start(config).await?;
    tracing::info!(url = running.base_url, "the payment simulator is ready");
    if print_ready {
        let mut out = std::io::stdout();
        writeln!(out, "ready {}", running.base_url)?;
        out.flush()?;
    }
    tokio::select! {
        ended = running.ended() => return Ok(ended?),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    running.stop(true).await;
    Ok(())
}
