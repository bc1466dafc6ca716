//! From bytes to a [`PlanDocument`].
//!
//! The reader goes on after an error: a broken plan is told as a whole, each fault with its JSON pointer. What a
//! dirty plan commonly lacks (a number, a guid, a place) is read as missing and left to the check; what has the
//! wrong shape (a row that is no object) is a fault of its own. Numbers where the format wants text (`"seat_number":
//! 5`) are taken as that text. Unknown fields are ignored on purpose: the format forbids them, so pretix would refuse
//! a plan that carried them on.

use serde_json::{Map, Value};

use super::error::PlanError;
use super::fault::Fault;
use super::reader::{Reader, coordinates};
use super::types::{
    Area, AreaText, Category, PlanDocument, Point, Row, RowNumberPosition, Seat, Shape, StartDirection, Zone,
};

/// The largest file that is read. 60,000 seats written out with indentation take about 20 MB.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// How deep a file may nest; the format itself needs nine levels.
const MAX_DEPTH: usize = 32;
/// How many values a file may hold, so that a small file cannot take much memory: 60,000 seats need 0.6 million.
const MAX_VALUES: usize = 4_000_000;

/// Reads a plan. Missing details are no error here (see [`super::check()`]), a wrong shape is.
pub fn parse(bytes: &[u8]) -> Result<PlanDocument, PlanError> {
    let (document, faults) = read(bytes)?;
    if faults.is_empty() { Ok(document) } else { Err(PlanError::Malformed(faults)) }
}

/// Reads as much of a plan as can be read, and what could not be.
pub(super) fn read(bytes: &[u8]) -> Result<(PlanDocument, Vec<Fault>), PlanError> {
    if bytes.len() > MAX_BYTES {
        return Err(PlanError::TooLarge { bytes: bytes.len(), limit: MAX_BYTES });
    }
    bound_structure(bytes)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes)?;
    let mut reader = Reader::default();
    let document = reader.plan(&value);
    Ok((document, reader.faults))
}

/// Refuses what would cost too much to hold, before anything is built from it.
fn bound_structure(bytes: &[u8]) -> Result<(), PlanError> {
    let (mut depth, mut values, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(PlanError::TooComplex { reason: "it nests too deeply" });
        }
        if values > MAX_VALUES {
            return Err(PlanError::TooComplex { reason: "it holds too many values" });
        }
    }
    Ok(())
}

/// What the format has where.
impl Reader {
    fn plan(&mut self, value: &Value) -> PlanDocument {
        let Some(object) = self.object(value) else { return PlanDocument::default() };
        PlanDocument {
            name: self.text(object, "name").unwrap_or_default(),
            categories: self.list(object, "categories", true, Self::category),
            zones: self.list(object, "zones", true, Self::zone),
            size: object.get("size").filter(|size| !size.is_null()).map(|size| {
                let length = |name: &str| size.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
                Point::new(length("width"), length("height"))
            }),
        }
    }

    fn category(&mut self, value: &Value) -> Option<Category> {
        let object = self.object(value)?;
        Some(Category {
            name: self.text(object, "name").unwrap_or_default(),
            color: self.text(object, "color"),
        })
    }

    fn zone(&mut self, value: &Value) -> Option<Zone> {
        let object = self.object(value)?;
        let mut zone = Zone {
            name: self.text(object, "name").unwrap_or_default(),
            zone_id: self.text(object, "zone_id"),
            uuid: self.text(object, "uuid"),
            position: self.point(object, "position").unwrap_or_default(),
            ..Zone::default()
        };
        self.zone = Some(zone.display_name().to_owned());
        zone.rows = self.list(object, "rows", true, Self::row);
        zone.areas = self.list(object, "areas", false, Self::area);
        self.zone = None;
        Some(zone)
    }

    fn row(&mut self, value: &Value) -> Option<Row> {
        let object = self.object(value)?;
        let mut row = Row {
            row_number: self.text(object, "row_number").unwrap_or_default(),
            row_label: self.text(object, "row_label"),
            seat_label: self.text(object, "seat_label"),
            row_number_position: self.word(object, "row_number_position", RowNumberPosition::from_word),
            uuid: self.text(object, "uuid"),
            position: self.point(object, "position").unwrap_or_default(),
            seats: Vec::new(),
        };
        self.row = Some(row.row_number.clone());
        row.seats = self.list(object, "seats", true, Self::seat);
        self.row = None;
        Some(row)
    }

    fn seat(&mut self, value: &Value) -> Option<Seat> {
        let object = self.object(value)?;
        Some(Seat {
            seat_number: self.text(object, "seat_number").unwrap_or_default(),
            seat_guid: self.text(object, "seat_guid").unwrap_or_default(),
            uuid: self.text(object, "uuid"),
            position: self.point(object, "position").unwrap_or(Point::UNKNOWN),
            category: self.text(object, "category").unwrap_or_default(),
            radius: self.number(object, "radius"),
            start_direction: self.word(object, "start_direction", StartDirection::from_word),
        })
    }

