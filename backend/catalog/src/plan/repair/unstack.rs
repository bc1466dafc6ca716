//! Moves a floor aside that was drawn on top of another, so that each seat can be seen and chosen.
//!
//! A floor lies on another if at least half of its seats lie on seats of zones before it. It is moved as a whole,
//! away from the stage or pitch if there is room, to where it is clear of everything; its own drawing stays as it
//! is. A few seats on others are a slip of the pen, which moving a zone would not mend.

use super::super::geometry::{Bounds, Grid, centroid, distance, finite_seats, focus};
use super::super::rules::{MAX_LENGTH, valid_position, valid_size, within};
use super::super::types::{PlanDocument, Point};
use super::Work;

/// The space left between a moved floor and what stands beside it; the outlines of sections fit in.
const CLEARANCE: f64 = 75.0;
/// By how much a floor is moved at a time until it is clear.
const STEP: f64 = 25.0;
/// Steps tried in each direction.
const MAX_STEPS: u32 = 100;
/// More seats than this in one cell of the grid are a pile.
const PILE: usize = 512;

/// Moves stacked floors: first the zones as they came, all their blocks together, then single ones.
pub(super) fn unstack(work: &mut Work) {
    let groups = work.origin.clone();
    move_stacked(work, &groups);
    let single: Vec<usize> = (0..work.plan.zones.len()).collect();
    move_stacked(work, &single);
}

/// A seat as an obstacle.
#[derive(Clone, Copy)]
struct Spot {
    group: usize,
    at: Point,
    radius: f64,
}

/// `groups` names for each zone the group it moves with; the numbers rise with the zones.
fn move_stacked(work: &mut Work, groups: &[usize]) {
    let mut spots: Vec<Spot> = work
        .plan
        .seats()
        .filter(|view| valid_position(view.position()))
        .filter_map(|view| {
            let group = groups.get(view.at[0]).copied()?;
            Some(Spot { group, at: view.position(), radius: view.seat.radius() })
        })
        .collect();
    let largest = spots.iter().map(|spot| spot.radius).fold(0.0, f64::max);
    let house = House::of(&work.plan, largest);
    let mut later = Grid::new(40.0);
    for (index, spot) in spots.iter().enumerate() {
        later.insert_up_to(PILE, index, spot.at);
    }
    // Where the groups before the present one stand in the end.
    let mut earlier = Grid::new(40.0);
    let mut start = 0;
    while let Some(group) = spots.get(start).map(|spot| spot.group) {
        let end = start + spots.iter().skip(start).take_while(|spot| spot.group == group).count();
        let own: Vec<Spot> = spots.iter().skip(start).take(end - start).copied().collect();
        if is_stacked(&own, &earlier, &spots, largest) {
            let blocked = |at: Point| {
                earlier.near(at, house.clearance).next().is_some()
                    || later
                        .near(at, house.clearance)
                        .any(|(index, _)| spots.get(index).is_some_and(|spot| spot.group > group))
            };
            if let Some(by) = house.way_out(&own, &spots, blocked) {
                for spot in spots.iter_mut().filter(|spot| spot.group == group) {
                    spot.at = spot.at + by;
                }
                move_zones(work, groups, group, by);
            }
        }
        for (index, spot) in spots.iter().enumerate().skip(start).take(end - start) {
            earlier.insert_up_to(PILE, index, spot.at);
        }
        start = end;
    }
}

fn is_stacked(own: &[Spot], earlier: &Grid, spots: &[Spot], largest: f64) -> bool {
    let lies_on = |spot: &&Spot| {
        earlier.near(spot.at, f64::midpoint(spot.radius, largest)).any(|(index, at)| {
            let other = spots.get(index).map_or(0.0, |other| other.radius);
            distance(spot.at, at) < f64::midpoint(spot.radius, other)
        })
    };
    own.iter().filter(lies_on).count() * 2 >= own.len()
}

fn move_zones(work: &mut Work, groups: &[usize], group: usize, by: Point) {
    let mut names = Vec::new();
    for (zone, _) in work.plan.zones.iter_mut().zip(groups).filter(|(_, of)| **of == group) {
        zone.position = zone.position + by;
        names.push(format!("\"{}\"", zone.display_name()));
    }
    let names = names.join(", ");
    work.notes.push(format!("{names} moved by {}, {}: drawn on top of another zone", by.x, by.y));
}

/// The room there is.
struct House {
    canvas: Point,
    focus: Option<Bounds>,
    seats: Option<Bounds>,
    clearance: f64,
}

