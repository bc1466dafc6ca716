//! Makes the plan of an arena of any size: tiers of numbered sections around a floor, and nothing left to chance: the
//! same number of seats always gives the same plan.
//!
//! Rows follow the bowl. An aisle runs up each section, and there the numbers of a row skip two; between sections lies a
//! gangway. Behind each tier but the last a platform has wheelchair places, each beside its companion's seat.

mod bowl;
mod curve;
mod order;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use bowl::bowl;
pub use order::best_first;

/// The most seats that a plan is made of.
pub const MAX_SEATS: u32 = 2_000_000;

/// The categories of a generated plan, the best first, with their colours. A small plan has seats of the first alone.
pub const CATEGORIES: [(&str, &str); 5] = [
    ("Lower tier, front", "#0b3a8f"),
    ("Lower tier", "#2166c4"),
    ("Middle tier", "#4f97de"),
    ("Upper tier", "#8fbde8"),
    (WHEELCHAIR, "#0f8a6a"),
];

/// The category of wheelchair places and of the companions' seats beside them.
pub const WHEELCHAIR: &str = "Wheelchair and companion";

/// How many seats a plan is to have: 1 to [`MAX_SEATS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatCount(u32);

/// A number of seats that no plan is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a plan has 1 to {} seats", grouped(MAX_SEATS))]
pub struct BadSeatCount;

impl SeatCount {
    /// None outside the bounds.
    pub fn new(seats: u32) -> Option<Self> {
        (1..=MAX_SEATS).contains(&seats).then_some(Self(seats))
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// With a comma between thousands: `60,000`.
impl fmt::Display for SeatCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(self.0))
    }
}

impl FromStr for SeatCount {
    type Err = BadSeatCount;

    fn from_str(text: &str) -> Result<Self, BadSeatCount> {
        text.parse().ok().and_then(Self::new).ok_or(BadSeatCount)
    }
}

fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};
    use std::time::Instant;

    use super::super::{Drawing, SeatRef, check, check_file, export, parse, seat_refs};
    use super::*;

    fn plan(seats: u32) -> super::super::PlanDocument {
        bowl(SeatCount::new(seats).unwrap())
    }

    /// The rows of the house, by key: their seats in order.
    fn rows(refs: &[SeatRef]) -> BTreeMap<u32, Vec<&SeatRef>> {
        let mut rows: BTreeMap<u32, Vec<&SeatRef>> = BTreeMap::new();
        for seat in refs {
            rows.entry(seat.row_key).or_default().push(seat);
        }
        rows
    }

    #[test]
    fn only_possible_numbers_are_numbers_of_seats() {
        for bad in ["0", "-1", "2000001", "", "1.5", "1e3", "60,000", "4294967296", "∞", " 5"] {
            assert_eq!(bad.parse::<SeatCount>(), Err(BadSeatCount), "{bad}");
        }
        for (good, shown) in [("1", "1"), ("60000", "60,000"), ("2000000", "2,000,000"), ("+7", "7")] {
            assert_eq!(good.parse::<SeatCount>().unwrap().to_string(), shown);
        }
        assert_eq!(BadSeatCount.to_string(), "a plan has 1 to 2,000,000 seats");
    }

    #[test]
    fn every_size_has_exactly_its_seats_and_no_fault() {
        let few = 1..=180;
        let more = (181..6_000).step_by(397);
        for seats in few.chain(more).chain([10_000, 25_001, 60_000]) {
            let plan = plan(seats);
            assert_eq!(plan.seat_count(), seats as usize);
            let report = check(&plan);
            assert!(report.is_clean(), "{seats}: {report}");
        }
    }

    #[test]
    fn the_same_number_gives_the_same_plan() {
        assert_eq!(plan(5_000), plan(5_000));
        let bytes = export(&plan(5_000));
        assert_eq!(parse(&bytes).unwrap(), plan(5_000), "it survives the round trip through pretix's format");
        assert!(check_file(&bytes).is_clean());
    }

    /// What one looks like: sections, rows, categories, skipped numbers.
    #[test]
    fn an_arena_as_people_know_it() {
        for seats in [1, 60, 700, 5_000, 60_000] {
            let plan = plan(seats);
            let refs = seat_refs(&plan);
            let mut told = String::new();
            use std::fmt::Write as _;
            let size = plan.size.unwrap();
            writeln!(told, "{} · canvas {} × {}", plan.name, size.x, size.y).unwrap();
            let mut tiers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for zone in plan.zones.iter().filter(|zone| !zone.rows.is_empty()) {
                tiers.entry(&zone.name[..1]).or_default().push(&zone.name);
            }
            for names in tiers.values() {
                writeln!(told, "sections {} to {}", names[0], names[names.len() - 1]).unwrap();
            }
            let mut categories: BTreeMap<&str, usize> = BTreeMap::new();
            refs.iter().for_each(|seat| *categories.entry(&seat.category_name).or_default() += 1);
            for (name, count) in categories {
                writeln!(told, "{count:>6}  {name}").unwrap();
            }
            let first = &refs[0].section_id;
            for row in rows(&refs).values().filter(|row| row[0].section_id == *first) {
                let numbers: Vec<&str> = row.iter().map(|seat| seat.number.as_str()).collect();
                writeln!(told, "{} row {}: {}", first, row[0].row, numbers.join(" ")).unwrap();
            }
            insta::assert_snapshot!(format!("bowl_of_{seats}"), told);
        }
    }

    #[test]
    fn numbers_skip_at_an_aisle_and_nobody_is_a_neighbour_across_it() {
        let refs = seat_refs(&plan(60_000));
        let (mut aisles, mut long) = (0, 0);
        for row in rows(&refs).values().filter(|row| row[0].category_name != WHEELCHAIR) {
            for (a, b) in row.iter().zip(row.iter().skip(1)) {
                let numbers = b.number.parse::<u32>().unwrap() - a.number.parse::<u32>().unwrap();
                let places = b.position_in_row - a.position_in_row;
                let gap = (a.x - b.x).hypot(a.y - b.y);
                let told = format!("{} and {}: {gap}", a.label, b.label);
                match numbers {
                    1 => assert!(places == 1 && gap < 30.0, "{told}"),
                    3 => assert!(places == 2 && gap > 40.0, "{told}"),
                    _ => panic!("{told}"),
                }
                aisles += usize::from(numbers == 3);
            }
            long += usize::from(row.len() > 18);
        }
        assert!(aisles > 1_000 && aisles >= long, "{aisles} aisles, {long} long rows");
    }

    #[test]
    fn a_wheelchair_place_has_its_companion_beside_it_and_nobody_else() {
        for seats in [700, 5_000, 60_000] {
            let refs = seat_refs(&plan(seats));
            let all = rows(&refs);
            let platforms: Vec<_> = all.values().filter(|row| row[0].category_name == WHEELCHAIR).collect();
            let places: usize = platforms.iter().map(|row| row.len()).sum();
            assert!(places * 400 > seats as usize, "{places} of {seats}");
            for row in platforms {
                for pair in row.chunks(2) {
                    assert_eq!(pair.len(), 2, "{}", pair[0].label);
                    let mut kinds: Vec<char> =
                        pair.iter().filter_map(|seat| seat.number.chars().last()).collect();
                    kinds.sort_unstable();
                    assert_eq!(kinds, ['C', 'W']);
                    assert_eq!(pair[0].position_in_row + 1, pair[1].position_in_row);
                }
                for (a, b) in row.iter().skip(1).step_by(2).zip(row.iter().skip(2).step_by(2)) {
                    assert!(b.position_in_row > a.position_in_row + 1, "{} and {}", a.label, b.label);
                }
                assert!(row.iter().all(|seat| seat.category_name == WHEELCHAIR));
            }
        }
    }

    #[test]
    fn the_best_seats_come_first() {
        let plan = plan(60_000);
        let mut refs = seat_refs(&plan);
        best_first(&plan, &mut refs);
        assert_eq!(refs.iter().map(|seat| &seat.id).collect::<HashSet<_>>().len(), 60_000);
        let center = plan.size.unwrap().x / 2.0;
        let best = &refs[0];
        assert_eq!((&best.section_id[..1], best.row.as_str()), ("1", "A"), "{}", best.label);
        assert!((best.x - center).abs() < 60.0, "{} at {}", best.label, best.x);
        let mut last = 0;
        for seat in &refs {
            let category = seat.category.unwrap();
            assert!(category >= last, "categories come in their order");
            last = category;
        }
        let upper: Vec<&SeatRef> = refs.iter().filter(|seat| seat.category_name == "Upper tier").collect();
        let row = |seat: &SeatRef| seat.row.parse::<u32>().unwrap();
        for (a, b) in upper.iter().zip(upper.iter().skip(1)) {
            assert!(row(a) <= row(b), "{} before {}", a.label, b.label);
        }
    }

    #[test]
    fn rows_lie_from_the_front_to_the_back_as_they_are_called() {
        let refs = seat_refs(&plan(5_000));
        let mut before: HashMap<&str, u32> = HashMap::new();
        for row in rows(&refs).values() {
            let rank = match row[0].row.parse::<u32>() {
                Ok(number) => number,
                Err(_) if row[0].row == "WP" => 1_000,
                Err(_) => u32::from(row[0].row.as_bytes()[0]) + 100 * row[0].row.len() as u32,
            };
            let last = before.insert(&row[0].section_id, rank).unwrap_or(0);
            assert!(rank > last, "section {} row {}", row[0].section_id, row[0].row);
        }
    }

    /// The sections' outlines lie side by side: none covers a seat of another.
    #[test]
    fn outlines_keep_to_their_own_seats() {
        for seats in [700, 5_000] {
            let drawing = Drawing::of(&plan(seats));
            let inside = |outline: &[[super::super::Px; 2]], x: f64, y: f64| {
                let next = outline.iter().cycle().skip(1);
                let crossings = outline.iter().zip(next).filter(|([ax, ay], [bx, by])| {
                    (ay.0 > y) != (by.0 > y) && x < (bx.0 - ax.0) * (y - ay.0) / (by.0 - ay.0) + ax.0
                });
                crossings.count() % 2 == 1
            };
            for section in &drawing.sections {
                for other in &drawing.sections {
                    let seats = other.seats.x.iter().zip(&other.seats.y);
                    let covered = seats.filter(|(x, y)| inside(&section.outline, x.0, y.0)).count();
                    let expected = if section.id == other.id { other.seats.id.len() } else { 0 };
                    assert_eq!(covered, expected, "{} over {}", section.id, other.id);
                }
            }
        }
    }

    /// A release build makes, checks and draws 60,000 seats in two seconds; a debug build only has to finish.
    #[test]
    fn sixty_thousand_seats_take_a_moment() {
        let start = Instant::now();
        let plan = plan(60_000);
        assert!(check(&plan).is_clean());
        let drawing = Drawing::of(&plan).to_bytes();
        let took = start.elapsed();
        assert!(cfg!(debug_assertions) || took < std::time::Duration::from_secs(2), "{took:?}");
        assert!(drawing.len() < 2_500_000, "{} bytes go to every browser", drawing.len());
    }
}
