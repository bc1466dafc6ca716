//! A batch of scans judged in the order it came, against what the database holds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use marquee_core::ids::{DeviceId, GateId, PerformanceId, ScanId, TicketId};
use marquee_entity::door::{Direction, Verdict};
use marquee_entity::orders::TicketStatus;

use crate::types::{FirstScan, Gate, Scan, ScanResult, Ticket, judge};

/// Where the scans were made.
#[derive(Debug)]
pub(crate) struct Desk {
    /// The device.
    pub(crate) device: DeviceId,
    /// Its name.
    pub(crate) device_name: String,
    /// What it scans for.
    pub(crate) performance: PerformanceId,
    /// That performance's gates.
    pub(crate) gates: HashMap<GateId, Gate>,
    /// The database's clock.
    pub(crate) now: DateTime<Utc>,
}

/// What is known of the batch's tickets and scans. It changes as the batch is judged.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Tickets by id; they must not change until the outcome is written.
    pub(crate) tickets: HashMap<TicketId, Ticket>,
    /// Who is inside, with the scan that let them in.
    pub(crate) inside: HashMap<TicketId, FirstScan>,
    /// Scans that have their verdict.
    pub(crate) results: HashMap<ScanId, ScanResult>,
}

/// A scan that has no verdict yet in the database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// Its place in the batch.
    pub(crate) at: usize,
    /// Its verdict.
    pub(crate) verdict: Verdict,
    /// The ticket, if the code is genuine.
    pub(crate) ticket: Option<TicketId>,
    /// Of a duplicate: the scan that let its holder in.
    pub(crate) first_scan: Option<ScanId>,
}

/// An admission to write.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// The scan that admits.
    pub(crate) scan: ScanId,
    /// Whom.
    pub(crate) ticket: TicketId,
    /// Did they leave within the same batch?
    pub(crate) left: bool,
}

/// What a batch comes to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// An answer for each scan, in the batch's order.
    pub(crate) results: Vec<ScanResult>,
    /// Scans to keep.
    pub(crate) judged: Vec<Judged>,
    /// Admissions to write.
    pub(crate) opened: Vec<Opened>,
    /// Admissions written earlier that end, by the scan that made them.
    pub(crate) closed: Vec<ScanId>,
}

/// Judges `scans`; `genuine` is, for each, the ticket whose signed code it reads.
pub(crate) fn decide(scans: &[Scan], genuine: &[Option<TicketId>], desk: &Desk, mut known: Known) -> Outcome {
    let mut outcome = Outcome::default();
    for (at, (scan, genuine)) in scans.iter().zip(genuine).enumerate() {
        if !known.results.contains_key(&scan.scan_id)
            && let Some(gate) = desk.gates.get(&scan.gate)
        {
            let result = decide_one(at, scan, *genuine, gate, desk, &mut known, &mut outcome);
            known.results.insert(scan.scan_id, result);
        }
        outcome.results.extend(known.results.get(&scan.scan_id).cloned());
    }
    outcome
}

fn decide_one(
    at: usize,
    scan: &Scan,
    genuine: Option<TicketId>,
    gate: &Gate,
    desk: &Desk,
    known: &mut Known,
    outcome: &mut Outcome,
) -> ScanResult {
    // A signature alone admits nobody: the ticket must be there, with exactly this code.
    let ticket = genuine.and_then(|id| known.tickets.get_mut(&id)).filter(|ticket| ticket.code == scan.code);
    let id = ticket.as_ref().map(|ticket| ticket.shown.ticket_id);
    let inside = id.and_then(|id| known.inside.get(&id));
    let happened_at = scan.happened_at(desk.now);
    let verdict =
        judge(ticket.as_deref(), desk.performance, gate, scan.direction, happened_at, inside.is_some());
    let first_scan = inside.filter(|_| verdict == Verdict::Duplicate).cloned();

    if let (Some(ticket), Verdict::Admit) = (ticket, verdict) {
        let id = ticket.shown.ticket_id;
        match scan.direction {
            Direction::In => {
                ticket.shown.status = TicketStatus::Used;
                known.inside.insert(id, first_scan_of(scan, gate, desk));
                outcome.opened.push(Opened { scan: scan.scan_id, ticket: id, left: false });
            }
            Direction::Out => {
                if let Some(entered) = known.inside.remove(&id) {
                    match outcome.opened.iter_mut().find(|opened| opened.scan == entered.scan_id) {
                        Some(opened) => opened.left = true,
                        None => outcome.closed.push(entered.scan_id),
                    }
                }
            }
        }
    }
    outcome.judged.push(Judged {
        at,
        verdict,
        ticket: id,
        first_scan: first_scan.as_ref().map(|first| first.scan_id),
    });
    let shown = id.and_then(|id| known.tickets.get(&id)).map(|ticket| ticket.shown.clone());
    ScanResult { scan_id: scan.scan_id, verdict, ticket: shown, first_scan }
}

