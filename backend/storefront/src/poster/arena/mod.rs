//! Posters of the arena: what a camera sees from the stands: beams in haze, a lit floor, and the heads before it.

mod courts;
mod parts;
mod shows;

use super::Drawing;
use super::Shape;
use super::canvas::{Canvas, Hand};
use super::raster::{DISPLAY, TEXT};
use courts::{court, rink};
use shows::{beams, halo, pyro, screens};

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
