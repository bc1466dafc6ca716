//! Answers that stand ready as bytes, with what caches need to know about them.

use actix_web::http::header::{
    AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, ETAG, Encoding, EntityTag, Header, IfNoneMatch, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use data_encoding::BASE64URL_NOPAD;
use marquee_core::secret::sha256;

/// Browsers ask again each time, shared caches may answer for a second.
const BROWSE: &str = "public, max-age=0, s-maxage=1";
/// What its address names never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// JSON that was serialised once.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    bytes: Bytes,
    tag: String,
}

/// A seating plan's drawing, as it is and compressed.
#[derive(Debug, Clone)]
pub struct PlanFile {
    pub(crate) plain: Bytes,
    pub(crate) gzip: Bytes,
    pub(crate) hash: String,
}

impl PlanFile {
    /// How much memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.plain.len() + self.gzip.len()
    }
}

impl Ready {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let tag = BASE64URL_NOPAD.encode(&sha256(&bytes));
        Self { bytes: bytes.into(), tag }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() + self.tag.len()
    }

    /// 200 with the bytes, or 304 for whoever has them.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        // The server compresses on the way out, which one weak tag outlives.
        let head = Head { tag: EntityTag::new_weak(self.tag.clone()), cache: BROWSE, vary: "Host" };
        head.answer(request, || (self.bytes.clone(), None))
    }
}

impl PlanFile {
    /// As [`Ready::answer`], compressed for whoever takes that.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let tag = EntityTag::new_weak(self.hash.clone());
        let head = Head { tag, cache: FOREVER, vary: "Host, Accept-Encoding" };
        head.answer(request, || {
            if takes_gzip(request) { (self.gzip.clone(), Some("gzip")) } else { (self.plain.clone(), None) }
        })
    }
}

struct Head {
    tag: EntityTag,
    cache: &'static str,
    vary: &'static str,
}

impl Head {
    fn answer(
        self,
        request: &HttpRequest,
        body: impl FnOnce() -> (Bytes, Option<&'static str>),
    ) -> HttpResponse {
        let known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            Err(_) => false,
        };
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((CACHE_CONTROL, self.cache))
            .insert_header((VARY, self.vary))
            .insert_header((ETAG, self.tag.to_string()));
        if known {
            return response.finish();
        }
        let (bytes, encoding) = body();
        if let Some(encoding) = encoding {
            response.insert_header((CONTENT_ENCODING, encoding));
        }
        response.content_type("application/json").body(bytes)
    }
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(request)
        .is_ok_and(|accepted| accepted.negotiate(offered.iter()) == Some(Encoding::gzip()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn whoever_has_it_gets_304() {
        let ready = Ready::new(b"{}".to_vec());
        let tag = format!("W/\"{}\"", ready.tag);
        let strong = format!("\"{}\"", ready.tag);
        let list = format!("\"x\", {tag}");
        for (sent, status) in [
            (tag.as_str(), StatusCode::NOT_MODIFIED),
            (&strong, StatusCode::NOT_MODIFIED),
            (&list, StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("\"other\"", StatusCode::OK),
            ("nonsense", StatusCode::OK),
        ] {
            let request = TestRequest::default().insert_header(("if-none-match", sent)).to_http_request();
            let response = ready.answer(&request);
            assert_eq!(response.status(), status, "{sent}");
            assert_eq!(response.headers().get("etag").unwrap(), tag.as_str());
            assert_eq!(response.headers().get("vary").unwrap(), "Host");
            assert_eq!(response.headers().get("cache-control").unwrap(), BROWSE);
        }
    }

    #[test]
    fn a_plan_is_compressed_for_whoever_takes_it() {
        let plan = PlanFile {
            plain: Bytes::from_static(b"plain"),
            gzip: Bytes::from_static(b"gz"),
            hash: "ab".to_owned(),
        };
        for (accepts, gzip) in [
            (None, false),
            (Some("gzip"), true),
            (Some("gzip, deflate, br"), true),
            (Some("br"), false),
            (Some("gzip;q=0"), false),
            (Some("identity"), false),
        ] {
            let mut request = TestRequest::default();
            if let Some(accepts) = accepts {
                request = request.insert_header(("accept-encoding", accepts));
            }
            let response = plan.answer(&request.to_http_request());
            assert_eq!(response.headers().contains_key("content-encoding"), gzip, "{accepts:?}");
            assert_eq!(response.headers().get("cache-control").unwrap(), FOREVER);
        }
    }
}
