//! `/_sim`: the controls that Stripe has not.

mod money;

use actix_web::web::{Data, Json, Path, ServiceConfig, delete, get, post};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::accounts;
use crate::engine::errors::ApiError;
use crate::engine::faults::Fault;
use crate::engine::tx::Origin;
use crate::payment_intents::authenticate::{self, Outcome};
use crate::sim::Sim;
use crate::webhooks::settings::Settings;

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
            .route("/webhooks", get().to(webhooks))
            .route("/webhooks", post().to(set_webhooks))
            .route("/accounts/{id}", post().to(set_account))
            .route("/payment_intents/{id}/authenticate", post().to(authenticate)),
    );
}

fn refused(message: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "error": { "message": message } }))
}

fn api_error(error: &ApiError) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(error.status).unwrap_or_default();
    HttpResponse::build(status).json(json!({ "error": error.object() }))
}

async fn money(sim: Data<Sim>) -> HttpResponse {
    let data = sim.with_state(|state| money::all(state));
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

async fn webhooks(sim: Data<Sim>) -> HttpResponse {
    let waiting = sim.with_state(|state| state.queue.len());
    let mut answer = json!(sim.webhook_settings());
    if let Value::Object(members) = &mut answer {
        members.insert("waiting".into(), json!(waiting));
    }
    HttpResponse::Ok().json(answer)
}

async fn set_webhooks(sim: Data<Sim>, settings: Json<Settings>) -> HttpResponse {
    *sim.webhooks.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = settings.into_inner();
    sim.wake.notify_one();
    webhooks(sim).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountState {
    charges_enabled: Option<bool>,
    payouts_enabled: Option<bool>,
}

async fn set_account(sim: Data<Sim>, id: Path<String>, change: Json<AccountState>) -> HttpResponse {
    let change = change.into_inner();
    let changed = sim
        .transact(Origin::default(), |tx| {
            let mut account = tx.state.accounts.get(&id).cloned()?;
            account.charges_enabled = change.charges_enabled.unwrap_or(account.charges_enabled);
            account.payouts_enabled = change.payouts_enabled.unwrap_or(account.payouts_enabled);
            accounts::changed(tx, account.clone());
            Some(account.render())
        })
        .await;
    match changed {
        Some(account) => HttpResponse::Ok().json(account),
        None => api_error(&ApiError::missing("account", &id, "id")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Authentication {
    outcome: Outcome,
}

async fn authenticate(sim: Data<Sim>, id: Path<String>, body: Json<Authentication>) -> HttpResponse {
    let outcome = body.outcome;
    let origin = Origin { base_url: sim.base_url.clone(), ..Origin::default() };
    let result = sim
        .transact(origin, |tx| {
            authenticate::authenticate(tx, &id, outcome).map(|intent| intent.render(tx.state))
        })
        .await;
    match result {
        Ok(intent) => HttpResponse::Ok().json(intent),
        Err(error) => api_error(&error),
    }
}
