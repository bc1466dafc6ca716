//! The order of a house: sections, their rows from the front to the back, and who sits beside whom.

use std::collections::HashMap;

use super::geometry::{Bounds, distance, focus, median};
use super::label::{Names, hyphened, id_part, natural_order, seat_label};
use super::types::{PlanDocument, Point, Row, SeatView, Zone};

/// Two seats of a row farther apart than so many times the usual distance have an aisle between them.
const AISLE: f64 = 1.6;

/// One seat as the rest of the house knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeatRef {
    /// The seat's guid, which is its id everywhere.
    pub id: String,
    /// Its section's id, unique in the plan.
    pub section_id: String,
    /// Its section's name.
    pub section_name: String,
    /// The row's number, for example `A`.
    pub row: String,
    /// The seat's number, for example `1`.
    pub number: String,
    /// The seat in words, unique in a plan without faults.
    pub label: String,
    /// Index into the plan's categories; none where the plan does not have the category.
    pub category: Option<usize>,
    /// The category's name.
    pub category_name: String,
    /// Place on the plan, to the right.
    pub x: f64,
    /// Place on the plan, downwards.
    pub y: f64,
    /// Its row within the plan: the same for seats of one row, rising from section to section, front to back.
    pub row_key: u32,
    /// Its place in the row: neighbours differ by one; across an aisle it skips a number.
    pub position_in_row: u32,
}

/// Every seat of the plan in the order of the house: section by section as in the file, rows from the front to the
/// back, seats along the row in the direction in which their numbers rise.
///
/// The front is where the stage or pitch is; without one rows follow their numbers. This is also the order of the
/// columns of the [drawing](super::Drawing).
pub fn seat_refs(document: &PlanDocument) -> Vec<SeatRef> {
    let categories = category_indexes(document);
    let mut refs = Vec::with_capacity(document.seat_count());
    let mut row_key = 0;
    for section in sections(document) {
        for line in &section.lines {
            let row_label = line.row.label();
            for place in &line.places {
                let seat = place.view.seat;
                refs.push(SeatRef {
                    id: seat.seat_guid.clone(),
                    section_id: section.id.clone(),
                    section_name: section.name.clone(),
                    row: line.row.row_number.clone(),
                    number: seat.seat_number.clone(),
                    label: seat_label(&section.name, &row_label, &line.row.label_seat(seat)),
                    category: categories.get(seat.category.as_str()).copied(),
                    category_name: seat.category.clone(),
                    x: place.at.x,
                    y: place.at.y,
                    row_key,
                    position_in_row: place.slot,
                });
            }
            row_key += 1;
        }
    }
    refs
}

/// For each category's name its first index.
pub(super) fn category_indexes(document: &PlanDocument) -> HashMap<&str, usize> {
    let named = document.categories.iter().enumerate().rev();
    named.map(|(at, category)| (category.name.as_str(), at)).collect()
}

/// A zone with seats.
pub(super) struct Section<'a> {
    pub id: String,
    pub name: String,
    /// Its rows, the front one first.
    pub lines: Vec<Line<'a>>,
}

/// A row with its seats in order.
pub(super) struct Line<'a> {
    pub row: &'a Row,
    pub places: Vec<Place<'a>>,
}

/// A seat in its row.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub view: SeatView<'a>,
    pub at: Point,
    pub slot: u32,
}

/// The sections in the order of the file.
pub(super) fn sections(document: &PlanDocument) -> Vec<Section<'_>> {
    let focus = focus(document);
    let mut ids = Names::default();
    let zones = document.zones.iter().enumerate();
    let seated = zones.filter(|(_, zone)| zone.rows.iter().any(|row| !row.seats.is_empty()));
    seated
        .map(|(at, zone)| Section {
            id: section_id(zone, at, &mut ids),
            name: zone.display_name().to_owned(),
            lines: lines(zone, at, focus),
        })
        .collect()
}

fn section_id(zone: &Zone, at: usize, ids: &mut Names) -> String {
    let own = zone.zone_id.as_deref().unwrap_or_default().trim().to_owned();
    let named = [own, id_part(&zone.name)].into_iter().find(|id| !id.is_empty());
    let wanted = named.unwrap_or_else(|| format!("section-{}", at + 1));
    let number = ids.claim(|n| hyphened(&wanted, n));
    hyphened(&wanted, number)
}

