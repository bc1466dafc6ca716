//! The rate, and pauses. Pure: the moment is told.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

/// The first pause where the provider names none; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause, whoever names it: longer ones are learnt by asking again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Lets calls through at a rate: each moves `due` on by one `interval`, and the next is let through while `due` is at most
/// `burst` ahead.
#[derive(Debug)]
pub(super) struct Meter {
    pace: Option<Pace>,
    paused: Option<Pause>,
    /// Pauses in a row.
    strikes: u32,
}

#[derive(Debug)]
struct Pace {
    rate: u32,
    interval: Duration,
    burst: Duration,
    due: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    since: Instant,
    until: Instant,
}

impl Meter {
    pub(super) fn new(rate: Option<NonZeroU32>) -> Self {
        let pace = rate.map(|rate| {
            let interval = Duration::from_secs(1) / rate.get();
            // Half of a second's calls at once; the other half is room for calls that bunch on their way.
            let burst = interval * (rate.get() / 2).saturating_sub(1);
            Pace { rate: rate.get(), interval, burst, due: None }
        });
        Self { pace, paused: None, strikes: 0 }
    }

    /// Lets a call through, if one may be made now.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.free_at(now) > now {
            return false;
        }
        if let Some(pace) = &mut self.pace {
            pace.due = Some(pace.due.map_or(now, |due| due.max(now)) + pace.interval);
        }
        true
    }

    /// From when on a call may be made, if no other is made before.
    pub(super) fn free_at(&self, now: Instant) -> Instant {
        let paced = self.pace.as_ref().and_then(|pace| pace.due?.checked_sub(pace.burst));
        let paused = self.paused.map(|pause| pause.until);
        [paced, paused].into_iter().flatten().fold(now, Instant::max)
    }

    /// Pauses. What was sent before the last pause began says nothing new unless it names a later end.
    pub(super) fn pause(&mut self, now: Instant, sent: Instant, told: Option<Duration>) -> Duration {
        let known = self.paused.is_some_and(|pause| sent <= pause.since);
        if known && told.is_none() {
            return self.paused.map_or(Duration::ZERO, |pause| pause.until.saturating_duration_since(now));
        }
        if !known {
            self.strikes = self.strikes.saturating_add(1);
        }
        let own = FIRST_PAUSE.saturating_mul(1 << (self.strikes.saturating_sub(1)).min(16));
        let until = now + told.unwrap_or(own).min(LONGEST_PAUSE);
        let until = self.paused.map_or(until, |pause| pause.until.max(until));
        let since = match self.paused {
            Some(pause) if known => pause.since,
            _ => now,
        };
        self.paused = Some(Pause { since, until });
        // After it calls are made one by one, not in a burst.
        if let Some(pace) = &mut self.pace {
            let slow = until + pace.burst;
            pace.due = Some(pace.due.map_or(slow, |due| due.max(slow)));
        }
        until.saturating_duration_since(now)
    }

    pub(super) fn taken(&mut self) {
        self.strikes = 0;
    }

    /// Calls a second, and how many of them could be made now.
    pub(super) fn left(&self, now: Instant) -> (Option<u32>, u32) {
        let rate = self.pace.as_ref().map(|pace| pace.rate);
        if self.free_at(now) > now {
            return (rate, 0);
        }
        let Some(pace) = &self.pace else { return (None, u32::MAX) };
        let ahead = pace.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now));
        let room = pace.burst.saturating_sub(ahead).as_nanos() / pace.interval.as_nanos().max(1);
        (rate, u32::try_from(room).unwrap_or(u32::MAX).saturating_add(1))
    }
}
