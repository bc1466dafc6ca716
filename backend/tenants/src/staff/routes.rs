//! `/api/admin/v1` on a tenant's host and `/api/platform/v1` on the platform's: sessions, and who one is.

use actix_web::{HttpRequest, HttpResponse, web};
use marquee_core::http::{Body, at};
use marquee_core::ids::TenantId;
use marquee_core::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::store::SESSION_HOURS;
use super::token::ACCESS_SECONDS;
use super::types::{Member, Realm};
use super::{PlatformSession, Staff, StaffError, StaffSession, cookie};
use crate::{CurrentTenant, PlatformHost};

/// Sign-in's part of the API's description.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    staff_sign_in,
    staff_refresh,
    staff_sign_out,
    staff_me,
    platform_sign_in,
    platform_refresh,
    platform_sign_out,
    platform_me
))]
pub struct ApiDoc;

/// Registers sign-in. Needs `web::Data<Staff>` and the tenants' hosts.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(at("/api/admin/v1/sessions").post(staff_sign_in).delete(staff_sign_out))
        .service(at("/api/admin/v1/sessions/refresh").post(staff_refresh))
        .service(at("/api/admin/v1/me").get(staff_me))
        .service(at("/api/platform/v1/sessions").post(platform_sign_in).delete(platform_sign_out))
        .service(at("/api/platform/v1/sessions/refresh").post(platform_refresh))
        .service(at("/api/platform/v1/me").get(platform_me));
}

/// An address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Compared without case.
    email: String,
    /// As chosen.
    password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// What further calls carry as `Authorization: Bearer …`.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// Seconds until it is refused.
    pub expires_in: i64,
}

/// One of a tenant's staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffMe {
    /// Who.
    #[serde(flatten)]
    pub member: Member,
    /// Where they work.
    pub tenant: TenantMe,
}

/// A tenant, in few words.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantMe {
    /// Its id.
    pub id: TenantId,
    /// Its short name.
    pub slug: String,
    /// Its brand.
    pub name: String,
}

/// One of the platform's staff.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformMe {
    /// Who.
    #[serde(flatten)]
    pub member: Member,
}

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Unauthorised => Code::Unauthorized.into(),
            StaffError::Invalid(faults) => Problem::fields(faults),
            StaffError::RateLimited { retry_after } => {
                Problem::new(Code::RateLimited).retry_after(retry_after)
            }
            StaffError::Busy => Code::Overloaded.into(),
            StaffError::Db(error) => error.into(),
            StaffError::Token(error) => {
                tracing::error!(%error, "no access token could be made");
                Code::Internal.into()
            }
        }
    }
}

/// Signs one of the tenant's staff in.
#[utoipa::path(post, path = "/api/admin/v1/sessions", tag = "admin", request_body = Credentials, responses(
    (status = 200, body = AccessToken, description = "with the refresh token in the cookie `__Host-refresh`"),
    (status = 401, description = "`unauthorized`"),
    (status = 429, description = "`rate_limited`"),
))]
pub(crate) async fn staff_sign_in(
    tenant: CurrentTenant,
    staff: web::Data<Staff>,
    request: HttpRequest,
    body: Body<Credentials>,
) -> Result<HttpResponse, Problem> {
    sign_in(Realm::Tenant(tenant.id), &staff, &request, body.value).await
}

/// A new access token for the session of the cookie.
#[utoipa::path(post, path = "/api/admin/v1/sessions/refresh", tag = "admin", responses(
    (status = 200, body = AccessToken),
    (status = 401, description = "`unauthorized`: no cookie, or the session is over"),
))]
pub(crate) async fn staff_refresh(
    tenant: CurrentTenant,
    staff: web::Data<Staff>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    refresh(Realm::Tenant(tenant.id), &staff, &request).await
}

/// Ends the session of the cookie.
#[utoipa::path(delete, path = "/api/admin/v1/sessions", tag = "admin", responses((status = 204)))]
pub(crate) async fn staff_sign_out(
    tenant: CurrentTenant,
    staff: web::Data<Staff>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    sign_out(Realm::Tenant(tenant.id), &staff, &request).await
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/admin/v1/me", tag = "admin", responses(
    (status = 200, body = StaffMe),
    (status = 401, description = "`unauthorized`"),
))]
pub(crate) async fn staff_me(session: StaffSession) -> HttpResponse {
    let StaffSession { tenant, member } = session;
    let tenant = TenantMe { id: tenant.id, slug: tenant.slug.clone(), name: tenant.name.clone() };
    private().json(StaffMe { member, tenant })
}

/// Signs one of the platform's staff in.
#[utoipa::path(post, path = "/api/platform/v1/sessions", tag = "platform", request_body = Credentials, responses(
    (status = 200, body = AccessToken, description = "with the refresh token in the cookie `__Host-refresh`"),
    (status = 401, description = "`unauthorized`"),
    (status = 429, description = "`rate_limited`"),
))]
pub(crate) async fn platform_sign_in(
    _: PlatformHost,
    staff: web::Data<Staff>,
    request: HttpRequest,
    body: Body<Credentials>,
) -> Result<HttpResponse, Problem> {
    sign_in(Realm::Platform, &staff, &request, body.value).await
}

/// A new access token for the session of the cookie.
#[utoipa::path(post, path = "/api/platform/v1/sessions/refresh", tag = "platform", responses(
    (status = 200, body = AccessToken),
    (status = 401, description = "`unauthorized`: no cookie, or the session is over"),
))]
pub(crate) async fn platform_refresh(
    _: PlatformHost,
    staff: web::Data<Staff>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    refresh(Realm::Platform, &staff, &request).await
}

/// Ends the session of the cookie.
#[utoipa::path(delete, path = "/api/platform/v1/sessions", tag = "platform", responses((status = 204)))]
pub(crate) async fn platform_sign_out(
    _: PlatformHost,
    staff: web::Data<Staff>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    sign_out(Realm::Platform, &staff, &request).await
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/platform/v1/me", tag = "platform", responses(
    (status = 200, body = PlatformMe),
    (status = 401, description = "`unauthorized`"),
))]
pub(crate) async fn platform_me(session: PlatformSession) -> HttpResponse {
    private().json(PlatformMe { member: session.member })
}

async fn sign_in(
    realm: Realm,
    staff: &Staff,
    request: &HttpRequest,
    credentials: Credentials,
) -> Result<HttpResponse, Problem> {
    let sender = staff.sender(request);
    let signed_in = staff.sign_in(realm, &sender, &credentials.email, credentials.password).await?;
    let cookie = cookie::keep(&signed_in.refresh_token, i64::from(SESSION_HOURS) * 3_600);
    Ok(private().insert_header(cookie).json(access(signed_in.access_token)))
}

async fn refresh(realm: Realm, staff: &Staff, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let token = cookie::token(request).ok_or(Code::Unauthorized)?;
    Ok(private().json(access(staff.refresh(realm, token).await?)))
}

async fn sign_out(realm: Realm, staff: &Staff, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    if let Some(token) = cookie::token(request) {
        staff.sign_out(realm, token).await?;
    }
    Ok(HttpResponse::NoContent().insert_header(cookie::forget()).finish())
}

fn access(access_token: String) -> AccessToken {
    AccessToken { access_token, expires_in: ACCESS_SECONDS }
}

/// An answer that nothing in between may keep.
fn private() -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("cache-control", "no-store"));
    answer
}
