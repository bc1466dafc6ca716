//! Posters of the arena: what a camera sees from the stands: beams in haze, a lit floor, and the heads before it.

use super::Drawing;
use super::Shape;
use super::canvas::{Canvas, Hand};
use super::raster::{DISPLAY, TEXT};

use std::f64::consts::PI;

/// The colours of a night.
#[derive(Debug, Clone, Copy)]
struct Palette {
    /// Behind everything.
    ground: &'static str,
    /// The light itself, and the second lamp.
    one: &'static str,
    two: &'static str,
    /// Where the light burns out.
    core: &'static str,
}

type Motif = fn(&mut Canvas, &mut Hand, Palette);

const MOTIFS: [(&str, Palette, Motif); 6] = [
    ("beams", Palette { ground: "#040a26", one: "#2f6bff", two: "#8f5bff", core: "#e6f0ff" }, beams),
    ("halo", Palette { ground: "#12041f", one: "#ff3d8b", two: "#5a4bff", core: "#ffe4ef" }, halo),
    ("court", Palette { ground: "#0b0b1d", one: "#ff9a3d", two: "#3aa0ff", core: "#fff3df" }, court),
    ("rink", Palette { ground: "#03152b", one: "#6fd3ff", two: "#2b7bff", core: "#f3fbff" }, rink),
    ("pyro", Palette { ground: "#140603", one: "#ff5a1f", two: "#ffb02e", core: "#fff2c9" }, pyro),
    ("screens", Palette { ground: "#021a1c", one: "#17d6b5", two: "#2a8cff", core: "#e2fff8" }, screens),
];

/// Draws a poster of this family.
pub fn draw(drawing: &Drawing, measure: &dyn Fn(&str) -> (f64, f64)) -> String {
    let mut hand = Hand::new(drawing.seed, "arena");
    let by_seed = (hand.next() % MOTIFS.len() as u64) as usize;
    let chosen = MOTIFS.iter().find(|(name, ..)| *name == drawing.motif).or_else(|| MOTIFS.get(by_seed));
    let Some((_, palette, motif)) = chosen else { return String::new() };
    let mut canvas = Canvas::new(drawing.shape.size(), palette.ground);
    motif(&mut canvas, &mut hand, *palette);
    if drawing.shape != Shape::Wide {
        letter(&mut canvas, drawing, measure);
    }
    canvas.finish()
}

/// The title at the foot, broken into lines of like length, white on the dark of the crowd.
fn letter(c: &mut Canvas, drawing: &Drawing, measure: &dyn Fn(&str) -> (f64, f64)) {
    let (w, h) = (c.w, c.h);
    let shade = c.linear(
        (0.0, h * 0.42),
        (0.0, h),
        &[(0.0, "#02040f", 0.0), (0.6, "#02040f", 0.72), (1.0, "#02040f", 0.94)],
    );
    c.rect(0.0, h * 0.42, w, h * 0.58, &shade);
    let margin = w * 0.06;
    let portrait = drawing.shape == Shape::Portrait;
    let lines = broken(&drawing.title, if portrait { 3 } else { 2 });
    let widest = lines.iter().map(|line| measure(line).0).fold(1.0, f64::max);
    let most = if portrait { w * 0.19 } else { h * 0.24 };
    let size = ((w - 2.0 * margin) / widest * 100.0).min(most);
    let small = w * if portrait { 0.034 } else { 0.024 };
    let caption = drawing.subtitle.clone();
    let foot = h - margin;
    let base = if caption.is_empty() { foot } else { foot - small * 2.1 };
    for (at, line) in lines.iter().rev().enumerate() {
        let y = base - at as f64 * size * 0.96;
        c.text((margin - size * 0.03, y), size, DISPLAY, "#ffffff", line);
    }
    let fits = ((w - 2.0 * margin) / (small * 0.52)) as usize;
    let caption: String = if caption.chars().count() > fits {
        caption.chars().take(fits.saturating_sub(1)).chain("…".chars()).collect()
    } else {
        caption
    };
    c.text((margin, foot), small, TEXT, "#c9d6ff", &caption);
}

