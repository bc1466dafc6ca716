//! Parse, call, render.

use actix_web::{HttpResponse, web};
use marquee_core::db::{Db, Holder};
use marquee_core::http::{Body, at};
use marquee_core::problem::Problem;
use marquee_tenants::staff::PlatformSession;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{breaks, changes, drill, orders, refunds};

/// The platform staff's part of the API's description.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    holders,
    slow_report,
    refunds::list,
    refunds::create,
    changes::cancel,
    changes::postpone,
    changes::list,
    breaks::list,
    breaks::resolve
))]
pub struct ApiDoc;

/// Registers the platform staff's views. Needs `web::Data<Db>`, `web::Data<Checkout>` and sign-in.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(at("/api/platform/v1/database/holders").get(holders))
        .service(at("/api/platform/v1/drills/slow-report").post(slow_report))
        .service(at("/api/platform/v1/orders/{id}/refunds").get(refunds::list).post(refunds::create))
        .service(at("/api/platform/v1/performances/{id}/cancellation").post(changes::cancel))
        .service(at("/api/platform/v1/performances/{id}/postponement").post(changes::postpone))
        .service(at("/api/platform/v1/performances/{id}/changes").get(changes::list))
        .service(at("/api/platform/v1/reconciliation/breaks").get(breaks::list))
        .service(at("/api/platform/v1/reconciliation/breaks/{id}/resolve").post(breaks::resolve))
        .configure(orders::routes);
}

/// What held this instance's connections, the likeliest cause of waits first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Holders {
    /// By the seconds that others waited for it in the last minute together with those that its oldest transaction has been open.
    pub holders: Vec<Holder>,
}

/// How long the report is to hold its connection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SlowReport {
    /// 1 to 60.
    #[schema(minimum = 1, maximum = 60)]
    seconds: i64,
}

/// A drill that runs.
#[derive(Debug, Serialize, ToSchema)]
struct Drill {
    /// The tag under which it holds its connection.
    #[schema(example = "report.drill")]
    tag: &'static str,
    /// For how long.
    seconds: u8,
}

/// What held the database's connections when somebody waited.
#[utoipa::path(get, path = "/api/platform/v1/database/holders", tag = "platform", responses(
    (status = 200, body = Holders, description = "of the instance that answers"),
    (status = 401, description = "`unauthorized`"),
))]
async fn holders(_: PlatformSession, db: web::Data<Db>) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(Holders { holders: db.holders() })
}

/// Holds one connection as a slow report would, to practise finding it.
#[utoipa::path(post, path = "/api/platform/v1/drills/slow-report", tag = "platform",
    request_body = SlowReport, responses(
    (status = 202, body = Drill, description = "the connection is held"),
    (status = 401, description = "`unauthorized`"),
    (status = 422, description = "`validation_failed`"),
    (status = 503, description = "`unavailable`: the reports' connections are all in use"),
))]
async fn slow_report(
    session: PlatformSession,
    db: web::Data<Db>,
    body: Body<SlowReport>,
) -> Result<HttpResponse, Problem> {
    let seconds = u8::try_from(body.value.seconds).ok().filter(|seconds| drill::SECONDS.contains(seconds));
    let seconds = seconds.ok_or_else(|| Problem::field("/seconds", "invalid", "1 to 60 seconds."))?;
    let tag = drill::slow_report(&db, &session.member, seconds).await?;
    Ok(HttpResponse::Accepted().json(Drill { tag: tag.as_str(), seconds }))
}
