//! Refunds of any tenant's order, by the platform's staff.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};
use marquee_checkout::{Checkout, RefundRequest, RefundView, RefundWhat};
use marquee_core::db::Db;
use marquee_core::http::{Body, IdempotencyKey, PathId};
use marquee_core::ids::{OrderId, TicketId};
use marquee_core::money::Currency;
use marquee_core::problem::{Code, Problem};
use marquee_entity::money::RefundReason;
use marquee_payments::idempotency::Call;
use marquee_tenants::staff::PlatformSession;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::to_its_end;
use crate::compose::record;
use crate::owner;

/// Longest note, in characters.
const NOTE_MAX: usize = 1_000;

/// What is to go back: an amount, single tickets, or, with neither, everything that is left.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRefund {
    /// So much, in minor units; the tickets stay good unless nothing is left then.
    #[serde(default)]
    #[schema(minimum = 1)]
    amount: Option<i64>,
    /// The order's currency, to be sure.
    #[serde(default)]
    currency: Option<Currency>,
    /// These tickets, each at its price.
    #[serde(default)]
    tickets: Option<Vec<TicketId>>,
    /// Why, for whoever reads it later.
    #[serde(default)]
    #[schema(max_length = 1000)]
    note: Option<String>,
}

/// The refunds of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Refunds {
    /// The oldest first.
    data: Vec<RefundView>,
    /// Always null: an order's refunds are one page.
    next: Option<String>,
}

/// Promises a refund: tickets are void from this answer on, and the money follows. The answer is the promise; the list tells
/// how far it got.
#[utoipa::path(post, path = "/api/platform/v1/orders/{id}/refunds", tag = "platform", request_body = NewRefund,
    params(("id" = OrderId, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = RefundView), (status = 401, description = "`unauthorized`"), (status = 404),
        (status = 409, description = "order_state (not paid, or all of it went back), order_disputed, idempotency_in_flight"),
        (status = 422, description = "refund_exceeds_capture with `left`, validation_failed, idempotency_mismatch")))]
pub(super) async fn create(
    session: PlatformSession,
    id: PathId<OrderId>,
    key: IdempotencyKey,
    body: Body<NewRefund>,
    db: web::Data<Db>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    let tenant = owner::of_order(&db, id.0).await?.ok_or(Code::NotFound)?;
    let member = &session.member;
    let request = RefundRequest {
        what: what(&body.value)?,
        reason: RefundReason::Requested,
        change: None,
        request_key: format!("api:{}", key.as_str()),
        requested_by: member.id.to_string(),
        note: note(body.value.note.as_deref())?,
    };
    let call = Call { scope: format!("refund:{}", id.0), key, fingerprint: body.fingerprint };
    let (member, currency) = (member.id.to_string(), body.value.currency);
    let reply = to_its_end(async move {
        let reply = checkout.request_refund_once(tenant, id.0, &request, currency.as_ref(), &call).await?;
        if !reply.replayed {
            let refund: serde_json::Value = serde_json::from_str(&reply.answer.body).unwrap_or_default();
            let details =
                json!({ "order": id.0, "refund": refund.get("refund_id"), "amount": refund.get("amount") });
            record(&db, &member, "order.refund", Some(tenant), details).await?;
        }
        Ok(reply)
    })
    .await?;
    let status = StatusCode::from_u16(reply.answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, "application/json")).insert_header(("cache-control", "no-store"));
    if reply.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    Ok(response.body(reply.answer.body))
}

/// An order's refunds, the oldest first.
#[utoipa::path(get, path = "/api/platform/v1/orders/{id}/refunds", tag = "platform", params(("id" = OrderId, Path)),
    responses((status = 200, body = Refunds), (status = 401, description = "`unauthorized`"), (status = 404)))]
pub(super) async fn list(
    _: PlatformSession,
    id: PathId<OrderId>,
    db: web::Data<Db>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    let tenant = owner::of_order(&db, id.0).await?.ok_or(Code::NotFound)?;
    let data = checkout.refunds(tenant, id.0).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(Refunds { data, next: None }))
}

fn what(body: &NewRefund) -> Result<RefundWhat, Problem> {
    match (body.amount, &body.tickets) {
        (None, None) => Ok(RefundWhat::Everything),
        (Some(amount), None) => Ok(RefundWhat::Amount(amount)),
        (None, Some(tickets)) => Ok(RefundWhat::Tickets(tickets.clone())),
        (Some(_), Some(_)) => Err(Problem::field("/tickets", "exclusive", "An amount or tickets, not both.")),
    }
}

fn note(text: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let breaks = |c: char| c.is_control() && c != '\n';
    if text.chars().count() > NOTE_MAX || text.chars().any(breaks) {
        return Err(Problem::field(
            "/note",
            "invalid",
            format!("Plain text of at most {NOTE_MAX} characters."),
        ));
    }
    Ok(Some(text.to_owned()))
}
