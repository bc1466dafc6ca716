//! `/healthz` and `/readyz`, on any host.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use marquee_core::db::Db;
use marquee_core::http::at;
use marquee_tenants::Hosts;
use serde_json::json;

/// How long a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Is the program taking requests? Set false when it is told to stop.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Ready.
    pub fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Stopping: `/readyz` fails from now on, requests are still served.
    pub fn stop(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Registers both.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(at("/healthz").read(healthz)).service(at("/readyz").read(readyz));
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

async fn readyz(db: web::Data<Db>, hosts: web::Data<Hosts>, readiness: web::Data<Readiness>) -> HttpResponse {
    let database = matches!(tokio::time::timeout(PATIENCE, db.ping()).await, Ok(Ok(())));
    let stopping = !readiness.0.load(Ordering::SeqCst);
    let tenants = hosts.directory.is_read();
    let ready = database && tenants && !stopping;
    let status = if ready { "ready" } else { "not_ready" };
    let body = json!({ "status": status, "database": database, "tenants": tenants, "stopping": stopping });
    if ready {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().insert_header(("retry-after", "1")).json(body)
    }
}
