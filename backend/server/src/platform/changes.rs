//! Performances of any tenant that the platform's staff cancel or postpone.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use marquee_checkout::{Cancellation, ChangeView, Checkout, Postponement};
use marquee_core::db::Db;
use marquee_core::http::{Body, PathId};
use marquee_core::ids::{PerformanceId, TenantId};
use marquee_core::problem::{Code, Problem};
use marquee_tenants::staff::PlatformSession;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::to_its_end;
use crate::compose::record;
use crate::owner;

/// Calls a performance off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCancellation {
    /// What buyers are told beside that it is cancelled: one paragraph.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// Moves a performance to another date.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPostponement {
    /// When it starts instead.
    starts_at: DateTime<Utc>,
    /// When the doors open then; left out, as long before the start as they did.
    #[serde(default)]
    doors_at: Option<DateTime<Utc>>,
    /// Until when buyers may return their tickets: in the future, and not after the new start.
    return_until: DateTime<Utc>,
    /// What buyers are told beside the dates: one paragraph.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// The changes of a performance.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Changes {
    /// The oldest first.
    data: Vec<ChangeView>,
    /// Always null: a performance's changes are one page.
    next: Option<String>,
}

/// Call a performance off: nothing of it is sold from this answer on, and every paid order is refunded. The same again
/// changes nothing and tells how far that got.
#[utoipa::path(post, path = "/api/platform/v1/performances/{id}/cancellation", tag = "platform",
    request_body = NewCancellation, params(("id" = PerformanceId, Path)),
    responses((status = 202, body = ChangeView, description = "the worker goes on with it"),
        (status = 401, description = "`unauthorized`"), (status = 404), (status = 422, description = "`validation_failed`")))]
pub(super) async fn cancel(
    session: PlatformSession,
    id: PathId<PerformanceId>,
    body: Body<NewCancellation>,
    db: web::Data<Db>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    let tenant = owner::of_performance(&db, id.0).await?.ok_or(Code::NotFound)?;
    let what = Cancellation { note: body.value.note, requested_by: session.member.id.to_string() };
    let change = to_its_end(async move {
        let change = checkout.cancel_performance(tenant, id.0, &what).await?;
        record_change(&db, &what.requested_by, "performance.cancel", tenant, &change).await?;
        Ok(change)
    })
    .await?;
    Ok(HttpResponse::Accepted().insert_header(("cache-control", "no-store")).json(change))
}

/// Move a performance to another date: every buyer is told by mail, and keeps or returns. The same again changes nothing
/// and tells how far that got.
#[utoipa::path(post, path = "/api/platform/v1/performances/{id}/postponement", tag = "platform",
    request_body = NewPostponement, params(("id" = PerformanceId, Path)),
    responses((status = 202, body = ChangeView, description = "the worker goes on with it"),
        (status = 401, description = "`unauthorized`"), (status = 404),
        (status = 409, description = "order_state: the performance is cancelled"), (status = 422, description = "`validation_failed`")))]
pub(super) async fn postpone(
    session: PlatformSession,
    id: PathId<PerformanceId>,
    body: Body<NewPostponement>,
    db: web::Data<Db>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    let tenant = owner::of_performance(&db, id.0).await?.ok_or(Code::NotFound)?;
    let what = Postponement {
        starts_at: body.value.starts_at,
        doors_at: body.value.doors_at,
        return_until: body.value.return_until,
        note: body.value.note,
        requested_by: session.member.id.to_string(),
    };
    let change = to_its_end(async move {
        let change = checkout.postpone_performance(tenant, id.0, &what).await?;
        record_change(&db, &what.requested_by, "performance.postpone", tenant, &change).await?;
        Ok(change)
    })
    .await?;
    Ok(HttpResponse::Accepted().insert_header(("cache-control", "no-store")).json(change))
}

/// A performance's cancellation and changes of date, with how far what follows from them got.
#[utoipa::path(get, path = "/api/platform/v1/performances/{id}/changes", tag = "platform",
    params(("id" = PerformanceId, Path)),
    responses((status = 200, body = Changes), (status = 401, description = "`unauthorized`"), (status = 404)))]
pub(super) async fn list(
    _: PlatformSession,
    id: PathId<PerformanceId>,
    db: web::Data<Db>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    let tenant = owner::of_performance(&db, id.0).await?.ok_or(Code::NotFound)?;
    let data = checkout.performance_changes(tenant, id.0).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(Changes { data, next: None }))
}

async fn record_change(
    db: &Db,
    member: &str,
    action: &str,
    tenant: TenantId,
    change: &ChangeView,
) -> Result<(), Problem> {
    let details = json!({ "performance": change.performance_id, "change": change.change_id, "starts_at": change.starts_at_after });
    Ok(record(db, member, action, Some(tenant), details).await?)
}
