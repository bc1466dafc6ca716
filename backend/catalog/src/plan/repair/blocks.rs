//! Splits a zone whose labels are ambiguous into the blocks that one sees on the drawing.
//!
//! A plan often calls a whole floor one zone, with several blocks that each begin at row A. The blocks are numbered
//! as one would count them on the drawing: clockwise from the upper left where they surround the stage or pitch,
//! else from the front to the back and from left to right.

use std::collections::{HashMap, HashSet};

use super::super::check::label_key;
use super::super::geometry::{Bounds, finite_seats, focus};
use super::super::label::{Names, hyphened, id_part, numbered, stem};
use super::super::types::{PlanDocument, Point, Row, SeatView, Zone};
use super::Work;
use super::cluster::{cluster, row_seats};

/// Splits every zone in which two seats read the same, where its rows form several blocks.
pub(super) fn split_zones(work: &mut Work) {
    let view = View::of(&work.plan);
    let ambiguous = ambiguous_zones(&work.plan);
    let (mut names, mut ids) = (Names::default(), Names::default());
    for zone in &work.plan.zones {
        names.take(zone.display_name());
        ids.take(zone.zone_id.as_deref().unwrap_or_default());
    }
    let zones = std::mem::take(&mut work.plan.zones);
    let firsts = std::mem::take(&mut work.first_seat);
    work.origin.clear();
    for (at, (zone, firsts)) in zones.into_iter().zip(firsts).enumerate() {
        let blocks = if ambiguous.contains(&at) { cluster(&zone) } else { Vec::new() };
        if blocks.len() < 2 {
            work.origin.push(at);
            work.plan.zones.push(zone);
            work.first_seat.push(firsts);
            continue;
        }
        work.notes.push(format!("zone \"{}\" split into {} blocks", zone.display_name(), blocks.len()));
        let blocks = in_order(&zone, blocks, &view);
        for (zone, firsts) in split(zone, firsts, &blocks, &mut names, &mut ids) {
            work.origin.push(at);
            work.plan.zones.push(zone);
            work.first_seat.push(firsts);
        }
    }
}

/// The zones that hold a seat which reads like another of the same zone.
fn ambiguous_zones(plan: &PlanDocument) -> HashSet<usize> {
    let mut seen = HashSet::new();
    let repeated = |view: &SeatView<'_>| !seen.insert((view.at[0], label_key(view)));
    plan.seats().filter(repeated).map(|view| view.at[0]).collect()
}

/// The zones that a zone becomes, each with its rows in the order they had, and the numbers of their first seats.
fn split(
    mut zone: Zone,
    firsts: Vec<usize>,
    blocks: &[Vec<usize>],
    names: &mut Names,
    ids: &mut Names,
) -> Vec<(Zone, Vec<usize>)> {
    let mut rows: Vec<Option<(Row, usize)>> =
        std::mem::take(&mut zone.rows).into_iter().zip(firsts).map(Some).collect();
    let (name, id) = (zone.display_name().to_owned(), zone.zone_id.clone());
    let id = id.filter(|id| !id.trim().is_empty()).unwrap_or_else(|| id_part(&name));
    let mut areas = std::mem::take(&mut zone.areas);
    let mut parts = Vec::with_capacity(blocks.len());
    for (at, block) in blocks.iter().enumerate() {
        let block_name = format!("{}, block {}", stem(&name), at + 1);
        let block_id = format!("{}-{}", stem(&id), at + 1);
        let name_number = names.claim(|n| numbered(&block_name, n));
        let id_number = ids.claim(|n| hyphened(&block_id, n));
        let taken = block.iter().filter_map(|row| rows.get_mut(*row)?.take());
        let (rows, firsts) = taken.unzip();
        let part = Zone {
            name: numbered(&block_name, name_number),
            zone_id: Some(hyphened(&block_id, id_number)),
            // The copies of the uuid are told apart with all other repeated ones.
            uuid: zone.uuid.clone(),
            position: zone.position,
            rows,
            // Areas belong to no block; the first carries them on.
            areas: std::mem::take(&mut areas),
        };
        parts.push((part, firsts));
    }
    parts
}

/// What the blocks are seen from.
struct View {
    /// The stage or pitch.
    focus: Option<Bounds>,
    /// The box around all seats.
    house: Bounds,
}

impl View {
    fn of(plan: &PlanDocument) -> Self {
        let nowhere = Bounds { min: Point::default(), max: Point::default() };
        Self { focus: focus(plan), house: Bounds::of(finite_seats(plan)).unwrap_or(nowhere) }
    }

    /// The direction in which a point lies, clockwise from the upper left corner, in radians from 0 to 2π.
    /// The house is stretched to a square first, so that long sides do not swallow the short ones.
    fn clockwise(&self, point: Point) -> f64 {
        let center = self.focus.unwrap_or(self.house).center();
        let (offset, size) = (point - center, self.house.size());
        let angle = (offset.y / size.y.max(1.0)).atan2(offset.x / size.x.max(1.0));
        (angle + std::f64::consts::PI * 0.75).rem_euclid(std::f64::consts::TAU)
    }
}

