//! Controls of webhooks: how events are delivered, any event at all, and secrets that change.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, ServiceConfig, get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{api_error, origin};
use crate::engine::errors::ApiError;
use crate::events::Event;
use crate::sim::Sim;
use crate::webhooks::deliver;
use crate::webhooks::settings::Settings;

/// Mounts them.
pub fn mount(config: &mut ServiceConfig) {
    config
        .route("/webhooks", get().to(webhooks))
        .route("/webhooks", post().to(set_webhooks))
        .route("/events", post().to(send))
        .route("/events/{id}/deliver", post().to(deliver_now))
        .route("/webhook_endpoints/{id}/rotate", post().to(rotate));
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Receiver {
    Platform,
    Connect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invented {
    #[serde(rename = "type")]
    kind: String,
    object: Value,
    account: Option<String>,
    api_version: Option<String>,
    #[serde(default)]
    livemode: bool,
    id: Option<String>,
    created: Option<i64>,
    endpoint: Option<Receiver>,
}

/// Records any event, which then goes the way of all others.
async fn send(sim: Data<Sim>, body: Json<Invented>) -> HttpResponse {
    let body = body.into_inner();
    let connect = body.endpoint.map(|endpoint| endpoint == Receiver::Connect);
    let event = sim
        .transact(origin(&sim), |tx| {
            let event = Event {
                id: body.id.unwrap_or_else(|| tx.id("evt")),
                account: body.account,
                created: body.created.unwrap_or(tx.now),
                kind: body.kind,
                object: body.object,
                request: None,
                idempotency_key: None,
                api_version: body.api_version,
                livemode: body.livemode,
                connect,
            };
            tx.record(event.clone());
            event.render(tx.state)
        })
        .await;
    HttpResponse::Ok().json(event)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Now {
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

async fn deliver_now(sim: Data<Sim>, id: Path<String>, body: Json<Now>) -> HttpResponse {
    if sim.with_state(|state| state.events.get(&id).is_none()) {
        return api_error(&ApiError::missing("event", &id, "id"));
    }
    let answers = deliver::at_once(&sim, &id, body.times).await;
    let data = answers.iter().map(|(endpoint, status)| json!({ "endpoint": endpoint, "status": status }));
    HttpResponse::Ok().json(json!({ "data": data.collect::<Vec<_>>() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    secret: Option<String>,
    #[serde(default = "a_day")]
    overlap_s: u32,
}

fn a_day() -> u32 {
    86_400
}

/// Gives an endpoint a new secret; both sign for a while.
async fn rotate(sim: Data<Sim>, id: Path<String>, body: Json<Rotation>) -> HttpResponse {
    let Rotation { secret, overlap_s } = body.into_inner();
    let id = match id.as_str() {
        "platform" => "we_1Platform",
        "connect" => "we_1Connect",
        other => other,
    };
    let rotated = sim
        .transact(origin(&sim), |tx| {
            let mut endpoint = tx.state.endpoints.get(id).cloned()?;
            let secret = secret.unwrap_or_else(|| format!("whsec_{}", tx.secret(32)));
            endpoint.rotate(secret, i64::from(overlap_s), tx.now);
            let until = endpoint.previous.as_ref().map(|previous| previous.until);
            let answer = json!({ "id": endpoint.id, "secret": endpoint.secret, "previous_until": until });
            tx.put(endpoint);
            Some(answer)
        })
        .await;
    match rotated {
        Some(answer) => HttpResponse::Ok().json(answer),
        None => api_error(&ApiError::missing("webhook endpoint", id, "id")),
    }
}
