//! Lays the seats of a bowl out, row by row from the floor upwards, until there are enough.

use std::f64::consts::TAU;

use super::super::types::{
    Area, AreaText, Category, PlanDocument, Point, Row, RowNumberPosition, Seat, Shape, Zone,
};
use super::curve::{Arc, Ellipse};
use super::{CATEGORIES, SeatCount, WHEELCHAIR};

/// From a seat to its neighbour.
const STEP: f64 = 20.0;
/// From a row to the next.
const DEPTH: f64 = 28.0;
const RADIUS: f64 = 8.0;
/// What an aisle takes from a row.
const AISLE: f64 = 32.0;
/// Numbers that a row skips at an aisle, as if seats stood there.
const SKIPPED: usize = 2;
/// Between the last row of a tier and the first of the next.
const TIER_GAP: f64 = 84.0;
/// From the last row of a tier to the platform behind it.
const PLATFORM: f64 = 40.0;
const WHEELCHAIR_RADIUS: f64 = 10.0;
/// From a wheelchair place to its companion's seat, and from one such pair to the next.
const BESIDE: f64 = 28.0;
const BAY: f64 = 84.0;
/// How wide a section and the seats between two aisles are meant to be.
const SECTION: f64 = 560.0;
const BLOCK: f64 = 300.0;
/// Sections of a tier: their numbers have two digits behind the tier's.
const MAX_SECTIONS: f64 = 98.0;
const MARGIN: f64 = 80.0;

/// A tier's place in the house.
#[derive(Clone, Copy)]
struct Tier {
    /// From 1.
    number: u32,
    /// How many rows it is meant to have; the last one grows until there are seats enough.
    rows: u32,
    is_last: bool,
}

/// A seat that is laid out, relative to the centre of the house.
struct Spot {
    at: Point,
    number: String,
    /// How far from the halfway line: 0 on it, 1 at the ends of the house.
    aside: f64,
}

/// The sections of a tier: the angles at which their blocks begin.
struct Ring {
    sections: u32,
    blocks: u32,
    /// One more than there are blocks.
    bounds: Vec<f64>,
}

/// The plan of an arena with exactly so many seats.
///
/// Sections are called `101`, `102` … in the first tier, `201` … in the second; the first of each lies below the floor,
/// the others follow clockwise. Coordinates are whole pixels. The plan has no fault.
pub fn bowl(seats: SeatCount) -> PlanDocument {
    let wanted = seats.get();
    let inner = floor_line(wanted);
    let mut left = wanted as usize;
    let mut depth = 0.0;
    let mut zones = Vec::new();
    for tier in tiers(inner, wanted) {
        let ring = Ring::new(inner.grown(depth + f64::from(tier.rows) * DEPTH / 2.0));
        let mut sections: Vec<Zone> = (0..ring.sections).map(|at| section(tier, at)).collect();
        let mut row = 0;
        while left > 0 && (tier.is_last || row < tier.rows) {
            let laid = trim(ring.row(inner.grown(depth)), left);
            left -= add(&mut sections, laid, |spots| seat_row(spots, tier, row));
            depth += DEPTH;
            row += 1;
        }
        if left > 0 {
            let bays = if wanted < 5_000 { 1 } else { 2 };
            depth += PLATFORM - DEPTH;
            let laid = trim(ring.platform(inner.grown(depth), bays), left);
            left -= add(&mut sections, laid, platform_row);
            depth += TIER_GAP;
        }
        zones.extend(sections.into_iter().filter(|zone| !zone.rows.is_empty()));
    }
    let outer = inner.grown(depth + MARGIN);
    let center = Point::new(outer.a.ceil(), outer.b.ceil());
    for zone in &mut zones {
        place(zone, center);
    }
    zones.push(floor(inner, center));
    let category = |(name, color): (&str, &str)| Category { name: name.into(), color: Some(color.into()) };
    PlanDocument {
        name: format!("Arena, {seats} seat{}", if wanted == 1 { "" } else { "s" }),
        categories: CATEGORIES.into_iter().map(category).collect(),
        zones,
        size: Some(Point::new(center.x * 2.0, center.y * 2.0)),
    }
}

/// The line of the first row: floor and stands keep their proportion whatever the size.
fn floor_line(seats: u32) -> Ellipse {
    let a = (8.2 * f64::from(seats).sqrt()).max(160.0);
    Ellipse { a, b: a * 0.68 }
}

/// How many rows such a house needs, about.
fn rows(inner: Ellipse, seats: u32) -> u32 {
    let mut held = 0.0;
    let mut rows = 0;
    while held < f64::from(seats) {
        // Aisles and gangways take a good eighth.
        held += inner.grown(f64::from(rows) * DEPTH).perimeter() * 0.86 / STEP;
        rows += 1;
    }
    rows
}

