//! Finds every fault of a plan, each with its place.

use std::collections::HashMap;

use super::error::PlanError;
use super::fault::{CheckReport, Fault, FaultKind};
use super::geometry::{Grid, distance};
use super::label::fold;
use super::parse::read;
use super::rules::{
    MAX_LENGTH, valid_area, valid_area_text, valid_color, valid_guid, valid_position, valid_size, valid_text,
    within,
};
use super::types::{Area, PlanDocument, Point, SeatView, VALID_RADIUS, Zone};

/// Checks the bytes of a file: what `marquee plan check` prints. Never fails; a file that is no plan is a fault.
pub fn check_file(bytes: &[u8]) -> CheckReport {
    match read(bytes) {
        Ok((document, shape)) => {
            let faults = shape.into_iter().chain(faults(&document)).collect();
            CheckReport::new(&document, faults)
        }
        Err(error) => CheckReport::new(&PlanDocument::default(), unreadable(&error)),
    }
}

/// The faults that a file has which could not be read.
fn unreadable(error: &PlanError) -> Vec<Fault> {
    match error {
        PlanError::Malformed(faults) => faults.clone(),
        other => vec![Fault::at(FaultKind::Malformed, "", other.to_string())],
    }
}

/// Checks a plan.
pub fn check(document: &PlanDocument) -> CheckReport {
    CheckReport::new(document, faults(document))
}

fn faults(document: &PlanDocument) -> Vec<Fault> {
    let mut faults = Vec::new();
    plan_faults(document, &mut faults);
    category_faults(document, &mut faults);
    zone_faults(document, &mut faults);
    uuid_faults(document, &mut faults);
    seat_faults(document, &mut faults);
    shared_faults(document, &mut faults);
    overlap_faults(document, &mut faults);
    faults
}

fn plan_faults(document: &PlanDocument, faults: &mut Vec<Fault>) {
    if document.seat_count() == 0 {
        faults.push(Fault::at(FaultKind::EmptyPlan, "/zones", "the plan has no seat"));
    }
    if !valid_text(&document.name) {
        faults.push(Fault::at(FaultKind::BadText, "/name", BAD_TEXT));
    }
    match document.size {
        None => faults.push(Fault::at(FaultKind::BadSize, "/size", "the plan names no width and height")),
        Some(size) if !valid_size(size) => {
            let detail = format!("width and height must be between 1 and {MAX_LENGTH}");
            faults.push(Fault::at(FaultKind::BadSize, "/size", detail));
        }
        Some(_) => {}
    }
}

const BAD_TEXT: &str = "is longer than 190 characters or contains control characters";

fn category_faults(document: &PlanDocument, faults: &mut Vec<Fault>) {
    let mut seen = HashMap::new();
    for (at, category) in document.categories.iter().enumerate() {
        let pointer = format!("/categories/{at}");
        if category.name.is_empty() {
            faults.push(Fault::at(FaultKind::MissingCategory, &pointer, "the category has no name"));
        } else if let Some(first) = seen.insert(category.name.as_str(), at) {
            let detail = format!("the category's name is that of /categories/{first} too");
            faults.push(Fault::at(FaultKind::DuplicateCategory, &pointer, detail));
        }
        if !valid_text(&category.name) {
            faults.push(Fault::at(FaultKind::BadText, format!("{pointer}/name"), BAD_TEXT));
        }
        if category.color.as_deref().is_some_and(|color| !valid_color(color)) {
            faults.push(Fault::at(FaultKind::BadColor, format!("{pointer}/color"), "is no CSS colour"));
        }
    }
}

fn zone_faults(document: &PlanDocument, faults: &mut Vec<Fault>) {
    let mut names = HashMap::new();
    let mut ids = HashMap::new();
    for (at, zone) in document.zones.iter().enumerate() {
        let pointer = format!("/zones/{at}");
        let place = (zone.display_name(), None);
        let mut fault = |kind, step: &str, detail: String| {
            faults.push(Fault::in_zone(kind, place, format!("{pointer}{step}"), detail));
        };
        let has_seats = zone.rows.iter().any(|row| !row.seats.is_empty());
        if zone.display_name().is_empty() {
            if has_seats {
                fault(FaultKind::MissingZone, "", "the zone has seats but no name".into());
            }
        } else if let Some(first) = names.insert(fold(zone.display_name()), at) {
            fault(FaultKind::DuplicateZone, "/name", format!("the name is that of /zones/{first} too"));
        }
        if let Some(id) = zone.zone_id.as_deref().filter(|id| !id.is_empty())
            && let Some(first) = ids.insert(id, at)
        {
            fault(FaultKind::DuplicateZone, "/zone_id", format!("the id is that of /zones/{first} too"));
        }
        let id = zone.zone_id.as_deref().unwrap_or_default();
        for (step, text) in [("/name", zone.name.as_str()), ("/zone_id", id)] {
            if !valid_text(text) {
                fault(FaultKind::BadText, step, BAD_TEXT.into());
            }
        }
        row_faults(zone, &pointer, faults);
        for (area_at, area) in zone.areas.iter().enumerate() {
            area_faults(zone, area, &format!("{pointer}/areas/{area_at}"), faults);
        }
    }
}

