//! The club's posters: light in the dark, and a title that fills the sheet.

use super::canvas::{Canvas, Hand};
use super::raster::{DISPLAY, TEXT};
use super::{Drawing, Shape};

/// Ground, two lights and the colours of the title and the line beside it.
#[derive(Clone, Copy)]
struct Palette {
    ground: &'static str,
    one: &'static str,
    two: &'static str,
    ink: &'static str,
    caption: &'static str,
}

type Motif = fn(&mut Canvas, &mut Hand, Palette);

/// Name, palette, drawing and whether the title stands at the foot.
const MOTIFS: [(&str, Palette, Motif, bool); 6] = [
    (
        "rings",
        Palette { ground: "#08090a", one: "#c6ff00", two: "#1d3b2a", ink: "#f2f2ec", caption: "#f2f2ec" },
        rings,
        true,
    ),
    (
        "stack",
        Palette { ground: "#1a0410", one: "#ff3b2f", two: "#ff9ad5", ink: "#fff1e6", caption: "#fff1e6" },
        stack,
        false,
    ),
    (
        "scoop",
        Palette { ground: "#0c0f08", one: "#ffb000", two: "#1f8a4c", ink: "#fff4d6", caption: "#fff4d6" },
        scoop,
        true,
    ),
    (
        "ribbon",
        Palette { ground: "#07071c", one: "#7a5cff", two: "#5ad7ff", ink: "#eef0ff", caption: "#eef0ff" },
        ribbon,
        false,
    ),
    (
        "signal",
        Palette { ground: "#020d0c", one: "#00f0c8", two: "#f4fffb", ink: "#f4fffb", caption: "#f4fffb" },
        signal,
        true,
    ),
    (
        "dial",
        Palette { ground: "#2a1a3a", one: "#ffb48a", two: "#d9a7ff", ink: "#fff3ea", caption: "#3b1737" },
        dial,
        false,
    ),
];

/// Draws a poster. `measure` gives width and height of a line at 100 in the display face.
pub fn draw(drawing: &Drawing, measure: &dyn Fn(&str) -> (f64, f64)) -> String {
    let mut hand = Hand::new(drawing.seed, "club");
    let by_seed = (hand.next() % MOTIFS.len() as u64) as usize;
    let chosen = MOTIFS.iter().find(|(name, ..)| *name == drawing.motif).or_else(|| MOTIFS.get(by_seed));
    let Some((_, palette, motif, at_foot)) = chosen else { return String::new() };
    let mut canvas = Canvas::new(drawing.shape.size(), palette.ground);
    motif(&mut canvas, &mut hand, *palette);
    if drawing.shape != Shape::Wide {
        letter(&mut canvas, drawing, *palette, *at_foot, measure);
    }
    canvas.finish()
}

/// Sets the title line by line, each as wide as the sheet, and the subtitle small beside it.
fn letter(
    c: &mut Canvas,
    drawing: &Drawing,
    palette: Palette,
    at_foot: bool,
    measure: &dyn Fn(&str) -> (f64, f64),
) {
    let margin = c.w * 0.045;
    let room = c.w - 2.0 * margin;
    let limit = c.h * if drawing.shape == Shape::Portrait { 0.5 } else { 0.66 };
    let gap = c.w * 0.026;
    let mut lines: Vec<(String, f64, f64)> = Vec::new();
    for word in drawing.title.to_uppercase().split_whitespace().take(6) {
        let (width, height) = measure(word);
        let size = (room / width * 100.0).min(c.h * 0.56);
        lines.push((word.to_owned(), size, size * height / 100.0));
    }
    let total: f64 = lines.iter().map(|(_, _, height)| height + gap).sum();
    let shrink = (limit / total.max(1.0)).min(1.0);
    let small = c.w * if drawing.shape == Shape::Portrait { 0.031 } else { 0.022 };
    let mut y = if at_foot { c.h - margin - total * shrink } else { margin };
    for (word, size, height) in &lines {
        y += height * shrink;
        c.text((margin - size * shrink * 0.035, y), size * shrink, DISPLAY, palette.ink, word);
        y += gap * shrink;
    }
    let caption = drawing.subtitle.to_uppercase();
    let baseline = if at_foot { margin + small } else { c.h - margin };
    c.text((margin, baseline), small, TEXT, palette.caption, &caption);
}