fn lines<'a>(zone: &'a Zone, zone_at: usize, focus: Option<Bounds>) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = zone
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !row.seats.is_empty())
        .map(|(row_at, row)| Line { row, places: along(zone, row, [zone_at, row_at]) })
        .collect();
    let usual = median(lines.iter().flat_map(|line| steps(&line.places)).collect());
    for line in &mut lines {
        number_places(&mut line.places, usual);
    }
    front_to_back(lines, focus)
}

/// The distances from each seat to the next.
fn steps(places: &[Place<'_>]) -> Vec<f64> {
    let next = places.iter().skip(1);
    places.iter().zip(next).map(|(a, b)| distance(a.at, b.at)).filter(|step| step.is_finite()).collect()
}

/// A row's seats from one end to the other: as the file has them, or sorted along the row where that is the
/// shorter way (a seat added later stands last in the file). Numbers rise.
fn along<'a>(zone: &'a Zone, row: &'a Row, [zone_at, row_at]: [usize; 2]) -> Vec<Place<'a>> {
    let listed: Vec<Place<'a>> = row
        .seats
        .iter()
        .enumerate()
        .map(|(seat_at, seat)| {
            let view = SeatView { at: [zone_at, row_at, seat_at], zone, row, seat };
            Place { view, at: view.position(), slot: 0 }
        })
        .collect();
    let Some(origin) = listed.first().map(|place| place.at) else { return listed };
    let far = |place: &Place<'_>| distance(origin, place.at);
    let end = listed.iter().max_by(|a, b| far(a).total_cmp(&far(b))).map_or(origin, |place| place.at);
    let axis = end - origin;
    let project = |place: &Place<'_>| place.at.x * axis.x + place.at.y * axis.y;
    let mut sorted = listed.clone();
    sorted.sort_by(|a, b| project(a).total_cmp(&project(b)));
    let length = |places: &[Place<'_>]| steps(places).iter().sum::<f64>();
    let mut places = if length(&sorted) < length(&listed) { sorted } else { listed };
    let number = |place: Option<&Place<'a>>| place.map_or("", |place| place.view.seat.seat_number.as_str());
    if natural_order(number(places.first()), number(places.last())).is_gt() {
        places.reverse();
    }
    places
}

/// Numbers the places of a row; `usual` is the usual distance of seats in the section.
fn number_places(places: &mut [Place<'_>], usual: Option<f64>) {
    // Two seats at both ends of an empty row are no neighbours, though their distance is the row's own median.
    let bound = usual.map_or(f64::INFINITY, |usual| usual * AISLE);
    let spacing = median(steps(places)).unwrap_or(bound).min(bound);
    let mut slot = 0;
    let mut before: Option<Point> = None;
    for place in places {
        if let Some(before) = before {
            let beside = distance(before, place.at) <= spacing * AISLE;
            slot += if beside { 1 } else { 2 };
        }
        place.slot = slot;
        before = Some(place.at);
    }
}

/// Rows by their distance from the stage; rows of one number (left and right of an aisle) stay together.
fn front_to_back(lines: Vec<Line<'_>>, focus: Option<Bounds>) -> Vec<Line<'_>> {
    let depth = |line: &Line<'_>| {
        let Some(focus) = focus else { return 0.0 };
        // The nearest seat speaks for its row: half a row lies no nearer to the stage than the whole one would.
        let far = line.places.iter().map(|place| focus.distance(place.at));
        far.filter(|distance| distance.is_finite()).fold(f64::INFINITY, f64::min)
    };
    let mut depths: HashMap<&str, f64> = HashMap::new();
    for line in &lines {
        let nearest = depths.entry(line.row.row_number.as_str()).or_insert(f64::INFINITY);
        *nearest = nearest.min(depth(line));
    }
    let depth = |line: &Line<'_>| depths.get(line.row.row_number.as_str()).copied().unwrap_or(f64::INFINITY);
    let number = |line: &Line<'_>| line.places.first().map(|place| place.view.seat.seat_number.clone());
    let mut lines = lines;
    lines.sort_by(|a, b| {
        depth(a)
            .total_cmp(&depth(b))
            .then_with(|| natural_order(&a.row.row_number, &b.row.row_number))
            .then_with(|| natural_order(&number(a).unwrap_or_default(), &number(b).unwrap_or_default()))
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::super::types::{Area, Seat, Shape};
    use super::*;

    fn row(number: &str, y: f64, seats: &[(&str, f64)]) -> Row {
        let seat = |(number, x): &(&str, f64)| Seat {
            seat_number: (*number).into(),
            position: Point::new(*x, 0.0),
            ..Seat::default()
        };
        Row {
            row_number: number.into(),
            position: Point::new(0.0, y),
            seats: seats.iter().map(seat).collect(),
            ..Row::default()
        }
    }

    fn plan(rows: Vec<Row>, stage_y: Option<f64>) -> PlanDocument {
        let stage = |y: f64| Area {
            shape: Shape::Rectangle { width: 200.0, height: 40.0 },
            color: None,
            border_color: None,
            rotation: 0.0,
            position: Point::new(0.0, y),
            uuid: None,
            text: None,
        };
        let areas = stage_y.map(stage).into_iter().collect();
        let zone = Zone { name: "Stalls".into(), rows, areas, ..Zone::default() };
        PlanDocument { zones: vec![zone], ..PlanDocument::default() }
    }

    fn order(plan: &PlanDocument) -> Vec<(String, u32, u32)> {
        let seat =
            |seat: SeatRef| (format!("{}{}", seat.row, seat.number), seat.row_key, seat.position_in_row);
        seat_refs(plan).into_iter().map(seat).collect()
    }

    fn numbers(order: &[(String, u32, u32)]) -> Vec<&str> {
        order.iter().map(|(seat, _, _)| seat.as_str()).collect()
    }

    #[test]
    fn an_aisle_breaks_the_run() {
        let row = row("A", 0.0, &[("1", 0.0), ("2", 25.0), ("3", 50.0), ("4", 100.0), ("5", 125.0)]);
        let slots: Vec<u32> = order(&plan(vec![row], None)).iter().map(|(_, _, slot)| *slot).collect();
        assert_eq!(slots, [0, 1, 2, 4, 5]);
    }

    #[test]
    fn three_seats_with_an_aisle_are_no_run_of_three() {
        let row = row("A", 0.0, &[("1", 0.0), ("2", 25.0), ("3", 105.0)]);
        let slots: Vec<u32> = order(&plan(vec![row], None)).iter().map(|(_, _, slot)| *slot).collect();
        assert_eq!(slots, [0, 1, 3]);
    }

    #[test]
    fn the_two_ends_of_an_empty_row_are_no_neighbours() {
        let bays = row("Z", 50.0, &[("1", 0.0), ("2", 300.0)]);
        let full = row("A", 0.0, &[("1", 0.0), ("2", 25.0), ("3", 50.0)]);
        let order = order(&plan(vec![full, bays], None));
        assert_eq!(order.last().unwrap().2, 2);
    }

    #[test]
    fn neighbours_are_who_sits_beside_not_who_counts_on() {
        // Odd numbers to the left, even ones to the right, and a seat that was added to the file last.
        let seats = [("5", 0.0), ("1", 50.0), ("2", 75.0), ("4", 100.0), ("3", 25.0)];
        let order = order(&plan(vec![row("A", 0.0, &seats)], None));
        assert_eq!(numbers(&order), ["A4", "A2", "A1", "A3", "A5"]);
        assert!(order.iter().zip(0..).all(|((_, _, slot), at)| *slot == at));
    }

    #[test]
    fn numbers_rise_along_the_row() {
        let row = row("A", 0.0, &[("10", 0.0), ("9", 25.0), ("8", 50.0)]);
        assert_eq!(numbers(&order(&plan(vec![row], None))), ["A8", "A9", "A10"]);
    }

    #[test]
    fn the_front_row_is_the_one_at_the_stage() {
        let rows = || {
            vec![
                row("B", 100.0, &[("1", 0.0)]),
                row("A", 75.0, &[("1", 0.0)]),
                row("C", 125.0, &[("1", 0.0)]),
            ]
        };
        assert_eq!(numbers(&order(&plan(rows(), Some(0.0)))), ["A1", "B1", "C1"]);
        assert_eq!(numbers(&order(&plan(rows(), Some(200.0)))), ["C1", "B1", "A1"]);
        assert_eq!(numbers(&order(&plan(rows(), None))), ["A1", "B1", "C1"]);
    }

    #[test]
    fn both_sides_of_an_aisle_stay_one_row_to_the_reader() {
        let rows = vec![
            row("A", 60.0, &[("1", 0.0), ("2", 25.0)]),
            row("B", 85.0, &[("1", 0.0), ("2", 25.0)]),
            row("A", 60.0, &[("3", 400.0), ("4", 425.0)]),
        ];
        let order = order(&plan(rows, Some(0.0)));
        assert_eq!(numbers(&order), ["A1", "A2", "A3", "A4", "B1", "B2"]);
        assert_eq!(order.iter().map(|(_, key, _)| *key).collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
    }
}
