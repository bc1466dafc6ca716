//! The OpenAPI document: each capability's part, merged.

use std::sync::OnceLock;

use actix_web::{HttpResponse, web};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(info(
    title = "Ticketing API",
    description = "Events, holds, orders and the door of one site; the site is chosen by the Host header. \
                   Money is integer minor units with an ISO 4217 code, times are RFC 3339 in UTC, ids are UUIDv7, errors are \
                   `application/problem+json` with a stable `code`.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Whole;

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut whole = Whole::openapi();
    for part in [
        marquee_catalog::ApiDoc::openapi(),
        marquee_inventory::ApiDoc::openapi(),
        marquee_checkout::ApiDoc::openapi(),
        marquee_tickets::ApiDoc::openapi(),
        marquee_door::ApiDoc::openapi(),
        marquee_tenants::staff::ApiDoc::openapi(),
    ] {
        whole.merge(part);
    }
    whole
}

/// `GET /api/openapi.json`.
pub async fn show() -> HttpResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| document().to_json().unwrap_or_default());
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("cache-control", "public, max-age=60"))
        .body(web::Bytes::from_static(text.as_bytes()))
}
