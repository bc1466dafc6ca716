//! Which other processes are there.

use std::collections::{HashMap, HashSet};

/// Looks in a row without a process after which it is gone. Not the first: what it had asked the database to commit may still
/// be under way.
const MISSED: u32 = 2;

/// Processes by the name of their listening connection, with the looks since each was last there.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<String, u32>);

impl Peers {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
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
        assert_eq!(peers.count(), 2);
    }
}
