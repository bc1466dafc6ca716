//! What a commit tells every instance.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{HoldId, PerformanceId, TenantId, UnitId};
use uuid::Uuid;

/// The channel that all instances listen on.
pub(super) const CHANNEL: &str = "marquee_availability";
/// PostgreSQL takes notifications below 8,000 bytes; the rest is for what the sender puts before it.
const MAX_BYTES: usize = 7_800;
/// Where a commit changes more units than this, reading them again is cheaper than telling them.
const MAX_CHANGES: usize = 4_000;
/// Characters of an id.
const ID: usize = 22;
/// Bytes of a hold's id that tell it apart from others of these minutes, and their characters.
const MARK_BYTES: usize = 6;
const MARK: usize = 8;

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The unit.
    pub unit: UnitId,
    /// Its new state.
    pub now: Now,
    /// The hold that begins or ends with this. By it a board knows a beginning that is told after the end.
    pub hold: Option<Mark>,
}

/// Tells a hold apart from others of these minutes: the end of its id, which is random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark([u8; MARK_BYTES]);

impl From<HoldId> for Mark {
    fn from(hold: HoldId) -> Self {
        let [.., a, b, c, d, e, f] = hold.0.into_bytes();
        Self([a, b, c, d, e, f])
    }
}

/// A unit as browsing sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Now {
    /// Can be had.
    Free,
    /// Can be had from that moment (Unix milliseconds) on.
    HeldUntil(i64),
    /// Cannot be had.
    Gone,
}

impl Change {
    /// It is so, whatever hold has to do with it.
    pub fn new(unit: UnitId, now: Now) -> Self {
        Self { unit, now, hold: None }
    }

    /// It is free again.
    pub fn freed(unit: UnitId) -> Self {
        Self::new(unit, Now::Free)
    }

    /// It is held, still or again.
    pub fn held(unit: UnitId, until: DateTime<Utc>) -> Self {
        Self::new(unit, Now::HeldUntil(until.timestamp_millis()))
    }

    /// It is being paid for, sold or blocked.
    pub fn gone(unit: UnitId) -> Self {
        Self::new(unit, Now::Gone)
    }

    /// This comes with the beginning of a hold (`held`), or with its end (`freed`, `gone`).
    pub fn of(self, hold: HoldId) -> Self {
        Self { hold: Some(hold.into()), ..self }
    }

    /// Was a hold made with this? One that is given back to its buyer has no mark.
    pub(super) fn begins_a_hold(&self) -> bool {
        self.hold.is_some() && matches!(self.now, Now::HeldUntil(_))
    }
}

/// What a commit changed of one performance, or a part of it.
///
/// On the wire: tenant and performance, 22 characters each; then for every state a space, `f`, `g` or `h` with the end in
/// milliseconds and a colon, and the ids of its units, 22 characters each; with `F`, `G` and `H` each unit is followed by
/// the mark of a hold, 8 characters. ` !` alone: load it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) tenant: TenantId,
    pub(super) performance: PerformanceId,
    /// None: load it again.
    pub(super) changes: Option<Vec<Change>>,
}

impl Notice {
    /// Reads one; none where it is no notice of ours.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (tenant, performance) = parts.next()?.split_at_checked(ID)?;
        let (tenant, performance) = (TenantId(id(tenant)?), PerformanceId(id(performance)?));
        let mut changes = Vec::new();
        for part in parts {
            if part == "!" {
                return Some(Self { tenant, performance, changes: None });
            }
            let (letter, rest) = part.split_at_checked(1)?;
            let (now, units) = match letter {
                "f" | "F" => (Now::Free, rest),
                "g" | "G" => (Now::Gone, rest),
                "h" | "H" => {
                    let (until, units) = rest.split_once(':')?;
                    (Now::HeldUntil(until.parse().ok()?), units)
                }
                _ => return None,
            };
            let marked = letter.chars().all(char::is_uppercase);
            for unit in units.as_bytes().chunks(width(marked)) {
                let (unit, hold) = std::str::from_utf8(unit).ok()?.split_at_checked(ID)?;
                let hold = if marked { Some(mark(hold)?) } else { None };
                changes.push(Change { unit: UnitId(id(unit)?), now, hold });
            }
        }
        Some(Self { tenant, performance, changes: Some(changes) })
    }
}

/// The notices for these changes, as few as they fit in. Later changes of a unit win.
pub(super) fn notices(tenant: TenantId, performance: PerformanceId, changes: &[Change]) -> Vec<String> {
    let head = head(tenant, performance);
    let last: HashMap<UnitId, Change> = changes.iter().map(|change| (change.unit, *change)).collect();
    if last.len() > MAX_CHANGES {
        return vec![reload(tenant, performance)];
    }
    let mut states: BTreeMap<(Now, bool), Vec<Change>> = BTreeMap::new();
    for change in last.into_values() {
        states.entry((change.now, change.hold.is_some())).or_default().push(change);
    }
    let mut notices = vec![head.clone()];
    for ((now, marked), units) in states {
        let state = state(now, marked);
        let mut begun = false;
        for unit in units {
            let full = |notice: &String| notice.len() + state.len() + width(marked) > MAX_BYTES;
            if notices.last().is_none_or(full) {
                notices.push(head.clone());
                begun = false;
            }
            if let Some(notice) = notices.last_mut() {
                if !begun {
                    notice.push_str(&state);
                }
                notice.push_str(&text(unit.unit.0));
                if let Some(Mark(hold)) = unit.hold {
                    notice.push_str(&BASE64URL_NOPAD.encode(&hold));
                }
            }
            begun = true;
        }
    }
    notices
}