    fn area(&mut self, value: &Value) -> Option<Area> {
        let object = self.object(value)?;
        let shape = self.shape(object)?;
        Some(Area {
            shape,
            color: self.text(object, "color"),
            border_color: self.text(object, "border_color"),
            rotation: self.number(object, "rotation").unwrap_or(0.0),
            position: self.point(object, "position").unwrap_or_default(),
            uuid: self.text(object, "uuid"),
            text: self.area_text(object),
        })
    }

    /// An area's form: of the measures in the file only those of the named shape count.
    fn shape(&mut self, object: &Map<String, Value>) -> Option<Shape> {
        let name = self.text(object, "shape").unwrap_or_default();
        let empty = Map::new();
        let measures = object.get(&name).and_then(Value::as_object).unwrap_or(&empty);
        let shape = self.within(&name, |reader| match name.as_str() {
            "polygon" => {
                let corner = |_: &mut Self, value: &Value| Some(coordinates(value));
                Some(Shape::Polygon { points: reader.list(measures, "points", true, corner) })
            }
            "rectangle" => Some(Shape::Rectangle {
                width: reader.measure(measures, "width"),
                height: reader.measure(measures, "height"),
            }),
            "ellipse" => {
                Some(Shape::Ellipse { radius: reader.point(measures, "radius").unwrap_or(Point::UNKNOWN) })
            }
            "circle" => Some(Shape::Circle { radius: reader.measure(measures, "radius") }),
            "text" => Some(Shape::Text),
            _ => None,
        });
        if shape.is_none() {
            self.within("shape", |reader| {
                reader.fault("must be polygon, rectangle, ellipse, circle or text");
            });
        }
        shape
    }

    fn area_text(&mut self, object: &Map<String, Value>) -> Option<AreaText> {
        // The format has text in an object of its own; in its first version it was the bare words.
        let value = object.get("text").filter(|value| !value.is_null())?;
        if let Value::String(text) = value {
            return Some(AreaText {
                text: text.clone(),
                color: None,
                size: None,
                position: Point::default(),
            });
        }
        self.within("text", |reader| {
            let text = reader.object(value)?;
            Some(AreaText {
                text: reader.text(text, "text").unwrap_or_default(),
                color: reader.text(text, "color"),
                size: reader.number(text, "size"),
                position: reader.point(text, "position").unwrap_or_default(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(value: &Value) -> Vec<(String, String)> {
        let (_, faults) = read(value.to_string().as_bytes()).unwrap();
        faults.into_iter().map(|fault| (fault.pointer, fault.detail)).collect()
    }

    #[test]
    fn every_field_of_the_format_is_read() {
        let plan = parse(include_bytes!("fixtures/every_field.json")).unwrap();
        insta::assert_debug_snapshot!(plan);
    }

    #[test]
    fn faults_of_shape_are_all_told_with_their_pointers() {
        let plan = json!({"name": [], "categories": {}, "zones": [
            1,
            {"name": "Stalls", "rows": [
                {"row_number": "A", "row_number_position": "left", "seats": [true, {"seat_number": {}}]},
                {"row_number": "B"},
            ], "areas": [{"shape": "star"}]},
        ]});
        insta::assert_debug_snapshot!(faults(&plan));
    }

    #[test]
    fn what_a_seat_lacks_is_left_to_the_check() {
        let seat = json!({"seat_number": 7, "position": {"x": "far", "y": 3}});
        let plan = json!({"categories": [], "zones": [{"rows": [{"seats": [{}, seat]}]}]});
        let plan = parse(plan.to_string().as_bytes()).unwrap();
        let seats = &plan.zones[0].rows[0].seats;
        assert_eq!(seats[0], Seat { position: Point::UNKNOWN, ..Seat::default() });
        assert_eq!(seats[1].seat_number, "7");
        assert_eq!(seats[1].position, Point::new(f64::NAN, 3.0));
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        assert!(matches!(parse(b""), Err(PlanError::NotJson(_))));
        assert!(matches!(parse(b"\xff\xfe"), Err(PlanError::NotJson(_))));
        assert!(matches!(parse(b"[1, 2"), Err(PlanError::NotJson(_))));
        assert!(matches!(parse(b"null"), Err(PlanError::Malformed(_))));
        assert!(matches!(parse(b"[]"), Err(PlanError::Malformed(_))));
        assert!(parse(br#"{"categories": [], "zones": [], "size": 1}"#).is_ok());
    }

    #[test]
    fn size_depth_and_count_are_bounded() {
        assert!(matches!(parse(&vec![b' '; MAX_BYTES + 1]), Err(PlanError::TooLarge { .. })));
        assert!(matches!(parse("[".repeat(100_000).as_bytes()), Err(PlanError::TooComplex { .. })));
        let many = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert!(matches!(parse(many.as_bytes()), Err(PlanError::TooComplex { .. })));
        // Brackets inside a text are text.
        let text = json!({"name": "[".repeat(1000) + "\"", "categories": [], "zones": []}).to_string();
        assert!(parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn a_byte_order_mark_is_no_fault() {
        assert!(parse(b"\xef\xbb\xbf{\"categories\": [], \"zones\": []}").is_ok());
    }
}
