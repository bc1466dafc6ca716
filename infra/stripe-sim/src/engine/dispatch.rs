//! What every call under `/v1` goes through: fault, key, account, idempotency, the call itself, journal, fault, answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use data_encoding::BASE64;
use serde_json::Value;

use super::call::{Call, KeyKind};
use super::errors::ApiError;
use super::expand;
use super::faults::{Fault, FaultKind};
use super::form::{Param, Params};
use super::idempotency::{self, StoredAnswer};
use super::requests::Entry;
use super::state::Change;
use super::tx::{Origin, Tx};
use super::{reset, router};
use crate::API_VERSION;
use crate::accounts::{self, PLATFORM};
use crate::sim::Sim;

/// An answer, before it becomes HTTP.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    body: String,
    /// The request first answered so, where this is a replay.
    original: Option<String>,
    retry_after: Option<u32>,
    should_retry: Option<bool>,
}

impl Answer {
    fn error(error: &ApiError, request_id: &str) -> Self {
        let should_retry = match (error.status, error.code.as_deref()) {
            (409, _) | (429, _) => Some(true),
            (500.., _) => None,
            _ => Some(false),
        };
        Self {
            status: error.status,
            body: pretty(&error.body(request_id)),
            original: None,
            retry_after: error.retry_after,
            should_retry,
        }
    }
}

/// Stripe's answers are indented.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Answers a call under `/v1`.
pub async fn v1(sim: Data<Sim>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let (method, path) = (request.method().as_str().to_owned(), request.path().to_owned());
    let request_id = format!("req_{}", sim.ids.text(14));
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let key = header("idempotency-key").filter(|_| method == "POST");
    let fault = sim.faults.hit(&method, &path);
    let mut entry = Entry {
        id: request_id.clone(),
        at_ms: sim.clock.now_ms(),
        method,
        path,
        params: Value::Null,
        account: header("stripe-account"),
        idempotency_key: key.clone(),
        status: None,
        replayed: false,
        fault: fault.as_ref().map(|fault| fault.kind),
    };
    if fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Refuse) {
        sim.requests.add(entry);
        return reset::response(&request);
    }
    let answer = match fault.as_ref().filter(|fault| fault.kind == FaultKind::Status) {
        Some(fault) => Answer::error(&fault.refusal(key.as_deref()), &request_id),
        None => {
            // The call goes on even when its caller hangs up: a server does not notice in time either.
            let (sim, fault, entry) = (sim.clone(), fault.clone(), entry.clone());
            let understood = understand(&sim, &request, &body, entry.account.clone());
            let base_url = sim.base_url.clone();
            let pending_refunds = sim.pending_refunds.load(Ordering::SeqCst);
            let origin = |account| Origin {
                account,
                request: Some(entry.id.clone()),
                key: key.clone(),
                base_url,
                pending_refunds,
            };
            match understood {
                Err(error) => Answer::error(&error, &request_id),
                Ok((call, _)) if call.key == KeyKind::Secret && !sim.limits.take() => {
                    Answer::error(&ApiError::with_status(429), &request_id)
                }
                Ok((call, account)) => {
                    let origin = origin(account);
                    let id = request_id.clone();
                    let work = actix_web::rt::spawn(async move {
                        execute(&sim, &call, origin, fault.as_ref())
                            .await
                            .unwrap_or_else(|error| Answer::error(&error, &id))
                    });
                    work.await.unwrap_or_else(|_| Answer::error(&ApiError::server(), &request_id))
                }
            }
        }
    };
    entry.params = logged_params(&request, &body);
    entry.replayed = answer.original.is_some();
    if let Some(Fault { kind: FaultKind::DelayMs, .. }) = &fault {
        tokio::time::sleep(Duration::from_millis(fault.as_ref().and_then(Fault::number).unwrap_or(0))).await;
    }
    let dropped = fault.is_some_and(|fault| fault.kind == FaultKind::DropResponse);
    entry.status = (!dropped).then_some(answer.status);
    sim.requests.add(entry);
    if dropped {
        return reset::response(&request);
    }
    respond(&answer, &request_id, key.as_deref(), header("stripe-version"), header("stripe-account"))
}

