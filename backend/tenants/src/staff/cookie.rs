//! The refresh token's cookie. `__Host-` binds it to one host: no other site, and no sibling's, can set or get it.

use marquee_core::http::single_header;

use actix_web::HttpRequest;

const NAME: &str = "__Host-refresh";

/// The header that keeps a refresh token in the browser for so many seconds.
pub(crate) fn keep(token: &str, seconds: i64) -> (&'static str, String) {
    ("set-cookie", format!("{NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict"))
}

/// The header that takes it away.
pub(crate) fn forget() -> (&'static str, String) {
    keep("", 0)
}

/// The refresh token that a browser sends.
pub(crate) fn token(request: &HttpRequest) -> Option<&str> {
    named_once(single_header(request, "cookie")?)
}

/// The value of the one cookie of our name; none where there are two, of which one was not set by us.
fn named_once(header: &str) -> Option<&str> {
    let mut values = header
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, value)| *name == NAME && !value.is_empty())
        .map(|(_, value)| value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_cookie_is_read() {
        assert_eq!(named_once("a=b; __Host-refresh=t0k; c=d"), Some("t0k"));
        assert_eq!(named_once("__Host-refresh=t0k=="), Some("t0k=="));
        for header in
            ["", "refresh=t", "__Host-refresh", "__Host-refresh=", "__Host-refresh=a; __Host-refresh=b"]
        {
            assert_eq!(named_once(header), None, "{header}");
        }
    }

    #[test]
    fn it_stays_on_its_host_and_away_from_scripts() {
        let (_, cookie) = keep("t0k", 60);
        assert_eq!(cookie, "__Host-refresh=t0k; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Strict");
    }
}
