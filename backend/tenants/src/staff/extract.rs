//! Who is signed in, for handlers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use marquee_core::http::bearer;
use marquee_core::problem::{Code, Problem};

use super::Staff;
use super::types::{Member, Realm};
use crate::{CurrentTenant, PlatformHost, Tenant};

/// One of a tenant's staff, signed in on the tenant's own host.
#[derive(Debug, Clone)]
pub struct StaffSession {
    /// The tenant of the host and of the token.
    pub tenant: Arc<Tenant>,
    /// Who.
    pub member: Member,
}

/// One of the platform's staff, signed in on the platform's own host.
#[derive(Debug, Clone)]
pub struct PlatformSession {
    /// Who.
    pub member: Member,
}

async fn member(request: &HttpRequest, realm: Realm) -> Result<Member, Problem> {
    let staff = request.app_data::<web::Data<Staff>>().ok_or(Code::Internal)?;
    let token = bearer(request).ok_or(Code::Unauthorized)?;
    Ok(staff.member(realm, token).await?)
}

impl FromRequest for StaffSession {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let tenant = CurrentTenant::of(&request)?.0;
            let member = member(&request, Realm::Tenant(tenant.id)).await?;
            Ok(Self { tenant, member })
        })
    }
}

impl FromRequest for PlatformSession {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let host = PlatformHost::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            host.await?;
            Ok(Self { member: member(&request, Realm::Platform).await? })
        })
    }
}
