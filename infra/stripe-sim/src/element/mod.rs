//! What browsers load: the payment form and the page where a buyer authenticates.

mod action;

use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, get, post, resource};

/// Mounts the pages.
pub fn mount(config: &mut ServiceConfig) {
    for path in ["/v3", "/v3/", "/elements.js"] {
        config.service(resource(path).route(get().to(script)));
    }
    config
        .service(resource("/3d_secure/{id}").route(get().to(action::show)).route(post().to(action::answer)));
}

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header(("Cache-Control", "public, max-age=60"))
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(include_str!("element.js"))
}
