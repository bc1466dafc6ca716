//! Posters with somebody on them.

use crate::poster::canvas::{Canvas, Hand};

/// A black figure before a sun with teeth; two small ones in her shadow.
pub fn sun(c: &mut Canvas, hand: &mut Hand) {
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
pub fn hats(c: &mut Canvas, hand: &mut Hand) {
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
pub fn wall(c: &mut Canvas, hand: &mut Hand) {
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
