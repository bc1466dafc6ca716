//! One performance's units in memory, and the answer made of them.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use marquee_core::ids::{PriceLevelId, UnitId};
use serde::Serialize;

use super::change::Now;

/// A unit's place on the board.
#[derive(Debug, Clone, Copy)]
struct Slot {
    level: u16,
    /// Section and seat in the plan's order; none for a standing place.
    seat: Option<(u16, u32)>,
    now: Now,
}

/// A section of the plan.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) id: String,
    pub(super) seats: usize,
}

/// A unit as loaded.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) unit: UnitId,
    pub(super) level: PriceLevelId,
    pub(super) seat: Option<(u16, u32)>,
    pub(super) now: Now,
}

/// One performance's units.
#[derive(Debug)]
pub(super) struct Board {
    levels: Vec<PriceLevelId>,
    sections: Vec<Section>,
    slots: Vec<Slot>,
    index: HashMap<UnitId, u32>,
    version: u64,
    answer: Option<Answer>,
}

/// A rendered answer and how long it stays true if nothing changes.
#[derive(Debug, Clone)]
struct Answer {
    version: u64,
    /// First end of a hold after it was rendered, Unix milliseconds.
    until: i64,
    rendered: Rendered,
}

/// The answer of `GET …/availability`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The JSON.
    pub body: bytes::Bytes,
    /// Strong validator: changes exactly when what is free does.
    pub etag: String,
    /// Units that can be had.
    pub free: u64,
    /// All units, in whatever state.
    pub capacity: u64,
    /// Units that can be had, by price level.
    pub free_by_level: Vec<(PriceLevelId, u64)>,
}

#[derive(Serialize)]
struct Body<'a> {
    version: u64,
    as_of: String,
    price_levels: Vec<LevelBody>,
    sections: Vec<SectionBody<'a>>,
}

#[derive(Serialize)]
struct LevelBody {
    id: PriceLevelId,
    free: u64,
}

#[derive(Serialize)]
struct SectionBody<'a> {
    id: &'a str,
    free: String,
}

impl Now {
    fn is_free(self, at: i64) -> bool {
        match self {
            Self::Free => true,
            Self::HeldUntil(until) => until <= at,
            Self::Gone => false,
        }
    }
}

impl Board {
    /// A board of these units. `version` must be larger than that of the board it replaces.
    pub(super) fn new(
        levels: Vec<PriceLevelId>,
        sections: Vec<Section>,
        units: Vec<Loaded>,
        version: u64,
    ) -> Self {
        let level_at: HashMap<PriceLevelId, u16> =
            levels.iter().zip(0..).map(|(level, at)| (*level, at)).collect();
        let index = units.iter().zip(0..).map(|(unit, at)| (unit.unit, at)).collect();
        let slots = units
            .iter()
            .map(|unit| Slot {
                level: level_at.get(&unit.level).copied().unwrap_or(u16::MAX),
                seat: unit.seat,
                now: unit.now,
            })
            .collect();
        Self { levels, sections, slots, index, version, answer: None }
    }

    /// Takes over what a commit changed. False when it names a unit that the board does not have.
    pub(super) fn apply(&mut self, changes: &[(UnitId, Now)]) -> bool {
        self.version += 1;
        changes.iter().all(|(unit, now)| {
            let slot = self.index.get(unit).and_then(|at| self.slots.get_mut(*at as usize));
            slot.map(|slot| slot.now = *now).is_some()
        })
    }

    /// The answer at `at` (Unix milliseconds), rendered anew only if something changed or a hold ended since.
    pub(super) fn render(&mut self, at: i64) -> Rendered {
        if let Some(answer) = &self.answer
            && answer.version == self.version
            && at < answer.until
        {
            return answer.rendered.clone();
        }
        let ended = self.answer.as_ref().is_some_and(|answer| answer.version == self.version);
        self.version += u64::from(ended);
        let rendered = self.render_now(at);
        let ends = self.slots.iter().filter_map(|slot| match slot.now {
            Now::HeldUntil(until) if until > at => Some(until),
            _ => None,
        });
        let until = ends.min().unwrap_or(i64::MAX);
        self.answer = Some(Answer { version: self.version, until, rendered: rendered.clone() });
        rendered
    }

    fn render_now(&self, at: i64) -> Rendered {
        let mut free_by_level = vec![0_u64; self.levels.len()];
        let mut bitmaps: Vec<Vec<u8>> =
            self.sections.iter().map(|section| vec![0; section.seats.div_ceil(8)]).collect();
        let mut free = 0;
        for slot in self.slots.iter().filter(|slot| slot.now.is_free(at)) {
            free += 1;
            if let Some(count) = free_by_level.get_mut(usize::from(slot.level)) {
                *count += 1;
            }
            if let Some((section, seat)) = slot.seat {
                let byte =
                    bitmaps.get_mut(usize::from(section)).and_then(|map| map.get_mut(seat as usize / 8));
                if let Some(byte) = byte {
                    *byte |= 1 << (seat % 8);
                }
            }
        }
        let counted: Vec<(PriceLevelId, u64)> = self.levels.iter().copied().zip(free_by_level).collect();
        let as_of = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
        let body = Body {
            version: self.version,
            as_of: as_of.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            price_levels: counted.iter().map(|(id, free)| LevelBody { id: *id, free: *free }).collect(),
            sections: self
                .sections
                .iter()
                .zip(&bitmaps)
                .map(|(section, map)| SectionBody { id: &section.id, free: STANDARD.encode(map) })
                .collect(),
        };
        Rendered {
            body: serde_json::to_vec(&body).unwrap_or_default().into(),
            etag: format!("\"{:x}\"", self.version),
            free,
            capacity: self.slots.len() as u64,
            free_by_level: counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> (Board, Vec<UnitId>) {
        let level = PriceLevelId::generate();
        let ids: Vec<UnitId> = (0..10).map(|_| UnitId::generate()).collect();
        let units = ids
            .iter()
            .zip(0..)
            .map(|(unit, seat)| Loaded { unit: *unit, level, seat: Some((0, seat)), now: Now::Free })
            .collect();
        (Board::new(vec![level], vec![Section { id: "A".to_owned(), seats: 10 }], units, 1), ids)
    }

    #[test]
    fn bits_are_least_significant_first() {
        let (mut board, ids) = board();
        board.apply(&[(ids[0], Now::Gone), (ids[9], Now::Gone)]);
        let body: serde_json::Value = serde_json::from_slice(&board.render(0).body).unwrap();
        let bits = STANDARD.decode(body["sections"][0]["free"].as_str().unwrap()).unwrap();
        assert_eq!(bits, [0b1111_1110, 0b0000_0001]);
        assert_eq!(body["price_levels"][0]["free"], 8);
    }

    #[test]
    fn a_hold_ends_without_a_message() {
        let (mut board, ids) = board();
        board.apply(&[(ids[3], Now::HeldUntil(1_000))]);
        let held = board.render(500);
        assert_eq!(board.render(999), held, "nothing changed, nothing is rendered");
        let ended = board.render(1_000);
        assert_eq!((held.free, ended.free), (9, 10));
        assert_ne!(held.etag, ended.etag);
    }

    #[test]
    fn an_unknown_unit_is_reported() {
        let (mut board, _) = board();
        assert!(!board.apply(&[(UnitId::generate(), Now::Gone)]));
    }
}
