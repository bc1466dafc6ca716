use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use marquee_core::db::{Db, Tag};
use marquee_core::ids::{DeviceId, GateId, PerformanceId, PriceLevelId, ScanId, TenantId, TicketId};
use marquee_core::secret::sha256;
use marquee_entity::door::{Direction, Verdict};
use marquee_entity::orders::TicketStatus;
use marquee_tickets::public_keys;
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cursor::Cursor;
use crate::{DoorError, store};

const MANIFEST: Tag = Tag::new("door.manifest");
/// Entries of each list in one answer.
const PAGE: i64 = 2_000;
/// A round tells the last minute of the one before it again: a change is dated before its transaction commits,
/// and none takes this long.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// What a device needs to judge without a network. A first call without a cursor tells everything; each later one what
/// changed since. Entries may come again: they replace those of the same id.
#[derive(Debug, Serialize, ToSchema)]
pub struct Manifest {
    /// The performance.
    pub performance_id: PerformanceId,
    /// The server's clock, for the device's `clock_offset_ms`.
    pub server_time: DateTime<Utc>,
    /// Public keys that sign this tenant's codes.
    pub keys: Vec<ManifestKey>,
    /// The performance's gates.
    pub gates: Vec<ManifestGate>,
    /// Tickets that were issued or used.
    pub tickets: Vec<ManifestTicket>,
    /// Tickets that were withdrawn.
    pub revocations: Vec<TicketId>,
    /// What other devices scanned of genuine tickets, in the order the server got it.
    pub scans: Vec<ManifestScan>,
    /// Send it back as `since` for what comes next.
    pub cursor: String,
    /// Is there more to tell right now?
    pub more: bool,
}

/// The public half of a signing key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManifestKey {
    /// Its id, as in the codes it signed.
    pub kid: u8,
    /// Always `Ed25519`.
    pub algorithm: &'static str,
    /// 32 bytes in URL-safe base64 without padding.
    pub public_key: String,
}

/// An entrance and what it asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManifestGate {
    /// Its id.
    pub id: GateId,
    /// Its name.
    pub name: String,
    /// From when it lets people in; always, where null.
    pub opens_at: Option<DateTime<Utc>>,
    /// What it takes; every ticket, where null.
    pub price_levels: Option<Vec<PriceLevelId>>,
}

/// A ticket as a device keeps it: without its code, which the signature in the holder's hand replaces.
#[derive(Debug, Serialize, ToSchema, FromQueryResult)]
pub struct ManifestTicket {
    /// Its id.
    pub ticket_id: TicketId,
    /// Seat or area.
    pub label: String,
    /// Its ticket type's name.
    pub ticket_type: String,
    /// Its price level.
    pub price_level_id: PriceLevelId,
    /// Its price level's name.
    pub price_level: String,
    /// Whose it is.
    pub holder: String,
    /// Where it stands.
    pub status: TicketStatus,
}

/// A scan by another device.
#[derive(Debug, Serialize, ToSchema, FromQueryResult)]
pub struct ManifestScan {
    /// Its id.
    pub scan_id: ScanId,
    /// Of which ticket.
    pub ticket_id: TicketId,
    /// Where.
    pub gate: GateId,
    /// By which device.
    pub device: DeviceId,
    /// Which way.
    pub direction: Direction,
    /// What it came to.
    pub verdict: Verdict,
    /// When, by that device's clock.
    pub scanned_at: DateTime<Utc>,
    /// When the server got it.
    pub received_at: DateTime<Utc>,
}

