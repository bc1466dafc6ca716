//! Events: what happened, with the object as it was then.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::API_VERSION;
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::state::State;
use crate::engine::tx::Tx;
use crate::row;

/// An event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// `evt_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// `payment_intent.succeeded` …
    pub kind: String,
    /// The object as it was then.
    pub object: Value,
    /// The request that caused it.
    pub request: Option<String>,
    /// That request's idempotency key.
    pub idempotency_key: Option<String>,
    /// The version of the API that the object has the shape of; `None`: ours.
    #[serde(default)]
    pub api_version: Option<String>,
    /// Whether it claims to be about real money.
    #[serde(default)]
    pub livemode: bool,
    /// Whether it goes to the connected accounts' endpoints, where that does not follow from `account`.
    #[serde(default)]
    pub connect: Option<bool>,
}

row!(Event);

impl Event {
    /// Whether it goes to the connected accounts' endpoints rather than the platform's own.
    pub fn goes_to_connect(&self) -> bool {
        self.connect.unwrap_or(self.account.is_some())
    }

    /// Stripe's object; `account` stands in it only for a connected account's event.
    pub fn render(&self, state: &State) -> Value {
        let mut object = json!({
            "id": self.id,
            "object": "event",
            "api_version": self.api_version.as_deref().unwrap_or(API_VERSION),
            "created": self.created,
            "data": { "object": self.object },
            "livemode": self.livemode,
            "pending_webhooks": state.queue.pending_of(&self.id),
            "request": { "id": self.request, "idempotency_key": self.idempotency_key },
            "type": self.kind,
        });
        if let (Some(account), Value::Object(members)) = (&self.account, &mut object) {
            members.insert("account".into(), json!(account));
        }
        object
    }
}

/// `GET /v1/events/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    let event = tx.state.events.scoped(id, tx.account());
    event.map(|event| event.render(tx.state)).ok_or_else(|| ApiError::missing("event", id, "id"))
}

/// `GET /v1/events`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["delivery_success", "type", "types"]].concat())?;
    let kind = call.params.text("type")?;
    let kinds = call.params.list("types")?;
    let delivered = call.params.flag("delivery_success")?;
    list::page(
        &tx.state.events,
        tx.account(),
        "event",
        "/v1/events",
        &call.params,
        |row| {
            kind.is_none_or(|pattern| matches(pattern, &row.kind))
                && kinds.as_ref().is_none_or(|kinds| kinds.contains(&row.kind))
                && delivered.is_none_or(|wanted| wanted == (tx.state.queue.pending_of(&row.id) == 0))
        },
        |row| row.render(tx.state),
    )
}

/// `charge.*` matches every event about charges, `*` every event.
pub fn matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => pattern == kind,
    }
}
