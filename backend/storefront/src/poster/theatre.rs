//! The theatre's posters: flat shapes in few colours, one idea each, no lettering.

use super::Drawing;
use super::canvas::{Canvas, Hand};

type Motif = fn(&mut Canvas, &mut Hand);

/// Name, ground colour and drawing of each motif.
const MOTIFS: [(&str, &str, Motif); 6] = [
    ("orchard", "#e7b7a3", orchard),
    ("sun", "#c8412b", sun),
    ("hats", "#2c4a3e", hats),
    ("wall", "#b9d3da", wall),
    ("road", "#18233c", road),
    ("storm", "#0f4450", storm),
];

/// Draws a poster.
pub fn draw(drawing: &Drawing) -> String {
    let mut hand = Hand::new(drawing.seed, "theatre");
    let by_seed = (hand.next() % MOTIFS.len() as u64) as usize;
    let chosen = MOTIFS.iter().find(|(name, ..)| *name == drawing.motif).or_else(|| MOTIFS.get(by_seed));
    let Some((_, ground, motif)) = chosen else { return String::new() };
    let mut canvas = Canvas::new(drawing.shape.size(), ground);
    motif(&mut canvas, &mut hand);
    canvas.finish()
}

/// Trunks before a low sun, blossom above; one tree is cut and slides.
fn orchard(c: &mut Canvas, hand: &mut Hand) {
    let (w, h) = (c.w, c.h);
    let (ink, red, white, dusk) = ("#221a17", "#8c2331", "#fff5e6", "#d99a86");
    c.rect(0.0, h * 0.78, w, h * 0.22, dusk);
    c.circle(w * 0.62, h * 0.6, h * 0.27, red);
    let count = (w / 165.0).round().max(5.0) as usize;
    let felled = count * 2 / 5;
    for index in 0..count {
        let x = w * (index as f64 + 0.5) / count as f64 + hand.between(-w * 0.014, w * 0.014);
        let width = w.min(h) * hand.between(0.022, 0.046);
        let lean = hand.between(-w * 0.02, w * 0.02);
        let foot = h * hand.between(0.82, 0.92);
        let trunk = |top: f64, bottom: f64| {
            let at = |y: f64| x + lean * (1.0 - y / foot);
            let half = |y: f64| width * (0.3 + 0.2 * y / foot);
            [
                (at(top) - half(top), top),
                (at(top) + half(top), top),
                (at(bottom) + half(bottom), bottom),
                (at(bottom) - half(bottom), bottom),
            ]
        };
        if index == felled {
            let cut = foot - h * 0.075;
            c.polygon(&trunk(cut, foot), ink);
            c.path(
                &format!(
                    "M{:.1} {cut:.1} a{r:.1} {q:.1} 0 1 0 {d:.1} 0 a{r:.1} {q:.1} 0 1 0 {:.1} 0 Z",
                    x - width * 0.5,
                    -width,
                    r = width * 0.5,
                    q = width * 0.2,
                    d = width
                ),
                white,
            );
            c.turned(27.0, (x, cut), 1.0, |c| c.polygon(&trunk(-h * 0.3, cut - width * 1.1), ink));
        } else {
            c.polygon(&trunk(-20.0, foot), ink);
        }
    }
    let blossoms = (w * h / 9000.0) as usize;
    for _ in 0..blossoms {
        let y = h * hand.between(0.0, 1.0).powi(2) * 0.46 - h * 0.02;
        let fill = if hand.once_in(6) { red } else { white };
        let r = w.min(h) * hand.between(0.012, 0.034) * (1.25 - y / h);
        c.circle(w * hand.between(-0.02, 1.02), y, r, fill);
    }
    for _ in 0..blossoms / 4 {
        c.circle(
            w * hand.between(0.0, 1.0),
            h * hand.between(0.5, 0.98),
            w.min(h) * hand.between(0.005, 0.009),
            white,
        );
    }
}

