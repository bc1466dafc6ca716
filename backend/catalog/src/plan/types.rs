//! The plan as typed data: what pretix's seating-plan format can say, and no more.
//!
//! Lengths are pixels of the plan; a row's position is relative to its zone, a seat's to its row, an area's to its
//! zone, an area's text to its area. A coordinate that the file left out or spelled wrongly is NaN, so that the
//! check can name the seat instead of the reader giving up.

use serde_json::Value;

/// The radius of a seat that names none.
pub const DEFAULT_RADIUS: f64 = 10.0;

/// A point, or a distance in two directions. Two unknown (NaN) coordinates count as equal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

impl Point {
    /// The position of something whose place is not known.
    pub const UNKNOWN: Self = Self { x: f64::NAN, y: f64::NAN };

    /// A point at `x`, `y`.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Whether both coordinates are ordinary numbers.
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        same(self.x, other.x) && same(self.y, other.y)
    }
}

impl std::ops::Add for Point {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl std::ops::Sub for Point {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

/// Equality in which an unknown number equals another unknown one.
pub(super) fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// A seating plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanDocument {
    /// The plan's name.
    pub name: String,
    /// The seat categories, which price levels refer to.
    pub categories: Vec<Category>,
    /// The zones: floors, blocks, boxes.
    pub zones: Vec<Zone>,
    /// Width and height of the canvas; older plans have none.
    pub size: Option<Point>,
}

/// A kind of seat, priced alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Its name; seats refer to it.
    pub name: String,
    /// A CSS colour to draw it with.
    pub color: Option<String>,
}

/// A part of the house with rows of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Zone {
    /// What a fan reads; may be missing (empty).
    pub name: String,
    /// A short name, from which seat guids are made.
    pub zone_id: Option<String>,
    /// The object's id, unique in the plan.
    pub uuid: Option<String>,
    /// The zone's origin.
    pub position: Point,
    /// Its rows.
    pub rows: Vec<Row>,
    /// What is drawn beside the seats: stage, bar, lettering.
    pub areas: Vec<Area>,
}

/// Seats in one line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// The row's letter or number; empty when missing.
    pub row_number: String,
    /// How the row is called in text, in place of "Row A".
    pub row_label: Option<String>,
    /// How its seats are called in text, `%s` standing for the number, in place of "Seat 1".
    pub seat_label: Option<String>,
    /// Where the row's number is drawn.
    pub row_number_position: Option<RowNumberPosition>,
    /// The object's id, unique in the plan.
    pub uuid: Option<String>,
    /// The row's origin, relative to the zone.
    pub position: Point,
    /// Its seats.
    pub seats: Vec<Seat>,
}

/// One seat.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seat {
    /// The number on the seat; empty when missing.
    pub seat_number: String,
    /// The seat's id, unique in the plan; empty when missing.
    pub seat_guid: String,
    /// The object's id, unique in the plan.
    pub uuid: Option<String>,
    /// Its place, relative to the row.
    pub position: Point,
    /// The name of a category; empty when missing.
    pub category: String,
    /// Its radius, [`DEFAULT_RADIUS`] when absent.
    pub radius: Option<f64>,
    /// Marks a seat from which a row is to be filled.
    pub start_direction: Option<StartDirection>,
}

impl Seat {
    /// The radius it is drawn with.
    pub fn radius(&self) -> f64 {
        self.radius.filter(|radius| VALID_RADIUS.contains(radius)).unwrap_or(DEFAULT_RADIUS)
    }
}

/// The radii a seat may have. Bounded on both sides, so that looking for neighbours stays cheap.
pub const VALID_RADIUS: std::ops::RangeInclusive<f64> = 1.0..=100.0;

/// Something drawn that is not a seat.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Its form and measures.
    pub shape: Shape,
    /// Fill, a CSS colour.
    pub color: Option<String>,
    /// Border, a CSS colour.
    pub border_color: Option<String>,
    /// Degrees clockwise around `position`.
    pub rotation: f64,
    /// Top left corner of a rectangle, centre of a circle or ellipse, origin of a polygon.
    pub position: Point,
    /// The object's id, unique in the plan.
    pub uuid: Option<String>,
    /// Its lettering.
    pub text: Option<AreaText>,
}

/// The form of an area.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A closed line through these points, relative to the area's position.
    Polygon {
        /// The corners.
        points: Vec<Point>,
    },
    /// A rectangle.
    Rectangle {
        /// To the right.
        width: f64,
        /// Downwards.
        height: f64,
    },
    /// An ellipse.
    Ellipse {
        /// Its two radii.
        radius: Point,
    },
    /// A circle.
    Circle {
        /// Its radius.
        radius: f64,
    },
    /// Lettering alone.
    Text,
}

/// Lettering of an area, centred on its position.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaText {
    /// The words.
    pub text: String,
    /// A CSS colour.
    pub color: Option<String>,
    /// Height of the letters, 16 when absent.
    pub size: Option<f64>,
    /// Relative to the area's position.
    pub position: Point,
}

/// Gives an enum of fixed words both directions of its spelling.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word the format writes.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The value that the format's word means.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// On which side a row's number is drawn.
    RowNumberPosition {
        /// Before the first seat.
        Start = "start",
        /// After the last seat.
        End = "end",
        /// On both sides.
        Both = "both",
    }
}

words! {
    /// In which direction a row is filled from a seat.
    StartDirection {
        /// Towards the row's beginning.
        Backward = "<",
        /// Towards the row's end.
        Forward = ">",
        /// Both ways.
        Both = "<>",
    }
}

/// A seat together with where it stands in the document.
#[derive(Debug, Clone, Copy)]
pub struct SeatView<'a> {
    /// Indexes of zone, row and seat.
    pub at: [usize; 3],
    /// Its zone.
    pub zone: &'a Zone,
    /// Its row.
    pub row: &'a Row,
    /// The seat.
    pub seat: &'a Seat,
}

impl SeatView<'_> {
    /// Where the seat stands on the plan.
    pub fn position(&self) -> Point {
        self.zone.position + self.row.position + self.seat.position
    }

    /// JSON pointer (RFC 6901) to the seat.
    pub fn pointer(&self) -> String {
        let [zone, row, seat] = self.at;
        format!("/zones/{zone}/rows/{row}/seats/{seat}")
    }
}

impl PlanDocument {
    /// Every seat, in the document's order.
    pub fn seats(&self) -> impl Iterator<Item = SeatView<'_>> {
        self.zones.iter().enumerate().flat_map(|(zone_at, zone)| {
            zone.rows.iter().enumerate().flat_map(move |(row_at, row)| {
                row.seats.iter().enumerate().map(move |(seat_at, seat)| SeatView {
                    at: [zone_at, row_at, seat_at],
                    zone,
                    row,
                    seat,
                })
            })
        })
    }

    /// How many seats there are.
    pub fn seat_count(&self) -> usize {
        self.zones.iter().flat_map(|zone| &zone.rows).map(|row| row.seats.len()).sum()
    }
}

/// A number as the format writes it: without a fraction where it has none; an unknown one becomes null.
pub(super) fn number(value: f64) -> Value {
    // Up to 2^53 every whole number is exact in both forms.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}