/// A title in at most `most` lines, words kept whole.
fn broken(title: &str, most: usize) -> Vec<String> {
    let words: Vec<&str> = title.split_whitespace().take(9).collect();
    let all: usize = words.iter().map(|word| word.chars().count() + 1).sum();
    let longest = words.iter().map(|word| word.chars().count()).max().unwrap_or(1);
    let target = longest.max(all.div_ceil(most)).max(7);
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= target => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A soft light.
fn glow(c: &mut Canvas, at: (f64, f64, f64), color: &str, strength: f64) {
    let fill = c.radial(
        at,
        &[
            (0.0, color, strength),
            (0.4, color, strength * 0.42),
            (0.75, color, strength * 0.1),
            (1.0, color, 0.0),
        ],
    );
    let (w, h) = (c.w, c.h);
    c.rect(0.0, 0.0, w, h, &fill);
}

/// A lamp's cone through haze: bright at the lamp, gone where it ends.
fn beam(c: &mut Canvas, from: (f64, f64), angle: f64, long: f64, spread: f64, color: &str, strength: f64) {
    for (wide, part) in [(1.0, 0.34), (0.55, 0.5), (0.2, 0.8)] {
        let (a, b) = (angle - spread * wide, angle + spread * wide);
        let end = (from.0 + angle.cos() * long, from.1 + angle.sin() * long);
        let fill = c.linear(
            from,
            end,
            &[(0.0, color, strength * part), (0.35, color, strength * part * 0.4), (1.0, color, 0.0)],
        );
        let tip = long / (spread * wide).cos().max(0.2);
        c.polygon(
            &[
                from,
                (from.0 + a.cos() * tip, from.1 + a.sin() * tip),
                (from.0 + b.cos() * tip, from.1 + b.sin() * tip),
            ],
            &fill,
        );
    }
}

/// Heads and raised hands before the light, in three ranks, the nearest darkest.
fn crowd(c: &mut Canvas, hand: &mut Hand, top: f64, light: &str, ground: &str) {
    let (w, h) = (c.w, c.h);
    let scale = w.min(h * 1.25);
    let last = 3;
    for rank in 0..=last {
        let t = f64::from(rank) / f64::from(last);
        let y = top + (h - top) * (t * t * 0.52);
        let r = scale * (0.009 + 0.026 * t);
        let fill = c.linear(
            (0.0, y - r * 4.0),
            (0.0, y + r * 9.0),
            &[(0.0, light, 0.5 - 0.42 * t), (0.3, ground, 0.86 + 0.14 * t), (1.0, "#010209", 1.0)],
        );
        let mut d = format!("M0 {h:.0} L0 {y:.1}");
        let mut x = -r * hand.between(0.0, 2.0);
        while x < w + r * 2.0 {
            let step = r * hand.between(1.75, 2.7);
            let lift = r * hand.between(-0.7, 0.6);
            let head = r * hand.between(0.72, 0.9);
            let (cx, cy) = (x + step / 2.0, y + lift);
            // Shoulder, neck, head, neck, shoulder.
            d.push_str(&format!(
                " L{:.1} {:.1} Q{:.1} {:.1} {:.1} {:.1} A{head:.1} {:.1} 0 1 1 {:.1} {:.1} Q{:.1} {:.1} {:.1} {:.1}",
                x,
                cy + r * 2.0,
                x + step * 0.12,
                cy + r * 1.0,
                cx - head * 0.55,
                cy + r * 0.72,
                head * 1.22,
                cx + head * 0.55,
                cy + r * 0.72,
                x + step * 0.88,
                cy + r * 1.0,
                x + step,
                cy + r * 2.0,
            ));
            x += step;
        }
        d.push_str(&format!(" L{w:.0} {h:.0} Z"));
        c.path(&d, &fill);
        if rank == 0 {
            continue;
        }
        let arms = (w / (r * 9.0)) as usize;
        for _ in 0..arms {
            let x = hand.between(0.0, w);
            let lean = hand.between(-0.35, 0.35);
            let tall = r * hand.between(2.6, 4.6);
            let (ex, ey) = (x + lean * tall, y - tall * 0.75);
            let arm = format!("M{x:.1} {:.1} Q{:.1} {:.1} {ex:.1} {ey:.1}", y + r * 2.2, x + lean * r, y);
            c.line(&arm, r * 0.52, if t < 0.5 { ground } else { "#02030c" });
            c.circle(ex, ey, r * 0.36, if t < 0.5 { ground } else { "#02030c" });
            if hand.once_in(5) {
                c.rect(ex - r * 0.28, ey - r * 0.62, r * 0.56, r * 0.86, light);
            }
        }
    }
}

/// Stands behind the floor: rows of people as grains of light.
fn stands(c: &mut Canvas, hand: &mut Hand, top: f64, foot: f64, light: &str) {
    let w = c.w;
    let rows = 26;
    for row in 0..rows {
        let t = f64::from(row) / f64::from(rows);
        let y = top + (foot - top) * t;
        let bend = (foot - top) * 0.5;
        let r = w * (0.0011 + 0.0009 * t);
        let count = (w / (r * 7.0)) as usize;
        for _ in 0..count / 3 {
            let x = hand.between(0.0, w);
            let u = (x / w - 0.5) * 2.0;
            let shade = hand.between(0.0, 1.0);
            let color = if shade > 0.975 { "#ffffff" } else { light };
            let yy = y - bend * u * u + hand.between(-r, r);
            c.turned(0.0, (x, yy), if shade > 0.975 { 0.95 } else { 0.1 + 0.42 * shade * t }, |c| {
                c.circle(x, yy, r, color)
            });
        }
    }
}

/// A rig of moving lamps over a stage, seen from the floor.
fn beams(c: &mut Canvas, hand: &mut Hand, p: Palette) {
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
fn halo(c: &mut Canvas, hand: &mut Hand, p: Palette) {
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

/// A hall floor in perspective under its lamps.
fn court(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    floor(c, hand, p, "#7a3d16", "#d98544", true);
}

/// The same hall, frozen.
fn rink(c: &mut Canvas, hand: &mut Hand, p: Palette) {
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

/// Fire from the stage's edge, and what rains down afterwards.
fn pyro(c: &mut Canvas, hand: &mut Hand, p: Palette) {
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
fn screens(c: &mut Canvas, hand: &mut Hand, p: Palette) {
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
