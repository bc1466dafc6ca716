//! From a [`PlanDocument`] to pretix's JSON again: `parse(&export(plan))` is the plan.

use serde_json::{Map, Value, json};

use super::types::{Area, AreaText, Category, PlanDocument, Point, Row, Seat, Shape, Zone, number};

/// The plan as a file, indented by two, fields in a fixed order, closed by a line break.
pub fn export(document: &PlanDocument) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Values of our own making into memory: there is nothing that could fail.
    let _ = serde_json::to_writer_pretty(&mut bytes, &plan(document));
    bytes.push(b'\n');
    bytes
}

/// An object under construction: absent values leave no field.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

fn list<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(one).collect())
}

fn point(point: Point) -> Value {
    json!({"x": number(point.x), "y": number(point.y)})
}

fn plan(document: &PlanDocument) -> Value {
    let size = |size: Point| json!({"width": number(size.x), "height": number(size.y)});
    Fields::default()
        .with("name", document.name.as_str())
        .with("categories", list(&document.categories, category))
        .with("zones", list(&document.zones, zone))
        .maybe("size", document.size.map(size))
        .into()
}

fn category(category: &Category) -> Value {
    Fields::default().with("name", category.name.as_str()).maybe("color", category.color.as_deref()).into()
}

fn zone(zone: &Zone) -> Value {
    Fields::default()
        .with("name", zone.name.as_str())
        .maybe("zone_id", zone.zone_id.as_deref())
        .maybe("uuid", zone.uuid.as_deref())
        .with("position", point(zone.position))
        .with("rows", list(&zone.rows, row))
        .with("areas", list(&zone.areas, area))
        .into()
}

fn row(row: &Row) -> Value {
    Fields::default()
        .with("row_number", row.row_number.as_str())
        .maybe("row_label", row.row_label.as_deref())
        .maybe("seat_label", row.seat_label.as_deref())
        .maybe("row_number_position", row.row_number_position.map(|side| side.as_str()))
        .maybe("uuid", row.uuid.as_deref())
        .with("position", point(row.position))
        .with("seats", list(&row.seats, seat))
        .into()
}

fn seat(seat: &Seat) -> Value {
    Fields::default()
        .with("seat_number", seat.seat_number.as_str())
        .with("seat_guid", seat.seat_guid.as_str())
        .maybe("uuid", seat.uuid.as_deref())
        .with("position", point(seat.position))
        .with("category", seat.category.as_str())
        .maybe("radius", seat.radius.map(number))
        .maybe("start_direction", seat.start_direction.map(|direction| direction.as_str()))
        .into()
}

fn area(area: &Area) -> Value {
    let (name, measures) = match &area.shape {
        Shape::Polygon { points } => ("polygon", json!({"points": list(points, |corner| point(*corner))})),
        Shape::Rectangle { width, height } => {
            ("rectangle", json!({"width": number(*width), "height": number(*height)}))
        }
        Shape::Ellipse { radius } => ("ellipse", json!({"radius": point(*radius)})),
        Shape::Circle { radius } => ("circle", json!({"radius": number(*radius)})),
        Shape::Text => ("text", Value::Null),
    };
    let fields = Fields::default()
        .with("shape", name)
        .maybe("color", area.color.as_deref())
        .maybe("border_color", area.border_color.as_deref())
        .with("rotation", number(area.rotation))
        .maybe("uuid", area.uuid.as_deref())
        .with("position", point(area.position))
        .maybe("text", area.text.as_ref().map(text));
    // Lettering has no measures beside its text.
    if measures.is_null() { fields.into() } else { fields.with(name, measures).into() }
}

fn text(text: &AreaText) -> Value {
    Fields::default()
        .with("text", text.text.as_str())
        .maybe("color", text.color.as_deref())
        .maybe("size", text.size.map(number))
        .with("position", point(text.position))
        .into()
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn a_plan_survives_the_round_trip() {
        for bytes in [
            include_bytes!("fixtures/every_field.json").as_slice(),
            include_bytes!("fixtures/dirty.json").as_slice(),
        ] {
            let plan = parse(bytes).unwrap();
            assert_eq!(parse(&export(&plan)).unwrap(), plan);
        }
    }

    #[test]
    fn the_file_reads_well() {
        let plan = parse(include_bytes!("fixtures/every_field.json")).unwrap();
        insta::assert_snapshot!(String::from_utf8(export(&plan)).unwrap());
    }
}
