//! How the simulator is set up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::clock::{Clock, SystemClock};

/// Where the platform listens for events.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where to post.
    pub url: String,
    /// `whsec_…`
    pub secret: String,
}

/// How the simulator is set up.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Where the journal lies; `None` keeps everything in memory only.
    pub data_dir: Option<PathBuf>,
    /// Where browsers reach it, if not where it listens.
    pub public_url: Option<String>,
    /// The servers' key.
    pub secret_key: String,
    /// The browsers' key.
    pub publishable_key: String,
    /// Connected accounts, by id and name.
    pub accounts: Vec<(String, String)>,
    /// Gets the platform's own events.
    pub webhook: Option<Endpoint>,
    /// Gets connected accounts' events.
    pub connect_webhook: Option<Endpoint>,
    /// Which events either of them gets: names, or the beginnings of names before a `*`.
    pub webhook_events: Vec<String>,
    /// The time, before the controls move it.
    pub clock: Arc<dyn Clock>,
    /// How many calls a second are let through; `None`: all.
    pub limit_per_second: Option<u32>,
    /// Makes ids repeatable.
    pub seed: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: None,
            public_url: None,
            secret_key: "sk_test_simulator".into(),
            publishable_key: "pk_test_simulator".into(),
            accounts: Vec::new(),
            webhook: None,
            connect_webhook: None,
            webhook_events: vec!["*".into()],
            clock: Arc::new(SystemClock),
            limit_per_second: None,
            seed: None,
        }
    }
}
