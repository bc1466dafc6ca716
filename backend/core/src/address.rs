//! Whose address a request comes from, for limits.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

/// Who sent a request, as text to count by: the connection's address, or with `proxies` of our own in front the one that
/// the outermost of them saw. What anybody else claims is not believed. IPv6 addresses count by their /64, of
/// which one subscriber has all.
pub fn sender(request: &HttpRequest, proxies: u8) -> String {
    let peer = request.peer_addr().map(|address| address.ip());
    let address = forwarded(request.headers(), proxies).or(peer);
    address.map(network).unwrap_or_else(|| "unknown".to_owned())
}

/// The address that the outermost of `proxies` trusted proxies wrote: the n-th from the right.
fn forwarded(headers: &HeaderMap, proxies: u8) -> Option<IpAddr> {
    let back = usize::from(proxies).checked_sub(1)?;
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").filter_map(|line| line.to_str().ok()).collect();
    let chain = lines.join(",");
    chain.rsplit(',').nth(back)?.trim().parse().ok()
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn ask(forwarded: &[&str], proxies: u8) -> String {
        let mut request = TestRequest::default().peer_addr("192.0.2.1:4000".parse().unwrap());
        for line in forwarded {
            request = request.append_header(("x-forwarded-for", *line));
        }
        sender(&request.to_http_request(), proxies)
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(ask(&["198.51.100.7"], 0), "192.0.2.1");
        assert_eq!(ask(&["6.6.6.6, 198.51.100.7"], 1), "198.51.100.7");
        assert_eq!(ask(&["6.6.6.6", "198.51.100.7, 10.0.0.1"], 2), "198.51.100.7");
        assert_eq!(ask(&["nonsense"], 1), "192.0.2.1");
        assert_eq!(ask(&[], 3), "192.0.2.1");
    }

    #[test]
    fn a_subscriber_is_one() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6".parse().unwrap()), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.9".parse().unwrap()), "192.0.2.9");
    }
}
