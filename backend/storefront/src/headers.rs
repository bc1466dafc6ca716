//! Headers of pages: what may be cached, and what a page may load.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderValue, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use marquee_core::http::etag_matches;

use crate::PaymentScript;
use crate::theme::fingerprint;

/// Who may keep a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Everyone, for some seconds; afterwards it is asked for again.
    Browse,
    /// Nobody.
    Never,
}

/// Answers with a page.
pub fn page(
    request: &HttpRequest,
    status: StatusCode,
    html: String,
    caching: Caching,
    payment: Option<&PaymentScript>,
) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    secure(&mut response, payment, caching);
    match caching {
        Caching::Never => {
            response.insert_header((CACHE_CONTROL, "no-store"));
        }
        Caching::Browse => {
            let tag = format!("\"{}\"", fingerprint(html.as_bytes()));
            response
                .insert_header((CACHE_CONTROL, "public, max-age=0, s-maxage=5, stale-while-revalidate=30"))
                .insert_header((VARY, "Host"))
                .insert_header((ETAG, tag.clone()));
            if status == StatusCode::OK && etag_matches(request, &tag) {
                return response.status(StatusCode::NOT_MODIFIED).finish();
            }
        }
    }
    response.content_type("text/html; charset=utf-8").body(html)
}

fn secure(response: &mut HttpResponseBuilder, payment: Option<&PaymentScript>, caching: Caching) {
    let referrer = match caching {
        Caching::Browse => "strict-origin-when-cross-origin",
        Caching::Never => "same-origin",
    };
    response
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, referrer))
        .insert_header(("permissions-policy", "camera=(), microphone=(), geolocation=()"));
    if let Ok(policy) = HeaderValue::from_str(&policy(payment)) {
        response.insert_header((CONTENT_SECURITY_POLICY, policy));
    }
}

/// Nothing but the site's own files; on the page that takes payment also the provider's.
fn policy(payment: Option<&PaymentScript>) -> String {
    let others = payment.map(|script| script.origins.join(" ")).unwrap_or_default();
    let own = |name: &str, sources: &str| format!("{name} {}", format!("{sources} {others}").trim());
    let frame = if others.is_empty() { "frame-src 'none'".to_owned() } else { format!("frame-src {others}") };
    [
        "default-src 'none'".to_owned(),
        own("script-src", "'self'"),
        "style-src 'self'".to_owned(),
        own("img-src", "'self' data: blob:"),
        "font-src 'self'".to_owned(),
        own("connect-src", "'self'"),
        frame,
        "base-uri 'none'".to_owned(),
        "form-action 'self'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_payment_opens_the_policy() {
        assert!(policy(None).contains("script-src 'self';"));
        assert!(policy(None).contains("frame-src 'none'"));
        let script = PaymentScript {
            url: "https://pay.example/v3/".into(),
            origins: vec!["https://pay.example".into()],
        };
        assert!(policy(Some(&script)).contains("script-src 'self' https://pay.example;"));
        assert!(policy(Some(&script)).contains("frame-src https://pay.example;"));
    }
}
