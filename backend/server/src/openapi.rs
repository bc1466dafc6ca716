//! The OpenAPI document: each capability's part, merged.

use std::sync::OnceLock;

use actix_web::{HttpResponse, web};
use marquee_core::problem::Code;
use serde_json::{Value, json};
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

/// The whole document: every operation may also answer with a problem, and says how callers prove who they are.
pub fn document() -> Value {
    let mut document = serde_json::to_value(merged()).unwrap_or_default();
    if let Some(components) = document.pointer_mut("/components").and_then(Value::as_object_mut) {
        components.entry("schemas").or_insert_with(|| json!({}))["Problem"] = problem_schema();
        components.insert(
            "responses".to_owned(),
            json!({ "Problem": {
                "description": "What went wrong: RFC 9457 with a stable `code`. 503 and 429 carry `Retry-After`.",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            } }),
        );
        components.insert(
            "securitySchemes".to_owned(),
            json!({ "bearer": { "type": "http", "scheme": "bearer", "description": "A device's token, or a staff member's access token." } }),
        );
    }
    let paths = document.pointer_mut("/paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        let signed_in = needs_sign_in(path);
        for operation in item.as_object_mut().into_iter().flat_map(|item| item.values_mut()) {
            if let Some(responses) = operation.pointer_mut("/responses").and_then(Value::as_object_mut) {
                responses.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Problem" }));
            }
            if let (true, Some(operation)) = (signed_in, operation.as_object_mut()) {
                operation.insert("security".to_owned(), json!([{ "bearer": [] }]));
            }
        }
    }
    document
}

fn needs_sign_in(path: &str) -> bool {
    let door = path.starts_with("/api/door/") && path != "/api/door/v1/devices";
    let platform = path.starts_with("/api/platform/") && !path.starts_with("/api/platform/v1/sessions");
    door || platform || path.ends_with("/v1/me")
}

fn problem_schema() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "enum": codes },
            "detail": { "type": "string" },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": { "type": "string" },
                    "code": { "type": "string" },
                    "detail": { "type": "string" },
                },
            } },
        },
    })
}

fn merged() -> utoipa::openapi::OpenApi {
    let mut whole = Whole::openapi();
    for part in [
        marquee_catalog::ApiDoc::openapi(),
        marquee_inventory::ApiDoc::openapi(),
        marquee_checkout::ApiDoc::openapi(),
        marquee_tickets::ApiDoc::openapi(),
        marquee_door::ApiDoc::openapi(),
        marquee_tenants::staff::ApiDoc::openapi(),
        crate::platform::ApiDoc::openapi(),
        crate::platform::orders::ApiDoc::openapi(),
    ] {
        whole.merge(part);
    }
    whole
}

/// `GET /api/openapi.json`.
pub async fn show() -> HttpResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| document().to_string());
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
        let committed: Value = serde_json::from_str(include_str!("../../../openapi.json")).unwrap();
        let now = document();
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
            "/api/platform/v1/database/holders",
            "/api/platform/v1/drills/slow-report",
            "/api/platform/v1/reconciliation/breaks",
            "/api/platform/v1/reconciliation/breaks/{id}/resolve",
        ] {
            assert!(document["paths"].get(path).is_some(), "{path}");
        }
    }
}
