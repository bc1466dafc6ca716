//! From SVG to picture files.

use std::io::Cursor;
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat, RgbImage};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Node, Options, Tree, fontdb::Database};

use super::Drawing;
use super::canvas::Hand;
use crate::PageError;
use crate::theme::{BASE, Files};

/// The generic families that drawings name: the theme's faces stand behind them.
pub const DISPLAY: &str = "fantasy";
/// The theme's text face.
pub const TEXT: &str = "sans-serif";

/// A theme's faces.
pub struct Fonts(Arc<Database>);

impl Fonts {
    /// The faces of a theme, with base's as fallback.
    pub fn of(theme: &str) -> Self {
        let mut database = Database::new();
        for folder in [theme, BASE] {
            for path in crate::theme::list(&format!("{folder}/fonts")) {
                if let Some(file) = Files::get(&path).filter(|_| path.ends_with(".ttf")) {
                    database.load_font_data(file.data.into_owned());
                }
            }
        }
        let family = |word: &str| {
            database
                .faces()
                .flat_map(|face| face.families.iter().map(|(name, _)| name.clone()))
                .find(|name| name.ends_with(word))
                .unwrap_or_else(|| "Fallback Text".to_owned())
        };
        let (display, text) = (family("Display"), family("Text"));
        database.set_fantasy_family(display);
        database.set_sans_serif_family(text);
        Self(Arc::new(database))
    }

    fn parse(&self, svg: &str) -> Result<Tree, PageError> {
        let options = Options { fontdb: Arc::clone(&self.0), ..Options::default() };
        Tree::from_str(svg, &options).map_err(|error| PageError::Poster(error.to_string()))
    }

    /// Width and height of a line's ink, set at 100 in the display face.
    fn measure(&self, line: &str) -> (f64, f64) {
        let mut canvas = super::canvas::Canvas::new((10.0, 10.0), "none");
        canvas.text((0.0, 0.0), 100.0, DISPLAY, "#000", line);
        let ink = self.parse(&canvas.finish()).ok().and_then(|tree| {
            tree.root().children().iter().find_map(|node| match node {
                Node::Text(text) => Some(text.flattened().abs_bounding_box()),
                _ => None,
            })
        });
        ink.map_or((100.0, 70.0), |ink| (f64::from(ink.width()).max(1.0), f64::from(ink.height()).max(1.0)))
    }
}

/// Draws a picture `width` pixels wide as `webp`, `png` or `jpg`.
pub fn render(drawing: &Drawing, fonts: &Fonts, width: u32, format: &str) -> Result<Vec<u8>, PageError> {
    let (w, h) = drawing.shape.size();
    let scale = f64::from(width) / w;
    let height = (h * scale).round() as u32;
    let tree = fonts.parse(&drawing.svg(&|line| fonts.measure(line)))?;
    let mut pixmap =
        Pixmap::new(width, height).ok_or_else(|| PageError::Poster("no room for the picture".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixmap.as_mut());
    let mut picture = opaque(&pixmap);
    if drawing.grain() > 0 {
        grain(&mut picture, drawing.grain(), drawing.seed);
    }
    encode(&picture, format)
}

/// The pixels without transparency: every drawing covers its sheet.
fn opaque(pixmap: &Pixmap) -> RgbImage {
    let mut picture = RgbImage::new(pixmap.width(), pixmap.height());
    for (target, source) in picture.pixels_mut().zip(pixmap.pixels()) {
        target.0 = [source.red(), source.green(), source.blue()];
    }
    picture
}

/// Film grain: the same amount on all three channels, most in the middle tones.
fn grain(picture: &mut RgbImage, amount: u8, seed: u32) {
    let mut hand = Hand::new(seed, "grain");
    for pixel in picture.pixels_mut() {
        let [r, g, b] = pixel.0;
        let light = (u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b)) / 10;
        let room = 0.35 + 0.65 * (1.0 - (f64::from(light) / 127.5 - 1.0).abs());
        let amount = f64::from(amount) * room;
        let shift = hand.between(-amount, amount);
        pixel.0 = pixel.0.map(|channel| (f64::from(channel) + shift).clamp(0.0, 255.0) as u8);
    }
}

fn encode(picture: &RgbImage, format: &str) -> Result<Vec<u8>, PageError> {
    let mut bytes = Cursor::new(Vec::new());
    let result = match format {
        "jpg" => JpegEncoder::new_with_quality(&mut bytes, 76).encode(
            picture.as_raw(),
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        ),
        "webp" => picture.write_to(&mut bytes, ImageFormat::WebP),
        _ => picture.write_to(&mut bytes, ImageFormat::Png),
    };
    result.map_err(|error| PageError::Poster(error.to_string()))?;
    Ok(bytes.into_inner())
}