fn first_scan_of(scan: &Scan, gate: &Gate, desk: &Desk) -> FirstScan {
    FirstScan {
        scan_id: scan.scan_id,
        gate: scan.gate,
        gate_name: gate.name.clone(),
        scanned_at: scan.scanned_at,
        device: desk.device,
        device_name: desk.device_name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::types::tests::{gate, ticket, time};

    const HERE: PerformanceId = PerformanceId(Uuid::from_u128(100));
    const GATE: GateId = GateId(Uuid::from_u128(5));

    fn desk() -> Desk {
        Desk {
            device: DeviceId(Uuid::from_u128(7)),
            device_name: "Phone".to_owned(),
            performance: HERE,
            gates: HashMap::from([(GATE, gate())]),
            now: time("2026-03-01T20:00:00Z"),
        }
    }

    fn known(tickets: &[u128]) -> Known {
        let tickets = tickets.iter().map(|n| (TicketId(Uuid::from_u128(*n)), ticket(*n, HERE))).collect();
        Known { tickets, ..Known::default() }
    }

    fn scan(id: u128, n: u128, direction: Direction) -> Scan {
        Scan {
            scan_id: ScanId(Uuid::from_u128(id)),
            code: format!("CODE{n}"),
            gate: GATE,
            direction,
            scanned_at: time("2026-03-01T19:00:00Z"),
            seq: 0,
            clock_offset_ms: 0,
            offline: false,
        }
    }

    fn run(scans: &[Scan], known: Known) -> Outcome {
        let genuine: Vec<_> = scans
            .iter()
            .map(|scan| scan.code.strip_prefix("CODE")?.parse().ok().map(|n| TicketId(Uuid::from_u128(n))))
            .collect();
        decide(scans, &genuine, &desk(), known)
    }

    fn verdicts(outcome: &Outcome) -> Vec<Verdict> {
        outcome.results.iter().map(|result| result.verdict).collect()
    }

    use Direction::{In, Out};
    use Verdict::{Admit, Duplicate, Fake};

    #[test]
    fn the_second_scan_of_a_batch_is_a_duplicate_of_the_first() {
        let outcome = run(&[scan(1, 1, In), scan(2, 1, In), scan(3, 2, In)], known(&[1, 2]));
        assert_eq!(verdicts(&outcome), [Admit, Duplicate, Admit]);
        let first = outcome.results[1].first_scan.as_ref().unwrap();
        assert_eq!(
            (first.scan_id, first.gate, first.device),
            (ScanId(Uuid::from_u128(1)), GATE, desk().device)
        );
        assert_eq!(outcome.results[0].ticket.as_ref().unwrap().status, TicketStatus::Used);
        assert_eq!(outcome.results[0].first_scan, None);
        assert_eq!(outcome.opened.len(), 2);
        assert_eq!(outcome.judged[1].first_scan, Some(first.scan_id));
    }

    #[test]
    fn out_and_in_again() {
        let scans = [scan(1, 1, In), scan(2, 1, Out), scan(3, 1, Out), scan(4, 1, In)];
        let outcome = run(&scans, known(&[1]));
        assert_eq!(verdicts(&outcome), [Admit, Admit, Duplicate, Admit]);
        assert_eq!(outcome.results[2].first_scan, None);
        let left: Vec<_> = outcome.opened.iter().map(|opened| opened.left).collect();
        assert_eq!(left, [true, false]);
        assert!(outcome.closed.is_empty());
    }

    #[test]
    fn leaving_closes_the_admission_of_an_earlier_batch() {
        let mut before = known(&[1]);
        let entered = first_scan_of(&scan(50, 1, In), &gate(), &desk());
        before.inside.insert(TicketId(Uuid::from_u128(1)), entered);
        let outcome = run(&[scan(1, 1, In), scan(2, 1, Out), scan(3, 1, In)], before);
        assert_eq!(verdicts(&outcome), [Duplicate, Admit, Admit]);
        assert_eq!(outcome.closed, [ScanId(Uuid::from_u128(50))]);
        assert_eq!(outcome.opened.len(), 1);
    }

    #[test]
    fn a_scan_sent_again_reads_its_verdict_and_is_not_kept_twice() {
        let mut before = known(&[1]);
        let stored = ScanResult {
            scan_id: ScanId(Uuid::from_u128(1)),
            verdict: Verdict::TooEarly,
            ticket: None,
            first_scan: None,
        };
        before.results.insert(stored.scan_id, stored.clone());
        let outcome = run(&[scan(1, 1, In), scan(2, 1, In), scan(2, 9, Out)], before);
        assert_eq!(verdicts(&outcome), [Verdict::TooEarly, Admit, Admit]);
        assert_eq!(outcome.results[0], stored);
        assert_eq!(outcome.results[1], outcome.results[2], "the same id twice in one batch");
        assert_eq!(outcome.judged.len(), 1);
    }

    #[test]
    fn a_signature_without_its_ticket_is_a_fake() {
        let mut reissued = known(&[1]);
        reissued.tickets.values_mut().for_each(|ticket| ticket.code = "NEW".to_owned());
        for before in [known(&[]), known(&[2]), reissued] {
            let outcome = run(&[scan(1, 1, In)], before);
            assert_eq!(verdicts(&outcome), [Fake]);
            assert_eq!(outcome.results[0].ticket, None);
            assert_eq!(outcome.judged[0].ticket, None);
            assert!(outcome.opened.is_empty());
        }
    }
}
