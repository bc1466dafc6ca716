//! Ellipses around one centre, and lengths along them.

use super::super::types::Point;

/// An ellipse with its centre at the origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ellipse {
    /// Half its width.
    pub a: f64,
    /// Half its height.
    pub b: f64,
}

impl Ellipse {
    /// The ellipse so far outside this one.
    pub fn grown(self, by: f64) -> Self {
        Self { a: self.a + by, b: self.b + by }
    }

    /// The point at an angle that starts below the centre and runs clockwise as drawn.
    pub fn at(self, angle: f64) -> Point {
        Point::new(-self.a * angle.sin(), self.b * angle.cos())
    }

    /// Its length, by Ramanujan's approximation.
    pub fn perimeter(self) -> f64 {
        let (a, b) = (self.a, self.b);
        std::f64::consts::PI * (3.0 * (a + b) - ((3.0 * a + b) * (a + 3.0 * b)).sqrt())
    }
}

/// A piece of an ellipse, measured: from lengths along it to angles.
pub(super) struct Arc {
    from: f64,
    step: f64,
    /// The length up to each sample, the first 0.
    lengths: Vec<f64>,
}

impl Arc {
    /// Measures the ellipse between two angles in so many straight pieces.
    pub fn new(ellipse: Ellipse, from: f64, to: f64, pieces: u32) -> Self {
        let step = (to - from) / f64::from(pieces);
        let mut lengths = Vec::with_capacity(pieces as usize + 1);
        let (mut length, mut before) = (0.0, ellipse.at(from));
        lengths.push(length);
        for piece in 1..=pieces {
            let point = ellipse.at(from + step * f64::from(piece));
            length += (point.x - before.x).hypot(point.y - before.y);
            lengths.push(length);
            before = point;
        }
        Self { from, step, lengths }
    }

    /// Its whole length.
    pub fn length(&self) -> f64 {
        self.lengths.last().copied().unwrap_or_default()
    }

    /// The angle at a length from its beginning.
    pub fn angle(&self, length: f64) -> f64 {
        let after = self.lengths.partition_point(|at| *at < length).clamp(1, self.lengths.len().max(2) - 1);
        let at = |index: usize| self.lengths.get(index).copied().unwrap_or_default();
        let (low, high) = (at(after - 1), at(after));
        let part = if high > low { (length - low) / (high - low) } else { 0.0 };
        self.from + self.step * ((after - 1) as f64 + part)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{PI, TAU};

    use super::*;

    #[test]
    fn lengths_and_angles_belong_together() {
        let circle = Ellipse { a: 100.0, b: 100.0 };
        let arc = Arc::new(circle, 0.0, TAU, 2048);
        assert!((arc.length() - circle.perimeter()).abs() < 0.01);
        for part in [0.0, 0.25, 0.5, 1.0] {
            assert!((arc.angle(arc.length() * part) - TAU * part).abs() < 1e-9);
        }
        let flat = Ellipse { a: 200.0, b: 136.0 };
        assert!((Arc::new(flat, 0.0, TAU, 2048).length() - flat.perimeter()).abs() < 0.01);
        let start = flat.at(0.0);
        assert!(start.x.abs() < 1e-9 && (start.y - 136.0).abs() < 1e-9, "it starts below the centre");
        assert!(flat.at(PI / 2.0).x < -199.0, "and goes to the left");
    }
}