/// Sorts blocks as one would count them.
fn in_order(zone: &Zone, blocks: Vec<Vec<usize>>, view: &View) -> Vec<Vec<usize>> {
    let mut placed: Vec<(Vec<usize>, Bounds)> = blocks
        .into_iter()
        .map(|block| {
            let rows = block.iter().filter_map(|row| zone.rows.get(*row));
            let bounds = Bounds::of(rows.flat_map(|row| row_seats(zone, row)));
            (block, bounds.unwrap_or(view.house))
        })
        .collect();
    let angles: Vec<f64> = placed.iter().map(|(_, bounds)| view.clockwise(bounds.center())).collect();
    if surrounds(angles) {
        placed.sort_by(|(_, a), (_, b)| view.clockwise(a.center()).total_cmp(&view.clockwise(b.center())));
    } else {
        let upwards = view.focus.is_some_and(|focus| focus.center().y > view.house.center().y);
        sort_in_bands(&mut placed, upwards);
    }
    placed.into_iter().map(|(block, _)| block).collect()
}

/// Whether directions leave no half of the circle empty.
fn surrounds(mut angles: Vec<f64>) -> bool {
    angles.sort_by(f64::total_cmp);
    let (Some(first), Some(last)) = (angles.first().copied(), angles.last().copied()) else { return false };
    let turn = first + std::f64::consts::TAU - last;
    let gaps = angles.iter().zip(angles.iter().skip(1)).map(|(a, b)| b - a);
    gaps.fold(turn, f64::max) < std::f64::consts::PI
}

/// From the front to the back in bands, from left to right within each.
fn sort_in_bands(placed: &mut [(Vec<usize>, Bounds)], upwards: bool) {
    let depth = |bounds: &Bounds| if upwards { -bounds.center().y } else { bounds.center().y };
    placed.sort_by(|(_, a), (_, b)| depth(a).total_cmp(&depth(b)));
    let mut bands: Vec<usize> = Vec::with_capacity(placed.len());
    let mut front: Option<Bounds> = None;
    let mut band = 0;
    for (_, bounds) in placed.iter() {
        let beside = front.is_some_and(|front| (front.min.y..=front.max.y).contains(&bounds.center().y));
        if !beside {
            front = Some(*bounds);
            band += 1;
        }
        bands.push(band);
    }
    let band_of: HashMap<Option<usize>, usize> =
        placed.iter().map(|(block, _)| block.first().copied()).zip(bands).collect();
    let band = |block: &[usize]| band_of.get(&block.first().copied());
    placed.sort_by(|(a, at_a), (b, at_b)| {
        band(a).cmp(&band(b)).then(at_a.center().x.total_cmp(&at_b.center().x))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of the size 100 × 60 around these points, in the order in which they are counted.
    fn counted(centers: &[(f64, f64)], view: &View) -> Vec<usize> {
        let row = |(x, y): &(f64, f64)| {
            let seat =
                |x, y| super::super::super::types::Seat { position: Point::new(x, y), ..Default::default() };
            let position = Point::new(*x, *y);
            Row { position, seats: vec![seat(-50.0, -30.0), seat(50.0, 30.0)], ..Row::default() }
        };
        let zone = Zone { rows: centers.iter().map(row).collect(), ..Zone::default() };
        let blocks = (0..centers.len()).map(|at| vec![at]).collect();
        in_order(&zone, blocks, view).into_iter().flatten().collect()
    }

    fn bounds(left: f64, top: f64, right: f64, bottom: f64) -> Bounds {
        Bounds { min: Point::new(left, top), max: Point::new(right, bottom) }
    }

    #[test]
    fn blocks_around_the_pitch_count_clockwise_from_the_upper_left() {
        let view =
            View { focus: Some(bounds(200.0, 150.0, 600.0, 250.0)), house: bounds(0.0, 0.0, 800.0, 400.0) };
        let bottom_right = (600.0, 350.0);
        let centers =
            [(50.0, 200.0), bottom_right, (400.0, 50.0), (200.0, 350.0), (750.0, 200.0), (210.0, 50.0)];
        assert_eq!(counted(&centers, &view), [5, 2, 4, 1, 3, 0]);
    }

    #[test]
    fn blocks_before_a_stage_count_from_the_front_and_the_left() {
        let stage_above =
            View { focus: Some(bounds(200.0, 0.0, 600.0, 50.0)), house: bounds(0.0, 100.0, 800.0, 500.0) };
        // The outer blocks of a band stand a little farther back.
        let centers = [(700.0, 160.0), (400.0, 150.0), (100.0, 160.0), (600.0, 400.0), (200.0, 400.0)];
        assert_eq!(counted(&centers, &stage_above), [2, 1, 0, 4, 3]);
        let stage_below = View { focus: Some(bounds(200.0, 600.0, 600.0, 650.0)), ..stage_above };
        assert_eq!(counted(&centers, &stage_below), [4, 3, 2, 1, 0]);
    }
}
