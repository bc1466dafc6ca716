//! What platform staff see of an order, and what mends it.

use actix_web::{HttpResponse, web};
use marquee_checkout::timeline::File;
use marquee_checkout::{Checkout, Finished};
use marquee_core::http::{Body, at};
use marquee_core::ids::{OrderId, TicketId};
use marquee_core::problem::{Code, Problem};
use marquee_tenants::staff::PlatformSession;
use marquee_tickets::Ticket;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{OpenApi, ToSchema};

use super::to_its_end;
use crate::compose::{Foundation, record};
use crate::orders::{NotFound, find};

/// The orders' part of the API's description.
#[derive(Debug, OpenApi)]
#[openapi(paths(show, reissue, finish))]
pub struct ApiDoc;

/// Registers the views of orders. Needs `web::Data` of the foundation and the checkout, and sign-in.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(at("/api/platform/v1/orders/{order}").get(show))
        .service(at("/api/platform/v1/orders/{order}/reissue").post(reissue))
        .service(at("/api/platform/v1/orders/{order}/finish").post(finish));
}

impl From<NotFound> for Problem {
    fn from(error: NotFound) -> Self {
        match error {
            NotFound::Db(error) => error.into(),
            unknown @ NotFound::Unknown(_) => Problem::new(Code::NotFound).detail(unknown.to_string()),
            ambiguous => Problem::new(Code::OrderState).detail(ambiguous.to_string()),
        }
    }
}

/// Which tickets to replace.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reissue {
    /// Only this ticket; without it every ticket that is good.
    ticket: Option<TicketId>,
}

/// The order's tickets afterwards.
#[derive(Debug, Serialize, ToSchema)]
struct Reissued {
    /// The order.
    order_id: OrderId,
    /// Its tickets, those that were withdrawn included.
    tickets: Vec<Ticket>,
}

/// Everything known of an order, ours and the provider's side by side, and what would mend it.
#[utoipa::path(get, path = "/api/platform/v1/orders/{order}", tag = "platform",
    params(("order" = String, Path, description = "id or number")), responses(
    (status = 200, body = File),
    (status = 401, description = "`unauthorized`"),
    (status = 404, description = "`not_found`"),
    (status = 409, description = "`order_state`: several tenants have an order of that number"),
))]
async fn show(
    _: PlatformSession,
    foundation: web::Data<Foundation>,
    checkout: web::Data<Checkout>,
    order: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = find(&foundation, &order, None).await?;
    let file = checkout.file(found.tenant_id, found.id).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(file))
}

/// Withdraws an order's good tickets and issues others for the same seats; the buyer gets their mail.
#[utoipa::path(post, path = "/api/platform/v1/orders/{order}/reissue", tag = "platform",
    params(("order" = String, Path, description = "id or number")), request_body = Reissue, responses(
    (status = 200, body = Reissued),
    (status = 401, description = "`unauthorized`"),
    (status = 404, description = "`not_found`: the order, or it has no such ticket"),
    (status = 409, description = "`order_state`: it is not paid, or has no ticket to replace"),
))]
async fn reissue(
    session: PlatformSession,
    foundation: web::Data<Foundation>,
    checkout: web::Data<Checkout>,
    order: web::Path<String>,
    body: Body<Reissue>,
) -> Result<HttpResponse, Problem> {
    let found = find(&foundation, &order, None).await?;
    let (tenant, order) = (found.tenant_id, found.id);
    let (member, ticket) = (session.member.id.to_string(), body.value.ticket);
    let tickets = to_its_end(async move {
        let tickets = checkout.reissue(tenant, order, ticket).await?;
        let details = json!({ "order": order, "ticket": ticket });
        record(&foundation.db, &member, "order.reissue", Some(tenant), details).await?;
        Ok(tickets)
    })
    .await?;
    Ok(HttpResponse::Ok().json(Reissued { order_id: order, tickets }))
}

/// Brings an order that is stuck to its end: takes over what the provider knows (captures, refunds), goes on with what is open, issues
/// tickets that are missing. Safe at any time and again; `done` says whether anything is left. Needs no body, and goes on when
/// the caller goes away.
#[utoipa::path(post, path = "/api/platform/v1/orders/{order}/finish", tag = "platform",
    params(("order" = String, Path, description = "id or number")), responses(
    (status = 200, body = Finished),
    (status = 401, description = "`unauthorized`"),
    (status = 404, description = "`not_found`"),
    (status = 409, description = "`order_state`: several tenants have an order of that number"),
))]
async fn finish(
    session: PlatformSession,
    foundation: web::Data<Foundation>,
    checkout: web::Data<Checkout>,
    order: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = find(&foundation, &order, None).await?;
    let (tenant, order) = (found.tenant_id, found.id);
    let member = session.member.id.to_string();
    let finished = to_its_end(async move {
        let finished = checkout.finish_order(tenant, order).await?;
        let details = json!({ "order": order, "status": finished.status, "taken_over": finished.taken_over });
        record(&foundation.db, &member, "order.finish", Some(tenant), details).await?;
        Ok(finished)
    })
    .await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(finished))
}
