//! Finds the blocks of a zone: rows lie together where they are parallel and no farther apart than the rows (or,
//! side by side, the seats) of the zone usually are.

use std::collections::HashMap;

use super::super::geometry::{Grid, distance, median};
use super::super::types::{Point, Row, Zone};

/// How much farther than usual two rows or seats may be apart and still belong together.
const SLACK: f64 = 1.6;
/// Rows farther apart than so many seats are no neighbours whatever is usual.
const REACH: f64 = 4.0;
/// The sine of the angle up to which rows count as parallel: 20°.
const PARALLEL: f64 = 0.342;
/// The distance of seats in a zone where no row has two.
const USUAL_SPACING: f64 = 25.0;
/// More points than this in one cell of the grid are a pile, not a block.
const PILE: usize = 64;

/// Where a row's seats stand on the plan, as far as it is known.
pub(super) fn row_seats(zone: &Zone, row: &Row) -> impl Iterator<Item = Point> {
    let origin = zone.position + row.position;
    row.seats.iter().map(move |seat| origin + seat.position).filter(|point| point.is_finite())
}

/// A row as a line on the drawing.
struct Line {
    seats: Vec<Point>,
    /// Its direction, of length 1; none where it has fewer than two places.
    direction: Option<Point>,
}

impl Line {
    fn of(zone: &Zone, row: &Row) -> Self {
        let seats: Vec<Point> = row_seats(zone, row).collect();
        let direction = match (seats.first(), seats.last()) {
            (Some(first), Some(last)) if distance(*first, *last) > 1e-6 => {
                let length = distance(*first, *last);
                Some(Point::new((last.x - first.x) / length, (last.y - first.y) / length))
            }
            _ => None,
        };
        Self { seats, direction }
    }

    fn parallel(&self, other: &Self) -> bool {
        match (self.direction, other.direction) {
            (Some(a), Some(b)) => (a.x * b.y - a.y * b.x).abs() <= PARALLEL,
            _ => true,
        }
    }

    /// Whether one row stands behind the other (true) or beside it (false).
    fn behind(&self, other: &Self) -> bool {
        let Some(axis) = self.direction.or(other.direction) else { return true };
        let span = |line: &Self| {
            line.seats
                .iter()
                .map(|seat| seat.x * axis.x + seat.y * axis.y)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), along| {
                    (low.min(along), high.max(along))
                })
        };
        let ((low, high), (other_low, other_high)) = (span(self), span(other));
        low.max(other_low) <= high.min(other_high) + 1e-6
    }
}

/// Two rows that come near each other.
struct Pair {
    rows: (usize, usize),
    gap: f64,
    behind: bool,
}

/// The blocks of a zone, each a list of its rows.
pub(super) fn cluster(zone: &Zone) -> Vec<Vec<usize>> {
    let lines: Vec<Line> = zone.rows.iter().map(|row| Line::of(zone, row)).collect();
    let steps = |line: &Line| {
        let seats = line.seats.iter().zip(line.seats.iter().skip(1));
        seats.map(|(a, b)| distance(*a, *b)).filter(|step| *step > 1.0).collect::<Vec<_>>()
    };
    let spacing = median(lines.iter().flat_map(steps).collect()).unwrap_or(USUAL_SPACING);
    let pairs = near_pairs(&lines, spacing * REACH);
    let usual = usual_depth(&pairs, lines.len()).unwrap_or(spacing);
    let mut sets = Sets::new(lines.len());
    for pair in &pairs {
        if pair.gap <= SLACK * if pair.behind { usual } else { spacing } {
            sets.join(pair.rows.0, pair.rows.1);
        }
    }
    // A row whose place is not known goes with the row before it in the file.
    for (at, _) in lines.iter().enumerate().filter(|(at, line)| *at > 0 && line.seats.is_empty()) {
        sets.join(at - 1, at);
    }
    sets.groups()
}

/// Parallel rows that come nearer than `reach`, with the distance of their nearest seats.
fn near_pairs(lines: &[Line], reach: f64) -> Vec<Pair> {
    let mut grid = Grid::new(reach);
    let mut gaps: HashMap<(usize, usize), f64> = HashMap::new();
    for (index, line) in lines.iter().enumerate() {
        for seat in &line.seats {
            for (other, at) in grid.near(*seat, reach) {
                let gap = gaps.entry((other, index)).or_insert(f64::INFINITY);
                *gap = gap.min(distance(*seat, at));
            }
        }
        for seat in &line.seats {
            grid.insert_up_to(PILE, index, *seat);
        }
    }
    let mut pairs: Vec<Pair> = gaps
        .into_iter()
        .filter_map(|(rows, gap)| {
            let (a, b) = (lines.get(rows.0)?, lines.get(rows.1)?);
            a.parallel(b).then(|| Pair { rows, gap, behind: a.behind(b) })
        })
        .collect();
    pairs.sort_by_key(|pair| pair.rows);
    pairs
}

