//! `GET /api/v1/events`, `/api/v1/events/{slug}`, `/api/v1/plans/{hash}`.

use actix_web::{HttpRequest, HttpResponse, web};
use marquee_core::http::{PathId, at};
use marquee_core::problem::{Code, Problem};
use marquee_tenants::CurrentTenant;
use utoipa::OpenApi;

use crate::Catalog;
use crate::body::{EventBody, EventList};
use crate::page::Page;
use crate::plan::Drawing;

/// The catalog's part of the API's description.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_events, get_event, get_plan))]
pub struct ApiDoc;

/// Adds the catalog's addresses. Needs `web::Data<Catalog>` and the tenants' own app data.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/api/v1/events").read(list_events))
        .service(at("/api/v1/events/{slug}").read(get_event))
        .service(at("/api/v1/plans/{hash}").read(get_plan));
}

/// The published events: those to come by their next start, then those that are over, latest first.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "catalog",
    params(
        ("cursor" = Option<String>, Query, description = "The `next` of an earlier page"),
        ("limit" = Option<u32>, Query, description = "Events of a page", minimum = 1, maximum = 100),
    ),
    responses(
        (status = 200, description = "A page of events", body = EventList),
        (status = 304, description = "Unchanged since the ETag sent"),
        (status = 422, description = "`validation_failed`: the cursor or the limit"),
    )
)]
async fn list_events(
    tenant: CurrentTenant,
    catalog: web::Data<Catalog>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = Page::of(request.query_string())?;
    Ok(catalog.event_list(&tenant, page).await?.answer(&request))
}

/// One published event.
#[utoipa::path(
    get,
    path = "/api/v1/events/{slug}",
    tag = "catalog",
    params(("slug" = String, Path, description = "The event's name in addresses")),
    responses(
        (status = 200, description = "The event", body = EventBody),
        (status = 304, description = "Unchanged since the ETag sent"),
        (status = 404, description = "`not_found`: no published event of the tenant is called that"),
    )
)]
async fn get_event(
    tenant: CurrentTenant,
    catalog: web::Data<Catalog>,
    slug: PathId<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let ready = catalog.event_body(&tenant, &slug.0).await?;
    Ok(ready.ok_or(Code::NotFound)?.answer(&request))
}

/// A seating plan for drawing, in columns: immutable under its hash.
#[utoipa::path(
    get,
    path = "/api/v1/plans/{hash}",
    tag = "catalog",
    params(("hash" = String, Path, description = "As in a performance's `plan_url`")),
    responses(
        (status = 200, description = "The drawing", body = Drawing),
        (status = 304, description = "Unchanged since the ETag sent"),
        (status = 404, description = "`not_found`: the tenant has no such plan"),
    )
)]
async fn get_plan(
    tenant: CurrentTenant,
    catalog: web::Data<Catalog>,
    hash: PathId<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let plan = catalog.plan_file(&tenant, &hash.0).await?;
    Ok(plan.ok_or(Code::NotFound)?.answer(&request))
}
