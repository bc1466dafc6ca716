//! One ticket on one page: whose house, what and when, then the place largest, then the symbol for the door.

use std::num::NonZeroU16;

use krilla::geom::Rect;
use krilla::surface::Surface;
use krilla::tagging::{Node, Tag};

use super::Sheet;
use super::face::Role;
use super::line::{Line, fit};
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
/// Baseline of the code's first line; the symbol ends above it.
const CODE: f32 = HEIGHT - 57.0;
/// Largest side of the symbol without its quiet zone.
const SYMBOL: f32 = 208.0;
/// Size of rows and seats, in a face of usual width.
const LARGEST: f32 = 40.0;
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
    let top = show(&mut pen, sheet) + 16.0;
    let top = place(&mut pen, sheet, ticket, top) + 20.0;
    let side = door(&mut pen, sheet, &Symbol::of(&ticket.code)?, top);
    facts(&mut pen, sheet, ticket, top, MARGIN + side + 26.0);
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
    let (name, size) = sheet.title(&sheet.brand.name, 20.0, room, 1);
    let middle = BAND / 2.0;
    let lines = name.first().map(|line| Placed { line, x: MARGIN, y: middle + size * 0.33, size, color });
    pen.text(Tag::P, lines.as_slice());
    let x = WIDTH - MARGIN - count.width() * 10.0;
    pen.text(Tag::P, &[Placed { line: &count, x, y: middle + 3.5, size: 10.0, color }]);
}

/// What, when and where; answers where it ends.
fn show(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>) -> f32 {
    let (order, words) = (&sheet.paper.order, sheet.words);
    let mut y = BAND + 12.0;
    let (title, size) = sheet.title(&order.event_title, 31.0, INNER, 2);
    let lines: Vec<_> = title
        .iter()
        .map(|line| {
            y += size * 1.02;
            Placed { line, x: MARGIN, y, size, color: INK }
        })
        .collect();
    pen.text(Tag::Hn(NonZeroU16::MIN, Some(order.event_title.clone())), &lines);
    y += 9.0;
    let street: Vec<&str> =
        [order.address.as_str(), &order.city].into_iter().filter(|part| !part.is_empty()).collect();
    let rows = [
        (Role::Bold, 14.0, 16.0, words.date_time(order.starts_at, sheet.zone)),
        (Role::Text, 11.0, 16.0, words.doors(order.doors_at, sheet.zone)),
        (Role::Bold, 11.0, 21.0, order.venue.clone()),
        (Role::Text, 11.0, 14.0, street.join(", ")),
    ];
    for (role, size, leading, text) in rows {
        y += leading;
        let (lines, size) = fit(&text, &sheet.brand.faces.stack(role), (size, 7.0), INNER, 1);
        let lines: Vec<_> =
            lines.iter().map(|line| Placed { line, x: MARGIN, y, size, color: INK }).collect();
        pen.text(Tag::P, &lines);
    }
    y
}

/// Where its holder goes, in the largest words of the page; answers where it ends.
fn place(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>, ticket: &PaperTicket, top: f32) -> f32 {
    rule(pen, top);
    let mut steps: Vec<&str> = label_parts(&ticket.label).collect();
    let area = if steps.len() > 1 { steps.remove(0) } else { ticket.price_level.as_str() };
    let (area, size) = fit(area, &sheet.brand.faces.stack(Role::Bold), (15.0, 7.0), INNER, 1);
    let lines: Vec<_> =
        area.iter().map(|line| Placed { line, x: MARGIN, y: top + 24.0, size, color: INK }).collect();
    pen.text(Tag::P, &lines);

    let mut columns: Vec<(String, String)> = steps.into_iter().map(caption_and_value).collect();
    let gates = ticket.gates.join(sheet.words.or);
    let gated = !gates.is_empty() && ticket.gates.len() <= NAMED_GATES;
    if gated {
        columns.push((sheet.words.gate.to_owned(), gates));
    }
    let largest = LARGEST * sheet.brand.style.display_scale;
    let (mut x, y) = (MARGIN, top + 52.0 + largest * 0.76);
    for (at, (caption, value)) in columns.iter().enumerate() {
        let rest = WIDTH - MARGIN - x;
        let left = columns.len() - at;
        // Rows and seats are short: what they do not need, the entrance's name can use.
        let share = if left == 1 {
            rest
        } else {
            (sheet.width(value, LARGEST) + 36.0).max(72.0).min(rest / left as f32)
        };
        let caption = Line::set(caption, &sheet.brand.faces.stack(Role::Text));
        let (size, most) = match gated && left == 1 {
            false => (LARGEST, 1),
            true if sheet.width(value, LARGEST * 0.45) <= share - 12.0 => (LARGEST * 0.6, 1),
            // Two lines of this size are as high as a row's letter beside them.
            true => (LARGEST * 0.42, 2),
        };
        let (value, size) = sheet.title(value, size, share - 12.0, most);
        let mut lines = vec![Placed { line: &caption, x, y: top + 45.0, size: 10.0, color: GREY }];
        // A value of two lines ends where the others stand.
        let first = y - size * 0.98 * value.len().saturating_sub(1) as f32;
        lines.extend(value.iter().enumerate().map(|(at, line)| Placed {
            line,
            x,
            y: first + size * 0.98 * at as f32,
            size,
            color: INK,
        }));
        pen.text(Tag::P, &lines);
        x += share;
    }
    rule(pen, y + 17.0);
    y + 17.0
}

