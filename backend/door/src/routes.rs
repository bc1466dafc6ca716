//! `/api/door/v1`: parse, call, render.

use actix_web::{HttpRequest, HttpResponse, web};
use marquee_core::db::Db;
use marquee_core::http::{Body, PathId, at, bearer};
use marquee_core::ids::PerformanceId;
use marquee_core::problem::{Code, Problem};
use marquee_tenants::CurrentTenant;
use serde::Deserialize;
use utoipa::OpenApi;

use crate::{
    DoorError, Manifest, NewDevice, ProvisionedDevice, ScanBatch, ScanResults, manifest, provision, scan,
};

/// What the door's calls need; app data of the server.
#[derive(Debug, Clone)]
pub struct Door {
    db: Db,
}

impl Door {
    /// The door on this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }
}

/// The door's part of the API's description.
#[derive(Debug, OpenApi)]
#[openapi(paths(post_devices, post_scans, get_manifest))]
pub struct ApiDoc;

/// Registers the door's calls. Needs `web::Data<Door>` and the tenants' hosts.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(at("/api/door/v1/devices").post(post_devices))
        .service(at("/api/door/v1/scans").post(post_scans))
        .service(at("/api/door/v1/performances/{id}/manifest").get(get_manifest));
}

impl From<DoorError> for Problem {
    fn from(error: DoorError) -> Self {
        match error {
            DoorError::Unauthorised => Code::Unauthorized.into(),
            DoorError::UnknownPerformance => Code::NotFound.into(),
            DoorError::Invalid(faults) => Problem::fields(faults),
            DoorError::Db(error) => error.into(),
        }
    }
}

/// Turns a provisioning code into a device.
#[utoipa::path(post, path = "/api/door/v1/devices", tag = "door", request_body = NewDevice, responses(
    (status = 201, body = ProvisionedDevice),
    (status = 401, description = "`unauthorized`: the code is unknown, used or too old"),
    (status = 422, description = "`validation_failed`"),
))]
pub(crate) async fn post_devices(
    tenant: CurrentTenant,
    door: web::Data<Door>,
    body: Body<NewDevice>,
) -> Result<HttpResponse, Problem> {
    let device = provision(&door.db, tenant.id, body.value).await?;
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(device))
}

/// Judges 1 to 500 scans of the device whose token is sent as Bearer.
#[utoipa::path(post, path = "/api/door/v1/scans", tag = "door", request_body = ScanBatch, responses(
    (status = 200, body = ScanResults),
    (status = 401, description = "`unauthorized`: not the token of a device of this tenant"),
    (status = 422, description = "`validation_failed`"),
))]
pub(crate) async fn post_scans(
    tenant: CurrentTenant,
    door: web::Data<Door>,
    request: HttpRequest,
    body: Result<Body<ScanBatch>, Problem>,
) -> Result<HttpResponse, Problem> {
    let token = bearer(&request).ok_or(Code::Unauthorized)?;
    let batch = match body {
        Ok(body) => body.value,
        Err(problem) => {
            // Whoever has no device is told that, and nothing of what is wrong with their request.
            scan::authenticate(&door.db, tenant.id, token).await?;
            return Err(problem);
        }
    };
    let results = scan(&door.db, tenant.id, token, &batch).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(results))
}

/// Where a device stands in the manifest.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Since {
    /// The cursor of the page before; without it the manifest begins.
    since: Option<String>,
}

/// What the device whose token is sent as Bearer needs to scan without a network, page by page.
#[utoipa::path(get, path = "/api/door/v1/performances/{id}/manifest", tag = "door",
    params(("id" = PerformanceId, Path), Since), responses(
    (status = 200, body = Manifest),
    (status = 401, description = "`unauthorized`: not the token of a device of this tenant"),
    (status = 404, description = "`not_found`: not a performance of this device"),
    (status = 422, description = "`validation_failed`: the cursor was not given out"),
))]
pub(crate) async fn get_manifest(
    tenant: CurrentTenant,
    door: web::Data<Door>,
    request: HttpRequest,
    id: Result<PathId<PerformanceId>, Problem>,
    query: Result<web::Query<Since>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let token = bearer(&request).ok_or(Code::Unauthorized)?;
    let Ok(PathId(id)) = id else {
        scan::authenticate(&door.db, tenant.id, token).await?;
        return Err(Code::NotFound.into());
    };
    let since = match query {
        Ok(query) => query.into_inner().since,
        Err(error) => {
            scan::authenticate(&door.db, tenant.id, token).await?;
            return Err(Problem::field("/since", "invalid", error.to_string()));
        }
    };
    let page = manifest(&door.db, tenant.id, token, id, since.as_deref()).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(page))
}
