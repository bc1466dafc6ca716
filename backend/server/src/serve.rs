//! `marquee serve`: composes the capabilities into one HTTP server.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpResponse, HttpServer, web};
use marquee_catalog::Catalog;
use marquee_checkout::{Checkout, CheckoutParts};
use marquee_core::config::Config;
use marquee_core::db::Db;
use marquee_core::http::at;
use marquee_core::limits::Limits;
use marquee_core::telemetry;
use marquee_door::Door;
use marquee_inventory::Inventory;
use marquee_inventory::availability::Availability;
use marquee_inventory::strategy::Strategies;
use marquee_payments::Provider;
use marquee_tenants::staff::Staff;
use marquee_tenants::{Host, Hosts};
use marquee_tickets::{Tickets, deliver_mail};
use metrics_exporter_prometheus::PrometheusHandle;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing_actix_web::TracingLogger;

use crate::cli::Failure;
use crate::compose::Foundation;
use crate::health::{self, Readiness};
use crate::{openapi, pages, platform};

/// After SIGTERM `/readyz` fails for this long before the listener closes, so that balancers look elsewhere first.
const DRAIN: Duration = Duration::from_millis(500);
/// Requests under way have this long to end.
const SHUTDOWN_SECONDS: u64 = 10;

/// The services behind the routes; cheap to clone into each worker.
#[derive(Clone)]
pub struct Services {
    /// What they stand on.
    pub foundation: Foundation,
    hosts: Hosts,
    limits: Limits,
    catalog: Catalog,
    /// Units and holds.
    pub inventory: Inventory,
    /// Orders and payments.
    pub checkout: Checkout,
    tickets: Tickets,
    door: Door,
    staff: Staff,
    storefront: Arc<marquee_storefront::Storefront>,
    readiness: Readiness,
}

/// Serves until told to stop.
///
/// # Errors
/// When the configuration or a listener is not to be had.
pub async fn run(config: Config) -> Result<ExitCode, Failure> {
    raise_open_files();
    let metrics = telemetry::start_metrics()?;
    let foundation = Foundation::open_lazily(config).await?;
    let services = Services::kept_current(foundation)?;
    let metrics_server = serve_metrics(&services.foundation, metrics)?;
    let readiness = services.readiness.clone();
    let availability = services.inventory.availability().clone();
    let config = services.foundation.config.clone();
    let mut server = HttpServer::new(move || {
        let services = services.clone();
        App::new()
            .wrap(from_fn(pages::at_a_known_host))
            .wrap(Compress::default())
            .wrap(TracingLogger::<pages::QuietSpan>::new())
            .configure(move |app| services.configure(app))
    })
    .disable_signals()
    .backlog(8_192)
    .shutdown_timeout(SHUTDOWN_SECONDS);
    if let Some(workers) = config.workers {
        server = server.workers(workers.max(1));
    }
    for address in &config.bind {
        server = server.bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))?;
        tracing::info!(%address, "listening");
    }
    let server = server.run();
    tokio::spawn(stop_on_signal(server.handle(), metrics_server, readiness, availability));
    server.await?;
    Ok(ExitCode::SUCCESS)
}

/// Each buyer who waits is an open file: as many as the system lets this process have.
fn raise_open_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

impl Services {
    /// Every service, over its foundation.
    ///
    /// # Errors
    /// When the configuration names what is not to be had.
    pub fn of(foundation: Foundation) -> Result<Self, Failure> {
        let Foundation { config, db, directory, clock, .. } = foundation.clone();
        let platform = Host::parse(&config.platform_host).ok_or("`MARQUEE_PLATFORM_HOST` is no host")?;
        let hosts = Hosts { directory: directory.clone(), platform };
        let limits = Limits::new(config.redis_url.as_deref(), Arc::clone(&clock));
        let availability = Availability::new(db.clone());
        let catalog = Catalog::new(db.clone(), Arc::clone(&clock), Arc::new(availability.clone()));
        let secret = config.secret_key.clone();
        let inventory = Inventory::new(
            db.clone(),
            catalog.clone(),
            availability,
            secret.clone(),
            Strategies::new(config.redis_url.as_deref()),
            config.claim_batch,
        );
        let provider = foundation.provider()?;
        let checkout = Checkout::new(CheckoutParts {
            config: Arc::new(config.clone()),
            db: db.clone(),
            catalog: catalog.clone(),
            provider: Arc::clone(&provider),
            limits: limits.clone(),
            clock: Arc::clone(&clock),
        });
        let storefront =
            pages::storefront(hosts.clone(), catalog.clone(), &*provider, Arc::clone(&clock), &config)?;
        Ok(Self {
            hosts,
            catalog,
            inventory,
            checkout,
            tickets: Tickets::new(db.clone(), directory, &config)?,
            door: Door::new(db.clone()),
            staff: Staff::new(db, limits.clone(), clock, secret, config.trusted_proxies),
            storefront: Arc::new(storefront),
            limits,
            readiness: Readiness::new(),
            foundation,
        })
    }

