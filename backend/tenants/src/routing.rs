//! Which site a request is for: extractors for handlers and a guard for routing.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use marquee_core::problem::{Code, Problem};

use crate::{Directory, Host, Tenant};

/// What resolving a host needs; app data of the server.
#[derive(Debug, Clone)]
pub struct Hosts {
    /// The tenants.
    pub directory: Directory,
    /// The staff's own host.
    pub platform: Host,
}

/// The tenant of the request's host.
#[derive(Debug, Clone)]
pub struct CurrentTenant(pub Arc<Tenant>);

/// Proof that the request came to the platform's own host.
#[derive(Debug, Clone, Copy)]
pub struct PlatformHost;

impl CurrentTenant {
    /// The tenant of the request's host.
    ///
    /// # Errors
    /// `bad_request` for a header that names no one host, `unknown_host` for one without a site,
    /// `unavailable` before the hosts are known.
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let host = Host::of(request)?;
        let hosts = request.app_data::<web::Data<Hosts>>().ok_or(Code::Internal)?;
        let unknown = || {
            // A server that has just started knows no host yet.
            if hosts.directory.is_read() { Code::UnknownHost.into() } else { Code::Unavailable.into() }
        };
        hosts.directory.by_host(&host).map(Self).ok_or_else(unknown)
    }
}

impl std::ops::Deref for CurrentTenant {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.0
    }
}

impl FromRequest for CurrentTenant {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl FromRequest for PlatformHost {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_platform = Host::of(request).and_then(|host| {
            let hosts = request.app_data::<web::Data<Hosts>>().ok_or(Code::Internal)?;
            if host == hosts.platform { Ok(Self) } else { Err(Problem::new(Code::UnknownHost)) }
        });
        ready(is_platform)
    }
}
