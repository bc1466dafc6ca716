//! The way to Stripe: HTTP whose connections are kept for the next call, and what the headers of an answer say.
//!
//! async-stripe's own client opens a connection for each call and keeps the answer's headers to itself, `Retry-After`
//! among them; this one sends the same requests and parses the same answers.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use stripe_client_core::{CustomizedStripeRequest, StripeClient, StripeClientErr, StripeMethod};
use stripe_shared::ApiErrors;
use tokio::time::timeout;

use crate::StripeConfigError;
use crate::retry::CALL_BUDGET;

const STRIPE: &str = "https://api.stripe.com/";
/// A connection that nobody needs is closed before the other side, which may wait no longer than 5 s, does so.
const IDLE: Duration = Duration::from_secs(4);
/// Connections that are kept open though nobody needs them.
const KEPT: usize = 32;

/// Sends requests with one secret key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    secret: HeaderValue,
}

/// How a call went wrong.
#[derive(Debug)]
pub(crate) enum CallError {
    /// Stripe answered that it did not work; `error` is its explanation, where there is one. `replayed`: it is what it keeps
    /// under the call's key.
    Answered { status: u16, error: Option<Box<ApiErrors>>, busy: Option<Busy>, replayed: bool },
    /// No connection was made: nothing was sent.
    NotConnected(String),
    /// The request cannot be sent as it is.
    Unsendable(String),
    /// No answer within the time.
    Timeout,
    /// The connection broke, or the answer makes no sense.
    Broken(String),
}

/// Stripe takes no more calls for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy {
    /// For how long, if it says so.
    pub(crate) retry_after: Option<Duration>,
}

impl StripeClientErr for CallError {
    fn deserialize_err(message: impl std::fmt::Display) -> Self {
        Self::Broken(message.to_string())
    }
}

impl Client {
    pub(crate) fn new(secret_key: &str, base: Option<&str>) -> Result<Self, StripeConfigError> {
        let mut secret = HeaderValue::try_from(format!("Bearer {secret_key}")).map_err(|_| {
            StripeConfigError("the secret key has characters that no header may have".to_owned())
        })?;
        secret.set_sensitive(true);
        let base = base.map_or_else(|| STRIPE.to_owned(), |base| format!("{base}/"));
        base.parse::<Uri>().map_err(|error| StripeConfigError(format!("`{base}`: {error}")))?;
        let https = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let http = HyperClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(KEPT)
            .build(https);
        Ok(Self { http, base, secret })
    }

    fn request(&self, asked: CustomizedStripeRequest) -> Result<(Request<Full<Bytes>>, Duration), CallError> {
        let (request, config) = asked.into_pieces();
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("{}v1{}{query}", self.base, request.path))
            .header(AUTHORIZATION, self.secret.clone())
            .header(USER_AGENT, concat!("Marquee/", env!("CARGO_PKG_VERSION")))
            .header("stripe-version", stripe_shared::version::VERSION.as_str());
        if let Some(account) = &config.account_id {
            builder = builder.header("stripe-account", account.as_str());
        }
        if let Some(key) = config.request_strategy.as_ref().and_then(|strategy| strategy.get_key()) {
            builder = builder.header("idempotency-key", key.as_str());
        }
        if request.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = Full::new(Bytes::from(request.body.unwrap_or_default()));
        let request = builder.body(body).map_err(|error| CallError::Unsendable(error.to_string()))?;
        Ok((request, config.timeout.unwrap_or(CALL_BUDGET)))
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Bytes, CallError> {
        let answer = self.http.request(request).await.map_err(|error| match error.is_connect() {
            true => CallError::NotConnected(told(&error)),
            false => CallError::Broken(told(&error)),
        })?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body =
            answer.into_body().collect().await.map_err(|error| CallError::Broken(told(&error)))?.to_bytes();
        if status.is_success() {
            return Ok(body);
        }
        let error = std::str::from_utf8(&body).ok().and_then(|text| miniserde::json::from_str(text).ok());
        let error = error.map(|answer: stripe_shared::Error| answer.error);
        let (busy, replayed) = (busy(status.as_u16(), &headers), is_replayed(&headers));
        Err(CallError::Answered { status: status.as_u16(), error, busy, replayed })
    }
}

impl StripeClient for Client {
    type Err = CallError;

    async fn execute(&self, asked: CustomizedStripeRequest) -> Result<Bytes, CallError> {
        let (request, patience) = self.request(asked)?;
        timeout(patience, self.answer(request)).await.unwrap_or(Err(CallError::Timeout))
    }
}

/// 429 is for everyone, unless it is about one object alone that somebody else is at.
fn busy(status: u16, headers: &HeaderMap) -> Option<Busy> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let everyone = status == 429 && text("stripe-rate-limited-reason") != Some("resource-specific");
    everyone.then(|| {
        let seconds = text(RETRY_AFTER.as_str()).and_then(|seconds| seconds.trim().parse().ok());
        Busy { retry_after: seconds.map(Duration::from_secs) }
    })
}

/// Is it the stored answer to an earlier call under the same key?
fn is_replayed(headers: &HeaderMap) -> bool {
    headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

/// An error with what caused it.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_busy_stripe_says_for_how_long() {
        let told = |value| busy(429, &headers(&[("retry-after", value)])).unwrap().retry_after;
        assert_eq!(told("3"), Some(Duration::from_secs(3)));
        for other in ["", "soon", "-1", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(told(other), None, "{other}");
        }
        assert_eq!(busy(429, &headers(&[])), Some(Busy { retry_after: None }));
        assert_eq!(busy(503, &headers(&[("retry-after", "3")])), None);
    }

    #[test]
    fn a_stored_answer_is_told_from_a_first_one() {
        assert!(is_replayed(&headers(&[("idempotent-replayed", "true")])));
        assert!(!is_replayed(&headers(&[("idempotent-replayed", "false")])) && !is_replayed(&headers(&[])));
    }

    #[test]
    fn one_object_that_somebody_is_at_stops_nobody_else() {
        let reason = |reason| busy(429, &headers(&[("stripe-rate-limited-reason", reason)]));
        assert!(reason("global-rate").is_some() && reason("endpoint-concurrency").is_some());
        assert_eq!(reason("resource-specific"), None);
    }
}
