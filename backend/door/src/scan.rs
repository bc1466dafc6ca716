use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::{TenantId, TicketId};
use marquee_core::secret::sha256;
use marquee_entity::door::Verdict;
use marquee_tickets::{codes, public_keys};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::batch::{Desk, Known, decide};
use crate::types::{MAX_SCANS, Scan, ScanResult};
use crate::{DoorError, store};

const SCAN: Tag = Tag::new("door.scan");
const AUTHENTICATE: Tag = Tag::new("door.authenticate");
/// Tries of a batch that others get in the way of. Each loses to somebody who got through, so few are enough.
const ATTEMPTS: usize = 8;

/// Scans in the order they were made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanBatch {
    /// 1 to 500 of them.
    #[schema(min_items = 1, max_items = 500)]
    pub scans: Vec<Scan>,
}

/// Their verdicts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScanResults {
    /// One for each scan, in the order sent.
    pub results: Vec<ScanResult>,
}

/// Judges a device's scans and keeps them, all or none. A scan id that is known reads the verdict it was given.
///
/// # Errors
/// `Unauthorised` for a token of no device of this tenant, before anything else is said; `Invalid` for an empty or too long
/// batch and fields that cannot be; `Db(Contention)` when others were in the way each time.
pub async fn scan(
    db: &Db,
    tenant: TenantId,
    token: &str,
    batch: &ScanBatch,
) -> Result<ScanResults, DoorError> {
    for _ in 0..ATTEMPTS {
        match attempt(db, tenant, token, &batch.scans).await {
            Ok(Some(results)) => return Ok(ScanResults { results }),
            Ok(None) => tracing::debug!("another batch got in between, judging again"),
            Err(DoorError::Db(error)) if error.is_contention() => {
                tracing::debug!("another batch was in the way, judging again");
            }
            Err(error) => return Err(error),
        }
    }
    Err(DbError::Contention.into())
}

/// Is this the token of a device of this tenant?
///
/// # Errors
/// `Unauthorised` when it is not.
pub(crate) async fn authenticate(db: &Db, tenant: TenantId, token: &str) -> Result<(), DoorError> {
    let tx = db.begin(tenant, AUTHENTICATE).await?;
    let device = store::device(&tx, sha256(token.as_bytes())).await?;
    tx.commit().await?;
    device.map(drop).ok_or(DoorError::Unauthorised)
}

/// One transaction; nothing when a guard refused what was judged, and so nothing was written.
async fn attempt(
    db: &Db,
    tenant: TenantId,
    token: &str,
    scans: &[Scan],
) -> Result<Option<Vec<ScanResult>>, DoorError> {
    let tx = db.begin(tenant, SCAN).await?;
    let desk = desk(&tx, token).await?;
    check(scans, &desk)?;
    let keys = public_keys(&tx).await?;
    let genuine: Vec<Option<TicketId>> = scans
        .iter()
        .map(|scan| codes::verify(&scan.code, &keys).ok().map(|verified| verified.ticket_id))
        .collect();
    // The tickets first, locked in the order of their ids: batches about the same tickets follow one another, and
    // each reads what the one before it wrote.
    let tickets = store::lock_tickets(&tx, genuine.iter().copied().flatten()).await?;
    let known = Known {
        inside: store::inside(&tx, tickets.keys()).await?,
        results: store::results(&tx, scans.iter().map(|scan| scan.scan_id)).await?,
        tickets,
    };
    let outcome = decide(scans, &genuine, &desk, known);
    if !store::record(&tx, scans, &desk, &outcome).await? {
        return Ok(None);
    }
    tx.commit().await?;
    for judged in &outcome.judged {
        count(judged.verdict);
    }
    Ok(Some(outcome.results))
}

async fn desk(tx: &TenantTx, token: &str) -> Result<Desk, DoorError> {
    let device = store::device(tx, sha256(token.as_bytes())).await?.ok_or(DoorError::Unauthorised)?;
    let gates = store::gates(tx, device.performance_id).await?;
    Ok(Desk {
        device: device.id,
        device_name: device.name,
        performance: device.performance_id,
        gates: gates.into_iter().map(|row| (row.id, row.into())).collect(),
        now: device.now,
    })
}

fn check(scans: &[Scan], desk: &Desk) -> Result<(), DoorError> {
    if scans.is_empty() || scans.len() > MAX_SCANS {
        return Err(DoorError::field("/scans", "out_of_range", format!("1 to {MAX_SCANS} scans.")));
    }
    let faults: Vec<_> =
        scans.iter().enumerate().flat_map(|(at, scan)| scan.faults(at, &desk.gates)).collect();
    if faults.is_empty() { Ok(()) } else { Err(DoorError::Invalid(faults)) }
}

fn count(verdict: Verdict) {
    metrics::counter!("marquee_scans_total", "verdict" => verdict.as_str()).increment(1);
}