/// A black figure before a sun with teeth; two small ones in her shadow.
fn sun(c: &mut Canvas, hand: &mut Hand) {
    let (w, h) = (c.w, c.h);
    let (gold, ink, pale, deep) = ("#f0b63f", "#1d1413", "#fbe9cb", "#8f2419");
    let (x, y, r) = (w * 0.5, h * 0.4, w.min(h) * 0.31);
    let rays = 26 + (hand.next() % 5) as usize;
    let turn = hand.between(0.0, 1.0);
    for ray in 0..rays {
        let at = |offset: f64, length: f64| {
            let angle = (ray as f64 + turn + offset) * std::f64::consts::TAU / rays as f64;
            (x + angle.cos() * length, y + angle.sin() * length)
        };
        let long = if ray % 2 == 0 { 1.62 } else { 1.3 };
        c.polygon(&[at(-0.36, r * 1.1), at(0.0, r * long), at(0.36, r * 1.1)], gold);
    }
    c.circle(x, y, r, gold);
    c.circle(x, y, r * 0.8, pale);
    let floor = h * 0.8;
    c.rect(0.0, floor, w, h - floor, deep);
    let s = w.min(h);
    c.polygon(&[(x - s * 0.05, floor), (x + s * 0.05, floor), (x + s * 0.3, h), (x - s * 0.3, h)], ink);
    c.path(
        &format!(
            "M{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1} L{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1} Z",
            x, y - r * 0.32, x + s * 0.09, y - r * 0.1, x + s * 0.1, floor - s * 0.2, x + s * 0.22, floor + s * 0.02,
            x - s * 0.22, floor + s * 0.02, x - s * 0.1, floor - s * 0.2, x - s * 0.09, y - r * 0.1, x, y - r * 0.32
        ),
        ink,
    );
    c.circle(x, y - r * 0.42, s * 0.052, ink);
    c.polygon(
        &[
            (x + s * 0.085, floor - s * 0.25),
            (x + s * 0.11, floor - s * 0.25),
            (x + s * 0.105, floor - s * 0.02),
        ],
        pale,
    );
    for (side, size) in [(-1.0, 0.085), (1.0, 0.07)] {
        let px = x + side * s * 0.055;
        let foot = floor + s * 0.13;
        let tall = s * size;
        c.polygon(
            &[
                (px - tall * 0.14, foot - tall * 1.2),
                (px + tall * 0.14, foot - tall * 1.2),
                (px + tall * 0.42, foot),
                (px - tall * 0.42, foot),
            ],
            pale,
        );
        c.circle(px, foot - tall * 1.38, tall * 0.25, pale);
    }
}

/// Officials in rows, all alike but one.
fn hats(c: &mut Canvas, hand: &mut Hand) {
    let (w, h) = (c.w, c.h);
    let (ink, face, band, other) = ("#141a17", "#ead9bd", "#b4472f", "#e9b23c");
    let columns = (w / 300.0).round().max(3.0) as usize;
    let cell = w / columns as f64;
    let rows = (h / (cell * 0.94)).ceil() as usize;
    let odd = (rows / 2, columns / 2);
    for row in 0..rows {
        for column in 0..=columns {
            let shift = if row % 2 == 0 { 0.0 } else { -cell * 0.5 };
            let x = cell * (column as f64 + 0.5) + shift;
            let y = cell * 0.94 * (row as f64 + 0.5);
            let strange = (row, column) == odd;
            let hat = if strange { other } else { ink };
            let tilt = if strange { -17.0 } else { hand.between(-2.5, 2.5) };
            let s = cell * 0.5;
            c.path(
                &format!(
                    "M{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1} L{:.1} {:.1} Z",
                    x - s * 0.72,
                    y + s * 1.2,
                    x - s * 0.6,
                    y + s * 0.36,
                    x + s * 0.6,
                    y + s * 0.36,
                    x + s * 0.72,
                    y + s * 1.2,
                    x - s * 0.72,
                    y + s * 1.2
                ),
                if strange { other } else { ink },
            );
            c.circle(x, y + s * 0.18, s * 0.36, face);
            c.path(
                &format!(
                    "M{:.1} {:.1} q{:.1} {:.1} {:.1} 0 q{:.1} {:.1} {:.1} 0 Z",
                    x - s * 0.26,
                    y + s * 0.3,
                    s * 0.13,
                    -s * 0.15,
                    s * 0.26,
                    s * 0.13,
                    -s * 0.15,
                    s * 0.26
                ),
                if strange { band } else { ink },
            );
            c.turned(tilt, (x, y), 1.0, |c| {
                c.rect(x - s * 0.34, y - s * 0.68, s * 0.68, s * 0.66, hat);
                c.rect(x - s * 0.34, y - s * 0.22, s * 0.68, s * 0.13, if strange { ink } else { band });
                c.rect(x - s * 0.54, y - s * 0.1, s * 1.08, s * 0.1, hat);
            });
            if strange {
                c.ring(x + s * 0.13, y + s * 0.12, s * 0.1, s * 0.03, ink);
            }
        }
    }
}

