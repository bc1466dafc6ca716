//! Where events go.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::tx::Tx;
use crate::metadata::{self, Metadata};
use crate::{events, row};

/// A webhook endpoint of the platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    /// `we_…`
    pub id: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Where to post.
    pub url: String,
    /// `whsec_…`
    pub secret: String,
    /// Whether it takes connected accounts' events rather than the platform's own.
    pub connect: bool,
    /// Event types or `*`.
    pub enabled_events: Vec<String>,
    /// Free text.
    pub description: Option<String>,
    /// The caller's.
    pub metadata: Metadata,
    /// Whether it gets anything.
    pub enabled: bool,
    /// The secret before this one, while both sign.
    #[serde(default)]
    pub previous: Option<PreviousSecret>,
}

/// A secret that has been replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// `whsec_…`
    pub secret: String,
    /// Until when it signs too, in seconds since the Unix epoch.
    pub until: i64,
}

row!(platform WebhookEndpoint);

impl WebhookEndpoint {
    /// Whether this endpoint gets events of this kind.
    pub fn wants(&self, kind: &str) -> bool {
        self.enabled && self.enabled_events.iter().any(|pattern| events::matches(pattern, kind))
    }

    /// What events are signed with at `now`: the newest secret first.
    pub fn secrets(&self, now: i64) -> Vec<String> {
        let old = self.previous.as_ref().filter(|previous| now < previous.until);
        std::iter::once(&self.secret).chain(old.map(|previous| &previous.secret)).cloned().collect()
    }

    /// Changes the secret; the old one signs too for `overlap` seconds.
    pub fn rotate(&mut self, secret: String, overlap: i64, now: i64) {
        let old = std::mem::replace(&mut self.secret, secret);
        self.previous =
            (overlap > 0).then(|| PreviousSecret { secret: old, until: now.saturating_add(overlap) });
    }

    /// Stripe's object. The secret is only shown when the endpoint is made.
    pub fn render(&self) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": null,
            "application": if self.connect { json!(crate::accounts::APPLICATION) } else { Value::Null },
            "created": self.created,
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": false,
            "metadata": self.metadata,
            "status": if self.enabled { "enabled" } else { "disabled" },
            "url": self.url,
        })
    }
}

fn find(tx: &Tx, id: &str) -> Result<WebhookEndpoint, ApiError> {
    let endpoint = tx.state.endpoints.scoped(id, tx.account()).cloned();
    endpoint.ok_or_else(|| ApiError::missing("webhook endpoint", id, "id"))
}

/// `POST /v1/webhook_endpoints`
///
/// # Errors
/// 400.
pub fn create(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    params.only(&["api_version", "connect", "description", "enabled_events", "metadata", "url"])?;
    let url = params.required("url")?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(ApiError::invalid("Invalid URL: an explicit scheme must be provided.")
            .code("url_invalid")
            .param("url"));
    }
    let enabled_events =
        params.list("enabled_events")?.filter(|events| !events.is_empty()).ok_or_else(|| {
            ApiError::invalid("Missing required param: enabled_events.")
                .code("parameter_missing")
                .param("enabled_events")
        })?;
    let endpoint = WebhookEndpoint {
        id: tx.id("we"),
        created: tx.now,
        url: url.to_owned(),
        secret: format!("whsec_{}", tx.secret(32)),
        connect: params.flag("connect")?.unwrap_or(false),
        enabled_events,
        description: params.settable("description")?.flatten(),
        metadata: metadata::new(params)?,
        enabled: true,
        previous: None,
    };
    tx.put(endpoint.clone());
    let mut object = endpoint.render();
    if let Value::Object(members) = &mut object {
        members.insert("secret".into(), json!(endpoint.secret));
    }
    Ok(object)
}

/// `GET /v1/webhook_endpoints/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    find(tx, id).map(|endpoint| endpoint.render())
}

/// `DELETE /v1/webhook_endpoints/{id}`: it stays known, but gets nothing.
///
/// # Errors
/// 404.
pub fn delete(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    let mut endpoint = find(tx, id)?;
    endpoint.enabled = false;
    tx.put(endpoint);
    Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
}

/// `GET /v1/webhook_endpoints`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(list::PARAMS)?;
    list::page(
        &tx.state.endpoints,
        tx.account(),
        "webhook endpoint",
        "/v1/webhook_endpoints",
        &call.params,
        |row| row.enabled,
        WebhookEndpoint::render,
    )
}
