//! Which seats of a generated plan are the best.

use std::collections::HashMap;

use super::super::arrange::SeatRef;
use super::super::types::PlanDocument;

/// Puts seats of a [`bowl`](super::bowl()) into the order in which they are offered: category by category, the lower tier
/// before the upper ones, front rows first, and in a row whoever sits nearer to the halfway line.
pub fn best_first(plan: &PlanDocument, seats: &mut [SeatRef]) {
    let center = plan.size.map_or(0.0, |size| size.x / 2.0);
    let mut front: HashMap<String, u32> = HashMap::new();
    for seat in seats.iter() {
        let first = front.entry(seat.section_id.clone()).or_insert(seat.row_key);
        *first = seat.row_key.min(*first);
    }
    seats.sort_by_cached_key(|seat| {
        let row = seat.row_key - front.get(&seat.section_id).copied().unwrap_or_default();
        let tier = seat.section_id.bytes().next();
        let aside = (seat.x - center).abs() as u32;
        (seat.category, tier, row, aside, seat.row_key, seat.position_in_row)
    });
}
