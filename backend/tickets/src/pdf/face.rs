use std::fmt;
use std::sync::Arc;

use harfrust::{Direction, Feature, ShapeOptions, ShaperData, Tag, UnicodeBuffer};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::{FontRef, MetadataProvider};

/// A TrueType face, ready to be set and embedded.
pub(crate) struct Face {
    data: Arc<Vec<u8>>,
    font: Font,
    shaping: ShaperData,
}

/// The faces of a theme. Each role falls back on the base theme's faces, which know more scripts.
#[derive(Debug)]
pub(crate) struct Faces {
    display: Option<Face>,
    text: Option<Face>,
    bold: Option<Face>,
    fallbacks: Vec<Face>,
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Titles and seats.
    Display,
    /// Most else.
    Text,
    /// What counts among the rest.
    Bold,
}

/// Glyphs of one face and direction, from left to right, for a size of one.
pub(super) struct Shaped {
    pub(super) glyphs: Vec<KrillaGlyph>,
    pub(super) width: f32,
}

impl Faces {
    /// Reads the faces.
    ///
    /// # Errors
    /// When a file is no font, or there is no face at all.
    pub(crate) fn new(
        display: Option<Vec<u8>>,
        text: Option<Vec<u8>>,
        bold: Option<Vec<u8>>,
        fallbacks: impl Iterator<Item = Vec<u8>>,
    ) -> Result<Self, String> {
        let fallbacks: Vec<Face> = fallbacks.map(Face::new).collect::<Result<_, _>>()?;
        if fallbacks.is_empty() {
            return Err("there is no fallback face".to_owned());
        }
        let read = |bytes: Option<Vec<u8>>| bytes.map(Face::new).transpose();
        Ok(Self { display: read(display)?, text: read(text)?, bold: read(bold)?, fallbacks })
    }

    /// The faces to try for a role, in this order.
    pub(super) fn stack(&self, role: Role) -> Vec<&Face> {
        let own = match role {
            Role::Display => self.display.as_ref(),
            Role::Text => self.text.as_ref(),
            Role::Bold => self.bold.as_ref(),
        };
        own.into_iter().chain(&self.fallbacks).collect()
    }
}

impl Face {
    fn new(bytes: Vec<u8>) -> Result<Self, String> {
        let data = Arc::new(bytes);
        let font = FontRef::new(&data).map_err(|error| error.to_string())?;
        let shaping = ShaperData::new(&font);
        let font = Font::new(Arc::clone(&data).into(), 0).ok_or("the face cannot be embedded")?;
        Ok(Self { data, font, shaping })
    }

    /// The face as the PDF embeds it.
    pub(super) fn font(&self) -> Font {
        self.font.clone()
    }

    /// Has it a glyph for this character?
    pub(super) fn covers(&self, character: char) -> bool {
        self.reading().is_some_and(|font| font.charmap().map(character).is_some())
    }

    /// Sets `text`, which starts at byte `offset` of its line.
    pub(super) fn shape(&self, text: &str, offset: usize, right_to_left: bool) -> Shaped {
        let Some(font) = self.reading() else { return Shaped { glyphs: Vec::new(), width: 0.0 } };
        let shaper = self.shaping.shaper(&font).build();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
        // Ligatures squeeze letters of a monospaced face into one cell; no face here needs them.
        let plain = [Feature::new(Tag::new(b"liga"), 0, ..)];
        let shaped = shaper.shape(buffer, ShapeOptions::new().features(&plain));
        let em = self.font.units_per_em();
        let mut clusters: Vec<usize> =
            shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        clusters.sort_unstable();
        let end =
            |cluster: usize| clusters.iter().find(|next| **next > cluster).copied().unwrap_or(text.len());
        let glyphs: Vec<KrillaGlyph> = shaped
            .glyph_infos()
            .iter()
            .zip(shaped.glyph_positions())
            .map(|(info, position)| {
                let cluster = info.cluster as usize;
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    position.x_advance as f32 / em,
                    position.x_offset as f32 / em,
                    position.y_offset as f32 / em,
                    0.0,
                    offset + cluster..offset + end(cluster),
                    None,
                )
            })
            .collect();
        let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        Shaped { glyphs, width }
    }

    /// The face's tables; they were read once, so they can be read again.
    fn reading(&self) -> Option<FontRef<'_>> {
        FontRef::new(&self.data).ok()
    }
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face").field("bytes", &self.data.len()).finish_non_exhaustive()
    }
}
