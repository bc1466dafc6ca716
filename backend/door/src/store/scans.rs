use std::collections::HashMap;

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{DeviceId, GateId, PerformanceId, PriceLevelId, ScanId, TicketId};
use marquee_core::params;
use marquee_entity::door::Verdict;
use marquee_entity::orders::TicketStatus;
use sea_orm::FromQueryResult;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::batch::{Desk, Outcome};
use crate::types::{FirstScan, Scan, ScanResult, ScannedTicket, Ticket};

#[derive(Debug, FromQueryResult)]
struct TicketRow {
    id: TicketId,
    performance_id: PerformanceId,
    price_level_id: PriceLevelId,
    code: String,
    label: String,
    ticket_type: String,
    price_level: String,
    holder: String,
    status: TicketStatus,
}

#[derive(Debug, FromQueryResult)]
struct InsideRow {
    ticket_id: TicketId,
    scan_id: ScanId,
    gate_id: GateId,
    gate_name: String,
    scanned_at: DateTime<Utc>,
    device_id: DeviceId,
    device_name: String,
}

/// A kept scan; the ticket's columns are all there or none, and so are the first scan's.
#[derive(Debug, FromQueryResult)]
struct ResultRow {
    id: ScanId,
    verdict: Verdict,
    ticket_id: Option<TicketId>,
    label: Option<String>,
    ticket_type: Option<String>,
    price_level: Option<String>,
    holder: Option<String>,
    status: Option<TicketStatus>,
    first_id: Option<ScanId>,
    gate_id: Option<GateId>,
    gate_name: Option<String>,
    scanned_at: Option<DateTime<Utc>>,
    device_id: Option<DeviceId>,
    device_name: Option<String>,
}

impl ResultRow {
    fn into_result(self) -> ScanResult {
        let ticket = || {
            Some(ScannedTicket {
                ticket_id: self.ticket_id?,
                label: self.label?,
                ticket_type: self.ticket_type?,
                price_level: self.price_level?,
                holder: self.holder?,
                status: self.status?,
            })
        };
        let first_scan = || {
            Some(FirstScan {
                scan_id: self.first_id?,
                gate: self.gate_id?,
                gate_name: self.gate_name?,
                scanned_at: self.scanned_at?,
                device: self.device_id?,
                device_name: self.device_name?,
            })
        };
        ScanResult { scan_id: self.id, verdict: self.verdict, ticket: ticket(), first_scan: first_scan() }
    }
}

/// Reads tickets and locks them, in the order of their ids. Weaker than `for update`: keys that point at a ticket
/// may still be written by others.
pub(crate) async fn lock_tickets(
    tx: &TenantTx,
    ids: impl Iterator<Item = TicketId>,
) -> Result<HashMap<TicketId, Ticket>, DbError> {
    let ids: Vec<Uuid> = ids.map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<TicketRow> = tx
        .all(
            "select t.id, t.performance_id, t.price_level_id, t.code, t.label, l.ticket_type, l.price_level, t.holder,
                    t.status
             from tickets t join order_lines l on l.tenant_id = $1 and l.id = t.order_line_id
             where t.tenant_id = $1 and t.id = any($2) order by t.id for no key update of t",
            params![ids],
        )
        .await?;
    let ticket = |row: TicketRow| {
        let ticket = Ticket {
            performance_id: row.performance_id,
            price_level_id: row.price_level_id,
            code: row.code,
            shown: ScannedTicket {
                ticket_id: row.id,
                label: row.label,
                ticket_type: row.ticket_type,
                price_level: row.price_level,
                holder: row.holder,
                status: row.status,
            },
        };
        (row.id, ticket)
    };
    Ok(rows.into_iter().map(ticket).collect())
}

/// Which of these tickets somebody is inside on, with the scan that let them in.
pub(crate) async fn inside(
    tx: &TenantTx,
    tickets: impl Iterator<Item = &TicketId>,
) -> Result<HashMap<TicketId, FirstScan>, DbError> {
    let tickets: Vec<Uuid> = tickets.map(|id| id.0).collect();
    if tickets.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<InsideRow> = tx
        .all(
            "select a.ticket_id, s.id as scan_id, s.gate_id, g.name as gate_name, s.scanned_at, s.device_id,
                    d.name as device_name
             from admissions a
             join scans s on s.tenant_id = $1 and s.id = a.scan_id
             join gates g on g.tenant_id = $1 and g.id = s.gate_id
             join devices d on d.tenant_id = $1 and d.id = s.device_id
             where a.tenant_id = $1 and a.ticket_id = any($2) and a.left_at is null",
            params![tickets],
        )
        .await?;
    let first = |row: InsideRow| {
        let first = FirstScan {
            scan_id: row.scan_id,
            gate: row.gate_id,
            gate_name: row.gate_name,
            scanned_at: row.scanned_at,
            device: row.device_id,
            device_name: row.device_name,
        };
        (row.ticket_id, first)
    };
    Ok(rows.into_iter().map(first).collect())
}