fn tiers(inner: Ellipse, seats: u32) -> Vec<Tier> {
    let rows = rows(inner, seats);
    let shares = match (seats, rows) {
        (..150, _) => vec![1.0],
        (..1_500, _) => vec![0.55, 0.45],
        (_, ..110) => vec![0.36, 0.24, 0.4],
        _ => {
            let count = rows.div_ceil(36).min(9);
            vec![1.0 / f64::from(count); count as usize]
        }
    };
    let last = shares.len();
    let tier = |(number, share): (u32, f64)| Tier {
        number,
        rows: ((f64::from(rows) * share).round() as u32).max(1),
        is_last: number as usize == last,
    };
    (1..).zip(shares).map(tier).collect()
}

impl Ring {
    /// Divides a tier, measured at the row in its middle, into sections and blocks of equal length.
    fn new(middle: Ellipse) -> Self {
        let around = Arc::new(middle, 0.0, TAU, 2_048);
        let sections = (around.length() / SECTION).round().clamp(4.0, MAX_SECTIONS);
        let section = around.length() / sections;
        let blocks = (section / BLOCK).ceil();
        let bound = |at: u32| {
            // The first section has its middle at the angle 0.
            let length = (f64::from(at) / blocks - 0.5) * section;
            if length < 0.0 { around.angle(length + around.length()) - TAU } else { around.angle(length) }
        };
        let (sections, blocks) = (sections as u32, blocks as u32);
        Self { sections, blocks, bounds: (0..=sections * blocks).map(bound).collect() }
    }

    /// The blocks of each section along a line.
    fn along(&self, line: Ellipse) -> impl Iterator<Item = Vec<Arc>> {
        let arc = move |ends: &[f64]| match ends {
            [from, to] => Arc::new(line, *from, *to, 12),
            _ => Arc::new(line, 0.0, 0.0, 1),
        };
        let blocks: Vec<&[f64]> = self.bounds.windows(2).collect();
        let sections: Vec<Vec<Arc>> = blocks
            .chunks(self.blocks as usize)
            .map(|section| section.iter().map(|ends| arc(ends)).collect())
            .collect();
        sections.into_iter()
    }

    /// A row of seats for each section.
    fn row(&self, line: Ellipse) -> Vec<Vec<Spot>> {
        let section = |blocks: Vec<Arc>| {
            let mut spots = Vec::new();
            let mut number = 0;
            for arc in blocks {
                let seats = ((arc.length() - AISLE) / STEP).floor().max(0.0) as usize;
                let start = (arc.length() - (seats.saturating_sub(1) as f64) * STEP) / 2.0;
                for seat in 0..seats {
                    number += 1;
                    spots.push(spot(line, &arc, start + seat as f64 * STEP, number.to_string()));
                }
                number += SKIPPED;
            }
            spots
        };
        self.along(line).map(section).collect()
    }

    /// Wheelchair places, each with its companion's seat, up to `bays` pairs for each block; a single one stands in the
    /// first block alone.
    fn platform(&self, line: Ellipse, bays: usize) -> Vec<Vec<Spot>> {
        let section = |blocks: Vec<Arc>| {
            let mut spots = Vec::new();
            let mut number = 0;
            let blocks = blocks.iter().take(if bays == 1 { 1 } else { usize::MAX });
            for arc in blocks {
                let pairs = ((arc.length() / BAY).floor() as usize).min(bays);
                for pair in 0..pairs {
                    number += 1;
                    let middle = arc.length() / 2.0 + (pair as f64 - (pairs - 1) as f64 / 2.0) * BAY;
                    spots.push(spot(line, arc, middle - BESIDE / 2.0, format!("{number}W")));
                    spots.push(spot(line, arc, middle + BESIDE / 2.0, format!("{number}C")));
                }
            }
            spots
        };
        self.along(line).map(section).collect()
    }
}

fn spot(line: Ellipse, arc: &Arc, length: f64, number: String) -> Spot {
    let angle = arc.angle(length);
    let exact = line.at(angle);
    Spot { at: Point::new(exact.x.round(), exact.y.round()), number, aside: angle.sin().abs() }
}

