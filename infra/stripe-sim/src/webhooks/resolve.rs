//! Names of endpoints: `*.localhost` is this machine (RFC 6761), whatever the system's resolver knows of it.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Resolves names below `localhost` itself and asks the system for all others.
#[derive(Debug, Clone, Copy)]
pub struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            if is_local(name.as_str()) {
                return Ok(Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0)))) as Addrs);
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_below_localhost_are_local() {
        assert!(is_local("localhost") && is_local("platform.localhost") && is_local("a.b.localhost."));
        assert!(!is_local("localhost.example") && !is_local("notlocalhost"));
    }
}
