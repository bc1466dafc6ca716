//! Posters of places and weather.

use crate::poster::canvas::{Canvas, Hand};

/// Trunks before a low sun, blossom above; one tree is cut and slides.
pub fn orchard(c: &mut Canvas, hand: &mut Hand) {
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

/// A road at night to a point between hills of salt.
pub fn road(c: &mut Canvas, hand: &mut Hand) {
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
pub fn storm(c: &mut Canvas, hand: &mut Hand) {
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
