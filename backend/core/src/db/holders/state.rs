//! The sums of the book: which transactions of a tag are open, the integral of how long they have been, and whom a wait was
//! charged to, in all and in about the last minute. Every moment comes from outside.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::super::tag::{Class, Tag};
use super::{Holder, Mark, Place, Role};

/// Shorter waits are charged to nobody: that is how long handing a connection on takes.
const WORTH_MENTIONING: Duration = Duration::from_millis(1);
/// The sliding window: so many periods of so many seconds.
const PERIODS: usize = 12;
const PERIOD_SECONDS: u64 = 5;

#[derive(Debug)]
pub(super) struct State {
    started: Instant,
    numbers: u64,
    slots: Vec<Slot>,
    places: HashMap<(Role, Tag), Place>,
}

#[derive(Debug)]
struct Slot {
    role: Role,
    tag: Tag,
    /// Open transactions; the smallest number is the oldest.
    open: BTreeMap<u64, Instant>,
    /// Sum of the moments of `open`, in nanoseconds since `started`.
    opened: i128,
    /// Integral of the ages of `open` up to `at`, in square seconds.
    weight: f64,
    at: Instant,
    started: Instant,
    blamed: f64,
    window: [(u64, f64); PERIODS],
}

impl State {
    pub(super) fn new(started: Instant) -> Self {
        Self { started, numbers: 0, slots: Vec::new(), places: HashMap::new() }
    }

    pub(super) fn place(&mut self, role: Role, tag: Tag, now: Instant) -> Place {
        let (slots, started) = (&mut self.slots, self.started);
        *self.places.entry((role, tag)).or_insert_with(|| {
            slots.push(Slot {
                role,
                tag,
                open: BTreeMap::new(),
                opened: 0,
                weight: 0.0,
                at: now,
                started,
                blamed: 0.0,
                window: Default::default(),
            });
            Place(slots.len() - 1)
        })
    }

    pub(super) fn open(&mut self, place: Place, now: Instant) -> u64 {
        self.numbers += 1;
        if let Some(slot) = self.slots.get_mut(place.0) {
            slot.advance(now);
            slot.opened += slot.nanos(now);
            slot.open.insert(self.numbers, now);
        }
        self.numbers
    }

    pub(super) fn close(&mut self, place: Place, number: u64, now: Instant) {
        if let Some(slot) = self.slots.get_mut(place.0) {
            slot.advance(now);
            if let Some(since) = slot.open.remove(&number) {
                slot.opened -= slot.nanos(since);
            }
        }
    }

    pub(super) fn mark(&self, role: Role, class: Option<Class>, now: Instant) -> Mark {
        let weights = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.counts(role, class))
            .map(|(at, slot)| (Place(at), slot.weight_at(now)))
            .collect();
        Mark { at: now, weights, role, class }
    }

    pub(super) fn charge(&mut self, mark: &Mark, now: Instant) {
        let waited = now.saturating_duration_since(mark.at);
        if waited <= WORTH_MENTIONING {
            return;
        }
        let before: HashMap<usize, f64> =
            mark.weights.iter().map(|(place, weight)| (place.0, *weight)).collect();
        // A tag that came after the mark had held nothing then.
        let shares: Vec<(usize, f64)> = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.counts(mark.role, mark.class))
            .map(|(at, slot)| (at, slot.weight_at(now) - before.get(&at).copied().unwrap_or_default()))
            .filter(|(_, share)| *share > 0.0)
            .collect();
        let whole: f64 = shares.iter().map(|(_, share)| share).sum();
        let period = self.period(now);
        for (at, share) in shares {
            if let Some(slot) = self.slots.get_mut(at) {
                slot.blame(period, waited.as_secs_f64() * share / whole);
            }
        }
    }

    fn period(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.started).as_secs() / PERIOD_SECONDS
    }

    /// First the tag with the most seconds: those that others waited for it lately, and those that its oldest has been open.
    pub(super) fn holders(&self, now: Instant) -> Vec<Holder> {
        let period = self.period(now);
        let mut by_tag: HashMap<&'static str, Holder> = HashMap::new();
        for slot in &self.slots {
            let oldest = slot.open.values().next().map(|since| now.saturating_duration_since(*since));
            let longest = oldest.unwrap_or_default().as_secs_f64();
            let holder = by_tag.entry(slot.tag.as_str()).or_insert_with(|| Holder {
                tag: slot.tag.as_str().to_owned(),
                class: slot.tag.class().as_str().to_owned(),
                open_now: 0,
                longest_open_seconds: 0.0,
                blamed_seconds_last_minute: 0.0,
                blamed_seconds_total: 0.0,
            });
            holder.open_now += slot.open.len();
            holder.longest_open_seconds = holder.longest_open_seconds.max(longest);
            holder.blamed_seconds_last_minute += slot.blamed_lately(period);
            holder.blamed_seconds_total += slot.blamed;
        }
        let mut holders: Vec<Holder> = by_tag.into_values().collect();
        let seconds = |one: &Holder| one.blamed_seconds_last_minute + one.longest_open_seconds;
        holders.sort_by(|a, b| {
            seconds(b)
                .total_cmp(&seconds(a))
                .then(b.blamed_seconds_total.total_cmp(&a.blamed_seconds_total))
                .then_with(|| a.tag.cmp(&b.tag))
        });
        holders
    }
}

