use std::collections::HashMap;

use marquee_tenants::Tenant;
use mrml::prelude::render::RenderOptions;
use serde::Serialize;
use tera::{Context, Tera};

use super::mail;
use crate::brand::{Brand, Colors, MailFaces};
use crate::letter::LetterContent;
use crate::texts::{fill, texts};
use crate::types::label_parts;
use crate::{Paper, PaperOrder, TicketError};

const HTML: &str = "tickets.mjml";
const TEXT: &str = "tickets.txt";
const LETTER_HTML: &str = "letter.mjml";
const LETTER_TEXT: &str = "letter.txt";

/// The templates, read.
pub(crate) struct Templates(Tera);

/// What the templates say. Everything a person wrote is escaped where it lands in HTML.
#[derive(Debug, Serialize)]
struct Content<'a> {
    lang: &'a str,
    subject: &'a str,
    preview: String,
    scheme: &'a str,
    colors: &'a Colors,
    faces: &'a MailFaces,
    brand: String,
    title: String,
    radius: u32,
    when: String,
    doors: String,
    venue: &'a str,
    street: String,
    thanks: String,
    attached: &'a str,
    show: &'a str,
    link: &'a str,
    tickets: Vec<TicketLine<'a>>,
    total_label: &'a str,
    total: String,
    order_label: &'a str,
    number: &'a str,
    help: String,
    why: String,
    postal_address: &'a str,
}

/// A place and what it costs.
#[derive(Debug, Serialize)]
pub(crate) struct TicketLine<'a> {
    label: &'a str,
    steps: String,
    kind: String,
    price: String,
}

impl<'a> TicketLine<'a> {
    pub(crate) fn new(label: &'a str, price_level: &str, ticket_type: &str, price: String) -> Self {
        Self { label, steps: steps(label), kind: [price_level, ticket_type].join(" · "), price }
    }
}

impl Templates {
    /// Reads the templates.
    ///
    /// # Errors
    /// `Mail` when one cannot be read.
    pub(crate) fn load() -> Result<Self, TicketError> {
        let mut tera = Tera::new();
        tera.autoescape_on([".mjml"]);
        tera.add_raw_templates([
            (HTML, include_str!("../../templates/tickets.mjml")),
            (TEXT, include_str!("../../templates/tickets.txt")),
            (LETTER_HTML, include_str!("../../templates/letter.mjml")),
            (LETTER_TEXT, include_str!("../../templates/letter.txt")),
        ])
        .map_err(|error| mail(&error))?;
        Ok(Self(tera))
    }

    /// The mail as HTML and as plain text.
    pub(super) fn render(
        &self,
        brand: &Brand,
        tenant: &Tenant,
        paper: &Paper,
        subject: &str,
        link: &str,
    ) -> Result<(String, String), TicketError> {
        let content = content(brand, tenant, paper, subject, link);
        self.both(HTML, TEXT, &content)
    }

    /// A letter as HTML and as plain text.
    pub(crate) fn render_letter(&self, letter: &LetterContent<'_>) -> Result<(String, String), TicketError> {
        self.both(LETTER_HTML, LETTER_TEXT, letter)
    }

    fn both(
        &self,
        html: &str,
        text: &str,
        content: &impl Serialize,
    ) -> Result<(String, String), TicketError> {
        let context = Context::from_serialize(content).map_err(|error| mail(&error))?;
        let source = self.0.render(html, &context).map_err(|error| mail(&error))?;
        let parsed = mrml::parse(source).map_err(|error| mail(&error))?;
        // No font is loaded from anywhere: a mail that calls home names who sent it.
        let options = RenderOptions { fonts: HashMap::new(), ..RenderOptions::default() };
        let html = parsed.element.render(&options).map_err(|error| mail(&error))?;
        let text = self.0.render(text, &context).map_err(|error| mail(&error))?;
        Ok((html, text))
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates(…)")
    }
}

fn content<'a>(
    brand: &'a Brand,
    tenant: &'a Tenant,
    paper: &'a Paper,
    subject: &'a str,
    link: &'a str,
) -> Content<'a> {
    let order = &paper.order;
    let words = texts(&order.locale);
    let zone = tenant.timezone;
    let when = words.date_time(order.starts_at, zone);
    let rows = paper.tickets.iter().map(|ticket| {
        let price = words.money(ticket.total, &order.currency);
        TicketLine::new(&ticket.label, &ticket.price_level, &ticket.ticket_type, price)
    });
    Content {
        lang: words.tag,
        subject,
        preview: [words.count(paper.tickets.len()), when.clone(), order.venue.clone()].join(" · "),
        scheme: &brand.scheme,
        colors: &brand.colors,
        faces: &brand.style.mail,
        brand: cased(brand, &brand.name),
        title: cased(brand, &order.event_title),
        radius: brand.style.mail.radius,
        when,
        doors: words.doors(order.doors_at, zone),
        venue: &order.venue,
        street: street(order),
        thanks: fill(words.thanks, &[("name", &order.buyer_name)]),
        attached: words.attached,
        show: words.show,
        link,
        tickets: rows.collect(),
        total_label: words.total,
        total: words.money(order.total, &order.currency),
        order_label: words.order,
        number: &order.number,
        help: fill(words.help, &[("email", &tenant.support_email)]),
        why: fill(words.why, &[("brand", &brand.name)]),
        postal_address: &tenant.postal_address,
    }
}

/// A title as the brand writes it.
pub(crate) fn cased(brand: &Brand, text: &str) -> String {
    if brand.style.uppercase_titles { text.to_uppercase() } else { text.to_owned() }
}

/// Street and town, as far as they are known.
pub(crate) fn street(order: &PaperOrder) -> String {
    let parts = [order.address.as_str(), &order.city];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A label that breaks between its steps, not inside one: `Seat 12` stays together.
fn steps(label: &str) -> String {
    let mut parts = label_parts(label);
    let area = parts.next().unwrap_or_default().to_owned();
    parts.fold(area, |text, step| format!("{text} · {}", step.replace(' ', "\u{a0}")))
}
