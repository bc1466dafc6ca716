//! Drawing with structure: whatever is drawn is either tagged for screen readers or marked as decoration.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Rect};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, Tag, TagGroup, TagKind,
};

use super::line::Line;

/// Black.
pub(super) const INK: [u8; 3] = [0, 0, 0];
/// For captions: dark enough for print.
pub(super) const GREY: [u8; 3] = [0x55, 0x55, 0x55];

/// Draws on a page and collects what is on it, in reading order.
pub(super) struct Pen<'a, 'p> {
    surface: &'a mut Surface<'p>,
    nodes: Vec<Node>,
}

/// A line at its place.
pub(super) struct Placed<'l, 'f> {
    pub(super) line: &'l Line<'f>,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) color: [u8; 3],
}

impl<'a, 'p> Pen<'a, 'p> {
    pub(super) fn new(surface: &'a mut Surface<'p>) -> Self {
        Self { surface, nodes: Vec::new() }
    }

    /// What was drawn, in reading order.
    pub(super) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    /// Draws lines that belong together: a heading, a paragraph.
    pub(super) fn text(&mut self, tag: impl Into<TagKind>, lines: &[Placed<'_, '_>]) {
        let drawn: Vec<Node> = lines
            .iter()
            .filter(|placed| !placed.line.is_empty())
            .map(|placed| {
                self.marked(ContentTag::Span(SpanTag::empty()), |surface| {
                    surface.set_fill(Some(fill(placed.color)));
                    placed.line.draw(surface, placed.x, placed.y, placed.size);
                })
                .into()
            })
            .collect();
        if !drawn.is_empty() {
            self.nodes.push(TagGroup::with_children(tag, drawn).into());
        }
    }

    /// A picture of rectangles with a text for those who cannot see it.
    pub(super) fn picture(&mut self, alternative: &str, rects: impl Iterator<Item = Rect>) {
        let drawn = self.marked(ContentTag::Other, |surface| filled(surface, INK, rects));
        let figure = Tag::Figure(Some(alternative.to_owned()));
        self.nodes.push(TagGroup::with_children(figure, vec![drawn.into()]).into());
    }

    /// A rectangle that says nothing.
    pub(super) fn decoration(&mut self, color: [u8; 3], rect: Option<Rect>) {
        let layout = ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout));
        self.marked(layout, |surface| filled(surface, color, rect.into_iter()));
    }

    fn marked(&mut self, tag: ContentTag<'_>, draw: impl FnOnce(&mut Surface<'p>)) -> Identifier {
        let id = self.surface.start_tagged(tag);
        draw(self.surface);
        self.surface.end_tagged();
        id
    }
}

fn fill([red, green, blue]: [u8; 3]) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}

fn filled(surface: &mut Surface<'_>, color: [u8; 3], rects: impl Iterator<Item = Rect>) {
    let mut path = PathBuilder::new();
    rects.for_each(|rect| path.push_rect(rect));
    if let Some(path) = path.finish() {
        surface.set_fill(Some(fill(color)));
        surface.draw_path(&path);
    }
}
