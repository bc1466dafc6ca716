//! What never changes about a performance's units, in memory: who they are, where they are, in which order they are
//! offered and who sits beside whom.
//!
//! A hundred bytes a unit, their texts in one allocation, so that millions of them fit a process.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash};
use std::ops::Range;

use hashbrown::{DefaultHashBuilder, HashTable};
use marquee_core::ids::{PriceLevelId, UnitId};

/// Stands for "there is none" in compact columns.
const NONE: u32 = u32::MAX;

/// All units of a performance. Two ways count them: by *id* (`at`), and by *offer*: price level after price level,
/// within each by rank.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    rows: Vec<Row>,
    text: Box<str>,
    levels: Vec<PriceLevelId>,
    /// Offers of each level.
    offers: Vec<Range<u32>>,
    /// Which unit is offered there.
    offered: Vec<u32>,
    /// Units by their id, and seats by the plan's: where they stand in id order.
    by_id: HashTable<u32>,
    by_seat: HashTable<u32>,
    hasher: DefaultHashBuilder,
    sections: Vec<Section>,
    /// Bytes of all sections' bitmaps.
    map: usize,
}

/// A unit as it always was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SheetUnit<'a> {
    pub(crate) id: UnitId,
    pub(crate) level: PriceLevelId,
    /// The plan's seat id; none for a standing place.
    pub(crate) seat: Option<&'a str>,
    /// What a person would call it.
    pub(crate) label: &'a str,
    /// Units with one key and consecutive places are neighbours.
    pub(crate) row_key: i32,
    pub(crate) place: i32,
    /// The lower, the better.
    pub(crate) rank: i32,
}

/// A section of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) id: Box<str>,
    /// Its bytes in the map of all sections.
    pub(crate) bytes: Range<usize>,
}

#[derive(Debug)]
struct Row {
    id: UnitId,
    seat: u32,
    label: u32,
    seat_len: u16,
    label_len: u16,
    level: u16,
    row_key: i32,
    place: i32,
    rank: i32,
    offer: u32,
    /// The unit to its right, of the same level.
    right: u32,
    /// Its bit in the map of all sections.
    bit: u32,
}

/// Units as columns, each of the same length, and the plan they belong to.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) ids: Vec<UnitId>,
    pub(crate) levels: Vec<PriceLevelId>,
    /// Lengths in `seat_text`; 0: no seat.
    pub(crate) seats: Vec<i32>,
    pub(crate) seat_text: String,
    /// Lengths in `label_text`.
    pub(crate) labels: Vec<i32>,
    pub(crate) label_text: String,
    pub(crate) row_keys: Vec<i32>,
    pub(crate) places: Vec<i32>,
    pub(crate) ranks: Vec<i32>,
}

/// A section of the plan with its seats in the plan's order.
#[derive(Debug, Clone)]
pub(crate) struct PlanSection {
    pub(crate) id: String,
    pub(crate) seats: Vec<String>,
}

impl Sheet {
    /// A sheet of these units. `levels` in the order in which they are shown.
    pub(crate) fn new(levels: Vec<PriceLevelId>, plan: &[PlanSection], columns: Columns) -> Self {
        let (sections, map) = sections(plan);
        let mut rows = rows(&levels, &columns);
        rows.sort_unstable_by_key(|row| row.id);
        let seat_bytes = columns.seat_text.len();
        let text = (columns.seat_text + &columns.label_text).into_boxed_str();
        for row in &mut rows {
            row.label += seat_bytes as u32;
        }
        let mut sheet = Self { rows, text, levels, sections, map, ..Self::default() };
        sheet.index();
        sheet.place_on_map(plan);
        sheet.put_in_order();
        sheet.join_neighbours();
        sheet
    }

    fn index(&mut self) {
        self.by_id = index(&self.hasher, self.rows.iter().zip(0..).map(|(row, at)| (row.id, at)));
        let seats = self.rows.iter().zip(0..).filter_map(|(row, at)| Some((seat_of(&self.text, row)?, at)));
        self.by_seat = index(&self.hasher, seats);
    }

    fn place_on_map(&mut self, plan: &[PlanSection]) {
        let bits: HashMap<&str, u32> = plan
            .iter()
            .zip(&self.sections)
            .flat_map(|(drawn, section)| {
                let first = section.bytes.start as u32 * 8;
                drawn.seats.iter().map(String::as_str).zip(first..)
            })
            .collect();
        for row in &mut self.rows {
            row.bit = seat_of(&self.text, row).and_then(|seat| bits.get(seat).copied()).unwrap_or(NONE);
        }
    }

