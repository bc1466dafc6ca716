//! `/api/v1/orders`, `/api/v1/orders/{id}`, `/api/v1/orders/{id}/pay`, and the provider's events on the platform's host.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::BytesMut;
use actix_web::{HttpRequest, HttpResponse, web};
use futures::StreamExt;
use marquee_core::address::sender;
use marquee_core::http::{Body, IdempotencyKey, PathId, at, single_header};
use marquee_core::ids::OrderId;
use marquee_core::problem::{Code, Problem};
use marquee_payments::idempotency::Call;
use marquee_tenants::{CurrentTenant, PlatformHost};
use serde_json::json;
use utoipa::OpenApi;

use crate::place::SCOPE;
use crate::{
    Checkout, ChoiceRequest, OrderBody, OrderRequest, PayBody, PayRequest, PlacedBody, PostponementBody,
    Reply, scope,
};

/// Longest event.
const EVENT_MAX: usize = 1024 * 1024;

/// This crate's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(place_order, pay_order, show_order, choose, receive_event, receive_connect_event),
    components(schemas(
        OrderRequest,
        PlacedBody,
        PayRequest,
        PayBody,
        OrderBody,
        ChoiceRequest,
        PostponementBody
    ))
)]
pub struct ApiDoc;

/// Registers the routes; they need `web::Data<Checkout>`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(at("/api/v1/orders").post(place_order))
        .service(at("/api/v1/orders/{id}").get(show_order))
        .service(at("/api/v1/orders/{id}/pay").post(pay_order))
        .service(at("/api/v1/orders/{id}/postponement").post(choose))
        .service(at("/webhooks/stripe").post(receive_event))
        .service(at("/webhooks/stripe/connect").post(receive_connect_event));
}

/// Place an order on a hold.
#[utoipa::path(post, path = "/api/v1/orders", request_body = OrderRequest,
    params(("Hold-Token" = String, Header), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = PlacedBody), (status = 404), (status = 409, description = "limit_per_buyer, order_state"),
              (status = 410, description = "hold_expired"), (status = 422, description = "validation_failed, idempotency_mismatch")))]
async fn place_order(
    request: HttpRequest,
    tenant: CurrentTenant,
    key: IdempotencyKey,
    body: Body<OrderRequest>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    let token = single_header(&request, "hold-token").ok_or(Code::NotFound)?;
    let call = Call { scope: SCOPE.to_owned(), key, fingerprint: body.fingerprint };
    Ok(respond(checkout.place(&tenant, token, &body.value, &call).await?))
}

/// Pay an order, or go on after the bank asked the buyer.
#[utoipa::path(post, path = "/api/v1/orders/{id}/pay", request_body = PayRequest,
    params(("id" = OrderId, Path), ("Order-Token" = String, Header), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PayBody), (status = 402, description = "payment_declined, with `decline_code`"),
              (status = 404), (status = 409, description = "order_state, idempotency_in_flight"), (status = 410, description = "hold_expired"),
              (status = 422, description = "validation_failed, idempotency_mismatch"), (status = 429, description = "too_many_attempts, rate_limited"),
              (status = 503, description = "unavailable: nothing was charged")))]
async fn pay_order(
    request: HttpRequest,
    tenant: CurrentTenant,
    id: PathId<OrderId>,
    key: IdempotencyKey,
    body: Body<PayRequest>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    owned(&request, &tenant, id.0, &checkout)?;
    let address = sender(&request, checkout.parts.config.trusted_proxies);
    let call = Call { scope: scope::scope(id.0), key, fingerprint: body.fingerprint };
    let reply = checkout.pay(tenant.id, id.0, &body.value, &call, Some(&address)).await?;
    Ok(respond(reply))
}

/// Show an order, with its tickets once it is paid.
#[utoipa::path(get, path = "/api/v1/orders/{id}", params(("id" = OrderId, Path), ("Order-Token" = String, Header)),
    responses((status = 200, body = OrderBody), (status = 404)))]
async fn show_order(
    request: HttpRequest,
    tenant: CurrentTenant,
    id: PathId<OrderId>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    owned(&request, &tenant, id.0, &checkout)?;
    let order = checkout.show(&tenant, id.0).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(order))
}

/// Keep or return the tickets of a postponed performance, until the date that the order shows. The same choice again changes
/// nothing; tickets that are kept may still be returned.
#[utoipa::path(post, path = "/api/v1/orders/{id}/postponement", request_body = ChoiceRequest,
    params(("id" = OrderId, Path), ("Order-Token" = String, Header)),
    responses((status = 200, body = PostponementBody), (status = 404, description = "not_found, also where no date was changed"),
              (status = 409, description = "order_state: too late, returned already, cancelled, or not paid; order_disputed"),
              (status = 422, description = "validation_failed")))]
async fn choose(
    request: HttpRequest,
    tenant: CurrentTenant,
    id: PathId<OrderId>,
    body: Body<ChoiceRequest>,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    owned(&request, &tenant, id.0, &checkout)?;
    let answer = checkout.choose(tenant.id, id.0, body.value.choice).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

/// Take in an event of the platform's own account.
#[utoipa::path(post, path = "/webhooks/stripe", request_body = Object, params(("Stripe-Signature" = String, Header)),
    responses((status = 200), (status = 400, description = "invalid_signature, malformed_body"), (status = 413)))]
async fn receive_event(
    request: HttpRequest,
    _: PlatformHost,
    body: web::Payload,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    receive(&request, body, &checkout, &checkout.parts.config.stripe_webhook_secrets).await
}

/// Take in an event of a connected account.
#[utoipa::path(post, path = "/webhooks/stripe/connect", request_body = Object, params(("Stripe-Signature" = String, Header)),
    responses((status = 200), (status = 400, description = "invalid_signature, malformed_body"), (status = 413)))]
async fn receive_connect_event(
    request: HttpRequest,
    _: PlatformHost,
    body: web::Payload,
    checkout: web::Data<Checkout>,
) -> Result<HttpResponse, Problem> {
    receive(&request, body, &checkout, &checkout.parts.config.stripe_connect_webhook_secrets).await
}

async fn receive(
    request: &HttpRequest,
    mut payload: web::Payload,
    checkout: &Checkout,
    secrets: &[String],
) -> Result<HttpResponse, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::new(Code::MalformedBody).detail(error.to_string()))?;
        if body.len() + chunk.len() > EVENT_MAX {
            return Err(Problem::new(Code::PayloadTooLarge).detail(format!("At most {EVENT_MAX} bytes.")));
        }
        body.extend_from_slice(&chunk);
    }
    checkout.receive(single_header(request, "stripe-signature"), &body, secrets).await?;
    Ok(HttpResponse::Ok().json(json!({ "received": true })))
}

fn owned(
    request: &HttpRequest,
    tenant: &CurrentTenant,
    order: OrderId,
    checkout: &Checkout,
) -> Result<(), Problem> {
    let token = single_header(request, "order-token").ok_or(Code::NotFound)?;
    if checkout.owns(tenant.id, order, token) { Ok(()) } else { Err(Code::NotFound.into()) }
}

fn respond(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header((CONTENT_TYPE, media));
    if reply.replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.body(reply.answer.body)
}
