//! What a repair did.

use std::fmt;

use serde::Serialize;

use super::super::fault::{Fault, or_dash, visible};
use super::super::types::SeatView;
use super::{SeatState, Work};

/// How a seat is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeatName {
    /// Its zone's name.
    pub zone: String,
    /// Its row's number.
    pub row: String,
    /// Its number.
    pub number: String,
    /// Its guid.
    pub guid: String,
}

impl SeatName {
    pub(super) fn of(view: &SeatView<'_>) -> Self {
        Self {
            zone: view.zone.display_name().to_owned(),
            row: view.row.row_number.clone(),
            number: view.seat.seat_number.clone(),
            guid: view.seat.seat_guid.clone(),
        }
    }
}

impl fmt::Display for SeatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [zone, row, number, guid] =
            [&self.zone, &self.row, &self.number, &self.guid].map(|text| or_dash(text));
        f.write_str(&visible(&format!("{zone}, row {row}, seat {number} [{guid}]")))
    }
}

/// What became of one seat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeatChange {
    /// JSON pointer to the seat in the file as it came.
    pub pointer: String,
    /// Its names before.
    pub before: SeatName,
    /// Its names now.
    pub after: SeatName,
    /// The category it was given, where it had none that exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// By how much its floor was moved (to the right, downwards), where it lay on another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<[f64; 2]>,
}

/// What a repair changed, and what it left.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RepairReport {
    /// The plan's name.
    pub plan: String,
    /// How many seats it has, before and after.
    pub seats: usize,
    /// What was done to the plan as a whole.
    pub notes: Vec<String>,
    /// One entry for each seat that changed, in the order of the file as it came.
    pub changes: Vec<SeatChange>,
    /// The faults that only a person can mend.
    pub remaining: Vec<Fault>,
}

impl RepairReport {
    pub(super) fn new(work: &Work, before: &[SeatState], remaining: Vec<Fault>) -> Self {
        let mut changes: Vec<(usize, SeatChange)> =
            work.plan.seats().filter_map(|view| change(work, before, &view)).collect();
        changes.sort_by_key(|(original, _)| *original);
        Self {
            plan: work.plan.name.clone(),
            seats: before.len(),
            notes: work.notes.clone(),
            changes: changes.into_iter().map(|(_, change)| change).collect(),
            remaining,
        }
    }

    /// Whether nothing is wrong with the plan any more.
    pub fn is_clean(&self) -> bool {
        self.remaining.is_empty()
    }

    /// How many seats got another guid.
    pub fn new_guids(&self) -> usize {
        self.changes.iter().filter(|change| change.before.guid != change.after.guid).count()
    }
}

fn change(work: &Work, before: &[SeatState], view: &SeatView<'_>) -> Option<(usize, SeatChange)> {
    let original = work.original(view)?;
    let was = before.get(original)?;
    let (after, now) = (SeatName::of(view), view.position());
    let moved = (was.position != now).then(|| {
        let by = now - was.position;
        [by.x, by.y]
    });
    let category = (was.category != view.seat.category).then(|| view.seat.category.clone());
    if was.name == after && moved.is_none() && category.is_none() {
        return None;
    }
    let (pointer, before) = (was.pointer.clone(), was.name.clone());
    Some((original, SeatChange { pointer, before, after, category, moved }))
}

impl fmt::Display for RepairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (changed, guids) = (self.changes.len(), self.new_guids());
        writeln!(
            f,
            "{}: {} seats, {changed} changed, {guids} with a new guid",
            visible(&self.plan),
            self.seats
        )?;
        for note in &self.notes {
            writeln!(f, "- {}", visible(note))?;
        }
        for change in &self.changes {
            write!(f, "{} → {}", change.before, change.after)?;
            if let Some(category) = &change.category {
                write!(f, ", category {}", visible(category))?;
            }
            if let Some([x, y]) = change.moved {
                write!(f, ", moved by {x:.0}, {y:.0}")?;
            }
            writeln!(f)?;
        }
        if self.is_clean() {
            return writeln!(f, "Nothing is left to mend.");
        }
        writeln!(f, "{} faults are left:", self.remaining.len())?;
        self.remaining.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}
