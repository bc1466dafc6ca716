//! A performance's live updates: one task makes each event once, for all who listen.
//!
//! Server-sent events. `state`: what `GET …/availability` answers; it comes first and whenever a reader has to begin anew
//! (it fell behind, or so much changed that a list would be longer). `delta`: what changed since the event before,
//! `{"version":…,"sections":[{"id":"…","free":[i,…],"gone":[i,…]}],"price_levels":[{"id":"…","free":n}]}`, `i` counting
//! seats of the plan's section, with the sections and levels that changed and no others. At most four events a second; a
//! comment when nothing was said for a while, so that a dead connection is found.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use marquee_core::ids::PriceLevelId;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::answer::{self, LevelBody};
use super::board::Snapshot;
use super::entry::Entry;
use crate::sheet::Sheet;

/// Connections of one process at a time.
pub(super) const LISTENERS: usize = 10_000;
/// Between two events.
const PACE: Duration = Duration::from_millis(250);
/// After so long without an event a comment is sent.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A reader that is more events behind begins anew.
const BEHIND: usize = 32;

/// Those who listen to one performance.
#[derive(Debug, Default)]
pub(super) struct Live(Mutex<Option<Running>>);

/// What they have been told.
#[derive(Debug)]
struct Running {
    sender: broadcast::Sender<Bytes>,
    sheet: Arc<Sheet>,
    told: Snapshot,
    /// `told` as an event, once somebody needs it.
    state: Option<Bytes>,
}

#[derive(Serialize)]
struct Delta<'a> {
    version: u64,
    sections: Vec<SectionDelta<'a>>,
    price_levels: Vec<LevelBody>,
}

#[derive(Serialize)]
struct SectionDelta<'a> {
    id: &'a str,
    free: Vec<usize>,
    gone: Vec<usize>,
}

/// One listener's place.
struct Seat {
    entry: Arc<Entry>,
    events: Option<broadcast::Receiver<Bytes>>,
    closing: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

/// The events of a performance for one listener, until `closing` says that the process stops.
pub(super) fn events(
    entry: Arc<Entry>,
    closing: watch::Receiver<bool>,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    let seat = Seat { entry, events: None, closing, _permit: permit };
    futures::stream::unfold(seat, |mut seat| async move { Some((Ok(seat.next().await?), seat)) })
}

impl Seat {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(events) = &mut self.events {
            let event = tokio::select! {
                event = events.recv() => event,
                _ = self.closing.wait_for(|closing| *closing) => return None,
            };
            match event {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Closed) => return None,
                Err(broadcast::error::RecvError::Lagged(_)) => {}
            }
        }
        let (state, events) = subscribe(&self.entry)?;
        self.events = Some(events);
        Some(state)
    }
}

/// The state as it was told to those who listen already, and what will be told from now on.
fn subscribe(entry: &Arc<Entry>) -> Option<(Bytes, broadcast::Receiver<Bytes>)> {
    let mut live = entry.live.lock();
    if live.is_none() {
        let (sheet, told) = entry.snapshot()?;
        *live = Some(Running { sender: broadcast::channel(BEHIND).0, sheet, told, state: None });
        tokio::spawn(tell(Arc::clone(entry)));
    }
    let running = live.as_mut()?;
    let events = running.sender.subscribe();
    Some((running.state(), events))
}

/// Tells everybody what changes, for as long as anybody listens.
async fn tell(entry: Arc<Entry>) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut spoke = Instant::now();
    loop {
        pace.tick().await;
        let mut live = entry.live.lock();
        let Some(running) = live.as_mut().filter(|running| running.sender.receiver_count() > 0) else {
            *live = None;
            return;
        };
        let event = match entry.snapshot_after(running.told.version) {
            Some((sheet, now)) => running.advance(sheet, now),
            None if spoke.elapsed() >= HEARTBEAT => Bytes::from_static(b":\n\n"),
            None => continue,
        };
        // Nobody being there any more is found at the next tick.
        let _ = running.sender.send(event);
        spoke = Instant::now();
    }
}

impl Live {
    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says more than a reader may be behind.
    #[cfg(test)]
    pub(super) fn flood(&self) {
        let live = self.lock();
        let running = live.as_ref().unwrap();
        (0..=BEHIND)
            .for_each(|_| drop(running.sender.send(Bytes::from_static(b"event: delta\ndata: {}\n\n"))));
    }
}

impl Running {
    fn state(&mut self) -> Bytes {
        let (sheet, told) = (&self.sheet, &self.told);
        self.state.get_or_insert_with(|| event("state", &answer::body(sheet, told))).clone()
    }

    /// The event that leads from what was told to what is so now.
    fn advance(&mut self, sheet: Arc<Sheet>, now: Snapshot) -> Bytes {
        let same_seats = Arc::ptr_eq(&sheet, &self.sheet) || sheet.has_map_of(&self.sheet);
        let delta = same_seats.then(|| event("delta", &delta(&sheet, &self.told, &now)));
        (self.sheet, self.told, self.state) = (sheet, now, None);
        // Of a bitmap's base64, six bits are a character; a number in a list takes about six characters.
        let long = 256 + self.told.map.len() * 4 / 3;
        delta.filter(|delta| delta.len() <= long).unwrap_or_else(|| self.state())
    }
}

fn event(name: &str, json: &[u8]) -> Bytes {
    [b"event: ", name.as_bytes(), b"\ndata: ", json, b"\n\n"].concat().into()
}

fn delta(sheet: &Sheet, before: &Snapshot, now: &Snapshot) -> Vec<u8> {
    let sections = sheet.sections().iter().filter_map(|section| {
        let before = before.map.get(section.bytes.clone())?;
        let now = now.map.get(section.bytes.clone())?;
        if before == now {
            return None;
        }
        let mut delta = SectionDelta { id: &section.id, free: Vec::new(), gone: Vec::new() };
        for (at, (before, now)) in
            before.iter().zip(now).enumerate().filter(|(_, (before, now))| before != now)
        {
            for bit in (0..8).filter(|bit| (before ^ now) >> bit & 1 == 1) {
                let seats = if now >> bit & 1 == 1 { &mut delta.free } else { &mut delta.gone };
                seats.push(at * 8 + bit);
            }
        }
        Some(delta)
    });
    let level = |(id, (before, now)): (&PriceLevelId, (&usize, &usize))| {
        (before != now).then_some(LevelBody { id: *id, free: *now })
    };
    let levels = sheet.levels().iter().zip(before.open.iter().zip(&now.open));
    let delta = Delta {
        version: now.version,
        sections: sections.collect(),
        price_levels: levels.filter_map(level).collect(),
    };
    serde_json::to_vec(&delta).unwrap_or_default()
}
