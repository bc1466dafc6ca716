//! Makes a dirty plan one that can be sold from: ids unique, labels unambiguous, seats apart.
//!
//! What is repaired: missing and repeated guids, labels that several seats share, missing numbers, names and
//! categories, colours, texts, uuids, the canvas's size, and floors that were drawn on top of another. What only a
//! person who knows the house can say is left and told: two seats of one floor in one place, a seat without a place
//! or above or left of the canvas, an area without measures, a plan without seats.
//!
//! No seat is added or lost, each keeps its row, its neighbours and its category, and stays where it is; the one
//! exception is a floor that lies on another, which is moved aside as a whole. A repaired plan is not changed by
//! another repair.

mod blocks;
mod cluster;
mod identify;
mod relabel;
mod report;
mod tidy;
mod unstack;

pub use report::{RepairReport, SeatChange, SeatName};

use super::check::check;
use super::error::PlanError;
use super::parse::parse;
use super::types::{PlanDocument, Point, SeatView};

/// Repairs the bytes of a file: what `marquee plan repair` does. Fails where the file is no plan.
pub fn repair_file(bytes: &[u8]) -> Result<(PlanDocument, RepairReport), PlanError> {
    Ok(repair(&parse(bytes)?))
}

/// Repairs a plan; the report names each seat that changed and every fault that is left.
pub fn repair(document: &PlanDocument) -> (PlanDocument, RepairReport) {
    let before: Vec<SeatState> = document.seats().map(|view| SeatState::of(&view)).collect();
    let mut work = Work::new(document.clone());
    tidy::tidy(&mut work);
    blocks::split_zones(&mut work);
    unstack::unstack(&mut work);
    relabel::relabel(&mut work.plan);
    identify::unique_uuids(&mut work.plan);
    identify::unique_guids(&mut work);
    tidy::fit_canvas(&mut work);
    let remaining = check(&work.plan).faults;
    let report = RepairReport::new(&work, &before, remaining);
    (work.plan, report)
}

/// A plan under repair.
struct Work {
    plan: PlanDocument,
    /// For each row, the number its first seat had in the plan as it came.
    first_seat: Vec<Vec<usize>>,
    /// For each zone, which of the original zones it is part of.
    origin: Vec<usize>,
    /// What was done to the plan as a whole, in words.
    notes: Vec<String>,
}

impl Work {
    fn new(plan: PlanDocument) -> Self {
        let mut seats = 0;
        let mut count = |row: &super::types::Row| {
            let first = seats;
            seats += row.seats.len();
            first
        };
        let first_seat = plan.zones.iter().map(|zone| zone.rows.iter().map(&mut count).collect()).collect();
        let origin = (0..plan.zones.len()).collect();
        Self { plan, first_seat, origin, notes: Vec::new() }
    }

    /// The number that a seat had in the plan as it came.
    fn original(&self, view: &SeatView<'_>) -> Option<usize> {
        let [zone, row, seat] = view.at;
        Some(self.first_seat.get(zone)?.get(row)? + seat)
    }
}

/// What a seat was before the repair.
struct SeatState {
    pointer: String,
    name: SeatName,
    category: String,
    position: Point,
}

impl SeatState {
    fn of(view: &SeatView<'_>) -> Self {
        Self {
            pointer: view.pointer(),
            name: SeatName::of(view),
            category: view.seat.category.clone(),
            position: view.position(),
        }
    }
}
