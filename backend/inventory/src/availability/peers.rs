//! Which other processes are there.

use std::collections::{HashMap, HashSet};
use std::sync::Weak;
use std::time::Duration;

use marquee_core::db::Tag;
use tokio::time::{MissedTickBehavior, interval};

use super::Availability;
use super::entry::Key;
use super::share::Share;

/// How often it is looked: a process that was killed is missed within half a second.
const POLL: Duration = Duration::from_millis(200);
const PEERS: Tag = Tag::background("availability.peers");

/// Looks in a row without a process after which it is gone. Not the first: what it had asked the database to commit may
/// still be under way.
const MISSED: u32 = 2;

/// Processes by the name of their listening connection, with the looks since each was last there.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<String, u32>);

impl Peers {
    /// The share of the one that is called `name`.
    pub(super) fn share(&self, name: &str) -> Share {
        let nth = self.0.keys().filter(|other| other.as_str() < name).count();
        Share { nth, of: self.0.len().max(nth + 1) }
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
    /// This process's share of claiming a performance: all of it while no other was heard to claim it.
    pub(crate) fn share(&self, key: Key) -> Share {
        let entry = self.lock_alive().get(&key).and_then(Weak::upgrade);
        let shared = entry.is_some_and(|entry| entry.is_claimed_elsewhere(self.db_now().timestamp_millis()));
        if shared { *self.shared.share.borrow() } else { Share::ALL }
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
                    self.shared.share.send_replace(peers.share(&self.db.listens_as()));
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
        assert_eq!(["a", "c"].map(|name| peers.share(name)), [0, 1].map(|nth| Share { nth, of: 2 }));
        assert_eq!(peers.share("d"), Share { nth: 2, of: 3 }, "it was not seen yet");
    }
}
