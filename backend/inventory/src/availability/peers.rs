//! Which other processes are there.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use marquee_core::db::Tag;
use tokio::time::{MissedTickBehavior, interval};

use super::Availability;

/// How often it is looked.
const POLL: Duration = Duration::from_millis(400);
const PEERS: Tag = Tag::background("availability.peers");

/// Looks in a row without a process after which it is gone. Not the first: what it had asked the database to commit may still
/// be under way.
const MISSED: u32 = 2;

/// This process's place among all that serve the same database, as far as it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Which one it is, from 0 on.
    pub(crate) mine: usize,
    /// How many there are, itself included.
    pub(crate) of: usize,
}

/// Units that lie next to each other in the order of offers, and fall to one process.
const BLOCK: u32 = 16;

impl Turn {
    /// There is no other.
    pub(crate) const ALONE: Self = Self { mine: 0, of: 1 };

    /// Where several choose places at a time each has offers of its own, so that they seldom choose the same.
    pub(super) fn has(self, offer: u32) -> bool {
        (offer / BLOCK) as usize % self.of == self.mine
    }
}

/// Processes by the name of their listening connection, with the looks since each was last there.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<String, u32>);

impl Peers {
    /// Which of them is called `name`.
    pub(super) fn turn(&self, name: &str) -> Turn {
        let mine = self.0.keys().filter(|other| other.as_str() < name).count();
        Turn { mine, of: self.0.len().max(mine + 1) }
    }

    /// Takes over who is there now. True when somebody is gone who was there before.
    pub(super) fn look(&mut self, there: HashSet<String>) -> bool {
        let mut gone = false;
        self.0.retain(|name, missed| {
            *missed = if there.contains(name) { 0 } else { *missed + 1 };
            gone |= *missed >= MISSED;
            *missed < MISSED
        });
        for name in there {
            self.0.entry(name).or_default();
        }
        gone
    }
}

impl Availability {
    /// This process's place among all that serve.
    pub(crate) fn turn(&self) -> Turn {
        *self.shared.turn.borrow()
    }

    /// A process that is gone may have left something untold.
    pub(super) async fn watch_peers(&self) {
        let mut peers = Peers::default();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            poll.tick().await;
            match self.db.listeners(PEERS).await {
                Ok(there) => {
                    if peers.look(there) {
                        tracing::info!("another process is gone, boards are loaded again");
                        self.missed_something();
                    }
                    self.shared.turn.send_replace(peers.turn(&self.db.listens_as()));
                }
                Err(error) => tracing::debug!(%error, "the database did not say who listens"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stays_away_is_missed_once() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut peers = Peers::default();
        let looks: Vec<bool> = [&["a", "b"][..], &["a"], &["a", "b"], &["a"], &["a", "c"], &["a", "c"]]
            .iter()
            .map(|there| peers.look(names(there)))
            .collect();
        assert_eq!(looks, [false, false, false, false, true, false]);
        assert_eq!(["a", "c"].map(|name| peers.turn(name)), [0, 1].map(|mine| Turn { mine, of: 2 }));
        assert_eq!(peers.turn("d"), Turn { mine: 2, of: 3 }, "it was not seen yet");
    }

    #[test]
    fn each_offer_is_somebodys() {
        for of in 1..5 {
            for offer in 0..200 {
                assert_eq!((0..of).filter(|mine| Turn { mine: *mine, of }.has(offer)).count(), 1);
            }
        }
    }
}
