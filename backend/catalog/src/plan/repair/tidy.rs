//! Fills in what is missing and mends what cannot stand: texts, categories, colours, names, numbers, canvas.

use super::super::geometry::finite_seats;
use super::super::label::{Names, hyphened, numbered};
use super::super::rules::{
    MAX_LENGTH, MAX_TEXT, valid_area_text, valid_color, valid_position, valid_size, valid_text,
};
use super::super::types::{Area, Category, Point, Row, VALID_RADIUS, Zone};
use super::Work;

/// Colours for categories that have none, apart from each other also to the colour-blind (Okabe and Ito).
const PALETTE: [&str; 7] = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"];
/// The category of seats that name none.
const NO_CATEGORY: &str = "Uncategorised";
/// Space between the outermost seat and the canvas's edge.
const MARGIN: f64 = 50.0;

/// Mends everything that needs no look at the neighbours.
pub(super) fn tidy(work: &mut Work) {
    clean_text(&mut work.plan.name);
    for category in &mut work.plan.categories {
        clean_text(&mut category.name);
    }
    for zone in &mut work.plan.zones {
        clean_zone(zone);
    }
    categories(work);
    zone_names(work);
}

/// A text without control characters and not too long; left alone where nothing is wrong with it.
fn clean_text(text: &mut String) {
    if !valid_text(text) {
        let spaced = text.replace(char::is_control, " ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        *text = words.join(" ").chars().take(MAX_TEXT).collect();
    }
}

fn clean_zone(zone: &mut Zone) {
    clean_text(&mut zone.name);
    if let Some(id) = &mut zone.zone_id {
        clean_text(id);
    }
    zone.areas.iter_mut().for_each(clean_area);
    let mut numbers = Names::default();
    for row in &mut zone.rows {
        clean_row(row);
        numbers.take(&row.row_number);
    }
    for (at, row) in zone.rows.iter_mut().enumerate() {
        if row.label().is_empty() && !row.seats.is_empty() {
            let number = numbers.claim(|counter| (at + counter).to_string());
            row.row_number = (at + number).to_string();
        }
    }
}

fn clean_area(area: &mut Area) {
    let text_color = area.text.as_mut().map(|text| &mut text.color);
    for color in [Some(&mut area.color), Some(&mut area.border_color), text_color].into_iter().flatten() {
        // Without a colour of its own an area is drawn in the house's.
        color.take_if(|color| !color.is_empty() && !valid_color(color));
    }
    if let Some(text) = area.text.as_mut().filter(|text| !valid_area_text(&text.text)) {
        let kept = |c: char| !c.is_control() || c == '\n';
        text.text = text.text.chars().filter(|c| kept(*c)).take(MAX_TEXT).collect();
    }
}

fn clean_row(row: &mut Row) {
    clean_text(&mut row.row_number);
    for label in [&mut row.row_label, &mut row.seat_label].into_iter().flatten() {
        clean_text(label);
    }
    // A pattern without the number calls all seats of a row the same.
    let several = row.seats.len() > 1;
    row.seat_label.take_if(|label| several && !label.trim().is_empty() && !label.contains("%s"));
    let mut numbers = Names::default();
    for seat in &mut row.seats {
        clean_text(&mut seat.seat_number);
        clean_text(&mut seat.category);
        seat.radius.take_if(|radius| !VALID_RADIUS.contains(radius));
        numbers.take(&seat.seat_number);
    }
    for (at, seat) in row.seats.iter_mut().enumerate() {
        if seat.seat_number.trim().is_empty() {
            let number = numbers.claim(|counter| (at + counter).to_string());
            seat.seat_number = (at + number).to_string();
        }
    }
}

/// Every category once, named and coloured; and one for each that seats name but the plan lacks.
fn categories(work: &mut Work) {
    let mut known = std::collections::HashSet::new();
    let unnamed = work.plan.categories.iter().filter(|category| category.name.is_empty()).count();
    work.plan.categories.retain(|category| !category.name.is_empty() && known.insert(category.name.clone()));
    if unnamed > 0 {
        work.notes.push(format!("{unnamed} categories without a name removed"));
    }
    for seat in work.plan.zones.iter_mut().flat_map(|zone| &mut zone.rows).flat_map(|row| &mut row.seats) {
        if seat.category.is_empty() {
            NO_CATEGORY.clone_into(&mut seat.category);
        }
        if known.insert(seat.category.clone()) {
            work.notes
                .push(format!("category \"{}\" added, which seats had but the plan had not", seat.category));
            work.plan.categories.push(Category { name: seat.category.clone(), color: None });
        }
    }
    for (category, color) in work.plan.categories.iter_mut().zip(PALETTE.iter().cycle()) {
        if !category.color.as_deref().is_some_and(valid_color) {
            category.color = Some((*color).to_owned());
        }
    }
}

/// A name for each zone with seats, and no name or id twice; the first to have one keeps it.
fn zone_names(work: &mut Work) {
    // Ids first: a zone without a name goes by its id.
    let mut ids = Unique::of(work.plan.zones.iter().filter_map(|zone| zone.zone_id.as_deref()));
    for zone in &mut work.plan.zones {
        if let Some(id) = zone.zone_id.as_mut().filter(|id| !id.is_empty()) {
            ids.separate(id, hyphened);
        }
    }
    for (at, zone) in work.plan.zones.iter_mut().enumerate() {
        if zone.display_name().is_empty() && zone.rows.iter().any(|row| !row.seats.is_empty()) {
            zone.name = format!("Section {}", at + 1);
            work.notes.push(format!("zone {} named \"{}\"", at + 1, zone.name));
        }
    }
    let mut names = Unique::of(work.plan.zones.iter().map(Zone::display_name));
    for zone in &mut work.plan.zones {
        let mut name = zone.display_name().to_owned();
        if !name.is_empty() && names.separate(&mut name, numbered) {
            work.notes.push(format!("another zone \"{}\" renamed \"{name}\"", zone.display_name()));
            zone.name = name;
        }
    }
}

/// Names of which each may stand once.
struct Unique {
    taken: Names,
    seen: Names,
}

impl Unique {
    fn of<'a>(existing: impl Iterator<Item = &'a str>) -> Self {
        let mut taken = Names::default();
        existing.for_each(|name| _ = taken.take(name));
        Self { taken, seen: Names::default() }
    }

    /// Replaces a name that was seen before by a variant that none has, and says whether it did.
    fn separate(&mut self, name: &mut String, variant: fn(&str, usize) -> String) -> bool {
        if self.seen.take(name) {
            return false;
        }
        let number = self.taken.claim(|n| variant(name, n));
        *name = variant(name, number);
        self.seen.take(name);
        true
    }
}

/// A canvas that holds every seat that lies to the right of and below its corner.
pub(super) fn fit_canvas(work: &mut Work) {
    let seats: Vec<Point> =
        finite_seats(&work.plan).into_iter().filter(|point| valid_position(*point)).collect();
    let far =
        seats.iter().fold(Point::default(), |far, seat| Point::new(far.x.max(seat.x), far.y.max(seat.y)));
    let fitting = |length: f64| (length + MARGIN).ceil().clamp(1.0, MAX_LENGTH);
    let old = work.plan.size.filter(|size| valid_size(*size)).unwrap_or_default();
    let fit = |old: f64, far: f64| if old >= far && old > 0.0 { old } else { fitting(far) };
    let size = Point::new(fit(old.x, far.x), fit(old.y, far.y));
    if work.plan.size != Some(size) {
        work.notes.push(format!("canvas set to {} × {}", size.x, size.y));
        work.plan.size = Some(size);
    }
}