fn row_faults(zone: &Zone, zone_pointer: &str, faults: &mut Vec<Fault>) {
    for (at, row) in zone.rows.iter().enumerate() {
        let pointer = format!("{zone_pointer}/rows/{at}");
        let place = (zone.display_name(), Some(row.row_number.as_str()));
        if row.label().is_empty() && !row.seats.is_empty() {
            let detail = format!("the row of {} seats has no number", row.seats.len());
            faults.push(Fault::in_zone(FaultKind::MissingRow, place, pointer.clone(), detail));
        }
        let texts = [
            ("/row_number", Some(&row.row_number)),
            ("/row_label", row.row_label.as_ref()),
            ("/seat_label", row.seat_label.as_ref()),
        ];
        for (step, text) in texts {
            if text.is_some_and(|text| !valid_text(text)) {
                faults.push(Fault::in_zone(FaultKind::BadText, place, format!("{pointer}{step}"), BAD_TEXT));
            }
        }
    }
}

fn area_faults(zone: &Zone, area: &Area, pointer: &str, faults: &mut Vec<Fault>) {
    let mut fault = |kind, step: &str, detail: &str| {
        let place = (zone.display_name(), None);
        faults.push(Fault::in_zone(kind, place, format!("{pointer}{step}"), detail));
    };
    if !valid_area(area, zone.position) {
        fault(FaultKind::BadArea, "", "the area's place or measures are missing or impossible");
    }
    let text_color = area.text.as_ref().and_then(|text| text.color.as_ref());
    let colors = [
        ("/color", area.color.as_ref()),
        ("/border_color", area.border_color.as_ref()),
        ("/text/color", text_color),
    ];
    for (step, color) in colors {
        if color.is_some_and(|color| !color.is_empty() && !valid_color(color)) {
            fault(FaultKind::BadColor, step, "is no CSS colour");
        }
    }
    if area.text.as_ref().is_some_and(|text| !valid_area_text(&text.text)) {
        fault(FaultKind::BadText, "/text/text", BAD_TEXT);
    }
}

/// Every uuid of the document with the pointer of its object.
fn uuids(document: &PlanDocument) -> impl Iterator<Item = (&str, String)> {
    document.zones.iter().enumerate().flat_map(|(zone_at, zone)| {
        let areas = zone.areas.iter().enumerate();
        let rows = zone.rows.iter().enumerate();
        let own = std::iter::once((zone.uuid.as_deref(), format!("/zones/{zone_at}")));
        own.chain(areas.map(move |(at, area)| (area.uuid.as_deref(), format!("/zones/{zone_at}/areas/{at}"))))
            .chain(rows.map(move |(at, row)| (row.uuid.as_deref(), format!("/zones/{zone_at}/rows/{at}"))))
            .filter_map(|(uuid, pointer)| Some((uuid?, pointer)))
    })
}

fn uuid_faults(document: &PlanDocument, faults: &mut Vec<Fault>) {
    let mut seen = std::collections::HashSet::new();
    let fault =
        |pointer: String| Fault::at(FaultKind::DuplicateUuid, pointer, "another object has this uuid");
    for (uuid, pointer) in uuids(document) {
        if !uuid.is_empty() && !seen.insert(uuid) {
            faults.push(fault(pointer));
        }
    }
    for view in document.seats() {
        if let Some(uuid) = view.seat.uuid.as_deref().filter(|uuid| !uuid.is_empty())
            && !seen.insert(uuid)
        {
            faults.push(Fault::of_seat(FaultKind::DuplicateUuid, &view, "another object has this uuid"));
        }
    }
}