impl House {
    fn of(plan: &PlanDocument, largest: f64) -> Self {
        Self {
            canvas: plan.size.filter(|size| valid_size(*size)).unwrap_or_default(),
            focus: focus(plan),
            seats: Bounds::of(finite_seats(plan).into_iter().filter(|point| valid_position(*point))),
            // Seats of the largest radius must be clear of each other too.
            clearance: CLEARANCE.max(largest + STEP),
        }
    }

    /// The shortest way in the best direction after which no seat is `blocked`; else beneath everything.
    fn way_out(&self, own: &[Spot], spots: &[Spot], blocked: impl Fn(Point) -> bool) -> Option<Point> {
        let places: Vec<Point> = own.iter().map(|spot| spot.at).collect();
        let center = centroid(&places)?;
        let outwards = center - self.focus.or(self.seats)?.center();
        let mut directions =
            [(0.0, -1.0), (0.0, 1.0), (-1.0, 0.0), (1.0, 0.0)].map(|(x, y)| Point::new(x, y));
        let along = |direction: &Point| direction.x * outwards.x + direction.y * outwards.y;
        directions.sort_by(|a, b| along(b).total_cmp(&along(a)));
        let free = |by: &Point| {
            places.iter().all(|place| {
                let at = *place + *by;
                let on_stage = self.focus.is_some_and(|focus| focus.distance(at) < self.clearance);
                within(at, self.canvas) && !on_stage && !blocked(at)
            })
        };
        let ways = directions.iter().flat_map(|direction| {
            (1..=MAX_STEPS)
                .map(|step| f64::from(step) * STEP)
                .map(|far| Point::new(direction.x * far, direction.y * far))
        });
        ways.into_iter().find(free).or_else(|| self.beneath(&places, spots))
    }

    fn beneath(&self, places: &[Point], spots: &[Spot]) -> Option<Point> {
        let own = Bounds::of(places.iter().copied())?;
        let lowest = spots.iter().map(|spot| spot.at.y).fold(self.canvas.y, f64::max);
        let down = (lowest + self.clearance - own.min.y).ceil();
        (own.max.y + down <= MAX_LENGTH).then(|| Point::new(0.0, down))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::types::{Row, Seat, Zone};
    use super::*;

    fn zone(name: &str, x: f64, y: f64, columns: usize) -> Zone {
        let seat = |at: usize| Seat { position: Point::new(at as f64 * 25.0, 0.0), ..Seat::default() };
        let row = |at: usize| Row {
            position: Point::new(x, y + at as f64 * 25.0),
            seats: (0..columns).map(seat).collect(),
            ..Row::default()
        };
        Zone { name: name.into(), rows: (0..4).map(row).collect(), ..Zone::default() }
    }

    fn unstacked(zones: Vec<Zone>, size: (f64, f64)) -> Vec<Point> {
        let size = Some(Point::new(size.0, size.1));
        let mut work = Work::new(PlanDocument { zones, size, ..PlanDocument::default() });
        unstack(&mut work);
        work.plan.zones.iter().map(|zone| zone.position).collect()
    }

    #[test]
    fn a_floor_on_another_moves_aside_as_a_whole() {
        let zones = vec![zone("Stalls", 100.0, 100.0, 8), zone("Balcony", 102.0, 103.0, 8)];
        let places = unstacked(zones, (1000.0, 1000.0));
        assert_eq!(places[0], Point::default());
        assert_eq!(places[1], Point::new(0.0, 150.0));
    }

    #[test]
    fn without_room_a_floor_goes_beneath_the_house() {
        let zones = vec![zone("Stalls", 10.0, 10.0, 8), zone("Balcony", 10.0, 10.0, 8)];
        assert_eq!(unstacked(zones, (200.0, 100.0)), [Point::default(), Point::new(0.0, 165.0)]);
    }

    #[test]
    fn three_floors_end_up_apart() {
        let zones: Vec<Zone> = ["1", "2", "3"].map(|name| zone(name, 100.0, 100.0, 8)).to_vec();
        let places = unstacked(zones, (1000.0, 1000.0));
        assert_eq!(places, [Point::default(), Point::new(0.0, 175.0), Point::new(0.0, 350.0)]);
    }

    #[test]
    fn a_slip_of_the_pen_moves_nothing() {
        let zones = vec![zone("Stalls", 100.0, 100.0, 8), zone("Side", 275.0, 100.0, 8)];
        assert_eq!(unstacked(zones, (1000.0, 1000.0)), [Point::default(), Point::default()]);
    }
}