fn respond(
    answer: &Answer,
    request_id: &str,
    key: Option<&str>,
    version: Option<String>,
    account: Option<String>,
) -> HttpResponse {
    let mut response =
        HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    response
        .content_type("application/json")
        .insert_header(("Request-Id", request_id))
        .insert_header(("Stripe-Version", version.unwrap_or_else(|| API_VERSION.to_owned())))
        .insert_header(("Cache-Control", "no-cache, no-store"))
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .insert_header((
            "Access-Control-Expose-Headers",
            "Request-Id, Stripe-Should-Retry, Idempotent-Replayed",
        ));
    let headers = [
        ("Idempotency-Key", key.map(str::to_owned)),
        ("Stripe-Account", account),
        ("Original-Request", answer.original.clone().or_else(|| key.map(|_| request_id.to_owned()))),
        ("Idempotent-Replayed", answer.original.as_ref().map(|_| "true".to_owned())),
        ("Retry-After", answer.retry_after.map(|seconds| seconds.to_string())),
        ("Stripe-Rate-Limited-Reason", (answer.status == 429).then(|| "global-rate".to_owned())),
        ("Stripe-Should-Retry", answer.should_retry.map(|retry| retry.to_string())),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            response.insert_header((name, value));
        }
    }
    response.body(answer.body.clone())
}

/// Answers a browser that asks whether it may call.
pub async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .insert_header(("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"))
        .insert_header((
            "Access-Control-Allow-Headers",
            "Authorization, Content-Type, Idempotency-Key, Stripe-Account, Stripe-Version",
        ))
        .insert_header(("Access-Control-Max-Age", "300"))
        .finish()
}

/// Reads key, account and parameters.
fn understand(
    sim: &Sim,
    request: &HttpRequest,
    body: &[u8],
    account: Option<String>,
) -> Result<(Call, Option<String>), ApiError> {
    let mut params = Params::parse(request.query_string().as_bytes());
    // A key in the parameters counts like one in the header, so the body is read before the key is checked.
    if !body.is_empty() {
        let form = Params::parse(body);
        if let (Ok(params), Ok(form)) = (&mut params, form.clone()) {
            form.iter().for_each(|(name, param)| params.set(name, param.clone()));
        } else if form.is_err() {
            params = form;
        }
    }
    let key = key_kind(sim, request.headers(), params.as_mut().ok())?;
    if request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"))
    {
        return Err(ApiError::invalid(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded).",
        ));
    }
    let mut params = params?;
    let account = account.or_else(|| match params.remove("_stripe_account") {
        Some(Param::Text(account)) => Some(account),
        _ => None,
    });
    let account = match account {
        Some(id) if id == PLATFORM => None,
        Some(id) if sim.with_state(|state| state.accounts.get(&id).is_some()) => Some(id),
        Some(id) => return Err(accounts::no_access(&id)),
        None => None,
    };
    let call =
        Call { method: request.method().as_str().to_owned(), path: request.path().to_owned(), params, key };
    Ok((call, account))
}

