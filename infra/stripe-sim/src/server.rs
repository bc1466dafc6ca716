//! Starts and stops.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::web::{Data, PayloadConfig, get, method, route, to};
use actix_web::{App, HttpServer, http, web};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::accounts::{Account, PLATFORM};
use crate::config::{Config, Endpoint};
use crate::engine::clock::{Ids, Moved};
use crate::engine::dispatch;
use crate::engine::errors::ApiError;
use crate::engine::faults::Faults;
use crate::engine::idempotency::InFlight;
use crate::engine::journal::{Journal, JournalError};
use crate::engine::limits::Limits;
use crate::engine::requests::RequestLog;
use crate::engine::reset;
use crate::engine::state::State;
use crate::engine::tx::{Origin, Tx};
use crate::sim::Sim;
use crate::webhook_endpoints::WebhookEndpoint;
use crate::webhooks::deliver;
use crate::webhooks::settings::Settings;
use crate::{control, element};

/// The largest body of a call.
const MAX_BODY: usize = 1 << 20;

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened at.
    #[error("cannot listen at `{0}`")]
    Bind(SocketAddr, #[source] std::io::Error),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A running simulator. Dropping it does not stop it; [`Running::stop`] does.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// `http://host:port`
    pub base_url: String,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    deliverer: JoinHandle<()>,
}

impl Running {
    /// Waits until it ends.
    ///
    /// # Errors
    /// What the server ended with.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        (&mut self.server).await.unwrap_or(Ok(()))
    }

    /// Stops; gracefully, calls on their way are answered first.
    pub async fn stop(self, graceful: bool) {
        self.handle.stop(graceful).await;
        self.deliverer.abort();
        let _ = self.server.await;
    }
}

/// Starts, on the data of earlier runs. It must be called within a tokio runtime.
///
/// # Errors
/// When the address is taken or the journal cannot be used.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let bind = |error| StartError::Bind(config.bind, error);
    let listener = TcpListener::bind(config.bind).map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let base_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));

    let mut state = State::default();
    let journal = match &config.data_dir {
        None => Journal::none(),
        Some(dir) => Journal::open(dir, &mut state)?,
    };
    let sim = Arc::new(Sim {
        secret_key: config.secret_key.clone(),
        publishable_key: config.publishable_key.clone(),
        base_url: base_url.trim_end_matches('/').to_owned(),
        clock: Moved::new(config.clock.clone(), state.clock_offset_ms),
        ids: Ids::new(config.seed),
        journal,
        faults: Faults::default(),
        limits: Limits::new(config.limit_per_second),
        pending_refunds: AtomicBool::new(false),
        requests: RequestLog::default(),
        in_flight: InFlight::default(),
        http: deliver::client(),
        webhooks: Mutex::new(Settings::default()),
        wake: Notify::new(),
        state: Mutex::new(state),
    });
    sim.transact(Origin::default(), |tx| seed(tx, &config)).await;

    let data = Data::from(sim.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(PayloadConfig::new(MAX_BODY))
            .configure(control::mount)
            .configure(element::mount)
            .service(
                web::scope("/v1")
                    .route("/{tail:.*}", method(http::Method::OPTIONS).to(dispatch::preflight))
                    .route("/{tail:.*}", route().to(dispatch::v1)),
            )
            .route("/healthz", get().to(actix_web::HttpResponse::Ok))
            .default_service(to(unknown))
    })
    .on_connect(reset::remember)
    .workers(2)
    .shutdown_timeout(3)
    .disable_signals()
    .listen(listener)
    .map_err(bind)?
    .run();
    let handle = server.handle();
    let deliverer = tokio::spawn(deliver::run(sim));
    let server = tokio::spawn(server);
    Ok(Running { address, base_url, handle, server, deliverer })
}

async fn unknown(request: actix_web::HttpRequest) -> actix_web::HttpResponse {
    let error = ApiError::unknown_url(request.method().as_str(), request.path());
    actix_web::HttpResponse::NotFound().json(error.body("req_unknown"))
}

/// Makes what the configuration names. Accounts that are known stay as they are, but for their name.
fn seed(tx: &mut Tx, config: &Config) {
    let named = config.accounts.iter().map(|(id, name)| (id.as_str(), name.as_str()));
    for (id, name) in named.chain([(PLATFORM, "Platform")]) {
        let known = tx.state.accounts.get(id).cloned();
        let mut account = known.clone().unwrap_or_else(|| Account::new(id, name, tx.now));
        name.clone_into(&mut account.name);
        if known.is_none_or(|known| known.name != name) {
            tx.put(account);
        }
    }
    for (id, endpoint, connect) in
        [("we_1Platform", &config.webhook, false), ("we_1Connect", &config.connect_webhook, true)]
    {
        let known = tx.state.endpoints.get(id).cloned();
        let wanted = endpoint
            .as_ref()
            .map(|endpoint| endpoint_row(id, endpoint, config.webhook_events.clone(), connect, tx.now));
        match (known, wanted) {
            (Some(known), None) if known.enabled => tx.put(WebhookEndpoint { enabled: false, ..known }),
            (Some(known), Some(wanted))
                if known.enabled
                    && known.url == wanted.url
                    && known.secret == wanted.secret
                    && known.enabled_events == wanted.enabled_events => {}
            (_, Some(wanted)) => tx.put(wanted),
            _ => {}
        }
    }
}

fn endpoint_row(
    id: &str,
    endpoint: &Endpoint,
    enabled_events: Vec<String>,
    connect: bool,
    now: i64,
) -> WebhookEndpoint {
    WebhookEndpoint {
        id: id.to_owned(),
        created: now,
        url: endpoint.url.clone(),
        secret: endpoint.secret.clone(),
        connect,
        enabled_events,
        description: None,
        metadata: crate::metadata::Metadata::new(),
        enabled: true,
        previous: None,
    }
}
