//! Seating plans of the demo. The theatre's is the real one where it lies beside the checkout, repaired; else one of our
//! own of the same size. An arena's is generated.

use std::collections::HashMap;
use std::sync::Arc;

use marquee_catalog::CheckedPlan;
use marquee_catalog::plan::{SeatCount, SeatRef, best_first, export, repair_file, seat_refs};
use serde_json::{Value, json};

use super::programme::Venue;
use crate::cli::Failure;

/// The plans that were asked for: each is made once, and none where everything is there already.
#[derive(Default)]
pub struct Plans(HashMap<Option<u32>, Arc<CheckedPlan>>);

impl Plans {
    /// The plan of a venue with seats.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(&mut self, venue: &Venue) -> Result<Arc<CheckedPlan>, Failure> {
        if let Some(plan) = self.0.get(&venue.seats) {
            return Ok(Arc::clone(plan));
        }
        let plan = match venue.seats {
            Some(seats) => {
                let seats = SeatCount::new(seats).ok_or_else(|| format!("no arena has {seats} seats"))?;
                CheckedPlan::generated(seats)?
            }
            None => theatre()?,
        };
        let plan = Arc::new(plan);
        self.0.insert(venue.seats, Arc::clone(&plan));
        Ok(plan)
    }
}

/// The seats of a venue's plan, the best first.
pub fn best_seats(venue: &Venue, plan: &CheckedPlan) -> Vec<SeatRef> {
    let mut seats = seat_refs(&plan.document);
    if venue.seats.is_some() {
        best_first(&plan.document, &mut seats);
    }
    seats
}

/// Where the real plan may lie, from the checkout's root.
const REAL: &str = "../shared/data/seating/stadium.json";
/// Rows of the plan of our own, front to back, with their seats; 738 in all.
const ROWS: [u32; 25] =
    [22, 23, 24, 25, 26, 26, 27, 28, 28, 29, 30, 30, 31, 32, 32, 32, 33, 33, 33, 33, 33, 32, 32, 32, 32];

/// The theatre's plan, without faults.
///
/// # Errors
/// When the real plan cannot be repaired.
fn theatre() -> Result<CheckedPlan, Failure> {
    match std::fs::read(REAL) {
        Ok(bytes) => {
            let (document, _) = repair_file(&bytes)?;
            Ok(CheckedPlan::read(&export(&document))?)
        }
        Err(_) => Ok(CheckedPlan::read(&serde_json::to_vec(&own())?)?),
    }
}

/// Curved rows before a stage, the best category in front.
fn own() -> Value {
    let rows: Vec<Value> = (0_u32..).zip(ROWS).map(|(at, seats)| row(at, seats)).collect();
    let categories: Vec<Value> = [("I", "#7a1f2b"), ("II", "#b0563b"), ("III", "#3f6b5c"), ("IV", "#41597a")]
        .into_iter()
        .map(|(name, color)| json!({ "name": format!("Category {name}"), "color": color }))
        .collect();
    json!({
        "name": "Theatre",
        "size": { "width": 1400, "height": 1200 },
        "categories": categories,
        "zones": [{ "name": "Stalls", "zone_id": "stalls", "position": { "x": 0, "y": 0 }, "rows": rows, "areas": [] }],
    })
}

fn row(at: u32, seats: u32) -> Value {
    let letter = char::from_u32(u32::from(b'A') + at).unwrap_or('Z').to_string();
    let category = ["I", "II", "III", "IV"].get((at / 7) as usize).unwrap_or(&"IV");
    let radius = 500.0 + f64::from(at) * 34.0;
    let seat = |number: u32| {
        let angle = (f64::from(number) - f64::from(seats - 1) / 2.0) * 30.0 / radius;
        json!({
            "seat_number": (number + 1).to_string(),
            "seat_guid": format!("stalls-{letter}-{}", number + 1),
            "position": { "x": radius * angle.sin(), "y": radius * angle.cos() },
            "category": format!("Category {category}"),
        })
    };
    json!({
        "row_number": letter,
        "row_number_position": "both",
        "position": { "x": 700.0, "y": -250.0 },
        "seats": (0..seats).map(seat).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_plan_is_sound() {
        assert_eq!(ROWS.iter().sum::<u32>(), 738);
        let report = marquee_catalog::plan::check_file(&serde_json::to_vec(&own()).unwrap());
        assert!(report.is_clean(), "{report}");
    }
}
