//! The `Host` header, read strictly.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;
use marquee_core::problem::{Code, Problem};

/// A host name in lower case without port or trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host(String);

impl Host {
    /// Reads `name`, `name:port` or `[v6]:port`; nothing else is a host.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(v6) => v6.split_once(']')?,
            None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
        };
        let port_fits =
            port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        let name = name.strip_suffix('.').unwrap_or(name);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_');
        let fits = port_fits && !name.is_empty() && name.len() <= 253 && name.bytes().all(plain);
        fits.then(|| Self(name.to_ascii_lowercase()))
    }

    /// The host a request names.
    ///
    /// # Errors
    /// `bad_request` where it names none, two, or two different ones.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let bad = |detail: &str| Problem::new(Code::BadRequest).detail(detail);
        let mut named = request.headers().get_all(HOST);
        let first = named.next().ok_or_else(|| bad("The Host header is missing."))?;
        if named.next().is_some() {
            return Err(bad("The Host header is there twice."));
        }
        let host =
            first.to_str().ok().and_then(Self::parse).ok_or_else(|| bad("The Host header is not a host."))?;
        match request.uri().authority().map(|authority| Self::parse(authority.as_str())) {
            Some(target) if target.as_ref() != Some(&host) => {
                Err(bad("The Host header and the address differ."))
            }
            _ => Ok(host),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_port_and_dot_do_not_matter() {
        for text in ["riverside.localhost", "RIVERSIDE.localhost:8080", "riverside.localhost."] {
            assert_eq!(Host::parse(text).unwrap().as_str(), "riverside.localhost");
        }
        for text in ["", ":80", "a b", "a/b", "a:b", "a:99999", "ä.example", "evil@host", &"a".repeat(300)] {
            assert!(Host::parse(text).is_none(), "{text}");
        }
        assert_eq!(Host::parse("[::1]:80").unwrap().as_str(), "::1");
    }
}
