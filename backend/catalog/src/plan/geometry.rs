//! Plane geometry that check, repair and drawing share.

use std::collections::HashMap;

use super::types::{PlanDocument, Point, Shape};

/// Distance between two points.
pub(super) fn distance(a: Point, b: Point) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// The lower median; none of an empty list.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

/// The mean of some points; none of no points.
pub(super) fn centroid(points: &[Point]) -> Option<Point> {
    if points.is_empty() {
        return None;
    }
    let sum = points.iter().fold(Point::default(), |sum, point| sum + *point);
    Some(Point::new(sum.x / points.len() as f64, sum.y / points.len() as f64))
}

/// A box parallel to the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub min: Point,
    pub max: Point,
}

impl Bounds {
    /// The smallest box around some points; none of no points.
    pub fn of(points: impl IntoIterator<Item = Point>) -> Option<Self> {
        points.into_iter().fold(None, |bounds: Option<Self>, point| {
            let bounds = bounds.unwrap_or(Self { min: point, max: point });
            Some(Self {
                min: Point::new(bounds.min.x.min(point.x), bounds.min.y.min(point.y)),
                max: Point::new(bounds.max.x.max(point.x), bounds.max.y.max(point.y)),
            })
        })
    }

    pub fn grown(self, by: f64) -> Self {
        Self { min: self.min - Point::new(by, by), max: self.max + Point::new(by, by) }
    }

    pub fn center(self) -> Point {
        Point::new(f64::midpoint(self.min.x, self.max.x), f64::midpoint(self.min.y, self.max.y))
    }

    pub fn size(self) -> Point {
        self.max - self.min
    }

    /// How far outside a point lies; 0 inside.
    pub fn distance(self, point: Point) -> f64 {
        let outside = |value: f64, min: f64, max: f64| (min - value).max(value - max).max(0.0);
        outside(point.x, self.min.x, self.max.x).hypot(outside(point.y, self.min.y, self.max.y))
    }
}

/// Points sorted into square cells, to find neighbours without comparing all with all.
pub(super) struct Grid {
    cell: f64,
    cells: HashMap<(i64, i64), Vec<(usize, Point)>>,
}

impl Grid {
    /// An empty grid of cells `cell` wide.
    pub fn new(cell: f64) -> Self {
        Self { cell, cells: HashMap::new() }
    }

    fn cell_of(&self, point: Point) -> (i64, i64) {
        ((point.x / self.cell).floor() as i64, (point.y / self.cell).floor() as i64)
    }

    /// Adds a point under its number.
    pub fn insert(&mut self, index: usize, point: Point) {
        self.insert_up_to(usize::MAX, index, point);
    }

    /// Adds a point unless its cell holds `most` points already: piles of seats must not cost a comparison of each
    /// with each.
    pub fn insert_up_to(&mut self, most: usize, index: usize, point: Point) {
        let cell = self.cells.entry(self.cell_of(point)).or_default();
        if cell.len() < most {
            cell.push((index, point));
        }
    }

    /// The points within `reach` of `point` (bounds included), and possibly the point itself.
    pub fn near(&self, point: Point, reach: f64) -> impl Iterator<Item = (usize, Point)> + '_ {
        let (left, top) = self.cell_of(point - Point::new(reach, reach));
        let (right, bottom) = self.cell_of(point + Point::new(reach, reach));
        (left..=right)
            .flat_map(move |x| (top..=bottom).filter_map(move |y| self.cells.get(&(x, y))))
            .flatten()
            .copied()
            .filter(move |(_, other)| distance(point, *other) <= reach)
    }
}

/// The corners of an area's outline on the plan, curves as polygons; none for lettering or unknown measures.
pub(super) fn area_corners(shape: &Shape, position: Point, rotation: f64) -> Vec<Point> {
    const STEPS: u32 = 32;
    let round = |radius: Point| {
        (0..STEPS)
            .map(|step| f64::from(step) * std::f64::consts::TAU / f64::from(STEPS))
            .map(move |angle| Point::new(angle.cos() * radius.x, angle.sin() * radius.y))
    };
    let corners: Vec<Point> = match shape {
        Shape::Polygon { points } => points.clone(),
        Shape::Rectangle { width, height } => {
            let (w, h) = (*width, *height);
            vec![Point::new(0.0, 0.0), Point::new(w, 0.0), Point::new(w, h), Point::new(0.0, h)]
        }
        Shape::Ellipse { radius } => round(*radius).collect(),
        Shape::Circle { radius } => round(Point::new(*radius, *radius)).collect(),
        Shape::Text => Vec::new(),
    };
    let (sin, cos) = rotation.to_radians().sin_cos();
    corners
        .into_iter()
        .map(|corner| position + Point::new(corner.x * cos - corner.y * sin, corner.x * sin + corner.y * cos))
        .filter(|corner| corner.is_finite())
        .collect()
}