/// A soft light.
fn glow(c: &mut Canvas, at: (f64, f64, f64), color: &str, strength: f64) {
    let fill = c.radial(at, &[(0.0, color, strength), (0.55, color, strength * 0.32), (1.0, color, 0.0)]);
    let (w, h) = (c.w, c.h);
    c.rect(0.0, 0.0, w, h, &fill);
}

/// Rings that slip off their centre.
fn rings(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    let s = w.max(h);
    let (x, y) = (w * 0.58, h * 0.36);
    glow(c, (x, y, s * 0.7), p.two, 1.0);
    let count = 22;
    for index in (0..count).rev() {
        let t = f64::from(index) / f64::from(count);
        let r = s * (0.04 + t * 0.62);
        let (cx, cy) = (x - t * t * w * 0.2, y + t * t * h * 0.1);
        let width = s * (0.0035 + (1.0 - t) * 0.0085) * hand.between(0.75, 1.25);
        let fade = c.linear(
            (cx - r, cy - r),
            (cx + r, cy + r),
            &[(0.0, p.one, 1.0 - t * 0.55), (0.52, p.one, 0.06), (1.0, p.one, 0.8 - t * 0.6)],
        );
        c.ring(cx, cy, r, width, &fade);
    }
    c.circle(x, y, s * 0.03, p.one);
}

/// Nine bars of one evening.
fn stack(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    glow(c, (w * 0.3, h * 0.9, h * 0.9), p.one, 0.55);
    let bar = h * 0.062;
    for index in 0..9 {
        let t = f64::from(index) / 8.0;
        let y = h * 0.4 + f64::from(index) * bar;
        let left = w * (0.5 - 0.46 * (t * std::f64::consts::PI).sin().abs().max(0.25))
            + hand.between(-w * 0.03, w * 0.03);
        let wide = w * (0.42 + 0.36 * (t * 2.4 + 0.6).sin().abs());
        let fill = c.linear(
            (left, y),
            (left + wide, y),
            &[(0.0, p.one, 1.0), (0.6, p.two, 0.95), (1.0, p.two, 0.05)],
        );
        c.rect(left, y, wide, bar * 0.78, &fill);
    }
    glow(c, (w * 0.78, h * 0.5, h * 0.5), p.two, 0.28);
}

/// A wall of loudspeakers.
fn scoop(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    glow(c, (w * 0.5, h * 0.25, h * 0.85), p.two, 0.75);
    let columns = (w / 400.0).round().max(3.0);
    let cell = w / columns;
    let rows = (h / cell).ceil() as usize;
    for row in 0..rows {
        for column in 0..columns as usize {
            let (x, y) = (cell * (column as f64 + 0.5), cell * (row as f64 + 0.5));
            let r = cell * 0.43;
            let cone = c.radial(
                (x - r * 0.25, y - r * 0.3, r * 1.5),
                &[(0.0, "#3a3c33", 1.0), (0.45, "#15170f", 1.0), (1.0, "#000000", 1.0)],
            );
            c.circle(x, y, r, &cone);
            let light = hand.between(0.35, 1.0);
            let rim = c.linear(
                (x, y - r),
                (x, y + r),
                &[(0.0, p.one, light), (0.5, p.one, 0.04), (1.0, p.two, 0.55)],
            );
            c.ring(x, y, r, cell * 0.022, &rim);
            c.ring(x, y, r * 0.74, cell * 0.01, &rim);
            let cap = c.radial(
                (x - r * 0.1, y - r * 0.14, r * 0.46),
                &[(0.0, p.one, 0.95), (0.6, p.one, 0.35), (1.0, "#1a1408", 1.0)],
            );
            c.circle(x, y, r * 0.32, &cap);
        }
    }
    let shade = c.linear(
        (0.0, h * 0.35),
        (0.0, h),
        &[(0.0, p.ground, 0.0), (0.75, p.ground, 0.92), (1.0, p.ground, 1.0)],
    );
    c.rect(0.0, 0.0, w, h, &shade);
}

