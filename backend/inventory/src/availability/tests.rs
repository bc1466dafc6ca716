//! What memory makes of what it is told.

mod board;

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

use super::answer::body;
use super::board::Board;
use super::change::{Change, Notice};
use super::clock::DbClock;
use super::entry::{Entry, Stock};
use super::herald::Herald;
use super::live;
use super::share::Share;
use crate::sheet::Sheet;
use crate::sheet::tests::sheet_of;

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
        Arc::new(Entry::new(key, clock, herald, Arc::default(), watch::Sender::new(Share::ALL).subscribe())),
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
    assert!(entry.take(notice(&entry, Some(vec![gone])), true));
    assert!(entry.end_load(free(&sheet)));
    let stock = Stock(Arc::clone(&entry));
    assert_eq!((stock.open(level), entry.is_stale()), (3, false));
    // An echo of what is known changes nothing, not even the version.
    let version = entry.snapshot().unwrap().1.version;
    tell(&stock, &[gone]);
    assert!(entry.take(notice(&entry, Some(vec![gone])), true));
    assert_eq!(entry.snapshot().unwrap().1.version, version);
}

#[test]
fn a_stale_board_is_shown_until_there_is_a_new_one() {
    let (entry, sheet, level) = entry();
    entry.begin_load();
    assert!(entry.end_load(free(&sheet)));
    let before = entry.snapshot().unwrap().1.version;
    assert!(!entry.take(notice(&entry, None), true), "told to load again");
    let stock = Stock(Arc::clone(&entry));
    assert_eq!((stock.open(level), entry.is_stale()), (4, true));
    entry.begin_load();
    entry.give_up_load(false);
    assert_eq!((stock.open(level), entry.is_stale()), (4, true));
    entry.begin_load();
    assert!(entry.end_load(free(&sheet)));
    assert!(!entry.is_stale() && entry.snapshot().unwrap().1.version > before);
    let stranger = Change::gone(UnitId::generate());
    assert!(!entry.take(notice(&entry, Some(vec![stranger])), true), "a unit that was added meanwhile");
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
    let hear = |change: Change| assert!(entry.take(notice(&entry, Some(vec![change])), true));
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

/// A process stood still between a commit and its telling, for longer than its hold lasted.
#[test]
fn what_a_hold_began_with_undoes_no_later_hold() {
    let (entry, sheet, _) = entry();
    entry.begin_load();
    assert!(entry.end_load(free(&sheet)));
    let unit = sheet.by_seat("a").unwrap().id;
    let hear = |change: Change| assert!(entry.take(notice(&entry, Some(vec![change])), false));
    let now = chrono::Utc::now();
    hear(Change::held(unit, now + Duration::from_secs(600)).of(HoldId::generate()));
    hear(Change::held(unit, now - Duration::from_secs(1)).of(HoldId::generate()));
    assert!(!Stock(Arc::clone(&entry)).is_open(unit));
}

#[test]
fn who_else_claims_is_heard() {
    let (entry, sheet, _) = entry();
    let unit = sheet.by_seat("a").unwrap().id;
    let begins = Change::held(unit, chrono::Utc::now() + Duration::from_secs(600)).of(HoldId::generate());
    let elsewhere = |after: i64| entry.is_claimed_elsewhere(chrono::Utc::now().timestamp_millis() + after);
    entry.take(notice(&entry, Some(vec![begins])), true);
    assert!(!elsewhere(0), "this process itself");
    for other in [Change::freed(unit).of(HoldId::generate()), Change::held(unit, chrono::Utc::now())] {
        entry.take(notice(&entry, Some(vec![other])), false);
        assert!(!elsewhere(0), "that is no claim: {other:?}");
    }
    entry.take(notice(&entry, Some(vec![begins])), false);
    assert_eq!([elsewhere(0), elsewhere(500), elsewhere(1_001)], [true, true, false]);
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
    assert_eq!(stock.adjacent(level, 3, false, |_| false), None);
    let started = Instant::now();
    while stock.open(level) < 4 {
        assert!(started.elapsed() < Duration::from_secs(5), "it never ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(stock.adjacent(level, 3, false, |_| false).map(|run| run.len()), Some(3));
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