/// Leaves only the best `most` of a row: those nearest to the halfway line, on both sides of the floor.
fn trim(mut sections: Vec<Vec<Spot>>, most: usize) -> Vec<Vec<Spot>> {
    let mut all: Vec<(f64, usize, usize)> = Vec::new();
    for (at, spots) in sections.iter().enumerate() {
        all.extend(spots.iter().enumerate().map(|(seat, spot)| (spot.aside, at, seat)));
    }
    if all.len() <= most {
        return sections;
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    all.truncate(most);
    let kept: std::collections::HashSet<(usize, usize)> =
        all.into_iter().map(|(_, section, seat)| (section, seat)).collect();
    for (at, spots) in sections.iter_mut().enumerate() {
        let mut seat = 0;
        spots.retain(|_| {
            seat += 1;
            kept.contains(&(at, seat - 1))
        });
    }
    sections
}

/// Adds a row to each section that has seats in it; answers how many seats those are.
fn add(sections: &mut [Zone], laid: Vec<Vec<Spot>>, row: impl Fn(Vec<Spot>) -> Row) -> usize {
    let mut added = 0;
    for (zone, spots) in sections.iter_mut().zip(laid) {
        if !spots.is_empty() {
            added += spots.len();
            let mut row = row(spots);
            for seat in &mut row.seats {
                seat.seat_guid = format!("{}-{}-{}", zone.name, row.row_number, seat.seat_number);
            }
            zone.rows.push(row);
        }
    }
    added
}

fn section(tier: Tier, at: u32) -> Zone {
    let name = format!("{}{:02}", tier.number, at + 1);
    Zone { zone_id: Some(name.clone()), name, ..Zone::default() }
}

fn seat_row(spots: Vec<Spot>, tier: Tier, row: u32) -> Row {
    let [front, lower, middle, upper, _] = CATEGORIES.map(|(name, _)| name);
    let category = match tier {
        Tier { number: 1, rows, .. } if row * 5 < rows * 2 => front,
        Tier { number: 1, .. } => lower,
        Tier { number: 2, is_last: false, .. } => middle,
        _ => upper,
    };
    let name = if tier.number <= 2 && !tier.is_last || tier.number == 1 {
        letters(row)
    } else {
        (row + 1).to_string()
    };
    Row {
        row_number: name,
        row_number_position: Some(RowNumberPosition::Both),
        seats: spots.into_iter().map(|spot| seat(spot, category, RADIUS)).collect(),
        ..Row::default()
    }
}

fn platform_row(spots: Vec<Spot>) -> Row {
    let radius = |spot: &Spot| if spot.number.ends_with('W') { WHEELCHAIR_RADIUS } else { RADIUS };
    Row {
        row_number: "WP".into(),
        row_label: Some("Wheelchair platform".into()),
        seat_label: Some("Place %s".into()),
        seats: spots
            .into_iter()
            .map(|spot| {
                let radius = radius(&spot);
                seat(spot, WHEELCHAIR, radius)
            })
            .collect(),
        ..Row::default()
    }
}

fn seat(spot: Spot, category: &str, radius: f64) -> Seat {
    Seat {
        seat_number: spot.number,
        position: spot.at,
        category: category.into(),
        radius: Some(radius),
        ..Seat::default()
    }
}

/// `A`, `B` … `Z`, `AA`, `BB` …, without I and O, which read as numbers.
fn letters(row: u32) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    let count = LETTERS.len() as u32;
    let letter = LETTERS.get((row % count) as usize).map_or('A', |byte| char::from(*byte));
    std::iter::repeat_n(letter, (row / count + 1) as usize).collect()
}

/// Moves a section's seats onto the canvas: zone, row and seat each relative to the one before.
fn place(zone: &mut Zone, center: Point) {
    let first = |row: &Row| row.seats.first().map_or(Point::default(), |seat| seat.position);
    let origin = zone.rows.first().map_or(Point::default(), first);
    zone.position = center + origin;
    for row in &mut zone.rows {
        let start = first(row);
        row.position = start - origin;
        for seat in &mut row.seats {
            seat.position = seat.position - start;
        }
    }
}

/// What everybody looks at. It stays clear of the first row's corners, so that the house knows where its front is.
fn floor(inner: Ellipse, center: Point) -> Zone {
    let (width, height) = ((inner.a * 1.3).round(), (inner.b * 1.3).round());
    let area = Area {
        shape: Shape::Rectangle { width, height },
        color: Some("#e4ebf3".into()),
        border_color: Some("#b3c2d3".into()),
        rotation: 0.0,
        position: Point::new(-(width / 2.0).round(), -(height / 2.0).round()),
        uuid: None,
        text: Some(AreaText {
            text: "Floor".into(),
            color: Some("#5b6b7d".into()),
            size: Some((inner.a / 10.0).round().clamp(16.0, 1_000.0)),
            position: Point::new((width / 2.0).round(), (height / 2.0).round()),
        }),
    };
    Zone {
        name: "Floor".into(),
        zone_id: Some("floor".into()),
        position: center,
        areas: vec![area],
        ..Zone::default()
    }
}