/// A ribbon of many threads.
fn ribbon(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    glow(c, (w * 0.2, h * 0.75, h * 0.75), p.one, 0.6);
    glow(c, (w * 0.9, h * 0.55, h * 0.55), p.two, 0.35);
    let (a, b) = (hand.between(0.8, 1.2), hand.between(1.4, 1.9));
    for thread in 0..64 {
        let t = f64::from(thread) / 63.0;
        let mut d = String::new();
        for step in 0..=48 {
            let u = f64::from(step) / 48.0;
            let wave = (u * std::f64::consts::TAU * a + t * 1.9).sin() * 0.11
                + (u * std::f64::consts::TAU * b - t * 2.6).cos() * 0.06;
            let y = h * (0.66 + wave + (t - 0.5) * 0.26 * (u * 3.3 + 0.6).sin());
            d.push_str(&format!(
                "{}{:.1} {:.1}",
                if step == 0 { "M" } else { " L" },
                w * (u * 1.1 - 0.05),
                y
            ));
        }
        let fill = c.linear(
            (0.0, 0.0),
            (w, 0.0),
            &[(0.0, p.one, 0.12), (0.35, p.one, 0.9), (0.75, p.two, 0.95), (1.0, "#ffffff", 0.25)],
        );
        c.line(&d, w * 0.0016 + w * 0.0022 * t, &fill);
    }
}

/// A carrier wave that has broken into bars.
fn signal(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    glow(c, (w * 0.5, h * 0.34, h * 0.6), p.one, 0.32);
    let bars = (w / 13.0) as usize;
    let (f, g) = (hand.between(5.0, 7.0), hand.between(15.0, 21.0));
    for index in 0..bars {
        let u = index as f64 / bars as f64;
        let envelope = (u * std::f64::consts::PI).sin().powf(1.4);
        let tall =
            h * 0.36 * envelope * ((u * f).sin() * 0.55 + (u * g).cos() * 0.3 + hand.between(0.1, 0.5)).abs()
                + h * 0.004;
        let x = w * u;
        let y = h * 0.34;
        let fill = c.linear(
            (x, y - tall),
            (x, y + tall),
            &[
                (0.0, p.one, 0.0),
                (0.32, p.one, 0.95),
                (0.5, p.two, 1.0),
                (0.68, p.one, 0.9),
                (1.0, p.one, 0.0),
            ],
        );
        c.rect(x, y - tall, w / bars as f64 * 0.56, tall * 2.0, &fill);
    }
    for _ in 0..7 {
        let y = h * hand.between(0.06, 0.62);
        let x = w * hand.between(-0.1, 0.7);
        c.rect(x, y, w * hand.between(0.12, 0.5), h * hand.between(0.003, 0.011), p.ground);
        c.rect(x + w * 0.02, y + h * 0.013, w * hand.between(0.05, 0.2), h * 0.003, p.one);
    }
}

/// A tuning dial at dusk.
fn dial(c: &mut Canvas, hand: &mut Hand, p: Palette) {
    let (w, h) = (c.w, c.h);
    let sky = c.linear(
        (0.0, 0.0),
        (0.0, h),
        &[(0.0, "#241536", 1.0), (0.5, "#7c4a86", 1.0), (0.78, "#e48f7a", 1.0), (1.0, "#ffd2a3", 1.0)],
    );
    c.rect(0.0, 0.0, w, h, &sky);
    let (x, y, r) = (w * 0.5, h * 0.98, w.min(h * 1.2) * 0.5);
    glow(c, (x, y, r * 1.7), p.one, 0.85);
    let disc = c.linear((x, y - r * 0.72), (x, y), &[(0.0, "#fff0d8", 1.0), (1.0, p.one, 0.9)]);
    c.circle(x, y, r * 0.62, &disc);
    for tick in 0..=60 {
        let angle = std::f64::consts::PI * (1.0 + f64::from(tick) / 60.0);
        let long = if tick % 10 == 0 {
            0.17
        } else if tick % 5 == 0 {
            0.11
        } else {
            0.06
        };
        let at = |distance: f64| (x + angle.cos() * distance, y + angle.sin() * distance);
        let (from, to) = (at(r * 0.82), at(r * (0.82 + long)));
        c.line(&format!("M{:.1} {:.1} L{:.1} {:.1}", from.0, from.1, to.0, to.1), w * 0.0028, p.ink);
    }
    let needle = std::f64::consts::PI * (1.0 + hand.between(0.55, 0.75));
    c.line(
        &format!(
            "M{:.1} {:.1} L{:.1} {:.1}",
            x + needle.cos() * r * 0.62,
            y + needle.sin() * r * 0.62,
            x + needle.cos() * r * 1.06,
            y + needle.sin() * r * 1.06
        ),
        w * 0.006,
        "#b3163a",
    );
}
