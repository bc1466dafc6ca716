//! Lines of text: which face has which character, which way they run, how wide they are.

use krilla::geom::Point;
use krilla::surface::Surface;
use unicode_bidi::ParagraphBidiInfo;

use super::face::{Face, Shaped};

/// A line, shaped for a size of one.
pub(super) struct Line<'f> {
    text: String,
    pieces: Vec<(&'f Face, Shaped)>,
}

impl<'f> Line<'f> {
    /// Sets `text` in the first face of `stack` that has each character.
    ///
    /// A character that no face has is left out: an empty box tells nobody anything. The page says the same without
    /// it, since the order's number stands beside the name.
    pub(super) fn set(text: &str, stack: &[&'f Face]) -> Self {
        let (text, faces) = covered(text, stack);
        let mut pieces = Vec::new();
        // An empty paragraph has no level to look at.
        if text.is_empty() {
            return Self { text, pieces };
        }
        let bidi = ParagraphBidiInfo::new(&text, None);
        let (levels, runs) = bidi.visual_runs(0..text.len());
        for run in runs {
            let right_to_left = levels.get(run.start).is_some_and(unicode_bidi::Level::is_rtl);
            let mut parts = same_face(&faces, run);
            if right_to_left {
                parts.reverse();
            }
            for (face, range) in parts {
                if let (Some(face), Some(part)) = (stack.get(face), text.get(range.clone())) {
                    pieces.push((*face, face.shape(part, range.start, right_to_left)));
                }
            }
        }
        Self { text, pieces }
    }

    /// Is there nothing to draw?
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Its width at a size of one.
    pub(super) fn width(&self) -> f32 {
        self.pieces.iter().map(|(_, shaped)| shaped.width).sum()
    }

    /// The largest size up to `size` at which it is at most `width` wide, but not below `least`.
    pub(super) fn size_for(&self, size: f32, least: f32, width: f32) -> f32 {
        let fitting = if self.width() > 0.0 { width / self.width() } else { size };
        fitting.clamp(least, size)
    }

    /// Draws it with its baseline at `y`, in the surface's own colour.
    pub(super) fn draw(&self, surface: &mut Surface<'_>, x: f32, y: f32, size: f32) {
        let mut x = x;
        for (face, shaped) in &self.pieces {
            surface.draw_glyphs(Point::from_xy(x, y), &shaped.glyphs, face.font(), &self.text, size, false);
            x += shaped.width * size;
        }
    }
}

/// A text in several lines.
pub(super) struct Wrapped<'f> {
    /// The lines that have something to draw.
    pub(super) lines: Vec<Line<'f>>,
    /// Nothing was cut.
    pub(super) whole: bool,
}

/// `text` in lines of at most `width` at `size`, `most` of them; what does not fit gives way to an ellipsis.
pub(super) fn wrap<'f>(text: &str, stack: &[&'f Face], size: f32, width: f32, most: usize) -> Wrapped<'f> {
    let fits = |text: &str| Line::set(text, stack).width() * size <= width;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line} {word}")) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let more = lines.len() > most;
    let whole = !more && lines.iter().all(|line| fits(line));
    lines.truncate(most);
    let last = lines.len().saturating_sub(1);
    let cut = |(at, line): (usize, String)| Line::set(&shorten(&line, more && at == last, fits), stack);
    let lines = lines.into_iter().enumerate().map(cut).filter(|line| !line.is_empty()).collect();
    Wrapped { lines, whole }
}

/// As [`wrap`] at the largest size between `least` and `size` at which nothing is cut; answers that size too.
pub(super) fn fit<'f>(
    text: &str,
    stack: &[&'f Face],
    (size, least): (f32, f32),
    width: f32,
    most: usize,
) -> (Vec<Line<'f>>, f32) {
    let mut size = size;
    loop {
        let set = wrap(text, stack, size, width, most);
        if set.whole || size <= least {
            return (set.lines, size);
        }
        size = (size * 0.94).max(least);
    }
}

