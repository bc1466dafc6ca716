//! One performance in memory, from its first load on.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chrono::{DateTime, Utc};
use marquee_core::ids::{PerformanceId, PriceLevelId, TenantId, UnitId};
use tokio::sync::{Notify, watch};

use super::answer::{Given, Rendered};
use super::board::{Board, Snapshot};
use super::change::{Change, Notice};
use super::clock::DbClock;
use super::ended::Ended;
use super::herald::Herald;
use super::live::Live;
use super::reach::{Reach, Reached};
use super::share::Share;
use crate::sheet::Sheet;

/// Another process that was last heard to claim a performance so many milliseconds ago does not any more.
const CLAIMING: i64 = 1_000;

/// Whose, and which.
pub(super) type Key = (TenantId, PerformanceId);

/// A performance's board with what is made of it. There is one for each performance that anybody holds on to.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    clock: Arc<DbClock>,
    herald: Arc<Herald>,
    /// Told when it is to be loaded again.
    doubted: Arc<Notify>,
    share: watch::Receiver<Share>,
    state: Mutex<State>,
    /// Something was or may have been missed: what is known is shown until it is loaded again.
    stale: AtomicBool,
    /// When it was last asked for, by the database's clock.
    used: AtomicI64,
    /// When another process was last heard to have made a hold, by the database's clock.
    claimed_elsewhere: AtomicI64,
    given: Mutex<Option<Given>>,
    pub(super) live: Live,
    reach: Reach,
    /// Held by whoever loads it.
    pub(super) loading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    board: Option<Board>,
    /// Notices that came since a load began: what is being read may not have them.
    since: Option<Vec<Notice>>,
    /// Holds whose end was told.
    ended: Ended,
}

impl Entry {
    pub(super) fn new(
        key: Key,
        clock: Arc<DbClock>,
        herald: Arc<Herald>,
        doubted: Arc<Notify>,
        share: watch::Receiver<Share>,
    ) -> Self {
        Self {
            key,
            herald,
            doubted,
            share,
            state: Mutex::default(),
            stale: AtomicBool::new(true),
            used: AtomicI64::new(clock.now()),
            claimed_elsewhere: AtomicI64::new(i64::MIN),
            given: Mutex::default(),
            live: Live::default(),
            reach: Reach::default(),
            loading: tokio::sync::Mutex::default(),
            clock,
        }
    }

    /// From here on notices are kept for the board that is about to be read.
    pub(super) fn begin_load(&self) {
        self.lock().since = Some(Vec::new());
    }

    /// Nothing could be read, or nothing is there (`gone`); what was known stays.
    pub(super) fn give_up_load(&self, gone: bool) {
        self.lock().since = None;
        if gone {
            self.stale.store(false, Ordering::SeqCst);
        }
    }

    /// Puts a board that was read in place of the one before. False when it has to be read again.
    pub(super) fn end_load(&self, mut board: Board) -> bool {
        let mut state = self.lock();
        let before = state.board.as_ref().map_or(0, |board| board.version() + 1);
        board.start_at(before.max(self.clock.now().unsigned_abs()));
        let since = state.since.take().unwrap_or_default();
        let complete = since.iter().all(|notice| told(&mut board, notice));
        state.board = Some(board);
        self.stale.store(!complete, Ordering::SeqCst);
        complete
    }

    /// Takes over a notice, of this process itself or of another. False when the board has to be loaded again.
    pub(super) fn take(&self, mut notice: Notice, own: bool) -> bool {
        if !own && notice.changes.iter().flatten().any(Change::begins_a_hold) {
            self.claimed_elsewhere.store(self.clock.now(), Ordering::Relaxed);
        }
        let mut state = self.lock();
        notice.changes =
            notice.changes.map(|changes| state.ended.sift(changes, Instant::now(), self.clock.now()));
        let known = state.board.as_mut().is_none_or(|board| told(board, &notice));
        match &mut state.since {
            Some(since) => since.push(notice),
            None if !known => self.stale.store(true, Ordering::SeqCst),
            None => {}
        }
        known
    }

    /// Its board is to be loaded again; what is known is shown until then.
    pub(super) fn mark_stale(&self) {
        self.stale.store(true, Ordering::SeqCst);
    }

    /// It is loaded again, as after a gap.
    pub(super) fn doubt(&self) {
        self.mark_stale();
        self.doubted.notify_one();
    }

    /// Is another process claiming it, too, at `now` by the database's clock?
    pub(super) fn is_claimed_elsewhere(&self, now: i64) -> bool {
        now.saturating_sub(self.claimed_elsewhere.load(Ordering::Relaxed)) < CLAIMING
    }