/// Which key was shown, as `Bearer`, as the name of `Basic`, or as the parameter `key`.
fn key_kind(sim: &Sim, headers: &HeaderMap, params: Option<&mut Params>) -> Result<KeyKind, ApiError> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    let shown = match header.and_then(|header| header.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim().to_owned()),
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("basic") => BASE64
            .decode(token.trim().as_bytes())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .map(|pair| pair.split(':').next().unwrap_or_default().to_owned()),
        _ => match params.and_then(|params| params.remove("key")) {
            Some(Param::Text(key)) => Some(key),
            _ => None,
        },
    };
    match shown {
        Some(key) if key == sim.secret_key => Ok(KeyKind::Secret),
        Some(key) if key == sim.publishable_key => Ok(KeyKind::Publishable),
        Some(key) if !key.is_empty() => {
            let stars = "*".repeat(key.chars().count().saturating_sub(12).min(24));
            let tail: String = key.chars().skip(key.chars().count().saturating_sub(4)).collect();
            let head: String = key.chars().take(8).collect();
            Err(ApiError::unauthorized(format!("Invalid API Key provided: {head}{stars}{tail}")))
        }
        _ => Err(ApiError::unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer \
             auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )),
    }
}

/// What the log shows of the parameters: no key, no card number.
fn logged_params(request: &HttpRequest, body: &[u8]) -> Value {
    let mut params = Params::parse(request.query_string().as_bytes()).unwrap_or_default();
    for (name, param) in Params::parse(body).unwrap_or_default().iter() {
        params.set(name, param.clone());
    }
    params.remove("key");
    params.remove("payment_method_data");
    params.to_json()
}

/// Runs a call under its idempotency key.
async fn execute(sim: &Sim, call: &Call, origin: Origin, fault: Option<&Fault>) -> Result<Answer, ApiError> {
    let request_id = origin.request.clone().unwrap_or_default();
    let scope = match &origin.key {
        Some(key) => {
            idempotency::check(key)?;
            Some((origin.account.clone(), key.clone()))
        }
        None => None,
    };
    let fingerprint = idempotency::fingerprint(call);
    let flight = scope.clone().map(|scope| sim.in_flight.begin(scope)).transpose()?;
    if let Some(scope) = &scope {
        let now = sim.clock.now_ms().div_euclid(1000);
        let stored =
            sim.with_state(|state| idempotency::recall(state, scope, &fingerprint, now).map(|a| a.cloned()))?;
        if let Some(stored) = stored {
            // The first answer may still be on its way to the disk.
            sim.journal.settled().await;
            return Ok(replay(stored));
        }
    }
    if let Some(Fault { kind: FaultKind::StallMs, .. }) = fault {
        tokio::time::sleep(Duration::from_millis(fault.and_then(Fault::number).unwrap_or(0))).await;
    }
    let (stored_500, kept_500) = match fault.map(|fault| fault.kind) {
        Some(FaultKind::Stored500) => (true, false),
        Some(FaultKind::Kept500) => (false, true),
        _ => (false, false),
    };
    let answer = sim
        .transact(origin, |tx| {
            let result = if kept_500 { Err(ApiError::server().begun()) } else { run(tx, call) };
            let began = result.as_ref().map_or_else(|error| error.began, |_| true);
            let result = if stored_500 && began { Err(ApiError::server().begun()) } else { result };
            let answer = match result {
                Ok(body) => Answer {
                    status: 200,
                    body: pretty(&body),
                    original: None,
                    retry_after: None,
                    should_retry: None,
                },
                Err(error) => Answer::error(&error, &request_id),
            };
            if let (Some((account, key)), true) = (scope, began) {
                tx.put(Change::Answer(StoredAnswer {
                    account,
                    key,
                    fingerprint,
                    status: answer.status,
                    body: answer.body.clone(),
                    request: request_id,
                    created: tx.now,
                }));
            }
            answer
        })
        .await;
    drop(flight);
    Ok(answer)
}

fn replay(stored: StoredAnswer) -> Answer {
    let should_retry = (stored.status >= 400).then_some(false);
    Answer {
        status: stored.status,
        body: stored.body,
        original: Some(stored.request),
        retry_after: None,
        should_retry,
    }
}

/// The call itself, and what it was asked to expand.
fn run(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let paths = call.params.list("expand")?.unwrap_or_default();
    let mut object = router::run(tx, call)?;
    expand::apply(&mut object, &paths, tx.state)?;
    Ok(object)
}
