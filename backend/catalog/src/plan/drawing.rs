//! The public drawing of a plan: what a browser needs to draw it, in columns, under an address made of its hash.

use std::collections::HashMap;

use data_encoding::HEXLOWER;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::arrange::{Line, Section, category_indexes, sections};
use super::geometry::{Bounds, area_corners, distance, median, rounded_hull};
use super::rules::{valid_area, valid_color, valid_position, valid_size};
use super::types::{Area, PlanDocument, Point, Shape, Zone, number};

/// The colour of a category that names none.
const DEFAULT_COLOR: &str = "#777777";
/// The size of lettering that names none.
const DEFAULT_LETTERS: f64 = 16.0;
/// Space around everything that is drawn.
const MARGIN: f64 = 30.0;

/// A length or place in pixels of the plan, written with at most two decimals.
#[derive(Debug, Clone, Copy, PartialEq, ToSchema)]
#[schema(value_type = f64)]
pub struct Px(pub f64);

impl Px {
    fn new(value: f64) -> Self {
        Self((value * 100.0).round() / 100.0)
    }
}

impl Serialize for Px {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        number(self.0).serialize(serializer)
    }
}

/// A seating plan for drawing. All coordinates are absolute.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Drawing {
    /// The whole canvas.
    pub size: CanvasSize,
    /// The part of it on which there is something.
    pub bounds: CanvasBounds,
    /// The seat categories; seats name them by index.
    pub categories: Vec<DrawnCategory>,
    /// The sections with their seats.
    pub sections: Vec<DrawnSection>,
    /// Stage, bars, lettering, from the back to the front.
    pub areas: Vec<DrawnArea>,
}

/// Measures of the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct CanvasSize {
    /// To the right.
    pub width: Px,
    /// Downwards.
    pub height: Px,
}

/// A box on the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct CanvasBounds {
    /// Its left edge.
    pub x: Px,
    /// Its upper edge.
    pub y: Px,
    /// To the right.
    pub width: Px,
    /// Downwards.
    pub height: Px,
}

/// A category to draw.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DrawnCategory {
    /// Its name.
    pub name: String,
    /// A CSS colour.
    pub color: String,
}

/// A section to draw.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DrawnSection {
    /// Unique in the plan.
    pub id: String,
    /// What a fan reads.
    pub name: String,
    /// A closed line around all its seats, `[x, y]` each.
    pub outline: Vec<[Px; 2]>,
    /// The radius to draw its seats with.
    pub seat_radius: Px,
    /// The seats in the order of [`super::seat_refs`].
    pub seats: SeatColumns,
}

/// The seats of a section, one entry a seat in each column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct SeatColumns {
    /// The seat's id.
    pub id: Vec<String>,
    /// Its row's number.
    pub row: Vec<String>,
    /// Its number.
    pub number: Vec<String>,
    /// To the right.
    pub x: Vec<Px>,
    /// Downwards.
    pub y: Vec<Px>,
    /// Index into the drawing's categories.
    pub category: Vec<usize>,
}

/// The form of a drawn area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AreaShape {
    /// A closed line through `points`.
    Polygon,
    /// A rectangle; `x`, `y` is its upper left corner.
    Rectangle,
    /// An ellipse around `x`, `y`.
    Ellipse,
    /// A circle around `x`, `y`.
    Circle,
    /// Lettering alone.
    Text,
}

/// An area to draw.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DrawnArea {
    /// Its form, which says what measures it has.
    pub shape: AreaShape,
    /// To the right.
    pub x: Px,
    /// Downwards.
    pub y: Px,
    /// Degrees clockwise around `x`, `y`; lettering included.
    pub rotation: Px,
    /// Width of a rectangle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<Px>,
    /// Height of a rectangle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<Px>,
    /// Radius of a circle or an ellipse, to the right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx: Option<Px>,
    /// Radius of a circle or an ellipse, downwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ry: Option<Px>,
    /// Corners of a polygon before it is turned, `[x, y]` each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<Vec<[Px; 2]>>,
    /// Fill, a CSS colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Border, a CSS colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub border_color: Option<String>,
    /// Its lettering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<DrawnText>,
}

/// Lettering, centred on its place.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DrawnText {
    /// The words.
    pub text: String,
    /// To the right.
    pub x: Px,
    /// Downwards.
    pub y: Px,
    /// Height of the letters.
    pub size: Px,
    /// A CSS colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

impl Drawing {
    /// Draws a plan. Meant for one without faults; of a dirty one, seats without a place or category are left out.
    pub fn of(document: &PlanDocument) -> Self {
        let categories = category_indexes(document);
        let sections: Vec<DrawnSection> =
            sections(document).iter().map(|section| draw_section(section, &categories)).collect();
        let zones = document.zones.iter();
        let areas =
            zones.flat_map(|zone| zone.areas.iter().filter_map(|area| draw_area(zone, area))).collect();
        let bounds = drawn_bounds(document, &sections);
        let far = Point::new(bounds.max.x.max(1.0), bounds.max.y.max(1.0));
        let size = document.size.filter(|size| valid_size(*size)).unwrap_or(far);
        let category = |category: &super::types::Category| DrawnCategory {
            name: category.name.clone(),
            color: safe_color(category.color.as_ref()).unwrap_or_else(|| DEFAULT_COLOR.to_owned()),
        };
        Self {
            size: CanvasSize { width: Px::new(size.x), height: Px::new(size.y) },
            bounds: CanvasBounds {
                x: Px::new(bounds.min.x),
                y: Px::new(bounds.min.y),
                width: Px::new(bounds.size().x),
                height: Px::new(bounds.size().y),
            },
            categories: document.categories.iter().map(category).collect(),
            sections,
            areas,
        }
    }