    pub(super) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::SeqCst)
    }

    /// When it was last asked for, by the database's clock.
    pub(super) fn used(&self) -> i64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Has it been loaded?
    pub(super) fn is_there(&self) -> bool {
        self.lock().board.is_some()
    }

    pub(super) fn sheet(&self) -> Option<Arc<Sheet>> {
        self.lock().board.as_ref().map(|board| Arc::clone(board.sheet()))
    }

    /// Units it keeps in memory.
    pub(super) fn weight(&self) -> u32 {
        let units = self.lock().board.as_ref().map_or(0, |board| board.sheet().len());
        units.max(100).try_into().unwrap_or(u32::MAX)
    }

    /// The answer for browsing.
    pub(super) fn rendered(&self) -> Option<Rendered> {
        let now = Instant::now();
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rendered) = given.as_ref().and_then(|given| given.still_good(now)) {
            return Some(rendered);
        }
        let version = self.with(|board| board.version())?;
        if let Some(rendered) = given.as_mut().and_then(|given| given.unchanged(version, now)) {
            return Some(rendered);
        }
        let (sheet, snapshot) = self.snapshot()?;
        let made = Given::new(&sheet, &snapshot, given.as_ref(), now);
        let rendered = made.rendered().clone();
        *given = Some(made);
        Some(rendered)
    }

    /// What is open now.
    pub(super) fn snapshot(&self) -> Option<(Arc<Sheet>, Snapshot)> {
        self.with(|board| (Arc::clone(board.sheet()), board.snapshot()))
    }

    /// What is open now, if that is not what `version` says.
    pub(super) fn snapshot_after(&self, version: u64) -> Option<(Arc<Sheet>, Snapshot)> {
        let changed = |board: &mut Board| {
            (board.version() != version).then(|| (Arc::clone(board.sheet()), board.snapshot()))
        };
        self.with(changed).flatten()
    }

    /// Looks at the board as it is at this moment.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Board) -> T) -> Option<T> {
        let now = self.clock.now();
        self.used.store(now, Ordering::Relaxed);
        let mut state = self.lock();
        let board = state.board.as_mut()?;
        board.lapse(now);
        Some(look(board))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes over a notice; false when the board has to be loaded again.
fn told(board: &mut Board, notice: &Notice) -> bool {
    notice.changes.as_ref().is_some_and(|changes| board.apply(changes))
}

/// What can be had of a performance, for those who claim. An estimate: the database has the last word.
#[derive(Debug, Clone)]
pub struct Stock(pub(super) Arc<Entry>);

impl Stock {
    /// At most `wanted` units of a level that can be had: free ones by rank, then held ones whose time ran out longest ago;
    /// `apart` from what other processes choose, as long as there are such.
    pub(crate) fn best(
        &self,
        level: PriceLevelId,
        wanted: usize,
        apart: bool,
        leave_out: impl Fn(UnitId) -> bool,
    ) -> Vec<UnitId> {
        let share = self.share(apart);
        self.0.with(|board| board.best(level, wanted, share, leave_out)).unwrap_or_default()
    }

    /// What this process chooses from first.
    fn share(&self, apart: bool) -> Share {
        if apart { *self.0.share.borrow() } else { Share::ALL }
    }

    /// `wanted` neighbours of a level that can be had: of all such runs the one whose first unit has the best rank; `apart`
    /// from what other processes choose, as long as there are such.
    pub(crate) fn adjacent(
        &self,
        level: PriceLevelId,
        wanted: usize,
        apart: bool,
        leave_out: impl Fn(UnitId) -> bool,
    ) -> Option<Vec<UnitId>> {
        let share = self.share(apart);
        self.0.with(|board| board.adjacent(level, wanted, share, leave_out)).flatten()
    }

    /// Units of a level that can be had.
    pub(crate) fn open(&self, level: PriceLevelId) -> usize {
        self.0.with(|board| board.open(level)).unwrap_or_default()
    }

    /// What this process is reaching for.
    pub(crate) fn reached(&self) -> MutexGuard<'_, Reached> {
        self.0.reach.lock()
    }

    /// What memory says of it is wrong: it is loaded again.
    pub(crate) fn doubt(&self) {
        self.0.doubt();
    }

    /// Can this unit be had?
    pub(crate) fn is_open(&self, unit: UnitId) -> bool {
        self.0.with(|board| board.is_open_unit(unit)).unwrap_or_default()
    }

    /// Has every instance told what was committed of this performance and others. Whoever got something of it is to be
    /// answered after [`super::Availability::told`].
    pub(crate) fn stage(&self, changes: Vec<((TenantId, PerformanceId), Vec<Change>)>) {
        self.0.herald.stage(changes);
    }

    /// The database's clock.
    pub(crate) fn db_now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.clock.now()).unwrap_or_default()
    }
}