/// `line` cut until it fits, with an ellipsis if it was cut or is `open`.
fn shorten(line: &str, open: bool, fits: impl Fn(&str) -> bool) -> String {
    if !open && fits(line) {
        return line.to_owned();
    }
    let mut kept: Vec<char> = line.chars().collect();
    while !kept.is_empty() {
        let text = format!("{}…", kept.iter().collect::<String>().trim_end());
        if fits(&text) {
            return text;
        }
        kept.pop();
    }
    String::new()
}

/// `text` without what cannot be drawn, and for each of its bytes the face's place in `stack`.
fn covered(text: &str, stack: &[&Face]) -> (String, Vec<usize>) {
    let (mut kept, mut faces) = (String::new(), Vec::new());
    for character in text.chars().filter(|character| !is_invisible(*character)) {
        let character = if character.is_whitespace() { ' ' } else { character };
        if character == ' ' && (kept.is_empty() || kept.ends_with(' ')) {
            continue;
        }
        let has = |at: &usize| stack.get(*at).is_some_and(|face| face.covers(character));
        // A space belongs to the word before it, so that a run of another script stays in one piece.
        let before = faces.last().copied().filter(|_| character == ' ');
        let Some(face) = before.filter(has).or_else(|| (0..stack.len()).find(has)) else { continue };
        kept.push(character);
        faces.resize(kept.len(), face);
    }
    kept.truncate(kept.trim_end().len());
    faces.truncate(kept.len());
    (kept, faces)
}

/// Controls and joiners: they steer how others are drawn and have no shape of their own.
fn is_invisible(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The parts of `run` that one face sets, in the text's own order.
fn same_face(faces: &[usize], run: std::ops::Range<usize>) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut start = run.start;
    let mut parts = Vec::new();
    for part in faces.get(run).unwrap_or_default().chunk_by(|a, b| a == b) {
        if let Some(face) = part.first() {
            parts.push((*face, start..start + part.len()));
            start += part.len();
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::face::Role;
    use super::*;
    use crate::brand::Brands;
    use crate::sample;

    fn set(text: &str) -> (String, usize) {
        let brand = sample::brand(&Brands::load().unwrap(), "riverside");
        let line = Line::set(text, &brand.faces.stack(Role::Text));
        (line.text.clone(), line.pieces.len())
    }

    #[test]
    fn each_script_finds_its_face() {
        assert_eq!(set("Ada Lovelace"), ("Ada Lovelace".to_owned(), 1));
        assert_eq!(set("משה כהן"), ("משה כהן".to_owned(), 1));
        assert_eq!(set("Ада Лавлейс"), ("Ада Лавлейс".to_owned(), 1));
        assert_eq!(set("Ada משה"), ("Ada משה".to_owned(), 2));
    }

    #[test]
    fn what_no_face_has_is_left_out() {
        assert_eq!(set("李小龍"), (String::new(), 0));
        assert_eq!(set("Bruce 李小龍 Lee"), ("Bruce Lee".to_owned(), 1));
        assert_eq!(set("Ada 👩‍🚀🎭"), ("Ada".to_owned(), 1));
        assert_eq!(set("a\u{202e}b\u{0}c\u{200d}\t\u{2029} d"), ("abc d".to_owned(), 1));
    }

    #[test]
    fn long_texts_wrap_and_end() {
        let brand = sample::brand(&Brands::load().unwrap(), "basement");
        let stack = brand.faces.stack(Role::Text);
        let texts = |text: &str, most| {
            wrap(text, &stack, 10.0, 100.0, most).lines.into_iter().map(|line| line.text).collect::<Vec<_>>()
        };
        assert_eq!(texts("one two", 2), ["one two"]);
        assert_eq!(texts("one two three four five six seven", 2), ["one two three", "four five six…"]);
        assert_eq!(texts(&"x".repeat(200), 2).len(), 1);
        assert!(texts(&"x".repeat(200), 2)[0].ends_with('…'));
        assert!(texts("李小龍", 2).is_empty());
        let (lines, size) = fit("Main entrance", &stack, (40.0, 5.0), 100.0, 1);
        assert!(lines[0].text == "Main entrance" && lines[0].width() * size <= 100.0, "{size}");
    }
}