impl Slot {
    fn counts(&self, role: Role, class: Option<Class>) -> bool {
        self.role == role && class.is_none_or(|class| class == self.tag.class())
    }

    fn nanos(&self, moment: Instant) -> i128 {
        moment.saturating_duration_since(self.started).as_nanos().cast_signed()
    }

    /// What the integral is at `now`, when nothing was opened or closed since `at`. Exact but for the last step: small differences
    /// of what grows for as long as the program runs.
    fn weight_at(&self, now: Instant) -> f64 {
        let (from, to) = (self.nanos(self.at), self.nanos(now));
        let twice = (to - from).max(0) * (self.open.len() as i128 * (from + to) - 2 * self.opened);
        self.weight + twice as f64 / 2.0 / 1e18
    }

    fn advance(&mut self, now: Instant) {
        self.weight = self.weight_at(now);
        self.at = self.at.max(now);
    }

    fn blame(&mut self, period: u64, seconds: f64) {
        self.blamed += seconds;
        let at = (period % PERIODS as u64) as usize;
        if let Some(entry) = self.window.get_mut(at) {
            if entry.0 != period {
                *entry = (period, 0.0);
            }
            entry.1 += seconds;
        }
    }

    fn blamed_lately(&self, period: u64) -> f64 {
        let oldest = period.saturating_sub(PERIODS as u64 - 1);
        self.window.iter().filter(|(one, _)| *one >= oldest).map(|(_, seconds)| seconds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUY: Tag = Tag::new("buy");
    const PAY: Tag = Tag::new("pay");
    const REPORT: Tag = Tag::report("report");

    fn ms(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    fn named((tag, ms): (&str, u64)) -> (String, u64) {
        (tag.to_owned(), ms)
    }

    /// Tags with the milliseconds they are blamed for, as ranked.
    fn blamed(state: &State, now: Instant) -> Vec<(String, u64)> {
        let holders = state.holders(now);
        holders
            .into_iter()
            .map(|one| (one.tag, (one.blamed_seconds_last_minute * 1_000.0).round() as u64))
            .collect()
    }

    #[test]
    fn a_wait_is_charged_to_those_who_held_meanwhile() {
        let start = Instant::now();
        let mut state = State::new(start);
        let buy = state.place(Role::App, BUY, start);
        let pay = state.place(Role::App, PAY, start);
        let elsewhere = state.place(Role::Platform, REPORT, start);
        let first = state.open(buy, start);
        state.open(pay, start);
        state.open(elsewhere, start);
        let mark = state.mark(Role::App, None, ms(start, 100));
        // `buy` holds for a quarter of the wait, and anew for another quarter; `pay` throughout.
        state.close(buy, first, ms(start, 125));
        let second = state.open(buy, ms(start, 150));
        state.close(buy, second, ms(start, 175));
        state.charge(&mark, ms(start, 200));
        let ranking = blamed(&state, ms(start, 200));
        assert_eq!(ranking, [("pay", 83), ("report", 0), ("buy", 17)].map(named));
    }

    #[test]
    fn one_held_long_stands_out_among_many_held_shortly() {
        let start = Instant::now();
        let mut state = State::new(start);
        let (buy, report) = (state.place(Role::App, BUY, start), state.place(Role::App, REPORT, start));
        let long = state.open(report, start);
        // Five connections that change hands every 5 ms, and a wait of 20 ms each 20 ms.
        for round in 0..100_u64 {
            let mark = state.mark(Role::App, None, ms(start, round * 20));
            for step in 0..4 {
                let numbers: Vec<u64> =
                    (0..5).map(|_| state.open(buy, ms(start, round * 20 + step * 5))).collect();
                for number in numbers {
                    state.close(buy, number, ms(start, round * 20 + step * 5 + 5));
                }
            }
            state.charge(&mark, ms(start, round * 20 + 20));
        }
        state.close(report, long, ms(start, 2_000));
        let ranking = blamed(&state, ms(start, 2_000));
        assert_eq!(ranking[0].0, "report", "{ranking:?}");
        assert_eq!(ranking.iter().map(|(_, ms)| ms).sum::<u64>(), 2_000, "{ranking:?}");
        assert!(ranking[1].1 < 100, "{ranking:?}");
    }

    #[test]
    fn who_waits_for_a_budget_blames_their_own_class() {
        let start = Instant::now();
        let mut state = State::new(start);
        let buy = state.place(Role::App, BUY, start);
        let report = state.place(Role::App, REPORT, start);
        state.open(buy, start);
        let mark = state.mark(Role::App, Some(Class::Report), start);
        state.open(report, start);
        state.charge(&mark, ms(start, 500));
        assert_eq!(blamed(&state, ms(start, 500)), [("report", 500), ("buy", 0)].map(named));
    }

    #[test]
    fn short_waits_and_empty_pools_are_nobodys_fault() {
        let start = Instant::now();
        let mut state = State::new(start);
        let buy = state.place(Role::App, BUY, start);
        let mark = state.mark(Role::App, None, start);
        state.charge(&mark, ms(start, 900));
        state.open(buy, ms(start, 1_000));
        let mark = state.mark(Role::App, None, ms(start, 1_000));
        state.charge(&mark, ms(start, 1_001));
        assert_eq!(blamed(&state, ms(start, 1_001)), [("buy", 0)].map(named));
    }

    #[test]
    fn blame_is_forgotten_after_a_minute_but_not_in_the_total() {
        let start = Instant::now();
        let mut state = State::new(start);
        let buy = state.place(Role::App, BUY, start);
        let number = state.open(buy, start);
        let mark = state.mark(Role::App, None, start);
        state.charge(&mark, ms(start, 300));
        state.close(buy, number, ms(start, 300));
        for (at, expected) in [(300, 300), (54_999, 300), (65_000, 0), (600_000, 0)] {
            assert_eq!(blamed(&state, ms(start, at)), [("buy", expected)].map(named), "after {at} ms");
        }
        let total = state.holders(ms(start, 600_000))[0].blamed_seconds_total;
        assert!((total - 0.3).abs() < 1e-9, "{total}");
    }

    #[test]
    fn nobody_waits_yet_and_the_longest_open_stands_first() {
        let start = Instant::now();
        let mut state = State::new(start);
        let (buy, report) = (state.place(Role::App, BUY, start), state.place(Role::App, REPORT, start));
        state.open(report, start);
        state.open(buy, ms(start, 1_000));
        state.open(buy, ms(start, 2_000));
        let holders = state.holders(ms(start, 3_000));
        let seen: Vec<_> =
            holders.iter().map(|one| (one.tag.as_str(), one.open_now, one.longest_open_seconds)).collect();
        assert_eq!(seen, [("report", 1, 3.0), ("buy", 2, 2.0)]);
    }
}
