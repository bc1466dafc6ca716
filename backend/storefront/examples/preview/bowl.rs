//! A made-up stadium of about sixty thousand seats: three tiers around a floor, cut into blocks by aisles.

use std::f64::consts::PI;

use serde_json::{Value, json};

/// Name, first block's number, blocks, rows, and how far the first row is from the floor's edge.
const TIERS: [(&str, usize, usize, usize, f64); 3] = [
    ("Lower tier", 101, 30, 30, 60.0),
    ("Middle tier", 201, 30, 16, 370.0),
    ("Upper tier", 301, 44, 44, 570.0),
];
const SEAT: f64 = 10.0;
const ROW: f64 = 9.5;
const FLOOR: (f64, f64) = (820.0, 560.0);
const MIDDLE: f64 = 2000.0;

pub fn plan() -> Value {
    let mut sections = Vec::new();
    for (tier, first, blocks, rows, from) in TIERS {
        for block in 0..blocks {
            let name = format!("{tier}, block {}", first + block);
            sections.push(section(&name, block, blocks, rows, from));
        }
    }
    let categories: Vec<Value> =
        ["Lower tier, front", "Lower tier", "Middle tier", "Upper tier", "Wheelchair and companion"]
            .iter()
            .map(|name| json!({ "name": name, "color": "#888888" }))
            .collect();
    let (w, h) = (FLOOR.0 * 1.1, FLOOR.1 * 1.05);
    json!({
        "size": { "width": MIDDLE * 2.0, "height": MIDDLE * 2.0 },
        "categories": categories,
        "sections": sections,
        "areas": [{ "shape": "rectangle", "x": MIDDLE - w / 2.0, "y": MIDDLE - h / 2.0, "width": w, "height": h, "rotation": 0,
            "text": { "text": "Stage", "x": MIDDLE, "y": MIDDLE, "size": 60 } }],
    })
}

fn section(name: &str, block: usize, blocks: usize, rows: usize, from: f64) -> Value {
    let step = PI * 2.0 / blocks as f64;
    let (begin, end) = (step * block as f64 - PI / 2.0, step * (block as f64 + 1.0) - PI / 2.0);
    let mut seats = json!({ "id": [], "row": [], "number": [], "x": [], "y": [], "category": [] });
    for row in 0..rows {
        let far = from + row as f64 * ROW;
        let (a, b) = (FLOOR.0 + far, FLOOR.1 + far);
        let at = |angle: f64| (MIDDLE + a * angle.cos(), MIDDLE + b * angle.sin());
        let ((x1, y1), (x2, y2)) = (at(begin), at(end));
        // The aisle takes two places of each block.
        let count = ((x2 - x1).hypot(y2 - y1) * 1.02 / SEAT) as usize - 2;
        for seat in 0..count {
            let u = (seat as f64 + 1.5) / (count as f64 + 2.0);
            let (x, y) = at(begin + (end - begin) * u);
            let category = match (from as usize, row) {
                (0..=100, 0..9) => 0,
                (0..=100, _) => 1,
                (101..=500, 14..) if (2..6).contains(&seat) => 4,
                (101..=500, _) => 2,
                _ => 3,
            };
            let mut add =
                |column: &str, value: Value| seats[column].as_array_mut().expect("column").push(value);
            add("id", json!(format!("{}-{}-{}", name.rsplit(' ').next().unwrap_or(""), row + 1, seat + 1)));
            add("row", json!((row + 1).to_string()));
            add("number", json!((seat + 1).to_string()));
            add("x", json!((x * 10.0).round() / 10.0));
            add("y", json!((y * 10.0).round() / 10.0));
            add("category", json!(category));
        }
    }
    json!({ "id": name.rsplit(' ').next(), "name": name, "outline": [], "seats": seats })
}
