//! Reading requests: strict JSON bodies, idempotency keys, ids in paths, bearer headers; and the addresses that take them.

mod endpoint;
mod json;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::problem::{Code, Problem};
use crate::secret::sha256;

pub use endpoint::{Endpoint, at};
pub use json::parse;

/// Bodies of API calls are at most this long, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
/// A body has come within this time, or the request is refused.
const ARRIVES: Duration = Duration::from_secs(5);

/// A JSON body read strictly: its faults are `malformed_body`, `payload_too_large`, `unsupported_media_type`
/// or, where it is JSON of another shape, `validation_failed`.
#[derive(Debug)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// SHA-256 of the bytes as sent.
    pub fingerprint: [u8; 32],
}

/// A JSON body as it came, not read yet: for whoever waits for something before reading it.
#[derive(Debug)]
pub struct Unread(BytesMut);

impl Unread {
    /// Reads it.
    ///
    /// # Errors
    /// As [`parse`] says.
    pub fn read<T: DeserializeOwned>(self) -> Result<Body<T>, Problem> {
        Ok(Body { value: parse(&self.0)?, fingerprint: sha256(&self.0) })
    }
}

impl FromRequest for Unread {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = check_headers(request.headers());
        let payload = payload.take();
        Box::pin(async move {
            checked?;
            collect(payload, ARRIVES).await.map(Self)
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let unread = Unread::from_request(request, payload);
        Box::pin(async move { unread.await?.read() })
    }
}

/// The whole of a body. One that does not come costs no more than its connection, and that not for long.
async fn collect(
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    within: Duration,
) -> Result<BytesMut, Problem> {
    let whole = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| Problem::new(Code::MalformedBody).detail(error.to_string()))?;
            if bytes.len() + chunk.len() > MAX_BODY {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let late = |_| Problem::new(Code::MalformedBody).detail("The rest of the body did not come in time.");
    timeout(within, whole).await.map_err(late)?
}

fn check_headers(headers: &HeaderMap) -> Result<(), Problem> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (media, parameters) = media.split_once(';').unwrap_or((media, ""));
    let charset = parameters.split(';').filter_map(|one| one.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    // JSON is UTF-8 (RFC 8259, section 8.1).
    let is_utf8 = charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"));
    if !media.trim().eq_ignore_ascii_case("application/json") || !is_utf8 {
        return Err(Code::UnsupportedMediaType.into());
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY) { Err(too_large()) } else { Ok(()) }
}

fn too_large() -> Problem {
    Problem::new(Code::PayloadTooLarge).detail(format!("At most {MAX_BODY} bytes."))
}

/// The value of `Idempotency-Key`: 8 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a key.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (8..=255).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = single_header(request, "idempotency-key").and_then(Self::new);
        std::future::ready(key.ok_or_else(|| Code::IdempotencyKeyMissing.into()))
    }
}

/// Has the caller this version? By `If-None-Match`: a list, weak or strong, or `*`.
pub fn etag_matches(request: &HttpRequest, tag: &str) -> bool {
    let known =
        request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// The text of a header that is there exactly once.
pub fn single_header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut values = request.headers().get_all(name);
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

/// The token of `Authorization: Bearer …`.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = single_header(request, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// An id in a path. What is no id names nothing: `not_found`.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let read = web::Path::<T>::from_request(request, payload).into_inner();
        std::future::ready(read.map(|id| Self(id.into_inner())).map_err(|_| Code::NotFound.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_utf_8() {
        let media = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().unwrap());
            check_headers(&headers).is_ok()
        };
        for text in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;x=y;charset=\"utf-8\""]
        {
            assert!(media(text), "{text}");
        }
        for text in ["application/json; charset=utf-16", "text/json", "application/json5"] {
            assert!(!media(text), "{text}");
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let part = || futures::stream::iter([Ok(Bytes::from_static(b"{\"seats\":"))]);
        assert_eq!(collect(part(), ARRIVES).await.unwrap(), &b"{\"seats\":"[..]);
        let half = part().chain(futures::stream::pending());
        let told = timeout(ARRIVES, collect(half, Duration::from_millis(10))).await;
        assert_eq!(told.expect("it ends").unwrap_err().code(), Code::MalformedBody);
    }

    #[test]
    fn keys_are_printable_and_bounded() {
        assert!(IdempotencyKey::new("12345678").is_some());
        for text in ["1234567", "bad\u{7f}key-long", "ключ-ключ", &"k".repeat(256)] {
            assert!(IdempotencyKey::new(text).is_none(), "{text}");
        }
    }
}
