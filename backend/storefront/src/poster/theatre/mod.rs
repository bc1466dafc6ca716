//! The theatre's posters: flat shapes in few colours, one idea each, no lettering.

mod figures;
mod landscapes;

use super::Drawing;
use super::canvas::{Canvas, Hand};
use figures::{hats, sun, wall};
use landscapes::{orchard, road, storm};

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
