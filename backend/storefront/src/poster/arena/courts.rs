//! Games: the hall's floor in perspective.

use std::f64::consts::PI;

use super::Palette;
use super::parts::{beam, glow, stands};
use crate::poster::canvas::{Canvas, Hand};

/// A hall floor in perspective under its lamps.
pub fn court(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    floor(c, hand, p, "#7a3d16", "#d98544", true);
}

/// The same hall, frozen.
pub fn rink(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    floor(c, hand, p, "#4fa6d8", "#eaf8ff", false);
}

fn floor(c: &mut Canvas, hand: &mut Hand, p: Palette, far: &str, near: &str, wood: bool) {
    let (w, h) = (c.w, c.h);
    let horizon = h * 0.46;
    glow(c, (w * 0.5, h * 0.1, h * 0.8), p.two, 0.6);
    stands(c, hand, h * 0.2, horizon, p.one);
    let (vx, vy) = (w * 0.5, horizon - h * 0.34);
    let at = |u: f64, t: f64| {
        let y = horizon + (h * 1.02 - horizon) * t;
        let k = (y - vy) / (h * 1.02 - vy);
        (vx + (u - 0.5) * w * 2.3 * k, y)
    };
    let fill = c.linear((0.0, horizon), (0.0, h), &[(0.0, far, 1.0), (0.35, near, 1.0), (1.0, far, 1.0)]);
    c.polygon(&[at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0), at(0.0, 1.0)], &fill);
    if wood {
        for board in 0..60 {
            let u = f64::from(board) / 60.0;
            let (a, b) = (at(u, 0.0), at(u, 1.0));
            let fill = c.linear(a, b, &[(0.0, "#2a1204", 0.1), (1.0, "#2a1204", hand.between(0.1, 0.4))]);
            c.line(&format!("M{:.1} {:.1} L{:.1} {:.1}", a.0, a.1, b.0, b.1), w * 0.0022, &fill);
        }
    }
    let paint = if wood { "#fff4e4" } else { "#d0203c" };
    let mut ring = String::new();
    for step in 0..=72 {
        let angle = f64::from(step) / 72.0 * PI * 2.0;
        let (x, y) = at(0.5 + angle.cos() * 0.15, 0.4 + angle.sin() * 0.24);
        ring.push_str(&format!("{}{x:.1} {y:.1}", if step == 0 { "M" } else { " L" }));
    }
    c.line(&ring, w * 0.007, paint);
    let (a, b) = (at(0.03, 0.4), at(0.97, 0.4));
    c.line(
        &format!("M{:.1} {:.1} L{:.1} {:.1}", a.0, a.1, b.0, b.1),
        w * 0.007,
        if wood { paint } else { "#1c4fd0" },
    );
    for u in [0.04, 0.96] {
        let (a, b) = (at(u, 0.0), at(u, 1.0));
        c.line(&format!("M{:.1} {:.1} L{:.1} {:.1}", a.0, a.1, b.0, b.1), w * 0.008, paint);
    }
    // The lamps, their beams, and where they lie on the floor.
    for lamp in 0..9 {
        let u = (f64::from(lamp) + 0.5) / 9.0;
        let from = (w * (0.06 + 0.88 * u), h * hand.between(0.05, 0.09));
        beam(c, from, PI / 2.0 + (0.5 - u) * 1.1, h * 0.72, 0.07, p.core, 0.36);
        glow(c, (from.0, from.1, w * 0.05), p.core, 0.95);
    }
    let (x, y) = at(0.5, 0.4);
    glow(c, (x, y, w * 0.45), p.core, 0.55);
    let shade = c.radial(
        (x, y, w.max(h) * 0.78),
        &[(0.0, p.ground, 0.0), (0.55, p.ground, 0.25), (1.0, p.ground, 0.95)],
    );
    c.rect(0.0, 0.0, w, h, &shade);
}