/// A giant's back behind a wall in snow; one hole, with spring in it.
fn wall(c: &mut Canvas, hand: &mut Hand) {
    let (w, h) = (c.w, c.h);
    let (coat, shadow, brick, mortar, snow, spring, child) =
        ("#27424f", "#1c313c", "#a4553f", "#7f3e2e", "#f7fafa", "#f2cf63", "#2e6a4a");
    let s = w.min(h);
    let top = h * 0.56;
    c.path(
        &format!(
            "M{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1} Z",
            w * 0.5 - s * 0.52,
            top + s * 0.1,
            w * 0.5 - s * 0.5,
            h * 0.2,
            w * 0.5 - s * 0.2,
            h * 0.17,
            w * 0.5,
            h * 0.17,
            w * 0.5 + s * 0.2,
            h * 0.17,
            w * 0.5 + s * 0.5,
            h * 0.2,
            w * 0.5 + s * 0.52,
            top + s * 0.1
        ),
        coat,
    );
    c.path(
        &format!(
            "M{:.1} {:.1} C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1} L{:.1} {:.1} Z",
            w * 0.5,
            h * 0.17,
            w * 0.5 + s * 0.2,
            h * 0.17,
            w * 0.5 + s * 0.5,
            h * 0.2,
            w * 0.5 + s * 0.52,
            top + s * 0.1,
            w * 0.5 + s * 0.06,
            top + s * 0.1
        ),
        shadow,
    );
    c.circle(w * 0.5 - s * 0.02, h * 0.165, s * 0.085, "#d9a583");
    c.path(
        &format!(
            "M{:.1} {:.1} a{r:.1} {r:.1} 0 0 1 {:.1} 0 Z",
            w * 0.5 - s * 0.115,
            h * 0.155,
            s * 0.19,
            r = s * 0.095
        ),
        "#b1432f",
    );
    c.circle(w * 0.5 - s * 0.02, h * 0.155 - s * 0.105, s * 0.024, snow);
    c.rect(0.0, top, w, h - top, mortar);
    let (tall, wide) = (s * 0.062, s * 0.155);
    let rows = ((h - top) / tall).ceil() as usize + 1;
    for row in 0..rows {
        let y = top + row as f64 * tall;
        let shift = if row % 2 == 0 { 0.0 } else { wide * 0.5 };
        let mut x = -shift - wide * 0.1;
        while x < w {
            let fill = if hand.once_in(7) { "#b9684f" } else { brick };
            c.rect(x + 3.0, y + 4.0, wide - 7.0, tall - 8.0, fill);
            x += wide;
        }
    }
    let (hx, hy, hr) = (w * 0.5 + s * 0.2, h * 0.84, s * 0.135);
    c.circle(hx, hy, hr, spring);
    let inside = format!(
        "M{:.1} {hy:.1} a{hr:.1} {hr:.1} 0 1 0 {:.1} 0 a{hr:.1} {hr:.1} 0 1 0 {:.1} 0 Z",
        hx - hr,
        hr * 2.0,
        -hr * 2.0
    );
    c.clipped(&inside, |c| {
        c.circle(hx - hr * 0.3, hy + hr * 1.35, hr * 1.0, "#7fae5a");
        c.circle(hx + hr * 0.9, hy + hr * 1.2, hr * 0.8, "#5f9650");
        c.polygon(
            &[
                (hx - hr * 0.28, hy + hr * 0.6),
                (hx + hr * 0.12, hy + hr * 0.6),
                (hx - hr * 0.02, hy - hr * 0.1),
                (hx - hr * 0.14, hy - hr * 0.1),
            ],
            child,
        );
        c.circle(hx - hr * 0.08, hy - hr * 0.25, hr * 0.17, child);
    });
    c.path(
        &{
            let mut d = format!("M0 {:.1}", top + s * 0.012);
            let step = w / 14.0;
            for index in 0..14 {
                let x = step * (f64::from(index) + 1.0);
                d.push_str(&format!(
                    " Q{:.1} {:.1} {x:.1} {:.1}",
                    x - step / 2.0,
                    top - s * hand.between(0.02, 0.05),
                    top + s * 0.012
                ));
            }
            d.push_str(" Z");
            d
        },
        snow,
    );
    for _ in 0..(w * h / 16000.0) as usize {
        c.circle(
            w * hand.between(0.0, 1.0),
            h * hand.between(0.0, 0.97),
            s * hand.between(0.003, 0.009),
            snow,
        );
    }
}

