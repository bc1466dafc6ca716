//! Boards against a model that counts everything anew.
#![allow(clippy::print_stderr, reason = "a random test prints its seed")]

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt};
use marquee_core::db::Db;
use marquee_core::ids::{HoldId, PerformanceId, PriceLevelId, TenantId, UnitId};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::Value;
use tokio::sync::watch;

use super::answer::{Given, body};
use super::board::Board;
use super::change::{Change, Notice, Now};
use super::clock::DbClock;
use super::entry::{Entry, Stock};
use super::herald::Herald;
use super::live;
use super::peers::Turn;
use crate::sheet::Sheet;
use crate::sheet::tests::sheet_of;

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

    fn adjacent(&self, level: PriceLevelId, wanted: usize, out: &HashSet<UnitId>) -> Option<Vec<UnitId>> {
        let usable: Vec<_> = self.open(level).into_iter().map(|at| self.sheet.unit(at).unwrap()).collect();
        usable.iter().find_map(|first| {
            let run = (0..wanted as i32).map(|step| {
                let beside = |unit: &&_| {
                    let unit: &crate::sheet::SheetUnit<'_> = unit;
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

fn hall(rng: &mut impl Rng, seats: i32) -> (Sheet, Vec<PriceLevelId>) {
    let levels = vec![PriceLevelId::generate(), PriceLevelId::generate()];
    let names: Vec<String> = (0..seats).map(|seat| format!("S-{seat}")).collect();
    let list: Vec<_> = names
        .iter()
        .zip(0..)
        .map(|(name, seat)| {
            // Rows of eight with a gap now and then, ranks that repeat, levels that meet within a row.
            let place = seat % 8 + i32::from(seat % 24 > 20);
            (
                name.as_str(),
                levels[usize::from(rng.random_bool(0.3))],
                seat / 8,
                place,
                rng.random_range(0..seats),
            )
        })
        .collect();
    (sheet_of(&levels, &list), levels)
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
                    let best = |turn| board.best(*level, wanted, turn, |id| out.contains(&id));
                    assert_eq!(best(Turn::ALONE), model.best(*level, wanted, &out));
                    let of = rng.random_range(2..4);
                    let turn = Turn { mine: rng.random_range(0..of), of };
                    let own =
                        |id: &UnitId| turn.has(sheet.at(*id).and_then(|at| sheet.offer_of(at)).unwrap());
                    let (mut wished, others): (Vec<UnitId>, Vec<UnitId>) =
                        model.best(*level, seats as usize, &out).into_iter().partition(own);
                    wished.extend(others);
                    wished.truncate(wanted);
                    assert_eq!(best(turn), wished, "{turn:?}");
                    for wanted in 1..6 {
                        let (found, wished) = (
                            board.adjacent(*level, wanted, |id| out.contains(&id)),
                            model.adjacent(*level, wanted, &out),
                        );
                        assert_eq!(found, wished, "{wanted} neighbours");
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

#[test]
fn the_answer_has_the_contracts_shape() {
    let level = PriceLevelId::generate();
    let names: Vec<String> = (0..10).map(|seat| format!("S-{seat}")).collect();
    let seats: Vec<_> = names.iter().zip(0..).map(|(name, at)| (name.as_str(), level, 0, at, at)).collect();
    let sheet = Arc::new(sheet_of(&[level], &seats));
    let id = |seat: &str| sheet.by_seat(seat).unwrap().id;
    let all = (0..10).map(|at| Change::freed(sheet.id_at(at).unwrap()));
    let mut board = Board::new(Arc::clone(&sheet), all, 1_764_000_000_123);
    board.apply(&[Change::gone(id("S-0")), Change::gone(id("S-9"))]);
    let text = String::from_utf8(body(&sheet, &board.snapshot())).unwrap();
    // Least significant bit first: 0b1111_1110, 0b0000_0001.
    let wanted = format!(
        r#"{{"version":1,"as_of":"2025-11-24T16:00:00.123Z","price_levels":[{{"id":"{level}","free":8}}],"sections":[{{"id":"A","free":"/gE="}}]}}"#
    );
    assert_eq!(text, wanted);
}

/// A database at which nobody listens.
pub(crate) fn nowhere() -> Db {
    let nowhere = "postgres://nobody@127.0.0.1:1/nowhere";
    Db::connect(nowhere, nowhere, 1).now_or_never().unwrap().unwrap()
}

/// What memory knows of a performance that was never loaded.
pub(crate) fn stock() -> Stock {
    Stock(entry().0)
}

fn entry() -> (Arc<Entry>, Arc<Sheet>, PriceLevelId) {
    let level = PriceLevelId::generate();
    let seats: Vec<_> =
        ["a", "b", "c", "d"].into_iter().zip(0..).map(|(name, at)| (name, level, 0, at, at)).collect();
    let sheet = Arc::new(sheet_of(&[level], &seats));
    let clock = Arc::new(DbClock::new(chrono::Utc::now()));
    // Nothing is told in these tests.
    let (key, herald) = ((TenantId::generate(), PerformanceId::generate()), Arc::new(Herald::new(nowhere())));
    (
        Arc::new(Entry::new(key, clock, herald, Arc::default(), watch::Sender::new(Turn::ALONE).subscribe())),
        sheet,
        level,
    )
}

fn notice(entry: &Entry, changes: Option<Vec<Change>>) -> Notice {
    Notice { tenant: entry.key.0, performance: entry.key.1, changes }
}

fn free(sheet: &Arc<Sheet>) -> Board {
    let all = (0..sheet.len() as u32).map(|at| Change::freed(sheet.id_at(at).unwrap()));
    Board::new(Arc::clone(sheet), all, chrono::Utc::now().timestamp_millis())
}

#[test]
fn what_is_told_while_a_board_is_read_is_not_lost() {
    let (entry, sheet, level) = entry();
    entry.begin_load();
    let gone = Change::gone(sheet.by_seat("a").unwrap().id);
    assert!(entry.take(notice(&entry, Some(vec![gone]))));
    assert!(entry.end_load(free(&sheet)));
    let stock = Stock(Arc::clone(&entry));
    assert_eq!((stock.open(level), entry.is_stale()), (3, false));
    // An echo of what is known changes nothing, not even the version.
    let version = entry.snapshot().unwrap().1.version;
    tell(&stock, &[gone]);
    assert!(entry.take(notice(&entry, Some(vec![gone]))));
    assert_eq!(entry.snapshot().unwrap().1.version, version);
}

#[test]
fn a_stale_board_is_shown_until_there_is_a_new_one() {
    let (entry, sheet, level) = entry();
    entry.begin_load();
    assert!(entry.end_load(free(&sheet)));
    let before = entry.snapshot().unwrap().1.version;
    assert!(!entry.take(notice(&entry, None)), "told to load again");
    let stock = Stock(Arc::clone(&entry));
    assert_eq!((stock.open(level), entry.is_stale()), (4, true));
    entry.begin_load();
    entry.give_up_load(false);
    assert_eq!((stock.open(level), entry.is_stale()), (4, true));
    entry.begin_load();
    assert!(entry.end_load(free(&sheet)));
    assert!(!entry.is_stale() && entry.snapshot().unwrap().1.version > before);
    let stranger = Change::gone(UnitId::generate());
    assert!(!entry.take(notice(&entry, Some(vec![stranger]))), "a unit that was added meanwhile");
    assert!(entry.is_stale());
}

/// A hold found again by its key at another process, and given back or paid for there, before the first one told of it.
#[test]
fn what_a_hold_began_with_is_passed_over_once_its_end_was_told() {
    let (entry, sheet, level) = entry();
    entry.begin_load();
    assert!(entry.end_load(free(&sheet)));
    let stock = Stock(Arc::clone(&entry));
    let unit = |seat: &str| sheet.by_seat(seat).unwrap().id;
    let hear = |change: Change| assert!(entry.take(notice(&entry, Some(vec![change]))));
    let until = chrono::Utc::now() + Duration::from_secs(600);
    let (freed, paid, next) = (HoldId::generate(), HoldId::generate(), HoldId::generate());
    hear(Change::freed(unit("a")).of(freed));
    hear(Change::gone(unit("b")).of(paid));
    hear(Change::held(unit("a"), until).of(freed));
    hear(Change::held(unit("b"), until).of(paid));
    assert!(stock.is_open(unit("a")), "it was given back");
    assert!(!stock.is_open(unit("b")), "it was paid for");
    assert_eq!(stock.open(level), 3);
    // Also while the board is read.
    entry.mark_stale();
    entry.begin_load();
    hear(Change::held(unit("a"), until).of(freed));
    assert!(entry.end_load(free(&sheet)));
    assert!(stock.is_open(unit("a")));
    // What others make of it counts, and so does what the card's refusal gives back to the same hold.
    hear(Change::held(unit("a"), until).of(next));
    hear(Change::gone(unit("b")).of(paid));
    hear(Change::held(unit("b"), until));
    assert_eq!((stock.is_open(unit("a")), stock.is_open(unit("b"))), (false, false));
    let open_then = stock.0.with(|board| {
        board.lapse(until.timestamp_millis() + 1);
        board.open_in_all()
    });
    assert_eq!(open_then, Some(4), "both end by time");
}

#[test]
fn a_hold_ends_by_time_alone() {
    let (entry, sheet, level) = entry();
    entry.begin_load();
    assert!(entry.end_load(free(&sheet)));
    let stock = Stock(Arc::clone(&entry));
    let unit = sheet.by_seat("b").unwrap().id;
    tell(&stock, &[Change::held(unit, chrono::Utc::now() + Duration::from_millis(120))]);
    assert_eq!(stock.open(level), 3);
    assert_eq!(stock.adjacent(level, 3, |_| false), None);
    let started = Instant::now();
    while stock.open(level) < 4 {
        assert!(started.elapsed() < Duration::from_secs(5), "it never ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(stock.adjacent(level, 3, |_| false).map(|run| run.len()), Some(3));
    assert_eq!(stock.best(level, 4, false, |_| false).last(), Some(&unit), "free ones come first");
}

/// A loaded entry over a hall of `seats` seats.
fn hall_entry(seats: i32) -> (Arc<Entry>, Arc<Sheet>) {
    let (sheet, _) = hall(&mut StdRng::seed_from_u64(1), seats);
    let sheet = Arc::new(sheet);
    let (entry, _, _) = entry();
    entry.begin_load();
    assert!(entry.end_load(free(&sheet)));
    (entry, sheet)
}

/// The next event of a listener: its name and its data.
async fn next(events: &mut (impl Stream<Item = Result<Bytes, Infallible>> + Unpin)) -> (String, Value) {
    let event = tokio::time::timeout(Duration::from_secs(5), events.next()).await;
    let text = String::from_utf8(event.expect("an event in time").unwrap().unwrap().to_vec()).unwrap();
    let (name, data) = text.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
    (name.to_owned(), serde_json::from_str(data).unwrap())
}

#[tokio::test]
async fn listeners_hear_deltas_and_begin_anew_where_those_would_be_longer() {
    let (entry, sheet) = hall_entry(3_000);
    let stock = Stock(Arc::clone(&entry));
    let (close, closing) = watch::channel(false);
    let places = Arc::new(tokio::sync::Semaphore::new(1));
    let permit = Arc::clone(&places).try_acquire_owned().unwrap();
    let mut events = Box::pin(live::events(Arc::clone(&entry), closing, permit));
    let (name, state) = next(&mut events).await;
    assert_eq!(name, "state");
    let gone = |seats: std::ops::Range<usize>| {
        let seats = seats.map(|seat| Change::gone(sheet.by_seat(&format!("S-{seat}")).unwrap().id));
        tell(&stock, &seats.collect::<Vec<_>>());
    };
    gone(9..11);
    gone(17..18);
    let (name, delta) = next(&mut events).await;
    assert_eq!(name, "delta");
    assert_eq!(delta["sections"], serde_json::json!([{ "id": "A", "free": [], "gone": [9, 10, 17] }]));
    assert!(delta["version"].as_u64() > state["version"].as_u64());
    gone(100..2_900);
    let (name, state) = next(&mut events).await;
    assert_eq!((name.as_str(), &state["version"]), ("state", &entry.snapshot().unwrap().1.version.into()));
    // Whoever reads too slowly gets what is so now, not all that was.
    entry.live.flood();
    let (name, state) = next(&mut events).await;
    assert_eq!((name.as_str(), &state["version"]), ("state", &entry.snapshot().unwrap().1.version.into()));
    close.send_replace(true);
    assert!(events.next().await.is_none());
    drop(events);
    assert_eq!(places.available_permits(), 1);
}

/// What a notice does.
fn tell(stock: &Stock, changes: &[Change]) {
    stock.0.with(|board| board.apply(changes));
}
