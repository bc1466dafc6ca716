//! One ticket on one page: whose house, what and when, then the place largest, then the symbol for the door.

use std::num::NonZeroU16;

use krilla::geom::Rect;
use krilla::surface::Surface;
use krilla::tagging::{Node, Tag};

use super::Sheet;
use super::face::Role;
use super::line::{Line, wrap};
use super::pen::{GREY, INK, Pen, Placed};
use crate::TicketError;
use crate::brand::rgb;
use crate::qr::Symbol;
use crate::texts::fill;
use crate::types::{PaperTicket, label_parts};

/// A5, in points: half a sheet of A4, and wide enough for a phone.
pub(super) const WIDTH: f32 = 419.53;
/// See [`WIDTH`].
pub(super) const HEIGHT: f32 = 595.28;

const MARGIN: f32 = 28.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
const BAND: f32 = 50.0;
/// Where the place's block begins, whatever is above it.
const PLACE: f32 = 218.0;
/// Where the symbol's block begins.
const DOOR: f32 = 326.0;
/// Side of the symbol without its quiet zone.
const SYMBOL: f32 = 176.0;
/// At most so many entrances are named; with more, any will do.
const NAMED_GATES: usize = 2;

/// Draws a ticket; answers what is on the page, in reading order.
pub(super) fn draw(
    surface: &mut Surface<'_>,
    sheet: &Sheet<'_>,
    at: usize,
    ticket: &PaperTicket,
) -> Result<Vec<Node>, TicketError> {
    let mut pen = Pen::new(surface);
    band(&mut pen, sheet, at);
    show(&mut pen, sheet);
    place(&mut pen, sheet, ticket);
    let symbol = Symbol::of(&ticket.code)?;
    door(&mut pen, sheet, &symbol);
    facts(&mut pen, sheet, ticket);
    foot(&mut pen, sheet, ticket);
    Ok(pen.into_nodes())
}

/// The house's name on its accent.
fn band(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>, at: usize) {
    let colors = &sheet.brand.colors;
    pen.decoration(rgb(&colors.accent).unwrap_or(INK), Rect::from_xywh(0.0, 0.0, WIDTH, BAND));
    let color = rgb(&colors.on_accent).unwrap_or([255; 3]);
    let (n, of) = ((at + 1).to_string(), sheet.paper.tickets.len().to_string());
    let count = Line::set(
        &fill(sheet.words.ticket_of, &[("n", &n), ("of", &of)]),
        &sheet.brand.faces.stack(Role::Text),
    );
    let room = INNER - count.width() * 10.0 - 12.0;
    let name = sheet.title(&sheet.brand.name, 20.0, room, 1);
    let middle = BAND / 2.0;
    let lines = name.first().map(|(line, size)| Placed {
        line,
        x: MARGIN,
        y: middle + size * 0.33,
        size: *size,
        color,
    });
    pen.text(Tag::P, lines.as_slice());
    let x = WIDTH - MARGIN - count.width() * 10.0;
    pen.text(Tag::P, &[Placed { line: &count, x, y: middle + 3.5, size: 10.0, color }]);
}

/// What, when and where.
fn show(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>) {
    let (order, words) = (&sheet.paper.order, sheet.words);
    let mut y = BAND + 12.0;
    let title = sheet.title(&order.event_title, 31.0, INNER, 2);
    let lines: Vec<_> = title
        .iter()
        .map(|(line, size)| {
            y += size * 1.04;
            Placed { line, x: MARGIN, y, size: *size, color: INK }
        })
        .collect();
    pen.text(Tag::Hn(NonZeroU16::MIN, Some(order.event_title.clone())), &lines);
    y += 8.0;
    let street: Vec<&str> =
        [order.address.as_str(), &order.city].into_iter().filter(|part| !part.is_empty()).collect();
    let rows = [
        (Role::Bold, 14.0, 16.0, words.date_time(order.starts_at, sheet.zone)),
        (Role::Text, 11.0, 15.0, words.doors(order.doors_at, sheet.zone)),
        (Role::Bold, 11.0, 21.0, order.venue.clone()),
        (Role::Text, 11.0, 14.0, street.join(", ")),
    ];
    for (role, size, leading, text) in rows {
        y += leading;
        let line = Line::set(&text, &sheet.brand.faces.stack(role));
        let size = line.size_for(size, 6.0, INNER);
        pen.text(Tag::P, &[Placed { line: &line, x: MARGIN, y, size, color: INK }]);
    }
}

