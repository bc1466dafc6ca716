//! `/api/v1/orders/{id}/tickets.pdf` and `/api/v1/orders/{id}/tickets/{ticket_id}/qr.svg`.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use marquee_core::http::{PathId, at, single_header};
use marquee_core::ids::{OrderId, TicketId};
use marquee_core::problem::{Code, Problem};
use marquee_tenants::CurrentTenant;
use utoipa::OpenApi;

use crate::{TicketError, Tickets, mail};

/// Tickets are their buyer's alone: no cache keeps them.
const PRIVATE: (actix_web::http::header::HeaderName, &str) = (CACHE_CONTROL, "private, no-store");

/// This crate's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(paths(tickets_pdf, ticket_symbol))]
pub struct ApiDoc;

/// Registers the routes; they need `web::Data<Tickets>`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/api/v1/orders/{id}/tickets.pdf").get(tickets_pdf))
        .service(at("/api/v1/orders/{id}/tickets/{ticket_id}/qr.svg").get(ticket_symbol));
}

/// The order's tickets to print: one page each.
#[utoipa::path(get, path = "/api/v1/orders/{id}/tickets.pdf",
    params(("id" = OrderId, Path), ("Order-Token" = String, Header)),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>),
              (status = 404, description = "not_found, also before the order is paid")))]
async fn tickets_pdf(
    request: HttpRequest,
    tenant: CurrentTenant,
    order: PathId<OrderId>,
    tickets: web::Data<Tickets>,
) -> Result<HttpResponse, Problem> {
    owned(&request, &tenant, order.0, &tickets)?;
    let (number, pdf) = tickets.pdf(&tenant.0, order.0).await?;
    let disposition = format!("inline; filename=\"{}\"", mail::file_name(&number));
    Ok(HttpResponse::Ok()
        .insert_header(PRIVATE)
        .insert_header((CONTENT_DISPOSITION, disposition))
        .content_type("application/pdf")
        .body(pdf))
}

/// What the door scans.
#[utoipa::path(get, path = "/api/v1/orders/{id}/tickets/{ticket_id}/qr.svg",
    params(("id" = OrderId, Path), ("ticket_id" = TicketId, Path), ("Order-Token" = String, Header)),
    responses((status = 200, content_type = "image/svg+xml", body = String),
              (status = 404, description = "not_found, also for a ticket that was withdrawn")))]
async fn ticket_symbol(
    request: HttpRequest,
    tenant: CurrentTenant,
    ids: PathId<(OrderId, TicketId)>,
    tickets: web::Data<Tickets>,
) -> Result<HttpResponse, Problem> {
    let (order, ticket) = ids.0;
    owned(&request, &tenant, order, &tickets)?;
    let svg = tickets.symbol(tenant.id, order, ticket).await?;
    Ok(HttpResponse::Ok().insert_header(PRIVATE).content_type("image/svg+xml").body(svg))
}

/// A wrong token and no order look the same.
fn owned(
    request: &HttpRequest,
    tenant: &CurrentTenant,
    order: OrderId,
    tickets: &Tickets,
) -> Result<(), Problem> {
    let token = single_header(request, "order-token").ok_or(Code::NotFound)?;
    if tickets.owns(tenant.id, order, token) { Ok(()) } else { Err(Code::NotFound.into()) }
}

impl From<TicketError> for Problem {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Db(error) => error.into(),
            TicketError::UnknownOrder(_) => Code::NotFound.into(),
            other => {
                tracing::error!(error = %other, "tickets could not be made");
                Code::Internal.into()
            }
        }
    }
}