/// The usual distance from a row to the next behind or before it.
fn usual_depth(pairs: &[Pair], rows: usize) -> Option<f64> {
    let mut nearest = vec![f64::INFINITY; rows];
    for pair in pairs.iter().filter(|pair| pair.behind && pair.gap > 1.0) {
        for row in [pair.rows.0, pair.rows.1] {
            if let Some(nearest) = nearest.get_mut(row) {
                *nearest = nearest.min(pair.gap);
            }
        }
    }
    median(nearest.into_iter().filter(|gap| gap.is_finite()).collect())
}

/// Disjoint sets of the numbers below some number (union-find).
struct Sets {
    parent: Vec<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self { parent: (0..count).collect() }
    }

    fn root(&mut self, mut of: usize) -> usize {
        while let Some(parent) = self.parent.get(of).copied().filter(|parent| *parent != of) {
            let above = self.parent.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parent.get_mut(of) {
                *slot = above;
            }
            of = parent;
        }
        of
    }

    /// The smaller number stays the root.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.parent.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }

    fn groups(mut self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut place: HashMap<usize, usize> = HashMap::new();
        for member in 0..self.parent.len() {
            let root = self.root(member);
            let at = *place.entry(root).or_insert(groups.len());
            match groups.get_mut(at) {
                Some(group) => group.push(member),
                None => groups.push(vec![member]),
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::types::Seat;
    use super::*;

    /// Rows of seats, each from a point in steps to the right.
    fn zone(rows: &[(f64, f64, usize)], step: f64) -> Zone {
        let row = |(x, y, seats): &(f64, f64, usize)| Row {
            position: Point::new(*x, *y),
            seats: (0..*seats)
                .map(|at| Seat { position: Point::new(at as f64 * step, 0.0), ..Seat::default() })
                .collect(),
            ..Row::default()
        };
        Zone { rows: rows.iter().map(row).collect(), ..Zone::default() }
    }

    #[test]
    fn an_aisle_across_and_an_aisle_along_separate_blocks() {
        let rows = [
            (0.0, 0.0, 4),
            (0.0, 30.0, 4),
            (200.0, 0.0, 4),
            (200.0, 30.0, 4),
            (0.0, 120.0, 4),
            (0.0, 150.0, 4),
        ];
        assert_eq!(cluster(&zone(&rows, 25.0)), [vec![0, 1], vec![2, 3], vec![4, 5]]);
    }

    #[test]
    fn rows_far_apart_are_a_block_if_all_are() {
        let rows = [(0.0, 0.0, 4), (0.0, 80.0, 4), (12.0, 160.0, 5), (24.0, 240.0, 1)];
        assert_eq!(cluster(&zone(&rows, 25.0)), [vec![0, 1, 2, 3]]);
    }

    #[test]
    fn rows_that_go_on_beside_each_other_are_one_block() {
        let rows = [(0.0, 0.0, 4), (100.0, 0.0, 4), (0.0, 30.0, 8)];
        assert_eq!(cluster(&zone(&rows, 25.0)), [vec![0, 1, 2]]);
    }

    #[test]
    fn a_turned_block_is_another_even_where_it_touches() {
        let mut zone = zone(&[(0.0, 0.0, 4), (0.0, 30.0, 4), (100.0, 30.0, 4), (118.0, 12.0, 4)], 25.0);
        for row in &mut zone.rows[2..] {
            for (at, seat) in row.seats.iter_mut().enumerate() {
                seat.position = Point::new(at as f64 * 18.0, at as f64 * 18.0);
            }
        }
        assert_eq!(cluster(&zone), [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn rows_without_a_place_go_with_the_row_before() {
        let mut zone = zone(&[(0.0, 0.0, 4), (0.0, 0.0, 0), (0.0, 500.0, 4)], 25.0);
        assert_eq!(cluster(&zone), [vec![0, 1], vec![2]]);
        zone.rows[0].position = Point::UNKNOWN;
        assert_eq!(cluster(&zone).len(), 2);
        assert!(cluster(&Zone::default()).is_empty());
    }
}
