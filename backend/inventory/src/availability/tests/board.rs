//! Boards against a model that counts everything anew.
#![allow(clippy::print_stderr, reason = "a random test prints its seed")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use marquee_core::ids::{PriceLevelId, UnitId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::super::answer::Given;
use super::super::board::Board;
use super::super::change::{Change, Now};
use super::super::share::Share;
use super::hall;
use crate::sheet::{Sheet, SheetUnit};

/// What a board promises, the slow way.
struct Model {
    sheet: Arc<Sheet>,
    now: Vec<Now>,
    clock: i64,
}

impl Model {
    fn is_open(&self, at: u32) -> bool {
        match self.now[at as usize] {
            Now::Free => true,
            Now::HeldUntil(until) => until <= self.clock,
            Now::Gone => false,
        }
    }

    fn open(&self, level: PriceLevelId) -> Vec<u32> {
        let mut open: Vec<u32> = (0..self.now.len() as u32)
            .filter(|at| self.sheet.unit(*at).unwrap().level == level && self.is_open(*at))
            .collect();
        open.sort_by_key(|at| (self.sheet.unit(*at).unwrap().rank, *at));
        open
    }

    fn best(&self, level: PriceLevelId, wanted: usize, out: &HashSet<UnitId>) -> Vec<UnitId> {
        let open = self.open(level);
        let until = |at: &u32| match self.now[*at as usize] {
            Now::HeldUntil(until) => Some(until),
            _ => None,
        };
        let mut lapsed: Vec<u32> = open.iter().copied().filter(|at| until(at).is_some()).collect();
        lapsed.sort_by_key(|at| (until(at), *at));
        let all = open.iter().filter(|at| until(at).is_none()).chain(&lapsed);
        let ids = all.map(|at| self.sheet.id_at(*at).unwrap());
        ids.filter(|id| !out.contains(id)).take(wanted).collect()
    }

    fn adjacent(
        &self,
        level: PriceLevelId,
        wanted: usize,
        share: Share,
        out: &HashSet<UnitId>,
    ) -> Option<Vec<UnitId>> {
        let (own, others): (Vec<u32>, Vec<u32>) =
            self.open(level).into_iter().partition(|at| share.has(self.sheet.offer_of(*at).unwrap()));
        let usable: Vec<_> = own.into_iter().chain(others).map(|at| self.sheet.unit(at).unwrap()).collect();
        usable.iter().find_map(|first| {
            let run = (0..wanted as i32).map(|step| {
                let beside = |unit: &&_| {
                    let unit: &SheetUnit<'_> = unit;
                    (unit.row_key, unit.place) == (first.row_key, first.place + step)
                };
                usable.iter().find(beside).map(|unit| unit.id).filter(|id| !out.contains(id))
            });
            run.collect()
        })
    }

    fn map(&self) -> Vec<u8> {
        let mut map = vec![0; self.sheet.map_bytes()];
        for at in (0..self.now.len() as u32).filter(|at| self.is_open(*at)) {
            let (byte, bit) = self.sheet.bit_of(at).unwrap();
            map[byte] |= bit;
        }
        map
    }
}

fn seed() -> u64 {
    let seed = std::env::var("MARQUEE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(rand::random);
    eprintln!("MARQUEE_TEST_SEED={seed}");
    seed
}

#[test]
fn a_board_kept_up_is_a_board_made_anew() {
    let mut rng = StdRng::seed_from_u64(seed());
    for _ in 0..15 {
        let seats = rng.random_range(1..150);
        let (sheet, levels) = hall(&mut rng, seats);
        let sheet = Arc::new(sheet);
        let mut at = 1_000_000;
        let mut model = Model { sheet: Arc::clone(&sheet), now: vec![Now::Free; seats as usize], clock: at };
        let all = (0..seats as u32).map(|at| Change::freed(sheet.id_at(at).unwrap()));
        let mut board = Board::new(Arc::clone(&sheet), all, at);
        for _ in 0..60 {
            let changes: Vec<Change> = (0..rng.random_range(0..12))
                .map(|_| {
                    let unit = sheet.id_at(rng.random_range(0..seats as u32)).unwrap();
                    let now = match rng.random_range(0..4) {
                        0 => Now::Free,
                        1 => Now::Gone,
                        _ => Now::HeldUntil(at + rng.random_range(-3_000..6_000)),
                    };
                    Change::new(unit, now)
                })
                .collect();
            assert!(board.apply(&changes));
            for change in &changes {
                model.now[sheet.at(change.unit).unwrap() as usize] = change.now;
            }
            at += match rng.random_range(0..8) {
                0 => -5_000,
                1 => -500,
                _ => rng.random_range(0..2_500),
            };
            board.lapse(at);
            model.clock = if at < model.clock - 1_000 { at } else { model.clock.max(at) };
            let snapshot = board.snapshot();
            assert_eq!(snapshot.map, model.map());
            for (level, open) in levels.iter().zip(&snapshot.open) {
                assert_eq!((board.open(*level), *open), (model.open(*level).len(), model.open(*level).len()));
                let out: HashSet<UnitId> = (0..rng.random_range(0..6))
                    .map(|_| sheet.id_at(rng.random_range(0..seats as u32)).unwrap())
                    .collect();
                for out in [HashSet::new(), out] {
                    let wanted = rng.random_range(1..10);
                    let best = |share| board.best(*level, wanted, share, |id| out.contains(&id));
                    assert_eq!(best(Share::ALL), model.best(*level, wanted, &out));
                    let of = rng.random_range(2..4);
                    let share = Share { nth: rng.random_range(0..of), of };
                    let own =
                        |id: &UnitId| share.has(sheet.at(*id).and_then(|at| sheet.offer_of(at)).unwrap());
                    let (mut wished, others): (Vec<UnitId>, Vec<UnitId>) =
                        model.best(*level, seats as usize, &out).into_iter().partition(own);
                    wished.extend(others);
                    wished.truncate(wanted);
                    assert_eq!(best(share), wished, "{share:?}");
                    for wanted in 1..6 {
                        for share in [Share::ALL, share] {
                            let (found, wished) = (
                                board.adjacent(*level, wanted, share, |id| out.contains(&id)),
                                model.adjacent(*level, wanted, share, &out),
                            );
                            assert_eq!(found, wished, "{wanted} neighbours, {share:?}");
                        }
                    }
                }
            }
            let now = Instant::now();
            let mut anew = Board::new(
                Arc::clone(&sheet),
                model.now.iter().zip(0..).map(|(now, at)| Change::new(sheet.id_at(at).unwrap(), *now)),
                model.clock,
            );
            anew.start_at(rng.random_range(0..1_000_000));
            let etag =
                |board: &Board| Given::new(&sheet, &board.snapshot(), None, now).rendered().etag.clone();
            assert_eq!(etag(&board), etag(&anew), "the same is open");
        }
    }
}