    fn put_in_order(&mut self) {
        let mut order: Vec<(u16, i32, u32)> =
            self.rows.iter().zip(0..).map(|(row, at)| (row.level, row.rank, at)).collect();
        order.sort_unstable();
        self.offers = (0..self.levels.len())
            .map(|level| {
                let start = order.partition_point(|(one, _, _)| usize::from(*one) < level) as u32;
                let end = order.partition_point(|(one, _, _)| usize::from(*one) <= level) as u32;
                start..end
            })
            .collect();
        for ((_, _, at), offer) in order.iter().zip(0..) {
            if let Some(row) = self.rows.get_mut(*at as usize) {
                row.offer = offer;
            }
        }
        self.offered = order.into_iter().map(|(_, _, at)| at).collect();
    }

    fn join_neighbours(&mut self) {
        let mut line: Vec<(u16, i32, i32, u32)> =
            self.rows.iter().zip(0..).map(|(row, at)| (row.level, row.row_key, row.place, at)).collect();
        line.sort_unstable();
        for (left, right) in line.iter().zip(line.iter().skip(1)) {
            let beside = (left.0, left.1, left.2.saturating_add(1)) == (right.0, right.1, right.2);
            if beside && let Some(row) = self.rows.get_mut(left.3 as usize) {
                row.right = right.3;
            }
        }
    }

    /// How many units there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The unit of a seat of the plan.
    pub(crate) fn by_seat(&self, seat: &str) -> Option<SheetUnit<'_>> {
        let is_that =
            |at: &u32| self.rows.get(*at as usize).and_then(|row| seat_of(&self.text, row)) == Some(seat);
        self.unit(*self.by_seat.find(self.hasher.hash_one(seat), is_that)?)
    }

    /// The unit of that id.
    pub(crate) fn by_id(&self, id: UnitId) -> Option<SheetUnit<'_>> {
        self.unit(self.at(id)?)
    }

    /// The price levels, in the order in which they are shown.
    pub(crate) fn levels(&self) -> &[PriceLevelId] {
        &self.levels
    }

    /// The sections of the plan, in its order.
    pub(crate) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Do their maps say the same about the same seats?
    pub(crate) fn has_map_of(&self, other: &Self) -> bool {
        self.sections == other.sections && self.levels == other.levels
    }

    /// Bytes of the map of all sections.
    pub(crate) fn map_bytes(&self) -> usize {
        self.map
    }

    /// Where a unit stands in id order.
    pub(crate) fn at(&self, id: UnitId) -> Option<u32> {
        let is_that = |at: &u32| self.id_at(*at) == Some(id);
        self.by_id.find(self.hasher.hash_one(id), is_that).copied()
    }

    /// The unit that stands there in id order.
    pub(crate) fn unit(&self, at: u32) -> Option<SheetUnit<'_>> {
        let row = self.rows.get(at as usize)?;
        let label = row.label as usize;
        Some(SheetUnit {
            id: row.id,
            level: self.levels.get(usize::from(row.level)).copied()?,
            seat: seat_of(&self.text, row),
            label: self.text.get(label..label + usize::from(row.label_len)).unwrap_or_default(),
            row_key: row.row_key,
            place: row.place,
            rank: row.rank,
        })
    }

    /// The id of the unit that stands there.
    pub(crate) fn id_at(&self, at: u32) -> Option<UnitId> {
        self.rows.get(at as usize).map(|row| row.id)
    }

    /// Which of `levels` the unit belongs to.
    pub(crate) fn level_at(&self, at: u32) -> Option<usize> {
        self.rows.get(at as usize).map(|row| usize::from(row.level))
    }

    /// Which of `levels` that is.
    pub(crate) fn level(&self, id: PriceLevelId) -> Option<usize> {
        self.levels.iter().position(|one| *one == id)
    }

    /// The offers of a level, the best first.
    pub(crate) fn offers(&self, level: usize) -> Range<u32> {
        self.offers.get(level).cloned().unwrap_or_default()
    }

    /// The unit that is offered there.
    pub(crate) fn offered(&self, offer: u32) -> Option<u32> {
        self.offered.get(offer as usize).copied()
    }

    /// Where a unit is offered.
    pub(crate) fn offer_of(&self, at: u32) -> Option<u32> {
        self.rows.get(at as usize).map(|row| row.offer)
    }

    /// The unit to the right of that one, if it is of the same level.
    pub(crate) fn right_of(&self, at: u32) -> Option<u32> {
        self.rows.get(at as usize).map(|row| row.right).filter(|right| *right != NONE)
    }

    /// A seat's byte in the map of all sections and its bit there.
    pub(crate) fn bit_of(&self, at: u32) -> Option<(usize, u8)> {
        let bit = self.rows.get(at as usize).map(|row| row.bit).filter(|bit| *bit != NONE)?;
        Some((bit as usize / 8, 1 << (bit % 8)))
    }
}

