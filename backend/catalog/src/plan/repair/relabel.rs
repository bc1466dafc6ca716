//! Labels: no two seats that read the same.

use std::collections::HashSet;

use super::super::label::{Names, fold, hyphened, numbered};
use super::super::types::{PlanDocument, Row, Seat, Zone};

/// Renames rows and seats that read like others of their zone. Zones have names of their own by now.
pub(super) fn relabel(plan: &mut PlanDocument) {
    plan.zones.iter_mut().for_each(relabel_zone);
}

fn relabel_zone(zone: &mut Zone) {
    let mut rows = Names::default();
    let mut names = Names::default();
    for row in &zone.rows {
        rows.take(&row.label());
        row.seats.iter().for_each(|seat| _ = names.take(&key(row, seat)));
    }
    let mut seen = HashSet::new();
    for row in &mut zone.rows {
        let repeated = row.seats.iter().filter(|seat| seen.contains(&folded(row, seat))).count();
        // A row that repeats another as a whole is another row; a few seats in common are numbers given twice.
        if repeated * 2 > row.seats.len() {
            rename_row(row, &mut rows);
            row.seats.iter().for_each(|seat| _ = names.take(&key(row, seat)));
        }
        renumber(row, &mut names, &mut seen);
    }
}

/// How a seat reads within its zone.
fn key(row: &Row, seat: &Seat) -> String {
    format!("{}\u{0}{}", row.label(), row.label_seat(seat))
}

fn folded(row: &Row, seat: &Seat) -> String {
    fold(&key(row, seat))
}

fn rename_row(row: &mut Row, rows: &mut Names) {
    let renamed = |n: usize| {
        let label = row.row_label.as_ref().map(|label| numbered(label, n));
        let number = if row.row_number.is_empty() { String::new() } else { numbered(&row.row_number, n) };
        Row { row_number: number, row_label: label, ..Row::default() }
    };
    let n = rows.claim(|n| renamed(n).label());
    let Row { row_number, row_label, .. } = renamed(n);
    (row.row_number, row.row_label) = (row_number, row_label);
}

/// Gives another number to each seat that reads like one before.
fn renumber(row: &mut Row, names: &mut Names, seen: &mut HashSet<String>) {
    let mut seats = std::mem::take(&mut row.seats);
    for seat in &mut seats {
        if !seen.insert(folded(row, seat)) {
            let wanted = seat.seat_number.clone();
            let with = |n: usize| Seat { seat_number: hyphened(&wanted, n), ..Seat::default() };
            let n = names.claim(|n| key(row, &with(n)));
            seat.seat_number = hyphened(&wanted, n);
            seen.insert(folded(row, seat));
        }
    }
    row.seats = seats;
}
