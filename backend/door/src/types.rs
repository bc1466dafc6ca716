//! The rules of the door, without a database.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Utc};
use marquee_core::ids::{DeviceId, GateId, PerformanceId, PriceLevelId, ScanId, TicketId};
use marquee_core::problem::FieldError;
use marquee_entity::door::{Direction, Verdict};
use marquee_entity::orders::TicketStatus;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// Scans in one request.
pub(crate) const MAX_SCANS: usize = 500;
/// Bytes of a scanned text: as much as the largest QR symbol holds. Anything may be held before a scanner, and
/// one foreign code must not keep a batch from being stored.
const MAX_CODE: usize = 7_089;
/// A hundred years in milliseconds: a scanner whose clock was never set is off by half of that.
const MAX_OFFSET_MS: i64 = 100 * 365 * 86_400_000;
/// Characters of a device's name.
const MAX_NAME: usize = 200;

/// One reading of one code, as its device tells it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// The device's own id of this scan; sent again, it reads the same verdict.
    pub scan_id: ScanId,
    /// What was read.
    pub code: String,
    /// Where.
    pub gate: GateId,
    /// Which way.
    pub direction: Direction,
    /// When, by the device's clock (RFC 3339).
    #[serde(deserialize_with = "rfc3339")]
    pub scanned_at: DateTime<Utc>,
    /// The device's count of its scans, from 0.
    pub seq: i64,
    /// Milliseconds to add to the device's clock for the server's time.
    pub clock_offset_ms: i64,
    /// Was the verdict given to the holder without asking the server?
    pub offline: bool,
}

impl Scan {
    /// The fields that cannot be. `at` is the scan's place in its request.
    pub(crate) fn faults(&self, at: usize, gates: &HashMap<GateId, Gate>) -> Vec<FieldError> {
        let fault = |right: bool, field: &str, code: &'static str, detail: &str| {
            let pointer = format!("/scans/{at}/{field}");
            (!right).then(|| FieldError { pointer, code, detail: detail.to_owned() })
        };
        [
            fault(self.code.len() <= MAX_CODE, "code", "too_long", "At most 7,089 bytes."),
            fault(gates.contains_key(&self.gate), "gate", "unknown_gate", "Not a gate of this device."),
            fault(
                (1970..3000).contains(&self.scanned_at.year()),
                "scanned_at",
                "out_of_range",
                "A time between 1970 and 2999.",
            ),
            fault(self.seq >= 0, "seq", "out_of_range", "0 or more."),
            fault(
                (-MAX_OFFSET_MS..=MAX_OFFSET_MS).contains(&self.clock_offset_ms),
                "clock_offset_ms",
                "out_of_range",
                "At most a hundred years either way.",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// When it happened by the server's clock, which now reads `now`.
    pub(crate) fn happened_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if !self.offline {
            return now;
        }
        let corrected = self.scanned_at.checked_add_signed(TimeDelta::milliseconds(self.clock_offset_ms));
        corrected.unwrap_or(now).min(now)
    }

    /// What was read as the database can hold it: NUL is shown as its symbol.
    pub(crate) fn stored_code(&self) -> String {
        self.code.replace('\0', "\u{2400}")
    }
}

/// RFC 3339 and nothing looser, to the microsecond that the database keeps.
fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let at = DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
    Ok(at.to_utc().trunc_subsecs(6))
}

/// An entrance.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    /// Its name.
    pub(crate) name: String,
    /// From when it lets people in; always, where none is set.
    pub(crate) opens_at: Option<DateTime<Utc>>,
    /// What it takes; every ticket, where none is named.
    pub(crate) price_levels: Option<Vec<PriceLevelId>>,
}

/// What the door needs to know of a ticket.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// What it is for.
    pub(crate) performance_id: PerformanceId,
    /// Its price level.
    pub(crate) price_level_id: PriceLevelId,
    /// Its code as issued.
    pub(crate) code: String,
    /// What the staff are shown.
    pub(crate) shown: ScannedTicket,
}

/// A ticket as the door staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScannedTicket {
    /// Its id.
    pub ticket_id: TicketId,
    /// Seat or area.
    pub label: String,
    /// Its ticket type's name.
    pub ticket_type: String,
    /// Its price level's name.
    pub price_level: String,
    /// Whose it is.
    pub holder: String,
    /// Where it stands.
    pub status: TicketStatus,
}