/// A page of the manifest of a device's performance.
///
/// # Errors
/// `Unauthorised` for a token of no device of this tenant; `UnknownPerformance` for one that is not the device's;
/// `Invalid` for a cursor that was not given out.
pub async fn manifest(
    db: &Db,
    tenant: TenantId,
    token: &str,
    performance: PerformanceId,
    since: Option<&str>,
) -> Result<Manifest, DoorError> {
    let tx = db.begin(tenant, MANIFEST).await?;
    let device = store::device(&tx, sha256(token.as_bytes())).await?.ok_or(DoorError::Unauthorised)?;
    if device.performance_id != performance {
        return Err(DoorError::UnknownPerformance);
    }
    let at = match since {
        Some(text) => Cursor::decode(text)
            .ok_or_else(|| DoorError::field("/since", "invalid", "Send back a cursor that was given out."))?,
        None => Cursor::round(0),
    };
    let tickets = match at.tickets {
        Some(after) => store::tickets_since(&tx, performance, at.since, after, PAGE).await?,
        None => Vec::new(),
    };
    let scans = match at.scans {
        Some(after) => store::scans_since(&tx, performance, device.id, after, PAGE).await?,
        None => Vec::new(),
    };
    let keys = public_keys(&tx).await?;
    let gates = store::gates(&tx, performance).await?;
    tx.commit().await?;

    let next = advance(at, device.now, &tickets, &scans);
    let more = next.horizon.is_some();
    let (void, tickets): (Vec<_>, Vec<_>) =
        tickets.into_iter().partition(|ticket| ticket.status == TicketStatus::Void);
    Ok(Manifest {
        performance_id: performance,
        server_time: device.now,
        keys: keys
            .iter()
            .map(|key| ManifestKey {
                kid: key.kid.0,
                algorithm: "Ed25519",
                public_key: BASE64URL_NOPAD.encode(&key.bytes),
            })
            .collect(),
        gates: gates
            .into_iter()
            .map(|row| ManifestGate {
                id: row.id,
                name: row.name,
                opens_at: row.opens_at,
                price_levels: row.price_level_ids.map(|ids| ids.into_iter().map(PriceLevelId).collect()),
            })
            .collect(),
        tickets,
        revocations: void.into_iter().map(|ticket| ticket.ticket_id).collect(),
        scans,
        cursor: next.encode(),
        more,
    })
}

/// The place after a page: further in this round, or the beginning of the next.
fn advance(at: Cursor, now: DateTime<Utc>, tickets: &[ManifestTicket], scans: &[ManifestScan]) -> Cursor {
    let full = |len: usize| len as i64 >= PAGE;
    let horizon = at.horizon.unwrap_or_else(|| (now - OVERLAP).timestamp_micros().max(at.since));
    let next = Cursor {
        since: at.since,
        horizon: Some(horizon),
        tickets: tickets.last().filter(|_| full(tickets.len())).map(|ticket| ticket.ticket_id.0),
        scans: scans
            .last()
            .filter(|_| full(scans.len()))
            .map(|scan| (scan.received_at.timestamp_micros(), scan.scan_id.0)),
    };
    if next.tickets.is_none() && next.scans.is_none() { Cursor::round(horizon) } else { next }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tickets(n: i64) -> Vec<ManifestTicket> {
        (1..=n)
            .map(|n| ManifestTicket {
                ticket_id: TicketId(Uuid::from_u128(n as u128)),
                label: String::new(),
                ticket_type: String::new(),
                price_level_id: PriceLevelId(Uuid::nil()),
                price_level: String::new(),
                holder: String::new(),
                status: TicketStatus::Valid,
            })
            .collect()
    }

    #[test]
    fn a_round_ends_a_minute_before_it_began() {
        let began: DateTime<Utc> = "2026-03-01T20:00:00Z".parse().unwrap();
        let horizon = (began - OVERLAP).timestamp_micros();
        let first = advance(Cursor::round(0), began, &tickets(PAGE), &[]);
        assert_eq!(first.horizon, Some(horizon));
        assert_eq!(first.tickets, Some(Uuid::from_u128(PAGE as u128)));
        assert_eq!(first.scans, None, "all scans were told");
        let later = began + TimeDelta::seconds(500);
        assert_eq!(advance(first, later, &tickets(3), &[]), Cursor::round(horizon));
    }
}
