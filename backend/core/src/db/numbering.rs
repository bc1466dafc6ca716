//! Numbers on messages, so that whoever hears them can tell that one was missed.
//!
//! The server delivers messages in the order of commits. A message carries how many messages of its sender and channel
//! were *known to be committed* when it was staged: all those must have been heard before it. Transactions that roll back or
//! run at the same time are in no such number, so they raise no alarm. A commit whose outcome is unknown is not counted: it can
//! hide one loss, never feign one.

use std::collections::HashMap;
use std::sync::Mutex;

/// Senders remembered. More than instances that run at a time; those that are gone are forgotten with the rest.
const SENDERS: usize = 1_024;

/// What the names of listening connections begin with.
pub(super) const LISTENS: &str = "marquee listens ";

/// One process's side.
#[derive(Debug)]
pub(super) struct Sender {
    id: u64,
    committed: Mutex<HashMap<&'static str, u64>>,
}

impl Sender {
    pub(super) fn new() -> Self {
        Self { id: rand::random(), committed: Mutex::default() }
    }

    /// What its messages say of whose they are.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// What the process's listening connections are called.
    pub(super) fn name(&self) -> String {
        format!("{LISTENS}{:x}", self.id)
    }

    /// `payload` as it travels. `nth` is its place among its transaction's messages: the server drops a message that is
    /// equal to an earlier one of the same transaction.
    pub(super) fn envelope(&self, channel: &'static str, nth: usize, payload: &str) -> String {
        let committed =
            self.committed.lock().ok().and_then(|known| known.get(channel).copied()).unwrap_or_default();
        format!("{:x}.{committed}.{nth} {payload}", self.id)
    }

    /// A commit succeeded that carried these messages.
    pub(super) fn committed(&self, channels: &[&'static str]) {
        if channels.is_empty() {
            return;
        }
        if let Ok(mut known) = self.committed.lock() {
            for channel in channels {
                *known.entry(channel).or_default() += 1;
            }
        }
    }
}

/// A listener's side, for one channel.
#[derive(Debug, Default)]
pub(super) struct Receiver {
    /// Per sender: messages heard, those before the first one included.
    heard: HashMap<u64, u64>,
}

/// What a message turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened<'a> {
    pub(super) payload: &'a str,
    /// Whose it is; none where it has no number.
    pub(super) sender: Option<u64>,
    /// Messages before this one were missed.
    pub(super) gap: bool,
}

impl Receiver {
    /// Takes a message's number off. One without a number is passed on as it is.
    pub(super) fn open<'a>(&mut self, wire: &'a str) -> Opened<'a> {
        let Some((sender, committed, payload)) = split(wire) else {
            return Opened { payload: wire, sender: None, gap: false };
        };
        if self.heard.len() >= SENDERS && !self.heard.contains_key(&sender) {
            self.heard.clear();
        }
        let heard = self.heard.entry(sender).or_insert(committed);
        let gap = *heard < committed;
        *heard = (*heard).max(committed) + 1;
        Opened { payload, sender: Some(sender), gap }
    }
}