    /// The drawing as bytes: the same plan gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Plain data into memory: there is nothing that could fail.
        let _ = serde_json::to_writer(&mut bytes, self);
        bytes
    }
}

/// The immutable address of a drawing: SHA-256 of its bytes, hexadecimal.
pub fn drawing_hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

fn draw_section(section: &Section<'_>, categories: &HashMap<&str, usize>) -> DrawnSection {
    let mut seats = SeatColumns::default();
    let mut circles = Vec::new();
    for place in section.lines.iter().flat_map(|line| &line.places) {
        let seat = place.view.seat;
        let category = categories.get(seat.category.as_str()).copied();
        let Some(category) = category.filter(|_| valid_position(place.at)) else { continue };
        circles.push((place.at, seat.radius()));
        seats.id.push(seat.seat_guid.clone());
        seats.row.push(place.view.row.row_number.clone());
        seats.number.push(seat.seat_number.clone());
        seats.x.push(Px::new(place.at.x));
        seats.y.push(Px::new(place.at.y));
        seats.category.push(category);
    }
    let smallest = circles.iter().map(|(_, radius)| *radius).reduce(f64::min).unwrap_or_default();
    // Half the way to where a neighbour would stand.
    let padding = usual_step(&section.lines).map_or(0.0, |step| step / 2.0 - smallest).clamp(4.0, 20.0);
    let circles: Vec<(Point, f64)> =
        circles.into_iter().map(|(center, radius)| (center, radius + padding)).collect();
    DrawnSection {
        id: section.id.clone(),
        name: section.name.clone(),
        outline: corners(&rounded_hull(&circles)),
        seat_radius: Px::new(smallest),
        seats,
    }
}

fn usual_step(lines: &[Line<'_>]) -> Option<f64> {
    let steps = |line: &Line<'_>| {
        let next = line.places.iter().skip(1);
        line.places.iter().zip(next).map(|(a, b)| distance(a.at, b.at)).collect::<Vec<_>>()
    };
    median(lines.iter().flat_map(steps).filter(|step| step.is_finite()).collect())
}

fn corners(points: &[Point]) -> Vec<[Px; 2]> {
    points.iter().map(|point| [Px::new(point.x), Px::new(point.y)]).collect()
}

/// A colour that may stand in a style, or none.
fn safe_color(color: Option<&String>) -> Option<String> {
    color.filter(|color| valid_color(color)).cloned()
}

fn draw_area(zone: &Zone, area: &Area) -> Option<DrawnArea> {
    if !valid_area(area, zone.position) {
        return None;
    }
    let origin = zone.position + area.position;
    let mut drawn = DrawnArea {
        shape: AreaShape::Text,
        x: Px::new(origin.x),
        y: Px::new(origin.y),
        rotation: Px::new(area.rotation),
        width: None,
        height: None,
        rx: None,
        ry: None,
        points: None,
        color: safe_color(area.color.as_ref()),
        border_color: safe_color(area.border_color.as_ref()),
        text: draw_text(area, origin),
    };
    match &area.shape {
        Shape::Polygon { points } => {
            let absolute: Vec<Point> = points.iter().map(|point| origin + *point).collect();
            (drawn.shape, drawn.points) = (AreaShape::Polygon, Some(corners(&absolute)));
        }
        Shape::Rectangle { width, height } => {
            drawn.shape = AreaShape::Rectangle;
            (drawn.width, drawn.height) = (Some(Px::new(*width)), Some(Px::new(*height)));
        }
        Shape::Ellipse { radius } => {
            drawn.shape = AreaShape::Ellipse;
            (drawn.rx, drawn.ry) = (Some(Px::new(radius.x)), Some(Px::new(radius.y)));
        }
        Shape::Circle { radius } => {
            drawn.shape = AreaShape::Circle;
            (drawn.rx, drawn.ry) = (Some(Px::new(*radius)), Some(Px::new(*radius)));
        }
        Shape::Text => {}
    }
    Some(drawn)
}

fn draw_text(area: &Area, origin: Point) -> Option<DrawnText> {
    let text = area.text.as_ref().filter(|text| !text.text.trim().is_empty())?;
    let at = origin + text.position;
    Some(DrawnText {
        text: text.text.clone(),
        x: Px::new(at.x),
        y: Px::new(at.y),
        size: Px::new(text.size.unwrap_or(DEFAULT_LETTERS)),
        color: safe_color(text.color.as_ref()),
    })
}

/// The box around outlines and areas, with a margin.
fn drawn_bounds(document: &PlanDocument, sections: &[DrawnSection]) -> Bounds {
    let outlines =
        sections.iter().flat_map(|section| section.outline.iter().map(|[x, y]| Point::new(x.0, y.0)));
    let areas = document.zones.iter().flat_map(|zone| {
        let drawable = zone.areas.iter().filter(|area| valid_area(area, zone.position));
        drawable.flat_map(|area| {
            let origin = zone.position + area.position;
            let mut corners = area_corners(&area.shape, origin, area.rotation);
            corners.extend(area.text.as_ref().map(|text| origin + text.position));
            corners
        })
    });
    let nothing = Bounds { min: Point::default(), max: Point::default() };
    Bounds::of(outlines.chain(areas)).unwrap_or(nothing).grown(MARGIN)
}
