//! What the arena's motifs are made of: light, haze, and the people before it.

use crate::poster::canvas::{Canvas, Hand};

/// A soft light.
pub fn glow(c: &mut Canvas, at: (f64, f64, f64), color: &str, strength: f64) {
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
pub fn beam(
    c: &mut Canvas,
    from: (f64, f64),
    angle: f64,
    long: f64,
    spread: f64,
    color: &str,
    strength: f64,
) {
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
pub fn crowd(c: &mut Canvas, hand: &mut Hand, top: f64, light: &str, ground: &str) {
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
pub fn stands(c: &mut Canvas, hand: &mut Hand, top: f64, foot: f64, light: &str) {
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