/// What the house looks at: the box of the largest area without a seat in it, which is the stage or the pitch.
pub(super) fn focus(document: &PlanDocument) -> Option<Bounds> {
    let seats: Vec<Point> = finite_seats(document);
    let mut boxes: Vec<Bounds> = document
        .zones
        .iter()
        .flat_map(|zone| zone.areas.iter().map(move |area| (zone.position + area.position, area)))
        .filter_map(|(position, area)| Bounds::of(area_corners(&area.shape, position, area.rotation)))
        .collect();
    let surface = |bounds: &Bounds| bounds.size().x * bounds.size().y;
    boxes.sort_by(|a, b| surface(b).total_cmp(&surface(a)));
    boxes.into_iter().find(|bounds| seats.iter().all(|seat| bounds.distance(*seat) > 0.0))
}

/// Where the seats stand whose place is known.
pub(super) fn finite_seats(document: &PlanDocument) -> Vec<Point> {
    document.seats().map(|view| view.position()).filter(|point| point.is_finite()).collect()
}

/// The convex hull, clockwise as drawn (y downwards), without points on its edges.
pub(super) fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let mut hull = half_hull(points.iter().copied());
    hull.pop();
    let mut back = half_hull(points.iter().rev().copied());
    back.pop();
    hull.append(&mut back);
    hull
}

/// One side of the hull of sorted points (Andrew's monotone chain).
fn half_hull(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut chain: Vec<Point> = Vec::new();
    for point in points {
        while let [.., a, b] = chain.as_slice() {
            let (edge, next) = (*b - *a, point - *b);
            if edge.x * next.y - edge.y * next.x > 0.0 {
                break;
            }
            chain.pop();
        }
        chain.push(point);
    }
    chain
}

/// The hull of circles around some points: an outline with rounded corners.
pub(super) fn rounded_hull(circles: &[(Point, f64)]) -> Vec<Point> {
    const CORNER: u32 = 16;
    let reach = circles.iter().map(|(_, radius)| *radius).fold(0.0, f64::max);
    // Only circles at the rim of the hull of centres (or larger than others) can touch the outline; a circle of
    // the largest radius at each rim centre is simple and never cuts a seat.
    let rim = hull(circles.iter().map(|(center, _)| *center).collect());
    let round = rim.iter().flat_map(|center| {
        (0..CORNER).map(move |step| {
            let angle = f64::from(step) * std::f64::consts::TAU / f64::from(CORNER);
            *center + Point::new(angle.cos() * reach, angle.sin() * reach)
        })
    });
    hull(round.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Vec<Point> {
        [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)].map(|(x, y)| Point::new(x, y)).to_vec()
    }

    #[test]
    fn the_hull_keeps_the_corners_alone() {
        let mut points = square();
        points.extend([Point::new(5.0, 5.0), Point::new(5.0, 0.0), Point::new(10.0, 10.0)]);
        assert_eq!(hull(points), square());
        assert_eq!(hull(Vec::new()), Vec::new());
        assert_eq!(hull(vec![Point::new(1.0, 1.0); 4]), vec![Point::new(1.0, 1.0)]);
        let line: Vec<_> = (0..4).map(|x| Point::new(f64::from(x), 0.0)).collect();
        assert_eq!(hull(line).len(), 2);
    }

    #[test]
    fn a_rounded_hull_holds_its_circles() {
        let outline = rounded_hull(&square().iter().map(|point| (*point, 3.0)).collect::<Vec<_>>());
        let bounds = Bounds::of(outline).unwrap();
        assert!((bounds.min.x + 3.0).abs() < 1e-9 && (bounds.max.y - 13.0).abs() < 1e-9, "{bounds:?}");
        assert!(rounded_hull(&[(Point::default(), 5.0)]).len() > 8, "one seat has an outline too");
    }

    #[test]
    fn the_grid_finds_what_is_near() {
        let mut grid = Grid::new(4.0);
        for (index, point) in square().into_iter().enumerate() {
            grid.insert(index, point);
        }
        let mut near: Vec<_> = grid.near(Point::new(1.0, 0.0), 9.0).map(|(index, _)| index).collect();
        near.sort_unstable();
        assert_eq!(near, [0, 1]);
    }

    #[test]
    fn corners_turn_clockwise() {
        let rectangle = Shape::Rectangle { width: 10.0, height: 2.0 };
        let corners = area_corners(&rectangle, Point::new(100.0, 100.0), 90.0);
        let bounds = Bounds::of(corners).unwrap();
        assert!((bounds.min.x - 98.0).abs() < 1e-9 && (bounds.max.y - 110.0).abs() < 1e-9, "{bounds:?}");
    }

    #[test]
    fn the_distance_to_a_box_is_zero_inside() {
        let bounds = Bounds { min: Point::default(), max: Point::new(10.0, 10.0) };
        assert_eq!(bounds.distance(Point::new(5.0, 5.0)), 0.0);
        assert_eq!(bounds.distance(Point::new(13.0, 14.0)), 5.0);
    }
}