/// A road at night to a point between hills of salt.
fn road(c: &mut Canvas, hand: &mut Hand) {
    let (w, h) = (c.w, c.h);
    let (tar, salt, grey, lamp, far) = ("#0d1424", "#f3f0e8", "#c3c9d2", "#f2b84b", "#2b3b5e");
    let horizon = h * 0.52;
    let point = w * 0.57;
    let s = w.min(h);
    c.circle(w * 0.27, h * 0.2, s * 0.13, salt);
    c.circle(w * 0.27 + s * 0.045, h * 0.2 - s * 0.025, s * 0.115, "#18233c");
    for _ in 0..60 {
        c.circle(
            w * hand.between(0.0, 1.0),
            horizon * hand.between(0.0, 0.9),
            s * hand.between(0.0012, 0.0032),
            grey,
        );
    }
    for (x, half, tall) in [(0.08, 0.24, 0.17), (0.92, 0.3, 0.23), (0.34, 0.2, 0.12)] {
        let (px, half, tall) = (w * x, w * half, h * tall * hand.between(0.92, 1.08));
        c.polygon(&[(px - half, horizon), (px, horizon - tall), (px + half, horizon)], salt);
        c.polygon(&[(px, horizon - tall), (px + half, horizon), (px + half * 0.16, horizon)], grey);
    }
    c.rect(0.0, horizon, w, h - horizon, far);
    for (step, y) in [0.0, 0.05, 0.14, 0.27, 0.44, 0.68].iter().enumerate() {
        let top = horizon + (h - horizon) * y;
        c.rect(0.0, top, w, s * 0.003 * (step as f64 + 1.0), "#354974");
    }
    c.polygon(
        &[
            (point - s * 0.008, horizon),
            (point + s * 0.008, horizon),
            (w * 0.57 + s * 0.62, h),
            (w * 0.57 - s * 0.62, h),
        ],
        tar,
    );
    let at = |t: f64| horizon + (h - horizon) * t * t;
    for dash in 0..9 {
        let (from, to) = (f64::from(dash) / 9.0 + 0.03, f64::from(dash) / 9.0 + 0.085);
        let half = |t: f64| s * 0.018 * t * t + 0.6;
        c.polygon(
            &[
                (point - half(from), at(from)),
                (point + half(from), at(from)),
                (point + half(to), at(to)),
                (point - half(to), at(to)),
            ],
            salt,
        );
    }
    let (tx, ty, ts) = (point + s * 0.115, horizon + s * 0.15, s * 0.125);
    for side in [-1.0, 1.0] {
        let lx = tx + side * ts * 0.32;
        c.polygon(&[(lx, ty + ts * 0.38), (lx - ts * 1.1, h), (lx + ts * 0.9, h)], "#f2b84b22");
    }
    c.rect(tx - ts * 0.55, ty - ts * 0.75, ts * 1.1, ts * 0.9, salt);
    c.rect(tx - ts * 0.48, ty - ts * 0.28, ts * 0.96, ts * 0.74, "#a8322c");
    c.rect(tx - ts * 0.4, ty - ts * 0.2, ts * 0.8, ts * 0.28, tar);
    c.rect(tx - ts * 0.46, ty + ts * 0.46, ts * 0.24, ts * 0.14, tar);
    c.rect(tx + ts * 0.22, ty + ts * 0.46, ts * 0.24, ts * 0.14, tar);
    for side in [-1.0, 1.0] {
        c.circle(tx + side * ts * 0.32, ty + ts * 0.3, ts * 0.09, lamp);
    }
}