fn split(wire: &str) -> Option<(u64, u64, &str)> {
    let (number, payload) = wire.split_once(' ')?;
    let mut parts = number.split('.');
    let sender = u64::from_str_radix(parts.next()?, 16).ok()?;
    let committed = parts.next()?.parse().ok()?;
    parts.next()?.parse::<usize>().ok()?;
    parts.next().is_none().then_some((sender, committed, payload))
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    const CHANNEL: &str = "test";

    /// A transaction: its messages on the wire, in order.
    fn stage(sender: &Sender, payloads: &[&str]) -> Vec<String> {
        payloads.iter().enumerate().map(|(nth, one)| sender.envelope(CHANNEL, nth, one)).collect()
    }

    fn know(sender: &Sender, messages: &[String]) {
        sender.committed(&vec![CHANNEL; messages.len()]);
    }

    /// How many gaps a receiver sees that hears these.
    fn gaps<'a>(receiver: &mut Receiver, wires: impl IntoIterator<Item = &'a String>) -> usize {
        wires.into_iter().filter(|wire| receiver.open(wire).gap).count()
    }

    #[test]
    fn payloads_arrive_as_they_were_sent() {
        let sender = Sender::new();
        let mut receiver = Receiver::default();
        for payload in ["", "one", "two words", "{\"a\": 1.5}"] {
            let wire = sender.envelope(CHANNEL, 0, payload);
            assert_eq!(receiver.open(&wire), Opened { payload, sender: Some(sender.id()), gap: false });
        }
        for foreign in ["", "plain", "{\"a\": 1} b", "1.2 x", "x.2.3 y", "1.2.3.4 z"] {
            assert_eq!(receiver.open(foreign), Opened { payload: foreign, sender: None, gap: false });
        }
    }

    #[test]
    fn equal_messages_of_one_transaction_differ_on_the_wire() {
        let messages = stage(&Sender::new(), &["same", "same"]);
        assert_ne!(messages[0], messages[1]);
    }

    #[test]
    fn a_lost_message_is_noticed_once() {
        let sender = Sender::new();
        let mut receiver = Receiver::default();
        for nth in 0..10 {
            let messages = stage(&sender, &["one", "two"]);
            know(&sender, &messages);
            let heard = if nth == 5 { &messages[..1] } else { &messages[..] };
            assert_eq!(gaps(&mut receiver, heard), usize::from(nth == 6), "round {nth}");
        }
    }

    #[test]
    fn who_comes_late_misses_nothing_that_came_before() {
        let sender = Sender::new();
        for _ in 0..5 {
            know(&sender, &stage(&sender, &["before"]));
        }
        let mut receiver = Receiver::default();
        for _ in 0..5 {
            let messages = stage(&sender, &["after"]);
            know(&sender, &messages);
            assert_eq!(gaps(&mut receiver, &messages), 0);
        }
    }

    #[test]
    fn an_unknown_outcome_raises_no_alarm() {
        let sender = Sender::new();
        let mut receiver = Receiver::default();
        assert_eq!(gaps(&mut receiver, &stage(&sender, &["committed, but nobody was told"])), 0);
        let messages = stage(&sender, &["next"]);
        know(&sender, &messages);
        assert_eq!(gaps(&mut receiver, &messages), 0);
    }

    #[test]
    fn other_channels_are_counted_apart() {
        let sender = Sender::new();
        let mut receiver = Receiver::default();
        for _ in 0..3 {
            sender.committed(&["elsewhere", "elsewhere"]);
            let messages = stage(&sender, &["here"]);
            know(&sender, &messages);
            assert_eq!(gaps(&mut receiver, &messages), 0);
        }
    }

    /// Several senders, transactions that overlap, roll back, and commit in another order than they were staged.
    #[test]
    fn whatever_the_order_only_losses_are_gaps() {
        let seed: u64 = rand::random();
        #[allow(clippy::print_stderr, reason = "a random test prints its seed")]
        {
            eprintln!("seed {seed}");
        }
        let mut random = StdRng::seed_from_u64(seed);
        for lose in [false, true] {
            let senders = [Sender::new(), Sender::new(), Sender::new()];
            let mut receiver = Receiver::default();
            let mut open: Vec<(usize, Vec<String>)> = Vec::new();
            let mut unknown: Vec<(usize, Vec<String>)> = Vec::new();
            let (mut lost, mut found) = (0, 0);
            for step in 0..3_000 {
                match random.random_range(0..4) {
                    0 | 1 => {
                        let who = random.random_range(0..senders.len());
                        let messages = ["a", "b", "c"];
                        let many = random.random_range(0..=messages.len());
                        open.push((who, stage(&senders[who], &messages[..many])));
                    }
                    // The server commits: whoever listens hears it, its sender not yet.
                    2 if !open.is_empty() => {
                        let (who, messages) = open.swap_remove(random.random_range(0..open.len()));
                        if random.random_bool(0.3) {
                            continue;
                        }
                        if lose && step > 1_000 && !messages.is_empty() && random.random_bool(0.01) {
                            lost += 1;
                        } else {
                            found += gaps(&mut receiver, &messages);
                        }
                        unknown.push((who, messages));
                    }
                    _ if !unknown.is_empty() => {
                        let (who, messages) = unknown.swap_remove(random.random_range(0..unknown.len()));
                        know(&senders[who], &messages);
                    }
                    _ => {}
                }
            }
            if lose {
                for (who, messages) in unknown.drain(..) {
                    know(&senders[who], &messages);
                }
                for sender in &senders {
                    found += gaps(&mut receiver, &stage(sender, &["last"]));
                }
                assert_eq!(found > 0, lost > 0, "{found} gaps for {lost} losses");
            } else {
                assert_eq!(found, 0);
            }
        }
    }
}
