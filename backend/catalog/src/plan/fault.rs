//! What can be wrong with a plan, and how it is told.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::types::{PlanDocument, SeatView};

/// What is wrong. The words are stable: programs read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The file, or a part of it, does not have the format's shape.
    Malformed,
    /// The plan has no seat.
    EmptyPlan,
    /// The canvas has no size, or one that is not possible.
    BadSize,
    /// A name or label is too long or contains control characters.
    BadText,
    /// A colour that is none.
    BadColor,
    /// An area with impossible measures.
    BadArea,
    /// A category without a name.
    MissingCategory,
    /// Two categories of one name.
    DuplicateCategory,
    /// A zone with seats but without a name.
    MissingZone,
    /// Two zones of one name or id.
    DuplicateZone,
    /// Two objects with one uuid.
    DuplicateUuid,
    /// A row without a number.
    MissingRow,
    /// A seat without a number.
    MissingNumber,
    /// A seat without a guid.
    MissingGuid,
    /// A guid that cannot be an id: blank at its ends, control characters, too short or too long.
    BadGuid,
    /// A guid that several seats share.
    DuplicateGuid,
    /// A seat that reads like another: same zone, row and number.
    AmbiguousLabel,
    /// A seat whose category the plan does not have.
    UnknownCategory,
    /// A seat radius outside the possible.
    BadRadius,
    /// A seat whose place is missing or absurd.
    BadPosition,
    /// A seat drawn on top of another.
    OverlappingSeat,
    /// A seat outside the canvas.
    SeatOutOfBounds,
}

impl FaultKind {
    /// The kind's stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::EmptyPlan => "empty_plan",
            Self::BadSize => "bad_size",
            Self::BadText => "bad_text",
            Self::BadColor => "bad_color",
            Self::BadArea => "bad_area",
            Self::MissingCategory => "missing_category",
            Self::DuplicateCategory => "duplicate_category",
            Self::MissingZone => "missing_zone",
            Self::DuplicateZone => "duplicate_zone",
            Self::DuplicateUuid => "duplicate_uuid",
            Self::MissingRow => "missing_row",
            Self::MissingNumber => "missing_number",
            Self::MissingGuid => "missing_guid",
            Self::BadGuid => "bad_guid",
            Self::DuplicateGuid => "duplicate_guid",
            Self::AmbiguousLabel => "ambiguous_label",
            Self::UnknownCategory => "unknown_category",
            Self::BadRadius => "bad_radius",
            Self::BadPosition => "bad_position",
            Self::OverlappingSeat => "overlapping_seat",
            Self::SeatOutOfBounds => "seat_out_of_bounds",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One fault of one seat, or of whatever else stands at `pointer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The zone's name (its id where it has no name), null outside a zone.
    pub zone: Option<String>,
    /// The row's number, null outside a row.
    pub row: Option<String>,
    /// The seat's number, null where it is no seat's fault.
    pub number: Option<String>,
    /// The seat's guid, null where it is no seat's fault.
    pub guid: Option<String>,
    /// JSON pointer (RFC 6901) into the file.
    pub pointer: String,
    /// The fault in words.
    pub detail: String,
}

impl Fault {
    /// A fault of something that is not a seat.
    pub(super) fn at(kind: FaultKind, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            zone: None,
            row: None,
            number: None,
            guid: None,
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }

    /// A fault of a zone or of one of its rows.
    pub(super) fn in_zone(
        kind: FaultKind,
        (zone, row): (&str, Option<&str>),
        pointer: String,
        detail: impl Into<String>,
    ) -> Self {
        Self { zone: Some(zone.to_owned()), row: row.map(str::to_owned), ..Self::at(kind, pointer, detail) }
    }

    /// A fault of a seat.
    pub(super) fn of_seat(kind: FaultKind, view: &SeatView<'_>, detail: impl Into<String>) -> Self {
        Self {
            number: Some(view.seat.seat_number.clone()),
            guid: Some(view.seat.seat_guid.clone()),
            ..Self::in_zone(
                kind,
                (view.zone.display_name(), Some(&view.row.row_number)),
                view.pointer(),
                detail,
            )
        }
    }

    /// The fault's place as a person names it.
    pub(super) fn place(&self) -> String {
        let mut parts = Vec::new();
        if let Some(zone) = &self.zone {
            parts.push(or_dash(zone).to_owned());
        }
        if let Some(row) = &self.row {
            parts.push(format!("row {}", or_dash(row)));
        }
        if let Some(number) = &self.number {
            parts.push(format!("seat {}", or_dash(number)));
        }
        match &self.guid {
            Some(guid) => format!("{} [{}]", parts.join(", "), or_dash(guid)),
            None if parts.is_empty() => self.pointer.clone(),
            None => parts.join(", "),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18}  {}: {}", self.kind, visible(&self.place()), visible(&self.detail))
    }
}

/// Text of a plan is a stranger's: what would move a terminal's cursor is not shown as it is.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

pub(super) fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// The plan's name.
    pub plan: String,
    /// How many zones it has.
    pub zones: usize,
    /// How many rows.
    pub rows: usize,
    /// How many seats.
    pub seats: usize,
    /// How many different guids, missing ones left out.
    pub unique_guids: usize,
    /// Every fault, one entry a seat.
    pub faults: Vec<Fault>,
}

impl CheckReport {
    /// Sums the plan up.
    pub(super) fn new(document: &PlanDocument, faults: Vec<Fault>) -> Self {
        let guids: std::collections::HashSet<&str> = document
            .seats()
            .map(|view| view.seat.seat_guid.as_str())
            .filter(|guid| !guid.is_empty())
            .collect();
        Self {
            plan: document.name.clone(),
            zones: document.zones.len(),
            rows: document.zones.iter().map(|zone| zone.rows.len()).sum(),
            seats: document.seat_count(),
            unique_guids: guids.len(),
            faults,
        }
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// How often each kind occurs.
    pub fn counts(&self) -> BTreeMap<FaultKind, usize> {
        let mut counts = BTreeMap::new();
        for fault in &self.faults {
            *counts.entry(fault.kind).or_insert(0) += 1;
        }
        counts
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} zones, {} rows, {} seats, {} unique guids",
            visible(or_dash(&self.plan)),
            self.zones,
            self.rows,
            self.seats,
            self.unique_guids
        )?;
        if self.is_clean() {
            return writeln!(f, "No faults.");
        }
        for (kind, count) in self.counts() {
            writeln!(f, "{count:>7}  {kind}")?;
        }
        writeln!(f)?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_same_in_json_and_in_text() {
        for kind in [FaultKind::DuplicateGuid, FaultKind::SeatOutOfBounds, FaultKind::BadColor] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn a_terminal_is_not_driven_by_a_plan() {
        let fault = Fault::at(FaultKind::BadText, "/name", "a\u{1b}[2Jb");
        let report = CheckReport {
            plan: "x\ny".into(),
            zones: 0,
            rows: 0,
            seats: 0,
            unique_guids: 0,
            faults: vec![fault],
        };
        assert!(!report.to_string().contains('\u{1b}'));
        assert!(report.to_string().starts_with("x\u{fffd}y:"));
    }
}