/// `Row A` is a caption and a value; a single word is a value.
fn caption_and_value(step: &str) -> (String, String) {
    match step.rsplit_once(' ') {
        Some((caption, value)) => (caption.to_owned(), value.to_owned()),
        None => (String::new(), step.to_owned()),
    }
}

/// The symbol, black on the page's white, as large as there is room; answers its side. The margin and the gaps
/// around it are its quiet zone.
fn door(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>, symbol: &Symbol, top: f32) -> f32 {
    let side = (CODE - 24.0 - top).min(SYMBOL);
    let module = side / symbol.size as f32;
    let rects = symbol.runs.iter().filter_map(|(x, y, length)| {
        let (x, y) = (MARGIN + *x as f32 * module, top + *y as f32 * module);
        Rect::from_xywh(x, y, *length as f32 * module, module)
    });
    pen.picture(sheet.words.qr, rects);
    side
}

/// Beside the symbol: what was paid, by whom, under which number.
fn facts(pen: &mut Pen<'_, '_>, sheet: &Sheet<'_>, ticket: &PaperTicket, top: f32, x: f32) {
    let words = sheet.words;
    let width = WIDTH - MARGIN - x;
    let price = words.money(ticket.total, &sheet.paper.order.currency);
    let rows = [
        (words.ticket, vec![ticket.ticket_type.clone(), price]),
        (words.name, vec![ticket.holder.clone()]),
        (words.order, vec![sheet.paper.order.number.clone()]),
    ];
    let mut y = top + 8.0;
    for (caption, values) in rows {
        let stack = sheet.brand.faces.stack(Role::Bold);
        let values: Vec<Line<'_>> =
            values.iter().flat_map(|value| fit(value, &stack, (12.0, 12.0), width, 2).0).collect();
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
    let mut y = CODE;
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
    for (line, y) in [(sheet.words.admission, HEIGHT - 32.0), (&questions, HEIGHT - 20.0)] {
        let line = Line::set(line, &stack);
        let size = line.size_for(8.5, 5.0, INNER);
        pen.text(Tag::P, &[Placed { line: &line, x: MARGIN, y, size, color: INK }]);
    }
}

fn rule(pen: &mut Pen<'_, '_>, y: f32) {
    pen.decoration(INK, Rect::from_xywh(MARGIN, y, INNER, 0.75));
}

impl<'a> Sheet<'a> {
    /// A text in the display face, as the theme sets titles: rather smaller than cut. Answers its size too.
    fn title(&self, text: &str, size: f32, width: f32, most: usize) -> (Vec<Line<'a>>, f32) {
        let size = size * self.brand.style.display_scale;
        fit(&self.cased(text), &self.brand.faces.stack(Role::Display), (size, size * 0.25), width, most)
    }

    /// How wide [`Sheet::title`] sets a text that has all the room it needs.
    fn width(&self, text: &str, size: f32) -> f32 {
        let line = Line::set(&self.cased(text), &self.brand.faces.stack(Role::Display));
        line.width() * size * self.brand.style.display_scale
    }

    fn cased(&self, text: &str) -> String {
        if self.brand.style.uppercase_titles { text.to_uppercase() } else { text.to_owned() }
    }
}
