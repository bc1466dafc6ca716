//! An order's tickets as one PDF: a page of A5 each, tagged to PDF/UA-1, readable in black and white.
//!
//! The faces are the theme's, with fallbacks for Greek, Cyrillic and Hebrew. What no face has (Chinese characters, emoji)
//! is left out of its line, and a line of which nothing is left is not drawn: names are whole on the order's page and in
//! the mail, where the reader's own device has the faces. The document's properties name the tenant alone.

mod face;
mod line;
mod page;
mod pen;

use chrono_tz::Tz;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::tagging::{Tag, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};
use marquee_tenants::Tenant;

use crate::brand::Brand;
use crate::texts::{Texts, fill, texts};
use crate::{Paper, TicketError};

pub(crate) use face::Faces;

/// What every page needs.
struct Sheet<'a> {
    brand: &'a Brand,
    paper: &'a Paper,
    words: &'static Texts,
    zone: Tz,
    support: &'a str,
}

/// The PDF of an order.
///
/// # Errors
/// `Pdf` when the document breaks a rule of PDF/UA; `Qr` for a code that is too long.
pub(crate) fn render(brand: &Brand, tenant: &Tenant, paper: &Paper) -> Result<Vec<u8>, TicketError> {
    let words = texts(&paper.order.locale);
    let sheet = Sheet { brand, paper, words, zone: tenant.timezone, support: &tenant.support_email };
    let accessible = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
    let settings = SerializeSettings {
        configuration: accessible.map_err(|error| TicketError::Pdf(format!("{error:?}")))?,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    let mut tree = TagTree::new().with_lang(Some(words.tag.to_owned()));
    let mut outline = Outline::new();
    for (at, ticket) in paper.tickets.iter().enumerate() {
        let size = PageSettings::from_wh(page::WIDTH, page::HEIGHT)
            .ok_or_else(|| TicketError::Pdf("the page has no size".to_owned()))?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        let nodes = page::draw(&mut surface, &sheet, at, ticket)?;
        surface.finish();
        page.finish();
        tree.push(TagGroup::with_children(Tag::Section, nodes));
        let top = XyzDestination::new(at, Point::from_xy(0.0, 0.0));
        outline.push_child(OutlineNode::new(ticket.label.clone(), top));
    }
    document.set_tag_tree(tree);
    document.set_outline(outline);
    document.set_metadata(
        Metadata::new()
            .title(fill(words.document, &[("event", &paper.order.event_title)]))
            .authors(vec![brand.name.clone()])
            .creator(brand.name.clone())
            .producer(brand.name.clone())
            .language(words.tag.to_owned()),
    );
    document.finish().map_err(|error| TicketError::Pdf(format!("{error:?}")))
}

#[cfg(test)]
mod tests;
