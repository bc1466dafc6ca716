//! HTTP as a fan's browser speaks it, but for the name: connects to 127.0.0.1 and says which host it means.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use uuid::Uuid;

/// An answer that was read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub bytes: Vec<u8>,
}

/// A key that nobody used before.
pub fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}

/// The plain client below everything: no redirects, no proxy, a time-out.
pub fn http() -> reqwest::Client {
    with_idle_connections(256)
}

/// Likewise, but each call has a connection of its own: one that is kept may be to a server that has died since.
pub fn http_afresh() -> reqwest::Client {
    with_idle_connections(0)
}

fn with_idle_connections(most: usize) -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(most)
        .build()
        .unwrap()
}

/// One host's site on one server.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Where it connects to: `http://127.0.0.1:…`.
    pub base: String,
    /// Whom it asks for.
    pub host: String,
}

/// A call about to be made.
#[derive(Debug)]
pub struct Call(RequestBuilder, String);

impl Client {
    /// A client of `host` on the server at `base`.
    pub fn new(http: reqwest::Client, base: &str, host: &str) -> Self {
        Self { http, base: base.to_owned(), host: host.to_owned() }
    }

    /// The same server under another host.
    pub fn under(&self, host: &str) -> Self {
        Self { host: host.to_owned(), ..self.clone() }
    }

    /// Any call.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let verb = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(verb, format!("{}{path}", self.base));
        Call(request.header("host", HeaderValue::from_str(&self.host).unwrap()), format!("{method} {path}"))
    }

    /// GET.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    /// POST of a JSON value, under a fresh key that the call may replace.
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.post_raw(path, body.to_string().into_bytes(), "application/json")
    }

    /// POST of bytes.
    pub fn post_raw(&self, path: &str, body: Vec<u8>, media: &str) -> Call {
        let Call(request, what) = self.call("POST", path);
        Call(request.header("content-type", media).body(body), what)
    }
}

impl Call {
    /// Sets a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value), self.1)
    }

    /// Sets the idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sets a fresh idempotency key.
    pub fn fresh(self) -> Self {
        self.key(&fresh_key())
    }

    /// Sends it.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let response = self.0.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, bytes: response.bytes().await?.to_vec() })
    }

    /// Sends it.
    ///
    /// # Panics
    /// When no whole answer came.
    pub async fn send(self) -> Answer {
        let what = self.1.clone();
        self.try_send().await.unwrap_or_else(|error| panic!("{what}: {error:?}"))
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The body of an answer that must have this status.
    ///
    /// # Panics
    /// When it has another.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Status and `code` of a problem.
    pub fn problem(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Checks that it is a problem as the contract describes them.
    ///
    /// # Panics
    /// When it is not, or another one.
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!(self.problem(), (status, code.to_owned()), "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        assert_eq!(body["status"], status);
        if status == 503 {
            assert!(self.header("retry-after").is_some(), "503 says when to come back");
        }
        body
    }
}
