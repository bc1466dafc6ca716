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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_true() {
        let committed: serde_json::Value = serde_json::from_str(include_str!("../../../openapi.json")).unwrap();
        let now = serde_json::to_value(document()).unwrap();
        assert!(committed == now, "renew it: cargo run -p marquee-server -- openapi > openapi.json");
    }

    #[test]
    fn every_path_of_the_contract_is_there() {
        let document = document();
        for path in [
            "/api/v1/events",
            "/api/v1/events/{slug}",
            "/api/v1/plans/{hash}",
            "/api/v1/performances/{id}/availability",
            "/api/v1/performances/{id}/holds",
            "/api/v1/holds/{id}",
            "/api/v1/orders",
            "/api/v1/orders/{id}",
            "/api/v1/orders/{id}/pay",
            "/webhooks/stripe",
            "/webhooks/stripe/connect",
            "/api/door/v1/devices",
            "/api/door/v1/scans",
            "/api/door/v1/performances/{id}/manifest",
            "/api/admin/v1/sessions",
            "/api/platform/v1/sessions",
        ] {
            assert!(document.paths.paths.contains_key(path), "{path}");
        }
    }
}
