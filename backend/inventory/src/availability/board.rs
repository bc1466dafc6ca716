//! What is free of one performance, kept so that each question and each change costs what it touches.

use std::collections::BTreeSet;
use std::sync::Arc;

use marquee_core::ids::{PriceLevelId, UnitId};

use super::change::{Change, Now};
use super::ranks::Ranks;
use super::share::Share;
use crate::sheet::Sheet;

/// `until` of a unit that is free.
const FREE: i64 = i64::MIN;
/// `until` of a unit that cannot be had, whatever the time.
const GONE: i64 = i64::MAX;
/// The clock is an estimate and may step back by so many milliseconds without anything being taken back.
const JITTER: i64 = 1_000;

/// One performance's units. A unit is *open* when it can be had: it is free, or held and its time has run out.
#[derive(Debug)]
pub(super) struct Board {
    sheet: Arc<Sheet>,
    /// Until when a unit cannot be had, Unix milliseconds; by place in id order.
    until: Vec<i64>,
    levels: Vec<Level>,
    /// Offers that are free.
    free: Ranks,
    /// Offers that are open.
    open: Ranks,
    /// Held units whose time has not run out at `clock`, the first to end first.
    held: BTreeSet<(i64, u32)>,
    /// A bit for each open seat of the plan, section after section.
    map: Vec<u8>,
    /// The moment up to which ends of holds have been seen.
    clock: i64,
    version: u64,
}

#[derive(Debug, Default)]
struct Level {
    open: usize,
    /// Held units whose time has run out, the longest ago first.
    lapsed: BTreeSet<(i64, u32)>,
    /// There is no run of so many neighbours since a unit was opened last.
    barren: Option<usize>,
}

/// What is open at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// Grows with every change of what is open.
    pub(super) version: u64,
    /// The moment, Unix milliseconds by the database's clock.
    pub(super) at: i64,
    /// Open units, by level in the sheet's order.
    pub(super) open: Vec<usize>,
    /// A bit for each open seat, section after section.
    pub(super) map: Vec<u8>,
}

impl Now {
    /// Until when it cannot be had.
    fn until(self) -> i64 {
        match self {
            Self::Free => FREE,
            Self::HeldUntil(until) => until.clamp(FREE + 1, GONE - 1),
            Self::Gone => GONE,
        }
    }
}

impl Board {
    /// A board of these units at `at` (Unix milliseconds).
    pub(super) fn new(sheet: Arc<Sheet>, units: impl IntoIterator<Item = Change>, at: i64) -> Self {
        let (units_there, map) = (sheet.len(), vec![0; sheet.map_bytes()]);
        let levels = sheet.levels().iter().map(|_| Level::default()).collect();
        let mut board = Self {
            until: vec![GONE; units_there],
            levels,
            free: Ranks::new(units_there),
            open: Ranks::new(units_there),
            held: BTreeSet::new(),
            map,
            clock: at,
            version: 0,
            sheet,
        };
        for unit in units {
            board.change(unit);
        }
        board.version = 0;
        board
    }

    /// Gives it a version, which must be larger than that of the board it replaces.
    pub(super) fn start_at(&mut self, version: u64) {
        self.version = version;
    }

    /// Whose board it is.
    pub(super) fn sheet(&self) -> &Arc<Sheet> {
        &self.sheet
    }

    /// Takes over what a commit changed. False when it names a unit that the board does not have.
    pub(super) fn apply(&mut self, changes: &[Change]) -> bool {
        let before = self.version;
        let mut known = true;
        for change in changes {
            known &= self.change(*change);
        }
        self.version = self.version.min(before + 1);
        known
    }

    /// Takes over that time has passed.
    pub(super) fn lapse(&mut self, at: i64) {
        let before = self.version;
        if at < self.clock.saturating_sub(JITTER) {
            self.turn_back(at);
        } else {
            self.clock = self.clock.max(at);
        }
        while let Some(&(until, unit)) = self.held.first().filter(|(until, _)| *until <= self.clock) {
            self.held.pop_first();
            self.enter(unit, until);
        }
        self.version = self.version.min(before + 1);
    }

    /// The clock was put back: what seemed to have ended has not.
    fn turn_back(&mut self, at: i64) {
        self.clock = at;
        let early: Vec<(i64, u32)> =
            self.levels.iter().flat_map(|level| level.lapsed.range((at + 1, 0)..).copied()).collect();
        for (until, unit) in early {
            if let Some(level) = self.level_of(unit) {
                level.lapsed.remove(&(until, unit));
            }
            self.close(unit);
            self.held.insert((until, unit));
        }
    }

    /// Grows with every change of what is open.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Units of a level that are open.
    pub(super) fn open(&self, level: PriceLevelId) -> usize {
        let level = self.sheet.level(level).and_then(|at| self.levels.get(at));
        level.map_or(0, |level| level.open)
    }

    /// Is this unit open?
    pub(super) fn is_open_unit(&self, unit: UnitId) -> bool {
        self.sheet.at(unit).is_some_and(|at| self.is_open(at))
    }

    /// All units that are open.
    pub(super) fn open_in_all(&self) -> usize {
        self.levels.iter().map(|level| level.open).sum()
    }