/// Where its holder goes: the largest words of the page.
fn place(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>, ticket: &PaperTicket) {
    rule(pen, PLACE);
    let mut steps: Vec<&str> = label_parts(&ticket.label).collect();
    let area = if steps.len() > 1 { steps.remove(0) } else { ticket.price_level.as_str() };
    let area = Line::set(area, &sheet.brand.faces.stack(Role::Bold));
    let size = area.size_for(15.0, 8.0, INNER);
    pen.text(Tag::P, &[Placed { line: &area, x: MARGIN, y: PLACE + 25.0, size, color: INK }]);

    let gates = ticket.gates.join(sheet.words.or);
    let mut columns: Vec<(String, String)> = steps.into_iter().map(caption_and_value).collect();
    if !gates.is_empty() && ticket.gates.len() <= NAMED_GATES {
        columns.push((sheet.words.gate.to_owned(), gates));
    }
    let width = INNER / columns.len().max(1) as f32;
    for (at, (caption, value)) in columns.iter().enumerate() {
        let x = MARGIN + width * at as f32;
        let caption = Line::set(caption, &sheet.brand.faces.stack(Role::Text));
        let value = sheet.title(value, 40.0, width - 12.0, 1);
        let mut lines = vec![Placed { line: &caption, x, y: PLACE + 48.0, size: 10.0, color: GREY }];
        lines.extend(value.iter().map(|(line, size)| Placed {
            line,
            x,
            y: PLACE + 88.0,
            size: *size,
            color: INK,
        }));
        pen.text(Tag::P, &lines);
    }
}

/// `Row A` is a caption and a value; a single word is a value.
fn caption_and_value(step: &str) -> (String, String) {
    match step.rsplit_once(' ') {
        Some((caption, value)) => (caption.to_owned(), value.to_owned()),
        None => (String::new(), step.to_owned()),
    }
}

/// The symbol, black on the page's white; the margin and the gap beside it are its quiet zone.
fn door(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>, symbol: &Symbol) {
    rule(pen, DOOR);
    let module = SYMBOL / symbol.size as f32;
    let top = DOOR + 20.0;
    let rects = symbol.runs.iter().filter_map(|(x, y, length)| {
        let (x, y) = (MARGIN + *x as f32 * module, top + *y as f32 * module);
        Rect::from_xywh(x, y, *length as f32 * module, module)
    });
    pen.picture(sheet.words.qr, rects);
}

/// Beside the symbol: what was paid, by whom, under which number.
fn facts(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>, ticket: &PaperTicket) {
    let words = sheet.words;
    let x = MARGIN + SYMBOL + 28.0;
    let width = WIDTH - MARGIN - x;
    let price = words.money(ticket.total, &sheet.paper.order.currency);
    let rows = [
        (words.ticket, vec![ticket.ticket_type.clone(), price]),
        (words.name, vec![ticket.holder.clone()]),
        (words.order, vec![sheet.paper.order.number.clone()]),
    ];
    let mut y = DOOR + 28.0;
    for (caption, values) in rows {
        let stack = sheet.brand.faces.stack(Role::Bold);
        let values: Vec<Line<'_>> =
            values.iter().flat_map(|value| wrap(value, &stack, 12.0, width, 2)).collect();
        if values.is_empty() {
            continue;
        }
        let caption = Line::set(caption, &sheet.brand.faces.stack(Role::Text));
        let mut lines = vec![Placed { line: &caption, x, y, size: 9.0, color: GREY }];
        for line in &values {
            y += 15.0;
            lines.push(Placed { line, x, y, size: 12.0, color: INK });
        }
        pen.text(Tag::P, &lines);
        y += 22.0;
    }
}

/// The code in letters, for a device without a camera, and whom to ask.
fn foot(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>, ticket: &PaperTicket) {
    let stack = sheet.brand.faces.stack(Role::Text);
    let mut y = DOOR + 20.0 + SYMBOL + 22.0;
    let code: Vec<char> = ticket.code.chars().collect();
    let code: Vec<Line<'_>> =
        code.chunks(72).map(|row| Line::set(&row.iter().collect::<String>(), &stack)).collect();
    let rows: Vec<Placed<'_, '_>> = code
        .iter()
        .map(|line| {
            let size = line.size_for(7.0, 4.0, INNER);
            y += 9.0;
            Placed { line, x: MARGIN, y: y - 9.0, size, color: GREY }
        })
        .collect();
    pen.text(Tag::P, &rows);
    let questions = fill(sheet.words.questions, &[("email", sheet.support)]);
    for (line, y) in [(sheet.words.admission, HEIGHT - 33.0), (&questions, HEIGHT - 21.0)] {
        let line = Line::set(line, &stack);
        let size = line.size_for(8.5, 5.0, INNER);
        pen.text(Tag::P, &[Placed { line: &line, x: MARGIN, y, size, color: INK }]);
    }
}

fn rule(pen: &mut Pen<'_, '_>, y: f32) {
    pen.decoration(INK, Rect::from_xywh(MARGIN, y, INNER, 0.75));
}

impl<'a> Sheet<'a> {
    /// A text in the display face, as the theme sets titles, with the size of each line.
    fn title(&self, text: &str, size: f32, width: f32, most: usize) -> Vec<(Line<'a>, f32)> {
        let style = &self.brand.style;
        let text = if style.uppercase_titles { text.to_uppercase() } else { text.to_owned() };
        let stack = self.brand.faces.stack(Role::Display);
        let size = size * style.display_scale;
        // Rather somewhat smaller than cut.
        let whole = Line::set(&text, &stack);
        let size = whole.size_for(size, size * 0.55, width * most as f32 * 0.9);
        wrap(&text, &stack, size, width, most).into_iter().map(|line| (line, size)).collect()
    }
}
