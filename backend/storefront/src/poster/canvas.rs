//! A seeded hand and the shapes it draws.

use std::fmt::Write as _;

/// Numbers that are the same on every machine and in every version (SplitMix64).
#[derive(Debug, Clone)]
pub struct Hand(u64);

impl Hand {
    /// A hand for a seed; `purpose` keeps two motifs with one seed apart.
    pub fn new(seed: u32, purpose: &str) -> Self {
        let mixed = purpose
            .bytes()
            .fold(u64::from(seed), |sum, byte| sum.wrapping_mul(1_099_511_628_211) ^ u64::from(byte));
        Self(mixed ^ (u64::from(seed) << 32))
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between `low` and `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        low + unit * (high - low)
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n.max(1))
    }

    /// One of several; the first of an empty choice is the default.
    pub fn pick<T: Copy + Default>(&mut self, choice: &[T]) -> T {
        let index = (self.next() % choice.len().max(1) as u64) as usize;
        choice.get(index).copied().unwrap_or_default()
    }
}

/// An SVG under way.
pub struct Canvas {
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
    definitions: String,
    body: String,
    ids: usize,
}

impl Canvas {
    /// A sheet in one colour.
    pub fn new((w, h): (f64, f64), ground: &str) -> Self {
        let mut canvas = Self { w, h, definitions: String::new(), body: String::new(), ids: 0 };
        canvas.rect(0.0, 0.0, w, h, ground);
        canvas
    }

    /// A rectangle.
    pub fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, fill: &str) {
        let _ = write!(
            self.body,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" fill="{fill}"/>"#
        );
    }

    /// A circle.
    pub fn circle(&mut self, x: f64, y: f64, r: f64, fill: &str) {
        let _ = write!(self.body, r#"<circle cx="{x:.1}" cy="{y:.1}" r="{r:.1}" fill="{fill}"/>"#);
    }

    /// The outline of a circle.
    pub fn ring(&mut self, x: f64, y: f64, r: f64, width: f64, stroke: &str) {
        let _ = write!(
            self.body,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{r:.1}" fill="none" stroke="{stroke}" stroke-width="{width:.1}"/>"#
        );
    }

    /// A polygon.
    pub fn polygon(&mut self, points: &[(f64, f64)], fill: &str) {
        let list = points.iter().fold(String::new(), |mut list, (x, y)| {
            let _ = write!(list, "{x:.1},{y:.1} ");
            list
        });
        let _ = write!(self.body, r#"<polygon points="{}" fill="{fill}"/>"#, list.trim_end());
    }

    /// A path, filled.
    pub fn path(&mut self, d: &str, fill: &str) {
        let _ = write!(self.body, r#"<path d="{d}" fill="{fill}"/>"#);
    }

    /// A path, drawn as a line.
    pub fn line(&mut self, d: &str, width: f64, stroke: &str) {
        let _ = write!(
            self.body,
            r#"<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{width:.1}" stroke-linecap="round"/>"#
        );
    }

    /// What `draw` adds, turned by degrees about a point, with an opacity.
    pub fn turned(&mut self, degrees: f64, (x, y): (f64, f64), opacity: f64, draw: impl FnOnce(&mut Self)) {
        let _ =
            write!(self.body, r#"<g transform="rotate({degrees:.2} {x:.1} {y:.1})" opacity="{opacity:.2}">"#);
        draw(self);
        self.body.push_str("</g>");
    }

    /// What `draw` adds, only inside a path.
    pub fn clipped(&mut self, d: &str, draw: impl FnOnce(&mut Self)) {
        self.ids += 1;
        let id = self.ids;
        let _ = write!(self.definitions, r#"<clipPath id="c{id}"><path d="{d}"/></clipPath>"#);
        let _ = write!(self.body, r#"<g clip-path="url(#c{id})">"#);
        draw(self);
        self.body.push_str("</g>");
    }

    /// A gradient to fill with: `stops` are offset, colour and opacity. `at` is centre and radius in the sheet's units.
    pub fn radial(&mut self, at: (f64, f64, f64), stops: &[(f64, &str, f64)]) -> String {
        self.ids += 1;
        let (x, y, r) = at;
        let _ = write!(
            self.definitions,
            r#"<radialGradient id="g{}" gradientUnits="userSpaceOnUse" cx="{x:.1}" cy="{y:.1}" r="{r:.1}">"#,
            self.ids
        );
        self.stops(stops, "radialGradient")
    }

    /// A gradient along a line.
    pub fn linear(&mut self, from: (f64, f64), to: (f64, f64), stops: &[(f64, &str, f64)]) -> String {
        self.ids += 1;
        let _ = write!(
            self.definitions,
            r#"<linearGradient id="g{}" gradientUnits="userSpaceOnUse" x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}">"#,
            self.ids, from.0, from.1, to.0, to.1
        );
        self.stops(stops, "linearGradient")
    }

    fn stops(&mut self, stops: &[(f64, &str, f64)], element: &str) -> String {
        for (offset, color, opacity) in stops {
            let _ = write!(
                self.definitions,
                r#"<stop offset="{offset:.3}" stop-color="{color}" stop-opacity="{opacity:.2}"/>"#
            );
        }
        let _ = write!(self.definitions, "</{element}>");
        format!("url(#g{})", self.ids)
    }

    /// A line of text, its baseline's left end at a point.
    pub fn text(&mut self, (x, y): (f64, f64), size: f64, family: &str, fill: &str, text: &str) {
        let _ = write!(
            self.body,
            r#"<text x="{x:.1}" y="{y:.1}" font-family="{family}" font-size="{size:.1}" fill="{fill}" xml:space="preserve">{}</text>"#,
            escape(text)
        );
    }

    /// The finished drawing.
    pub fn finish(self) -> String {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}"><defs>{2}</defs>{3}</svg>"#,
            self.w, self.h, self.definitions, self.body
        )
    }
}

/// Text that may stand in XML: characters that XML has not are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