/// A table that finds places by keys, each of which occurs once.
fn index<K: Hash>(hasher: &DefaultHashBuilder, places: impl Iterator<Item = (K, u32)>) -> HashTable<u32> {
    let places: Vec<(u64, u32)> = places.map(|(key, at)| (hasher.hash_one(key), at)).collect();
    let mut table = HashTable::with_capacity(places.len());
    for (hash, at) in places {
        // It has room for all, so that no hash is asked for again.
        table.insert_unique(hash, at, |_| hash);
    }
    table
}

fn seat_of<'a>(text: &'a str, row: &Row) -> Option<&'a str> {
    let start = row.seat as usize;
    text.get(start..start + usize::from(row.seat_len)).filter(|seat| !seat.is_empty())
}

fn sections(plan: &[PlanSection]) -> (Vec<Section>, usize) {
    let mut end = 0;
    let sections = plan
        .iter()
        .map(|drawn| {
            let start = end;
            end += drawn.seats.len().div_ceil(8);
            Section { id: drawn.id.as_str().into(), bytes: start..end }
        })
        .collect();
    (sections, end)
}

fn rows(levels: &[PriceLevelId], columns: &Columns) -> Vec<Row> {
    let level_at: HashMap<PriceLevelId, u16> =
        levels.iter().zip(0..).map(|(level, at)| (*level, at)).collect();
    let (mut seat, mut label) = (0, 0);
    let places = columns.row_keys.iter().zip(&columns.places).zip(&columns.ranks);
    let texts = columns.seats.iter().zip(&columns.labels);
    let units = columns.ids.iter().zip(&columns.levels);
    units
        .zip(texts)
        .zip(places)
        .map(|(((id, level), (seat_len, label_len)), ((row_key, place), rank))| {
            let row = Row {
                id: *id,
                seat,
                label,
                seat_len: (*seat_len).try_into().unwrap_or_default(),
                label_len: (*label_len).try_into().unwrap_or_default(),
                level: level_at.get(level).copied().unwrap_or(u16::MAX),
                row_key: *row_key,
                place: *place,
                rank: *rank,
                offer: NONE,
                right: NONE,
                bit: NONE,
            };
            seat += *seat_len as u32;
            label += *label_len as u32;
            row
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A sheet of seats `(seat, level, row key, place, rank)`, all in one section in this order.
    pub(crate) fn sheet_of(levels: &[PriceLevelId], seats: &[(&str, PriceLevelId, i32, i32, i32)]) -> Sheet {
        let mut columns = Columns::default();
        for (seat, level, row_key, place, rank) in seats {
            let label = format!("Seat {seat}");
            columns.ids.push(UnitId::generate());
            columns.levels.push(*level);
            columns.seats.push(seat.len() as i32);
            columns.seat_text += seat;
            columns.labels.push(label.len() as i32);
            columns.label_text += &label;
            columns.row_keys.push(*row_key);
            columns.places.push(*place);
            columns.ranks.push(*rank);
        }
        let plan = PlanSection {
            id: "A".to_owned(),
            seats: seats.iter().map(|(seat, ..)| (*seat).to_owned()).collect(),
        };
        Sheet::new(levels.to_vec(), &[plan], columns)
    }

    #[test]
    fn units_are_found_by_seat_and_by_id() {
        let level = PriceLevelId::generate();
        let sheet =
            sheet_of(&[level], &[("B-2", level, 2, 2, 1), ("Ä-1", level, 1, 1, 0), ("B-1", level, 2, 1, 2)]);
        let unit = sheet.by_seat("Ä-1").unwrap();
        assert_eq!((unit.label, unit.row_key, unit.place, unit.rank), ("Seat Ä-1", 1, 1, 0));
        assert_eq!(sheet.by_id(unit.id), Some(unit));
        assert_eq!(sheet.by_seat("B-3"), None);
        assert_eq!(sheet.by_seat(""), None);
        assert_eq!(sheet.by_id(UnitId::generate()), None);
        let offered: Vec<_> = sheet
            .offers(0)
            .map(|offer| sheet.unit(sheet.offered(offer).unwrap()).unwrap().seat.unwrap())
            .collect();
        assert_eq!(offered, ["Ä-1", "B-2", "B-1"]);
        let left = sheet.at(sheet.by_seat("B-1").unwrap().id).unwrap();
        assert_eq!(sheet.right_of(left), sheet.at(sheet.by_seat("B-2").unwrap().id));
    }

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Row>() <= 56, "{}", size_of::<Row>());
    }
}
