//! What browsers load: the payment form and the page where a buyer authenticates.

mod action;

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, ServiceConfig, get, post, resource};
use actix_web::{Error, HttpResponse};

use crate::engine::errors::ApiError;
use crate::engine::faults::FaultKind;
use crate::engine::reset;
use crate::sim::Sim;

/// What a checkout page loads, in a scope of its own.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("look.js"),
    include_str!("checks.js"),
    include_str!("form.js"),
    include_str!("client.js"),
    "})();\n",
);

/// Mounts the pages.
pub fn mount(config: &mut ServiceConfig) {
    for path in ["/v3", "/v3/", "/elements.js"] {
        config.service(resource(path).wrap(from_fn(disturbed)).route(get().to(script)));
    }
    config.service(
        resource("/3d_secure/{id}")
            .wrap(from_fn(disturbed))
            .route(get().to(action::show))
            .route(post().to(action::answer)),
    );
}

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header(("Cache-Control", "public, max-age=60"))
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(SCRIPT)
}

/// Pages are hit by faults as calls are.
async fn disturbed(
    sim: Data<Sim>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let Some(fault) = sim.faults.hit(request.method().as_str(), request.path()) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    match fault.kind {
        FaultKind::Refuse => {
            let answer = reset::response(request.request());
            return Ok(request.into_response(answer));
        }
        FaultKind::Status => return Ok(request.into_response(status(fault.status()))),
        FaultKind::Kept500 => return Ok(request.into_response(status(Some(500)))),
        _ => {}
    }
    let done = next.call(request).await?;
    match fault.kind {
        FaultKind::DropResponse => {
            let answer = reset::response(done.request());
            Ok(done.into_response(answer))
        }
        FaultKind::Stored500 => Ok(done.into_response(status(Some(500)))),
        _ => {
            tokio::time::sleep(Duration::from_millis(fault.number().unwrap_or(0))).await;
            Ok(done.map_into_boxed_body())
        }
    }
}

fn status(wanted: Option<u16>) -> HttpResponse {
    let status = wanted.unwrap_or(500);
    let code = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::build(code).json(ApiError::with_status(status).body("req_fault"))
}