    /// At most `wanted` open units of a level: free ones by rank, then held ones whose time ran out longest ago. What falls
    /// to others comes after all that falls to this process.
    pub(super) fn best(
        &self,
        level: PriceLevelId,
        wanted: usize,
        share: Share,
        leave_out: impl Fn(UnitId) -> bool,
    ) -> Vec<UnitId> {
        let Some(at) = self.sheet.level(level) else { return Vec::new() };
        let open = || {
            let lapsed = self.levels.get(at).into_iter().flat_map(|level| &level.lapsed);
            self.offers(&self.free, at).chain(lapsed.map(|(_, unit)| *unit))
        };
        let own = |unit: &u32| self.sheet.offer_of(*unit).is_some_and(|offer| share.has(offer));
        let units = open().filter(own).chain(open().filter(|unit| !own(unit)));
        let ids = units.filter_map(|unit| self.sheet.id_at(unit));
        ids.filter(|id| !leave_out(*id)).take(wanted).collect()
    }

    /// `wanted` open neighbours of a level: of all such runs the one whose first unit has the best rank; those whose first unit
    /// falls to this process come before all others.
    pub(super) fn adjacent(
        &mut self,
        level: PriceLevelId,
        wanted: usize,
        share: Share,
        leave_out: impl Fn(UnitId) -> bool,
    ) -> Option<Vec<UnitId>> {
        let at = self.sheet.level(level)?;
        if wanted == 0 || self.levels.get(at)?.barren.is_some_and(|barren| wanted >= barren) {
            return None;
        }
        let mut left_out = false;
        let own = |unit: &u32| self.sheet.offer_of(*unit).is_some_and(|offer| share.has(offer));
        let firsts = self.offers(&self.open, at).filter(own);
        let firsts = firsts.chain(self.offers(&self.open, at).filter(|unit| !own(unit)));
        let run = firsts.filter_map(|first| self.run(first, wanted, &leave_out, &mut left_out)).next();
        if run.is_none()
            && !left_out
            && let Some(level) = self.levels.get_mut(at)
        {
            level.barren = Some(wanted);
        }
        run
    }

    /// `wanted` open neighbours from one on. `left_out`: there may be such, but for one that is to be left out.
    fn run(
        &self,
        first: u32,
        wanted: usize,
        leave_out: impl Fn(UnitId) -> bool,
        left_out: &mut bool,
    ) -> Option<Vec<UnitId>> {
        let mut run = Vec::with_capacity(wanted);
        let mut next = Some(first);
        while let Some(unit) = next.filter(|unit| self.is_open(*unit)) {
            let id = self.sheet.id_at(unit)?;
            if leave_out(id) {
                *left_out = true;
                return None;
            }
            run.push(id);
            if run.len() == wanted {
                return Some(run);
            }
            next = self.sheet.right_of(unit);
        }
        None
    }

    /// What is open at the moment up to which time has been seen.
    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            version: self.version,
            at: self.clock,
            open: self.levels.iter().map(|level| level.open).collect(),
            map: self.map.clone(),
        }
    }

    /// Units of a level that are in `set`, in the order in which they are offered.
    fn offers<'a>(&'a self, set: &'a Ranks, level: usize) -> impl Iterator<Item = u32> + 'a {
        let offers = self.sheet.offers(level);
        let within = move |offer: &u32| *offer < offers.end;
        let first = set.next(self.sheet.offers(level).start).filter(within);
        let all = std::iter::successors(first, move |offer| set.next(offer + 1).filter(within));
        all.filter_map(|offer| self.sheet.offered(offer))
    }

    fn is_open(&self, unit: u32) -> bool {
        self.sheet.offer_of(unit).is_some_and(|offer| self.open.contains(offer))
    }

    fn change(&mut self, change: Change) -> bool {
        let Some(unit) = self.sheet.at(change.unit) else { return false };
        let until = change.now.until();
        let Some(slot) = self.until.get_mut(unit as usize) else { return false };
        let before = std::mem::replace(slot, until);
        if before != until {
            self.leave(unit, before);
            self.enter(unit, until);
        }
        true
    }

    fn leave(&mut self, unit: u32, until: i64) {
        match until {
            GONE => return,
            FREE => {
                if let Some(offer) = self.sheet.offer_of(unit) {
                    self.free.remove(offer);
                }
            }
            _ if until > self.clock => {
                self.held.remove(&(until, unit));
                return;
            }
            _ => {
                if let Some(level) = self.level_of(unit) {
                    level.lapsed.remove(&(until, unit));
                }
            }
        }
        self.close(unit);
    }

    fn enter(&mut self, unit: u32, until: i64) {
        match until {
            GONE => return,
            FREE => {
                if let Some(offer) = self.sheet.offer_of(unit) {
                    self.free.insert(offer);
                }
            }
            _ if until > self.clock => {
                self.held.insert((until, unit));
                return;
            }
            _ => {
                if let Some(level) = self.level_of(unit) {
                    level.lapsed.insert((until, unit));
                }
            }
        }
        self.open_up(unit);
    }

    fn open_up(&mut self, unit: u32) {
        if let Some(offer) = self.sheet.offer_of(unit) {
            self.open.insert(offer);
        }
        if let Some(level) = self.level_of(unit) {
            level.open += 1;
            level.barren = None;
        }
        if let Some((byte, bit)) = self.sheet.bit_of(unit)
            && let Some(byte) = self.map.get_mut(byte)
        {
            *byte |= bit;
        }
        self.version += 1;
    }

    fn close(&mut self, unit: u32) {
        if let Some(offer) = self.sheet.offer_of(unit) {
            self.open.remove(offer);
        }
        if let Some(level) = self.level_of(unit) {
            level.open = level.open.saturating_sub(1);
        }
        if let Some((byte, bit)) = self.sheet.bit_of(unit)
            && let Some(byte) = self.map.get_mut(byte)
        {
            *byte &= !bit;
        }
        self.version += 1;
    }

    fn level_of(&mut self, unit: u32) -> Option<&mut Level> {
        self.levels.get_mut(self.sheet.level_at(unit)?)
    }
}
