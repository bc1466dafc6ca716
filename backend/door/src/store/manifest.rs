use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{DeviceId, PerformanceId};
use marquee_core::params;
use uuid::Uuid;

use crate::cursor::ScanPlace;
use crate::manifest::{ManifestScan, ManifestTicket};

/// Tickets of a performance that changed after `since` (microseconds since 1970), by id, beyond `after`.
pub(crate) async fn tickets_since(
    tx: &TenantTx,
    performance: PerformanceId,
    since: i64,
    after: Uuid,
    limit: i64,
) -> Result<Vec<ManifestTicket>, DbError> {
    tx.all(
        "select t.id as ticket_id, t.label, l.ticket_type, t.price_level_id, l.price_level, t.holder, t.status
         from tickets t join order_lines l on l.tenant_id = $1 and l.id = t.order_line_id
         where t.tenant_id = $1 and t.performance_id = $2 and t.id > $4
           and greatest(t.issued_at, t.used_at, t.voided_at) > 'epoch'::timestamptz + $3 * interval '1 microsecond'
         order by t.id limit $5",
        params![performance, since, after, limit],
    )
    .await
}

/// What other devices scanned of genuine tickets, as the server got it, beyond `after`.
pub(crate) async fn scans_since(
    tx: &TenantTx,
    performance: PerformanceId,
    device: DeviceId,
    after: ScanPlace,
    limit: i64,
) -> Result<Vec<ManifestScan>, DbError> {
    tx.all(
        "select id as scan_id, ticket_id, gate_id as gate, device_id as device, direction, verdict, scanned_at, received_at
         from scans
         where tenant_id = $1 and performance_id = $2 and device_id <> $3 and ticket_id is not null
           and (received_at, id) > ('epoch'::timestamptz + $4 * interval '1 microsecond', $5)
         order by received_at, id limit $6",
        params![performance, device, after.0, after.1, limit],
    )
    .await
}