/// The scan that let somebody in on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FirstScan {
    /// Its id.
    pub scan_id: ScanId,
    /// Where.
    pub gate: GateId,
    /// The gate's name.
    pub gate_name: String,
    /// When, by that device's clock.
    pub scanned_at: DateTime<Utc>,
    /// Which device.
    pub device: DeviceId,
    /// The device's name.
    pub device_name: String,
}

/// The answer to one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScanResult {
    /// The scan.
    pub scan_id: ScanId,
    /// What the staff are told.
    pub verdict: Verdict,
    /// The ticket, where it is one of the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<ScannedTicket>,
    /// Of a duplicate: the scan that let its holder in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_scan: Option<FirstScan>,
}

/// The verdict on a ticket (none: the code is not a genuine code of one) at a gate. `at`: when it was scanned,
/// `inside`: whether somebody is in on it.
pub(crate) fn judge(
    ticket: Option<&Ticket>,
    performance: PerformanceId,
    gate: &Gate,
    direction: Direction,
    at: DateTime<Utc>,
    inside: bool,
) -> Verdict {
    let Some(ticket) = ticket else { return Verdict::Fake };
    let takes = gate.price_levels.as_ref().is_none_or(|levels| levels.contains(&ticket.price_level_id));
    let open = gate.opens_at.is_none_or(|opens_at| at >= opens_at);
    match direction {
        _ if ticket.shown.status == TicketStatus::Void => Verdict::Revoked,
        _ if ticket.performance_id != performance => Verdict::WrongPerformance,
        Direction::Out if inside => Verdict::Admit,
        Direction::Out => Verdict::Duplicate,
        Direction::In if !takes => Verdict::WrongGate,
        Direction::In if !open => Verdict::TooEarly,
        Direction::In if inside => Verdict::Duplicate,
        Direction::In => Verdict::Admit,
    }
}

