//! `/_sim`: the controls that Stripe has not.

mod events;
mod money;
mod payments;

use actix_web::web::{Data, Json, Path, Query, ServiceConfig, delete, get, post};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use crate::accounts;
use crate::engine::errors::ApiError;
use crate::engine::faults::Fault;
use crate::engine::tx::Origin;
use crate::sim::Sim;

/// Mounts the controls.
pub fn mount(config: &mut ServiceConfig) {
    config.service(
        web::scope("/_sim")
            .app_data(web::JsonConfig::default().content_type_required(false).error_handler(|error, _| {
                let answer = refused(&error.to_string());
                actix_web::error::InternalError::from_response(error, answer).into()
            }))
            .route("/health", get().to(async || HttpResponse::Ok().json(json!({ "status": "ok" }))))
            .route("/money", get().to(money))
            .route("/requests", get().to(requests))
            .route("/faults", get().to(faults))
            .route("/faults", post().to(add_fault))
            .route("/faults", delete().to(clear_faults))
            .route("/limits", get().to(limits))
            .route("/limits", post().to(set_limits))
            .route("/clock", get().to(clock))
            .route("/clock", post().to(advance))
            .route("/accounts/{id}", post().to(set_account))
            .configure(payments::mount)
            .configure(events::mount),
    );
}

fn refused(message: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "error": { "message": message } }))
}

fn api_error(error: &ApiError) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(error.status).unwrap_or_default();
    HttpResponse::build(status).json(json!({ "error": error.object() }))
}

/// Controls act on nobody's behalf.
fn origin(sim: &Sim) -> Origin {
    let pending_refunds = sim.pending_refunds.load(std::sync::atomic::Ordering::SeqCst);
    Origin { base_url: sim.base_url.clone(), pending_refunds, ..Origin::default() }
}

async fn money(sim: Data<Sim>, wish: Query<money::Wish>) -> HttpResponse {
    let now = sim.clock.now_ms().div_euclid(1000);
    sim.tick().await;
    let data = sim.with_state(|state| money::all(state, &wish, now));
    HttpResponse::Ok().json(json!({ "data": data }))
}

async fn requests(sim: Data<Sim>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "data": sim.requests.all() }))
}

async fn faults(sim: Data<Sim>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "data": sim.faults.all() }))
}

async fn add_fault(sim: Data<Sim>, fault: Json<Fault>) -> HttpResponse {
    let fault = fault.into_inner();
    if let Err(message) = fault.check() {
        return refused(&message);
    }
    sim.faults.add(fault);
    faults(sim).await
}

async fn clear_faults(sim: Data<Sim>) -> HttpResponse {
    sim.faults.clear();
    faults(sim).await
}

async fn limits(sim: Data<Sim>) -> HttpResponse {
    HttpResponse::Ok().json(sim.limits.report())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    per_second: Option<u32>,
}

async fn set_limits(sim: Data<Sim>, limit: Json<Limit>) -> HttpResponse {
    sim.limits.set(limit.per_second);
    limits(sim).await
}

async fn clock(sim: Data<Sim>) -> HttpResponse {
    let (now, offset) = (sim.clock.now_ms(), sim.clock.offset_ms());
    HttpResponse::Ok().json(json!({ "now": now.div_euclid(1000), "offset_s": offset.div_euclid(1000) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: u32,
}

async fn advance(sim: Data<Sim>, body: Json<Advance>) -> HttpResponse {
    sim.advance(i64::from(body.advance_s) * 1000).await;
    clock(sim).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountState {
    charges_enabled: Option<bool>,
    payouts_enabled: Option<bool>,
    transfers_enabled: Option<bool>,
}

async fn set_account(sim: Data<Sim>, id: Path<String>, change: Json<AccountState>) -> HttpResponse {
    let change = change.into_inner();
    let changed = sim
        .transact(origin(&sim), |tx| {
            let mut account = tx.state.accounts.get(&id).cloned()?;
            account.charges_enabled = change.charges_enabled.unwrap_or(account.charges_enabled);
            account.payouts_enabled = change.payouts_enabled.unwrap_or(account.payouts_enabled);
            account.transfers_enabled = change.transfers_enabled.unwrap_or(account.transfers_enabled);
            accounts::changed(tx, account.clone());
            Some(account.render())
        })
        .await;
    match changed {
        Some(account) => HttpResponse::Ok().json(account),
        None => api_error(&ApiError::missing("account", &id, "id")),
    }
}
