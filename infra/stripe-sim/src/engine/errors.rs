//! Stripe's error objects and their HTTP statuses.

use serde_json::{Map, Value, json};

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// `type` in the body.
    pub kind: &'static str,
    /// Machine-readable reason.
    pub code: Option<String>,
    /// The parameter at fault.
    pub param: Option<String>,
    /// For people.
    pub message: String,
    /// Further members of the error object: `decline_code`, `charge`, `payment_intent` …
    pub extra: Box<Map<String, Value>>,
    /// Whether the call had begun to execute. Only then its answer is kept under its idempotency key.
    pub began: bool,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u32>,
}

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            code: None,
            param: None,
            message: message.into(),
            extra: Box::default(),
            began: false,
            retry_after: None,
        }
    }

    /// 400: the parameters are wrong; nothing has begun.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// 400: the parameters are fine, the object's state does not allow it.
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self { began: true, ..Self::invalid(message).code(code) }
    }

    /// 402: the card was refused.
    pub fn card(code: &str, message: impl Into<String>) -> Self {
        Self { began: true, ..Self::new(402, "card_error", message).code(code) }
    }

    /// 401: no key, or a wrong one.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(401, "invalid_request_error", message)
    }

    /// 403.
    pub fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Self::new(403, "invalid_request_error", message).code(code)
    }

    /// 404: there is no `kind` called `id`; `param` tells where it was named.
    pub fn missing(kind: &str, id: &str, param: &str) -> Self {
        Self::new(404, "invalid_request_error", format!("No such {kind}: '{id}'"))
            .code("resource_missing")
            .param(param)
    }

    /// 404: no such URL.
    pub fn unknown_url(method: &str, path: &str) -> Self {
        Self::new(
            404,
            "invalid_request_error",
            format!(
                "Unrecognized request URL ({method}: {path}). Please see the API's reference for valid URLs."
            ),
        )
    }

    /// 400: the key was used with other parameters.
    pub fn idempotency_mismatch(key: &str) -> Self {
        Self::new(
            400,
            "idempotency_error",
            format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. \
                 Try using a key other than '{key}' if you meant to execute a different request."
            ),
        )
    }

    /// 409: the first call with this key has not finished.
    pub fn idempotency_in_use(key: &str) -> Self {
        Self::new(
            409,
            "idempotency_error",
            format!(
                "There is currently another in-progress request using this Idempotent Key (that probably means you \
                 submitted twice, and the other request is still going through): {key}. Please try again later."
            ),
        )
        .code("idempotency_key_in_use")
    }

    /// 500.
    pub fn server() -> Self {
        Self::new(500, "api_error", "An unknown error occurred.")
    }

    /// The error that Stripe sends with `status`, for a fault that was asked for.
    pub fn with_status(status: u16) -> Self {
        match status {
            401 => Self::unauthorized("Invalid API Key provided."),
            402 => Self::card("card_declined", "Your card was declined.")
                .with("decline_code", json!("generic_decline")),
            403 => Self::new(
                403,
                "invalid_request_error",
                "The provided key does not have the required permissions.",
            ),
            404 => Self::new(404, "invalid_request_error", "No such object.").code("resource_missing"),
            409 => Self::idempotency_in_use("unknown"),
            429 => Self {
                retry_after: Some(1),
                ..Self::new(429, "invalid_request_error", "Request rate limit exceeded.").code("rate_limit")
            },
            400..=499 => Self::new(status, "invalid_request_error", "The request was refused."),
            _ => Self::new(status, "api_error", "An unknown error occurred."),
        }
    }

    /// Sets the code.
    pub fn code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    /// Names the parameter at fault.
    pub fn param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// Adds a member to the error object.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.extra.insert(name.to_owned(), value);
        self
    }

    /// Says that the call had begun to execute, so that its answer is kept.
    pub fn begun(mut self) -> Self {
        self.began = true;
        self
    }

    /// The error object without what belongs to one request; `last_payment_error` has this shape.
    pub fn object(&self) -> Value {
        let mut error = Map::new();
        if let Some(code) = &self.code {
            error.insert("code".into(), json!(code));
            error.insert(
                "doc_url".into(),
                json!(format!("https://docs.stripe.com/error-codes#{}", code.replace('_', "-"))),
            );
        }
        error.insert("message".into(), json!(self.message));
        if let Some(param) = &self.param {
            error.insert("param".into(), json!(param));
        }
        error.extend((*self.extra).clone());
        error.insert("type".into(), json!(self.kind));
        Value::Object(error)
    }

    /// The whole body.
    pub fn body(&self, request_id: &str) -> Value {
        let mut error = self.object();
        if let Value::Object(members) = &mut error {
            let log = format!("https://dashboard.stripe.com/test/logs/{request_id}");
            members.insert("request_log_url".into(), json!(log));
        }
        json!({ "error": error })
    }
}
