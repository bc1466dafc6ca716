//! `/api/v1/performances/{id}/holds`, `/api/v1/holds/{id}`, `/api/v1/performances/{id}/availability`.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use marquee_core::db::DbError;
use marquee_core::http::{Body, IdempotencyKey, PathId, Unread, at, etag_matches, single_header};
use marquee_core::ids::{HoldId, PerformanceId};
use marquee_core::money::Currency;
use marquee_core::problem::{Code, Problem};
use marquee_tenants::CurrentTenant;
use serde::Serialize;
use utoipa::OpenApi;

use crate::availability::LiveError;
use crate::{HeldUnit, HoldDetail, HoldRequest, Inventory};

/// The answer for a hold.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HoldBody {
    hold_id: HoldId,
    performance_id: PerformanceId,
    /// Only in the answer that makes it; goes into the `Hold-Token` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    expires_at: DateTime<Utc>,
    /// Minor units.
    total: i64,
    currency: Currency,
    units: Vec<HeldUnit>,
}

impl HoldBody {
    fn of(hold: HoldDetail, token: Option<String>) -> Self {
        Self {
            hold_id: hold.id,
            performance_id: hold.performance_id,
            token,
            expires_at: hold.expires_at,
            total: hold.total,
            currency: hold.currency,
            units: hold.units,
        }
    }
}

/// This crate's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(create_hold, show_hold, delete_hold, show_availability, follow_availability),
    components(schemas(HoldBody, HoldRequest))
)]
pub struct ApiDoc;

/// Registers the routes; they need `web::Data<Inventory>`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/api/v1/performances/{id}/holds").post(create_hold))
        .service(at("/api/v1/holds/{id}").get(show_hold).delete(delete_hold))
        .service(at("/api/v1/performances/{id}/availability").read(show_availability))
        .service(at("/api/v1/performances/{id}/availability/live").get(follow_availability));
}

/// Hold seats or places: all of them or none.
#[utoipa::path(post, path = "/api/v1/performances/{id}/holds", request_body = HoldRequest,
    params(("id" = PerformanceId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = HoldBody), (status = 409, description = "seat_taken, sold_out, no_adjacent, not_on_sale"),
              (status = 422, description = "unknown_seat, duplicate_seat, limit_per_order, idempotency_mismatch …")))]
async fn create_hold(
    tenant: CurrentTenant,
    id: PathId<PerformanceId>,
    key: IdempotencyKey,
    body: Unread,
    inventory: web::Data<Inventory>,
) -> Result<HttpResponse, Problem> {
    let turn = inventory.turns().next().await?;
    let body: Body<HoldRequest> = body.read()?;
    let made = inventory.hold_in_turn(&tenant, id.0, &body.value, (&key, body.fingerprint), turn).await?;
    let mut answer = HttpResponse::Created();
    if made.replayed {
        answer.insert_header(("Idempotent-Replayed", "true"));
    }
    Ok(answer.insert_header((CACHE_CONTROL, "no-store")).json(HoldBody::of(made.hold, Some(made.token))))
}

/// Show a hold.
#[utoipa::path(get, path = "/api/v1/holds/{id}", params(("id" = HoldId, Path), ("Hold-Token" = String, Header)),
    responses((status = 200, body = HoldBody), (status = 404), (status = 410, description = "hold_expired")))]
async fn show_hold(
    request: HttpRequest,
    tenant: CurrentTenant,
    id: PathId<HoldId>,
    inventory: web::Data<Inventory>,
) -> Result<HttpResponse, Problem> {
    let hold = inventory.show(&tenant, id.0, token(&request)?).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(HoldBody::of(hold, None)))
}

/// Give a hold back.
#[utoipa::path(delete, path = "/api/v1/holds/{id}", params(("id" = HoldId, Path), ("Hold-Token" = String, Header)),
    responses((status = 204), (status = 404), (status = 409, description = "order_state"), (status = 410, description = "hold_expired")))]
async fn delete_hold(
    request: HttpRequest,
    tenant: CurrentTenant,
    id: PathId<HoldId>,
    inventory: web::Data<Inventory>,
) -> Result<HttpResponse, Problem> {
    inventory.give_back(&tenant, id.0, token(&request)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What is free, at most a second old.
#[utoipa::path(get, path = "/api/v1/performances/{id}/availability", params(("id" = PerformanceId, Path)),
    responses((status = 200, description = "`{version, as_of, price_levels:[{id,free}], sections:[{id,free}]}`; `free` of a section is a base64 bitmap, bit i (least significant first) = seat i of the plan's section"), (status = 304), (status = 404)))]
async fn show_availability(
    request: HttpRequest,
    tenant: CurrentTenant,
    id: PathId<PerformanceId>,
    inventory: web::Data<Inventory>,
) -> Result<HttpResponse, Problem> {
    let visible = inventory.knows(&tenant, id.0).await?;
    let found = if visible { inventory.availability().of(tenant.id, id.0).await } else { Ok(None) };
    let found = found.map_err(|error| Problem::from(DbError::Unavailable(error.to_string())))?;
    let rendered = found.ok_or(Code::NotFound)?;
    let known = etag_matches(&request, rendered.etag.trim_start_matches("W/"));
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((ETAG, rendered.etag))
        .insert_header((CACHE_CONTROL, "public, max-age=0, s-maxage=1"))
        .insert_header((VARY, "Host"));
    Ok(if known {
        answer.finish()
    } else {
        answer.insert_header((CONTENT_TYPE, "application/json")).body(rendered.body)
    })
}

/// What becomes free or is gone, as it happens.
#[utoipa::path(get, path = "/api/v1/performances/{id}/availability/live", params(("id" = PerformanceId, Path)),
    responses((status = 200, content_type = "text/event-stream", description = "Server-sent events, at most four a second. `state`, first and whenever a reader has to begin anew: the same JSON as `/availability`. `delta`, what changed since the event before: `{version, sections:[{id,free:[i],gone:[i]}], price_levels:[{id,free}]}`, `i` = seat i of the plan's section; sections and levels that did not change are left out. Comments in quiet times."),
              (status = 404), (status = 503, description = "overloaded: too many listen; read `/availability` instead")))]
async fn follow_availability(
    tenant: CurrentTenant,
    id: PathId<PerformanceId>,
    inventory: web::Data<Inventory>,
) -> Result<HttpResponse, Problem> {
    let visible = inventory.knows(&tenant, id.0).await?;
    let events = if visible { inventory.availability().live(tenant.id, id.0).await? } else { None };
    let events = events.ok_or(Code::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // A compressor would keep events back until it has a block of them; a proxy might, too.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events))
}

impl From<LiveError> for Problem {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Full => Code::Overloaded.into(),
            LiveError::Db(error) => DbError::Unavailable(error.to_string()).into(),
        }
    }
}

fn token(request: &HttpRequest) -> Result<&str, Problem> {
    single_header(request, "hold-token").ok_or_else(|| Code::NotFound.into())
}
