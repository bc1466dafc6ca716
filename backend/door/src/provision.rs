use chrono::{DateTime, Utc};
use marquee_core::db::{Db, Tag};
use marquee_core::ids::{DeviceId, GateId, PerformanceId, TenantId};
use marquee_core::secret::{random_token, sha256};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::device_name;
use crate::{DoorError, code, store};

const PROVISION: Tag = Tag::new("door.provision");

/// Somebody turns their phone into a scanner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// The provisioning code, as typed or scanned.
    pub code: String,
    /// What the staff call the device; up to 200 characters.
    pub name: String,
}

/// A device that may scan from now on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProvisionedDevice {
    /// Its id.
    pub device_id: DeviceId,
    /// Its bearer token, told this once.
    pub token: String,
    /// What it scans for.
    pub performances: Vec<DevicePerformance>,
    /// Where it may stand.
    pub gates: Vec<DeviceGate>,
}

/// A performance that a device scans for.
#[derive(Debug, Serialize, ToSchema)]
pub struct DevicePerformance {
    /// Its id.
    pub id: PerformanceId,
    /// The event's title.
    pub title: String,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When the house opens.
    pub doors_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
}

/// An entrance.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceGate {
    /// Its id, to be named in each scan.
    pub id: GateId,
    /// Its name.
    pub name: String,
}

/// Trades a provisioning code for a device and its token. Of those who send one code at once, one gets the device.
///
/// # Errors
/// `Unauthorised` for a code that is unknown, used or older than seven days; `Invalid` for a name that cannot be,
/// which leaves the code unused.
pub async fn provision(db: &Db, tenant: TenantId, new: NewDevice) -> Result<ProvisionedDevice, DoorError> {
    let name = device_name(&new.name).ok_or_else(|| {
        DoorError::field("/name", "invalid", "1 to 200 characters without line breaks or control characters.")
    })?;
    let hash = code::hash(&new.code).ok_or(DoorError::Unauthorised)?;
    let token = random_token(&mut rand::rng());
    let device_id = DeviceId::generate();

    let tx = db.begin(tenant, PROVISION).await?;
    let performance = store::use_invite(&tx, hash).await?.ok_or(DoorError::Unauthorised)?;
    store::insert_device(&tx, device_id, performance, &name, sha256(token.as_bytes())).await?;
    let performances = store::device_performances(&tx, performance).await?;
    let gates = store::gates(&tx, performance).await?;
    tx.commit().await?;
    tracing::info!(tenant.id = %tenant, device.id = %device_id, performance.id = %performance, "device provisioned");
    let gates = gates.into_iter().map(|row| DeviceGate { id: row.id, name: row.name }).collect();
    Ok(ProvisionedDevice { device_id, token, performances, gates })
}
