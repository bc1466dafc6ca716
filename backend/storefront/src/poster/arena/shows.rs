//! Concerts: a stage's lamps, fire and screens over the crowd.

use std::f64::consts::PI;

use super::Palette;
use super::parts::{beam, crowd, glow, stands};
use crate::poster::canvas::{Canvas, Hand};

/// A rig of moving lamps over a stage, seen from the floor.
pub fn beams(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    let stage = h * 0.56;
    glow(c, (w * 0.5, stage, w.max(h) * 0.62), p.one, 0.85);
    glow(c, (w * 0.16, h * 0.2, h * 0.6), p.two, 0.5);
    let lamps = if w > h { 13 } else { 9 };
    for at in 0..lamps {
        let u = (f64::from(at) + 0.5) / f64::from(lamps);
        let x = w * (0.04 + 0.92 * u);
        let y = h * (0.05 + 0.06 * (u * PI).sin());
        let angle = PI / 2.0 + (0.5 - u) * 1.5 + hand.between(-0.28, 0.28);
        let color = if at % 3 == 1 { p.two } else { p.one };
        beam(c, (x, y), angle, h * 1.05, hand.between(0.035, 0.075), color, 0.95);
        glow(c, (x, y, w * 0.045), p.core, 0.95);
    }
    for side in [0.2, 0.36, 0.64, 0.8] {
        let angle = -PI / 2.0 + (side - 0.5) * hand.between(0.9, 1.6);
        beam(c, (w * side, stage), angle, h * 0.9, 0.05, p.core, 0.42);
    }
    glow(c, (w * 0.5, stage, w * 0.34), p.core, 0.8);
    crowd(c, hand, stage + h * 0.03, p.one, p.ground);
}

/// One ring of light that hangs over everybody.
pub fn halo(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    let (x, y) = (w * 0.5, h * 0.33);
    let r = w.min(h * 1.1) * 0.36;
    glow(c, (x, y, r * 3.0), p.two, 0.75);
    glow(c, (x, y + r * 0.2, r * 1.9), p.one, 0.7);
    stands(c, hand, h * 0.42, h * 0.62, p.one);
    for at in 0..30 {
        let angle = f64::from(at) / 30.0 * PI * 2.0 + hand.between(-0.05, 0.05);
        let from = (x + angle.cos() * r, y + angle.sin() * r * 0.34);
        let down = PI / 2.0 + angle.cos() * 0.5;
        beam(c, from, down, h * hand.between(0.35, 0.6), 0.035, if at % 2 == 0 { p.one } else { p.two }, 0.5);
    }
    for (wide, color, strength) in [(0.16, p.one, 0.25), (0.07, p.one, 0.7), (0.028, p.core, 1.0)] {
        let d = format!(
            "M{:.1} {y:.1} A{r:.1} {:.1} 0 1 1 {:.1} {y:.1} A{r:.1} {:.1} 0 1 1 {:.1} {y:.1}",
            x - r,
            r * 0.34,
            x + r,
            r * 0.34,
            x - r
        );
        let fill = c.linear(
            (x - r, y),
            (x + r, y),
            &[(0.0, color, strength), (0.5, color, strength * 0.7), (1.0, color, strength)],
        );
        c.line(&d, r * wide, &fill);
    }
    crowd(c, hand, h * 0.6, p.one, p.ground);
}

/// Fire from the stage's edge, and what rains down afterwards.
pub fn pyro(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    let stage = h * 0.6;
    glow(c, (w * 0.5, stage, h * 0.75), p.one, 0.9);
    for jet in 0..7 {
        let u = (f64::from(jet) + 0.5) / 7.0;
        let x = w * (0.03 + 0.94 * u);
        let tall = h * (0.3 + 0.22 * (u * PI).sin()) * hand.between(0.85, 1.1);
        for (wide, color, strength) in [(0.052, p.one, 0.5), (0.03, p.two, 0.75), (0.013, p.core, 1.0)] {
            let b = w * wide;
            let sway = hand.between(-0.4, 0.4) * b;
            let fill = c.linear(
                (x, stage),
                (x, stage - tall),
                &[(0.0, color, strength), (0.6, color, strength * 0.65), (1.0, color, 0.0)],
            );
            c.path(
                &format!(
                    "M{:.1} {stage:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {stage:.1} Z",
                    x - b * 0.35, x - b * 1.5, stage - tall * 0.4, x - b * 0.5 + sway, stage - tall * 0.75, x + sway, stage - tall,
                    x + b * 0.5 + sway, stage - tall * 0.75, x + b * 1.5, stage - tall * 0.4, x + b * 0.35,
                ),
                &fill,
            );
        }
        glow(c, (x, stage - h * 0.02, w * 0.1), p.two, 0.7);
    }
    for _ in 0..420 {
        let (x, y) = (hand.between(0.0, w), hand.between(0.0, stage));
        let r = w * hand.between(0.0008, 0.0028);
        let color = if hand.once_in(4) { p.core } else { p.two };
        c.turned(0.0, (x, y), hand.between(0.25, 0.95), |c| c.circle(x, y, r, color));
    }
    crowd(c, hand, stage + h * 0.01, p.two, p.ground);
}

/// A wall of screens behind a dark stage.
pub fn screens(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    let stage = h * 0.6;
    glow(c, (w * 0.5, h * 0.4, w.max(h) * 0.7), p.two, 0.8);
    let columns = if w > h { 11 } else { 7 };
    let wide = w / f64::from(columns);
    for column in 0..columns {
        let u = (f64::from(column) + 0.5) / f64::from(columns);
        let tall = h * (0.2 + 0.24 * (u * PI).sin()) * hand.between(0.8, 1.1);
        let x = wide * f64::from(column) + wide * 0.08;
        let y = stage - tall - h * 0.04;
        let (a, b) = if hand.once_in(3) { (p.core, p.one) } else { (p.one, p.two) };
        let fill =
            c.linear((x, y), (x + wide * 0.5, y + tall), &[(0.0, a, 0.95), (0.5, b, 0.85), (1.0, b, 0.2)]);
        c.rect(x, y, wide * 0.84, tall, &fill);
        for line in 0..26 {
            let ly = y + tall * f64::from(line) / 26.0;
            c.turned(0.0, (x, ly), 0.34, |c| c.rect(x, ly, wide * 0.84, tall * 0.012, p.ground));
        }
        beam(c, (x + wide * 0.42, y + tall), PI / 2.0, h * 0.4, 0.22, b, 0.45);
    }
    for at in [0.18, 0.82] {
        beam(c, (w * at, h * 0.02), PI / 2.0 + (0.5 - at) * 1.2, h * 0.9, 0.05, p.core, 0.6);
        glow(c, (w * at, h * 0.02, w * 0.07), p.core, 0.9);
    }
    crowd(c, hand, stage, p.one, p.ground);
}