    /// The background work, for as long as it is polled.
    pub async fn work(self) {
        let directory = self.foundation.directory.clone();
        futures::future::join(self.checkout.clone().work(directory), deliver_mail(self.tickets.clone()))
            .await;
    }

    /// Every service, with the tenants and the units in memory kept current, and the planner's statistics: for whoever claims
    /// more than once, since a claim chooses from memory and learns even of its own commits by their notices.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn kept_current(foundation: Foundation) -> Result<Self, Failure> {
        let services = Self::of(foundation)?;
        let foundation = &services.foundation;
        tokio::spawn(foundation.directory.clone().keep_current(foundation.db.clone()));
        tokio::spawn(services.inventory.availability().clone().keep_current());
        tokio::spawn(foundation.db.clone().keep_statistics());
        Ok(services)
    }

    fn configure(&self, app: &mut web::ServiceConfig) {
        app.app_data(web::Data::new(self.foundation.clone()))
            .app_data(web::Data::new(self.hosts.clone()))
            .app_data(web::Data::new(self.limits.clone()))
            .app_data(web::Data::new(self.foundation.db.clone()))
            .app_data(web::Data::new(self.catalog.clone()))
            .app_data(web::Data::new(self.inventory.clone()))
            .app_data(web::Data::new(self.checkout.clone()))
            .app_data(web::Data::new(self.tickets.clone()))
            .app_data(web::Data::new(self.door.clone()))
            .app_data(web::Data::new(self.staff.clone()))
            .app_data(web::Data::from(Arc::clone(&self.storefront)))
            .app_data(web::Data::new(self.readiness.clone()))
            .configure(health::routes)
            .service(at("/api/openapi.json").read(openapi::show))
            .configure(marquee_catalog::routes)
            .configure(marquee_inventory::routes)
            .configure(marquee_checkout::routes)
            .configure(marquee_tickets::routes)
            .configure(marquee_door::routes)
            .configure(marquee_tenants::staff::routes)
            .configure(platform::routes)
            .configure(marquee_storefront::configure)
            .default_service(web::to(pages::nothing_here));
    }
}

/// Serves `/metrics` on a port of its own, and beside it `/holders`: what held the database's connections, as JSON.
///
/// # Errors
/// When the address is taken.
pub fn serve_metrics(foundation: &Foundation, metrics: PrometheusHandle) -> Result<ServerHandle, Failure> {
    let (config, db, provider) = (&foundation.config, foundation.db.clone(), foundation.provider()?);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(metrics.clone()))
            .app_data(web::Data::new(db.clone()))
            .app_data(web::Data::new(provider.clone()))
            .route("/metrics", web::get().to(show_metrics))
            .route("/holders", web::get().to(show_holders))
    })
    .workers(1)
    .disable_signals()
    .bind(config.metrics_bind)
    .map_err(|error| format!("cannot listen on {}: {error}", config.metrics_bind))?
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

async fn show_metrics(
    metrics: web::Data<PrometheusHandle>,
    db: web::Data<Db>,
    provider: web::Data<Arc<dyn Provider>>,
) -> HttpResponse {
    db.publish_holders();
    provider.budget().publish();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(metrics.render())
}

async fn show_holders(db: web::Data<Db>) -> HttpResponse {
    HttpResponse::Ok().json(platform::Holders { holders: db.holders() })
}

/// Waits until somebody tells the program to stop.
///
/// # Errors
/// When signals cannot be heard.
pub async fn told_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn stop_on_signal(
    server: ServerHandle,
    metrics: ServerHandle,
    readiness: Readiness,
    availability: Availability,
) {
    if let Err(error) = told_to_stop().await {
        tracing::error!(%error, "signals cannot be heard");
        return;
    }
    tracing::info!("stopping: finishing what is under way");
    readiness.stop();
    tokio::time::sleep(DRAIN).await;
    // Live updates never end by themselves.
    availability.close_live();
    server.stop(true).await;
    metrics.stop(false).await;
}