/// What begins the units of a state.
fn state(now: Now, marked: bool) -> String {
    let state = match now {
        Now::Free => " f".to_owned(),
        Now::Gone => " g".to_owned(),
        Now::HeldUntil(until) => format!(" h{until}:"),
    };
    if marked { state.to_uppercase() } else { state }
}

/// Characters of a unit, with or without a hold.
fn width(marked: bool) -> usize {
    if marked { ID + MARK } else { ID }
}

fn mark(text: &str) -> Option<Mark> {
    Some(Mark(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?))
}

/// The notice that says: load it again.
pub(super) fn reload(tenant: TenantId, performance: PerformanceId) -> String {
    head(tenant, performance) + " !"
}

fn head(tenant: TenantId, performance: PerformanceId) -> String {
    text(tenant.0) + &text(performance.0)
}

fn text(id: Uuid) -> String {
    BASE64URL_NOPAD.encode(id.as_bytes())
}

fn id(text: &str) -> Option<Uuid> {
    Uuid::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()
}

/// Tells every instance what this transaction changes, once it commits. Later changes of a unit win.
///
/// # Errors
/// As [`DbError`] says.
pub async fn announce(tx: &TenantTx, performance: PerformanceId, changes: &[Change]) -> Result<(), DbError> {
    if changes.is_empty() {
        return Ok(());
    }
    for notice in notices(tx.tenant(), performance, changes) {
        tx.notify(CHANNEL, &notice).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(changes: &[Change]) -> (usize, Option<HashMap<UnitId, Change>>) {
        let (tenant, performance) = (TenantId::generate(), PerformanceId::generate());
        let notices = notices(tenant, performance, changes);
        let mut all = HashMap::new();
        for text in &notices {
            assert!(text.len() < 7_900, "{}", text.len());
            let read = Notice::read(text).unwrap();
            assert_eq!((read.tenant, read.performance), (tenant, performance));
            let Some(changes) = read.changes else { return (notices.len(), None) };
            for change in changes {
                assert!(all.insert(change.unit, change).is_none(), "a unit is told once");
            }
        }
        (notices.len(), Some(all))
    }

    fn units(count: usize, now: impl Fn(usize) -> Now) -> Vec<Change> {
        (0..count).map(|at| Change::new(UnitId::generate(), now(at))).collect()
    }

    #[test]
    fn every_notice_fits_and_nothing_is_lost() {
        let end = 1_764_000_000_000;
        for count in [1, 349, 350, 351, 2_000, MAX_CHANGES] {
            let one = units(count, |_| Now::HeldUntil(end));
            let each = units(count, |at| Now::HeldUntil(end + at as i64));
            let mixed = units(count, |at| match at % 3 {
                0 => Now::Free,
                1 => Now::Gone,
                _ => Now::HeldUntil(end + at as i64 % 7),
            });
            // Each of a hold of its own, or only some.
            let marked = |changes: &[Change], step: usize| {
                let marked = |(at, change): (usize, &Change)| match at % step {
                    0 => change.of(HoldId::generate()),
                    _ => *change,
                };
                changes.iter().enumerate().map(marked).collect::<Vec<_>>()
            };
            let (all_marked, some_marked) = (marked(&each, 1), marked(&mixed, 2));
            for changes in [one, each, mixed, all_marked, some_marked] {
                let wanted = changes.iter().map(|change| (change.unit, *change)).collect();
                assert_eq!(told(&changes).1, Some(wanted), "{count}");
            }
        }
        assert_eq!(told(&units(345, |_| Now::Free)).0, 1, "compact enough for a batch in one notice");
        let claimed: Vec<Change> =
            units(250, |_| Now::HeldUntil(end)).into_iter().map(|unit| unit.of(HoldId::generate())).collect();
        assert_eq!(told(&claimed).0, 1);
    }

    #[test]
    fn a_commit_that_changes_too_much_says_load_again() {
        assert_eq!(told(&units(MAX_CHANGES + 1, |_| Now::Free)), (1, None));
    }

    #[test]
    fn the_last_change_of_a_unit_wins() {
        let unit = UnitId::generate();
        let last = Change::new(unit, Now::HeldUntil(5));
        assert_eq!(
            told(&[Change::freed(unit).of(HoldId::generate()), last]).1,
            Some(HashMap::from([(unit, last)]))
        );
    }

    #[test]
    fn what_is_no_notice_is_refused() {
        let head = text(Uuid::now_v7()) + &text(Uuid::now_v7());
        let unmarked = format!(" F{}", text(Uuid::now_v7()));
        for tail in [" x", " f123", " h:", " hx:", "junk", " ", " f!", " H:", &unmarked] {
            assert_eq!(Notice::read(&format!("{head}{tail}")), None, "{tail}");
        }
        for text in ["", "é", "{}"] {
            assert_eq!(Notice::read(text), None, "{text}");
        }
    }
}