/// Scales of sea, a small boat near the top, and an eye for a moon.
fn storm(c: &mut Canvas, hand: &mut Hand) {
    let (w, h) = (c.w, c.h);
    let tones = ["#1b6470", "#0c3641", "#2a8a8c"];
    let (foam, bone, red) = ("#eadfc6", "#f4ead6", "#d2502f");
    let s = w.min(h);
    let (mx, my, mr) = (w * 0.68, h * 0.24, s * 0.19);
    c.circle(mx, my, mr, bone);
    c.circle(mx, my, mr * 0.5, "#0f4450");
    c.circle(mx + mr * 0.14, my - mr * 0.14, mr * 0.14, bone);
    let zig = |x: f64, y: f64, t: f64| {
        [
            (x, y),
            (x + t * 0.3, y),
            (x + t * 0.12, y + t * 0.42),
            (x + t * 0.34, y + t * 0.42),
            (x - t * 0.12, y + t * 1.15),
            (x + t * 0.03, y + t * 0.58),
            (x - t * 0.18, y + t * 0.58),
        ]
    };
    c.polygon(&zig(w * 0.2, h * 0.07, s * 0.26), red);
    let (bx, by, b) = (w * 0.33, h * 0.475, s * 0.125);
    c.turned(-19.0, (bx, by), 1.0, |c| {
        c.path(
            &format!(
                "M{:.1} {:.1} h{:.1} q{:.1} {:.1} {:.1} {:.1} h{:.1} q{:.1} {:.1} {:.1} {:.1} Z",
                bx - b,
                by,
                b * 2.0,
                -b * 0.1,
                b * 0.5,
                -b * 0.5,
                b * 0.5,
                -b * 1.05,
                -b * 0.35,
                -b * 0.05,
                -b * 0.45,
                -b * 0.5
            ),
            red,
        );
        c.rect(bx - b * 0.04, by - b * 1.7, b * 0.08, b * 1.7, bone);
        c.polygon(
            &[(bx + b * 0.12, by - b * 1.65), (bx + b * 0.12, by - b * 0.16), (bx + b * 1.0, by - b * 0.16)],
            bone,
        );
        c.polygon(
            &[(bx - b * 0.12, by - b * 1.35), (bx - b * 0.12, by - b * 0.16), (bx - b * 0.72, by - b * 0.16)],
            foam,
        );
    });
    let r = w / (w / 130.0).round().max(6.0);
    let rows = ((h * 0.62) / (r * 0.5)).ceil() as usize + 2;
    for row in 0..rows {
        let y = h * 0.53 + r * 0.5 * row as f64;
        let shift = if row % 2 == 0 { 0.0 } else { r };
        let mut x = -shift;
        while x < w + r {
            let lift = (x / w * std::f64::consts::PI * 1.6 + 0.5).sin()
                * h
                * 0.035
                * (1.0 - row as f64 / rows as f64);
            let tone = hand.pick(&tones);
            c.circle(x, y - lift, r, foam);
            c.circle(x, y - lift, r * 0.9, tone);
            c.circle(x, y - lift, r * 0.62, foam);
            c.circle(x, y - lift, r * 0.54, if tone == "#0c3641" { "#1b6470" } else { "#0c3641" });
            c.circle(x, y - lift, r * 0.26, foam);
            x += r * 2.0;
        }
    }
}