/// What a seat has wrong by itself.
fn seat_faults(document: &PlanDocument, faults: &mut Vec<Fault>) {
    let categories: std::collections::HashSet<&str> =
        document.categories.iter().map(|category| category.name.as_str()).collect();
    let size = document.size.filter(|size| valid_size(*size));
    for view in document.seats() {
        let seat = view.seat;
        let mut fault = |kind, detail: String| faults.push(Fault::of_seat(kind, &view, detail));
        if seat.seat_number.trim().is_empty() {
            fault(FaultKind::MissingNumber, "the seat has no number".into());
        } else if !valid_text(&seat.seat_number) {
            fault(FaultKind::BadText, format!("the seat's number {BAD_TEXT}"));
        }
        if seat.seat_guid.trim().is_empty() {
            fault(FaultKind::MissingGuid, "the seat has no guid".into());
        } else if !valid_guid(&seat.seat_guid) {
            fault(
                FaultKind::BadGuid,
                "the guid is blank at an end, too short or too long, or has control characters".into(),
            );
        }
        if !categories.contains(seat.category.as_str()) || seat.category.is_empty() {
            fault(FaultKind::UnknownCategory, format!("the plan has no category \"{}\"", seat.category));
        }
        if seat.radius.is_some_and(|radius| !VALID_RADIUS.contains(&radius)) {
            fault(FaultKind::BadRadius, "a radius must be between 1 and 100".into());
        }
        let position = view.position();
        if !valid_position(position) {
            fault(FaultKind::BadPosition, "the seat's place is missing, no number or absurdly far".into());
        } else if size.is_some_and(|size| !within(position, size)) {
            let detail = format!("at {:.0}, {:.0}, outside the canvas", position.x, position.y);
            fault(FaultKind::SeatOutOfBounds, detail);
        }
    }
}

/// The words by which a fan knows a seat, as far as the eye tells them apart.
pub(super) fn label_key(view: &SeatView<'_>) -> String {
    format!(
        "{}\u{0}{}\u{0}{}",
        fold(view.zone.display_name()),
        fold(&view.row.label()),
        fold(&view.row.label_seat(view.seat))
    )
}

/// What several seats have in common though they must not: one entry for each of them.
fn shared_faults(document: &PlanDocument, faults: &mut Vec<Fault>) {
    let guids = document.seats().filter(|view| !view.seat.seat_guid.trim().is_empty());
    let shared = groups(guids.map(|view| (view.seat.seat_guid.clone(), view)));
    for (view, count) in &shared {
        let detail = format!("{count} seats have this guid");
        faults.push(Fault::of_seat(FaultKind::DuplicateGuid, view, detail));
    }
    let labels = document.seats().filter(|view| !view.seat.seat_number.trim().is_empty());
    let shared = groups(labels.map(|view| (label_key(&view), view)));
    for (view, count) in &shared {
        let detail = format!("{count} seats read the same to a fan");
        faults.push(Fault::of_seat(FaultKind::AmbiguousLabel, view, detail));
    }
}

/// Those that share their key with another, in their order, with the size of their group.
fn groups<'a>(keyed: impl Iterator<Item = (String, SeatView<'a>)>) -> Vec<(SeatView<'a>, usize)> {
    let keyed: Vec<(String, SeatView<'a>)> = keyed.collect();
    let mut counts: HashMap<&str, usize> = HashMap::with_capacity(keyed.len());
    for (key, _) in &keyed {
        *counts.entry(key).or_insert(0) += 1;
    }
    let count = |key: &str| counts.get(key).copied().unwrap_or(0);
    keyed.iter().map(|(key, view)| (*view, count(key))).filter(|(_, count)| *count > 1).collect()
}

/// Seats on top of each other: nearer than the mean of their radii, so that neither can be aimed at.
fn overlap_faults(document: &PlanDocument, faults: &mut Vec<Fault>) {
    for (view, other) in overlaps(document) {
        let detail = format!("lies on {}", Fault::of_seat(FaultKind::OverlappingSeat, &other, "").place());
        faults.push(Fault::of_seat(FaultKind::OverlappingSeat, &view, detail));
    }
}

/// Each seat that lies on another, with one of those.
pub(super) fn overlaps(document: &PlanDocument) -> Vec<(SeatView<'_>, SeatView<'_>)> {
    let views: Vec<(SeatView<'_>, Point)> = document
        .seats()
        .map(|view| (view, view.position()))
        .filter(|(_, position)| valid_position(*position))
        .collect();
    let mut grid = Grid::new(20.0);
    let mut largest: f64 = 0.0;
    for (index, (view, position)) in views.iter().enumerate() {
        grid.insert(index, *position);
        largest = largest.max(view.seat.radius());
    }
    let partner = |index: usize, view: &SeatView<'_>, position: Point| {
        let reach = f64::midpoint(view.seat.radius(), largest);
        grid.near(position, reach)
            .filter(|(other, _)| *other != index)
            .filter_map(|(other, at)| Some((views.get(other)?.0, at)))
            .find(|(other, at)| {
                distance(position, *at) < f64::midpoint(view.seat.radius(), other.seat.radius())
            })
    };
    views
        .iter()
        .enumerate()
        .filter_map(|(index, (view, position))| Some((*view, partner(index, view, *position)?.0)))
        .collect()
}