/// A device's name without the space around it, if it can be one.
pub(crate) fn device_name(text: &str) -> Option<String> {
    let name = text.trim_matches(' ');
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    pub(crate) fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    pub(crate) fn ticket(n: u128, performance: PerformanceId) -> Ticket {
        Ticket {
            performance_id: performance,
            price_level_id: PriceLevelId(Uuid::from_u128(1)),
            code: format!("CODE{n}"),
            shown: ScannedTicket {
                ticket_id: TicketId(Uuid::from_u128(n)),
                label: "Stalls, row A, seat 1".to_owned(),
                ticket_type: "Adult".to_owned(),
                price_level: "Stalls".to_owned(),
                holder: "李小龍".to_owned(),
                status: TicketStatus::Valid,
            },
        }
    }

    pub(crate) fn gate() -> Gate {
        Gate { name: "Main".to_owned(), opens_at: None, price_levels: None }
    }

    fn scan(changes: serde_json::Value) -> Result<Scan, serde_json::Error> {
        let mut scan = json!({
            "scan_id": Uuid::from_u128(9), "code": "X", "gate": Uuid::from_u128(5), "direction": "in",
            "scanned_at": "2026-03-01T19:00:00.123456789Z", "seq": 0, "clock_offset_ms": 0, "offline": false,
        });
        for (name, value) in changes.as_object().unwrap() {
            scan[name] = value.clone();
        }
        serde_json::from_value(scan)
    }

    #[test]
    fn verdicts_in_their_order() {
        let here = PerformanceId(Uuid::from_u128(100));
        let at = time("2026-03-01T18:00:00Z");
        let ask = |ticket: Option<&Ticket>, gate: &Gate, direction, inside| {
            judge(ticket, here, gate, direction, at, inside)
        };
        let good = ticket(1, here);
        let elsewhere = ticket(2, PerformanceId(Uuid::from_u128(101)));
        let mut void = elsewhere.clone();
        void.shown.status = TicketStatus::Void;
        let mut used = good.clone();
        used.shown.status = TicketStatus::Used;
        let strict = Gate {
            opens_at: Some(time("2026-03-01T18:00:01Z")),
            price_levels: Some(vec![PriceLevelId(Uuid::from_u128(2))]),
            ..gate()
        };
        let late = Gate { price_levels: Some(vec![good.price_level_id]), ..strict.clone() };
        let open = Gate { opens_at: Some(at), ..gate() };
        use Direction::{In, Out};

        assert_eq!(ask(None, &gate(), In, false), Verdict::Fake);
        assert_eq!(ask(Some(&void), &strict, In, true), Verdict::Revoked);
        assert_eq!(ask(Some(&elsewhere), &strict, In, true), Verdict::WrongPerformance);
        assert_eq!(ask(Some(&good), &strict, In, true), Verdict::WrongGate);
        assert_eq!(ask(Some(&good), &late, In, true), Verdict::TooEarly);
        assert_eq!(ask(Some(&good), &gate(), In, true), Verdict::Duplicate);
        assert_eq!(ask(Some(&good), &gate(), In, false), Verdict::Admit);
        assert_eq!(ask(Some(&good), &open, In, false), Verdict::Admit, "opening is inclusive");
        assert_eq!(ask(Some(&used), &gate(), In, false), Verdict::Admit, "re-entry after leaving");
        assert_eq!(ask(Some(&good), &strict, Out, true), Verdict::Admit, "anybody inside may leave");
        assert_eq!(ask(Some(&good), &gate(), Out, false), Verdict::Duplicate);
        assert_eq!(ask(Some(&void), &gate(), Out, true), Verdict::Revoked);
        assert_eq!(ask(None, &gate(), Out, true), Verdict::Fake);
    }

    #[test]
    fn offline_scans_are_placed_by_their_corrected_clock() {
        let now = time("2026-03-01T20:00:00Z");
        let placed = |changes| scan(changes).unwrap().happened_at(now);
        assert_eq!(placed(json!({})), now, "online: the server's clock");
        assert_eq!(placed(json!({"offline": true})), time("2026-03-01T19:00:00.123456Z"));
        let slow = json!({"offline": true, "clock_offset_ms": 60_000});
        assert_eq!(placed(slow), time("2026-03-01T19:01:00.123456Z"));
        let fast = json!({"offline": true, "clock_offset_ms": -86_400_000});
        assert_eq!(placed(fast), time("2026-02-28T19:00:00.123456Z"));
        assert_eq!(
            placed(json!({"offline": true, "scanned_at": "2027-03-01T19:00:00Z"})),
            now,
            "never ahead"
        );
    }

    #[test]
    fn shapes_that_are_no_scan() {
        for changes in [
            json!({"scan_id": "17"}),
            json!({"gate": "main"}),
            json!({"direction": "IN"}),
            json!({"direction": "sideways"}),
            json!({"scanned_at": "2026-03-01"}),
            json!({"scanned_at": "2026-03-01T19:00:00"}),
            json!({"scanned_at": 1_772_391_600}),
            json!({"seq": 1.5}),
            json!({"seq": u64::MAX}),
            json!({"clock_offset_ms": "0"}),
            json!({"offline": "false"}),
            json!({"code": null}),
            json!({"verdict": "admit"}),
        ] {
            assert!(scan(changes.clone()).is_err(), "{changes}");
        }
    }

    #[test]
    fn every_fault_has_its_place() {
        let gates = HashMap::from([(GateId(Uuid::from_u128(5)), gate())]);
        let pointers = |changes: serde_json::Value| -> Vec<String> {
            let faults = scan(changes).unwrap().faults(3, &gates);
            faults.into_iter().map(|fault| fault.pointer).collect()
        };
        assert!(pointers(json!({})).is_empty());
        assert!(pointers(json!({"code": ""})).is_empty(), "an empty reading is a fake, not a fault");
        assert!(pointers(json!({"code": "x".repeat(7_089)})).is_empty());
        assert_eq!(pointers(json!({"code": "x".repeat(7_090)})), ["/scans/3/code"]);
        assert_eq!(pointers(json!({"gate": Uuid::from_u128(6)})), ["/scans/3/gate"]);
        assert_eq!(pointers(json!({"seq": -1})), ["/scans/3/seq"]);
        for at in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z"] {
            assert_eq!(pointers(json!({"scanned_at": at})), ["/scans/3/scanned_at"], "{at}");
        }
        for offset in [i64::MIN, i64::MAX] {
            assert_eq!(pointers(json!({"clock_offset_ms": offset})), ["/scans/3/clock_offset_ms"]);
        }
        assert_eq!(pointers(json!({"seq": -1, "gate": Uuid::nil()})).len(), 2);
    }

    #[test]
    fn nul_is_kept_as_its_symbol() {
        assert_eq!(scan(json!({"code": "A\0B"})).unwrap().stored_code(), "A␀B");
    }

    #[test]
    fn names_of_devices() {
        assert_eq!(device_name("  Gate 1 – משה 🎟 ").as_deref(), Some("Gate 1 – משה 🎟"));
        for text in ["", "  ", "a\nb", "a\0b", &"n".repeat(201)] {
            assert_eq!(device_name(text), None, "{text}");
        }
    }
}