/// The verdicts that these scans were given, as far as they are kept.
pub(crate) async fn results(
    tx: &TenantTx,
    ids: impl Iterator<Item = ScanId>,
) -> Result<HashMap<ScanId, ScanResult>, DbError> {
    let ids: Vec<Uuid> = ids.map(|id| id.0).collect();
    let rows: Vec<ResultRow> = tx
        .all(
            "select s.id, s.verdict, t.id as ticket_id, t.label, l.ticket_type, l.price_level, t.holder, t.status,
                    f.id as first_id, f.gate_id, g.name as gate_name, f.scanned_at, f.device_id, d.name as device_name
             from scans s
             left join tickets t on t.tenant_id = $1 and t.id = s.ticket_id
             left join order_lines l on l.tenant_id = $1 and l.id = t.order_line_id
             left join scans f on f.tenant_id = $1 and f.id = s.first_scan_id
             left join gates g on g.tenant_id = $1 and g.id = f.gate_id
             left join devices d on d.tenant_id = $1 and d.id = f.device_id
             where s.tenant_id = $1 and s.id = any($2)",
            params![ids],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.into_result())).collect())
}

/// Writes what a batch came to. False when a guard refused part of it because somebody else wrote first: then the
/// transaction must not be committed.
pub(crate) async fn record(
    tx: &TenantTx,
    scans: &[Scan],
    desk: &Desk,
    outcome: &Outcome,
) -> Result<bool, DbError> {
    Ok(insert_scans(tx, scans, desk, outcome).await?
        && close(tx, outcome).await?
        && open(tx, desk, outcome).await?)
}

async fn insert_scans(
    tx: &TenantTx,
    scans: &[Scan],
    desk: &Desk,
    outcome: &Outcome,
) -> Result<bool, DbError> {
    let rows: Vec<Value> = outcome
        .judged
        .iter()
        .filter_map(|judged| {
            let scan = scans.get(judged.at)?;
            Some(json!({
                "id": scan.scan_id,
                "gate_id": scan.gate,
                "ticket_id": judged.ticket,
                "code": scan.stored_code(),
                "direction": scan.direction,
                "verdict": judged.verdict,
                "first_scan_id": judged.first_scan,
                "scanned_at": scan.scanned_at,
                "seq": scan.seq,
                "clock_offset_ms": scan.clock_offset_ms,
                "offline": scan.offline,
            }))
        })
        .collect();
    if rows.is_empty() {
        return Ok(true);
    }
    let expected = rows.len() as u64;
    // In the order of their ids, so that two batches with the same scans wait for each other and do not lock up.
    let written = tx
        .execute(
            "insert into scans as s (tenant_id, id, device_id, performance_id, gate_id, ticket_id, code, direction, verdict,
                                     first_scan_id, scanned_at, seq, clock_offset_ms, offline)
             select $1, r.id, $2, $3, r.gate_id, r.ticket_id, r.code, r.direction, r.verdict, r.first_scan_id, r.scanned_at,
                    r.seq, r.clock_offset_ms, r.offline
             from jsonb_to_recordset($4) as r (id uuid, gate_id uuid, ticket_id uuid, code text, direction text, verdict text,
                    first_scan_id uuid, scanned_at timestamptz, seq bigint, clock_offset_ms bigint, offline boolean)
             order by r.id
             on conflict (tenant_id, id) do nothing",
            params![desk.device, desk.performance, Value::Array(rows)],
        )
        .await?;
    Ok(written == expected)
}

async fn close(tx: &TenantTx, outcome: &Outcome) -> Result<bool, DbError> {
    if outcome.closed.is_empty() {
        return Ok(true);
    }
    let scans: Vec<Uuid> = outcome.closed.iter().map(|id| id.0).collect();
    let closed = tx
        .execute(
            "update admissions set left_at = marquee_now()
             where tenant_id = $1 and scan_id = any($2) and left_at is null",
            params![scans],
        )
        .await?;
    Ok(closed == outcome.closed.len() as u64)
}

async fn open(tx: &TenantTx, desk: &Desk, outcome: &Outcome) -> Result<bool, DbError> {
    if outcome.opened.is_empty() {
        return Ok(true);
    }
    let rows: Vec<Value> = outcome
        .opened
        .iter()
        .map(|opened| json!({"scan_id": opened.scan, "ticket_id": opened.ticket, "has_left": opened.left}))
        .collect();
    let opened = tx
        .execute(
            "insert into admissions as a (tenant_id, scan_id, ticket_id, performance_id, left_at)
             select $1, r.scan_id, r.ticket_id, $2, case when r.has_left then marquee_now() end
             from jsonb_to_recordset($3) as r (scan_id uuid, ticket_id uuid, has_left boolean)
             order by r.ticket_id
             on conflict (tenant_id, ticket_id) where left_at is null do nothing",
            params![desk.performance, Value::Array(rows)],
        )
        .await?;
    let tickets: Vec<Uuid> = outcome.opened.iter().map(|opened| opened.ticket.0).collect();
    tx.execute(
        "update tickets set status = 'used', used_at = marquee_now()
         where tenant_id = $1 and id = any($2) and status = 'valid'",
        params![tickets],
    )
    .await?;
    Ok(opened == outcome.opened.len() as u64)
}
