//! Tells every instance what claims have committed: what comes while one message is on its way is told together by the next.
//!
//! A notification inside a claim's own transaction would take a lock that all of the installation's commits queue for, each
//! with its own write to disk. So a claim commits first and is told here, and its buyer is answered after that: nobody can
//! give back, pay for or take over a hold before every instance was told that it is there. What a process does not live to
//! tell, others find by missing the process itself (`peers.rs`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use marquee_core::db::{Db, Tag};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::change::{CHANNEL, Change, notices, reload};
use super::entry::Key;

const TELL: Tag = Tag::new("availability.tell");
/// So often it is tried before the buyers are answered all the same.
const TRIES: u32 = 3;
/// How long one of them may take, and how long until the next.
const ANSWER: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(40);

/// One process's voice.
#[derive(Debug)]
pub(super) struct Herald {
    db: Db,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    changes: HashMap<Key, Vec<Change>>,
    waiting: Vec<oneshot::Sender<()>>,
    speaking: bool,
}

impl Herald {
    pub(super) fn new(db: Db) -> Self {
        Self { db, state: Mutex::default() }
    }

    /// Has this told, as soon as can be. Changes of a unit are told in the order in which they come here.
    pub(super) fn stage(self: &Arc<Self>, changes: Vec<(Key, Vec<Change>)>) {
        let mut state = self.state();
        for (key, changes) in changes {
            state.changes.entry(key).or_default().extend(changes);
        }
        self.begin(&mut state);
    }

    /// Waits until every instance was told what was staged before.
    pub(super) async fn told(self: &Arc<Self>) {
        let (send, told) = oneshot::channel();
        {
            let mut state = self.state();
            state.waiting.push(send);
            self.begin(&mut state);
        }
        // It ends without a word only together with the process.
        told.await.ok();
    }

    fn begin(self: &Arc<Self>, state: &mut State) {
        if !std::mem::replace(&mut state.speaking, true) {
            drop(self.db.home().spawn(Arc::clone(self).speak()));
        }
    }

    async fn speak(self: Arc<Self>) {
        loop {
            let (changes, waiting) = {
                let mut state = self.state();
                if state.waiting.is_empty() && state.changes.is_empty() {
                    state.speaking = false;
                    return;
                }
                (std::mem::take(&mut state.changes), std::mem::take(&mut state.waiting))
            };
            let payloads: Vec<String> =
                changes.iter().flat_map(|(key, changes)| notices(key.0, key.1, changes)).collect();
            let told = payloads.is_empty() || self.try_to_tell(&payloads).await;
            waiting.into_iter().for_each(|one| {
                // Whoever gave up waiting is not there to be told.
                one.send(()).ok();
            });
            if !told {
                // By now some of it may have changed again.
                let payloads: Vec<String> = changes.keys().map(|key| reload(key.0, key.1)).collect();
                while !self.try_to_tell(&payloads).await {}
            }
        }
    }

    async fn try_to_tell(&self, payloads: &[String]) -> bool {
        for _ in 0..TRIES {
            match timeout(ANSWER, self.db.tell(TELL, CHANNEL, payloads)).await {
                Ok(Ok(())) => return true,
                Ok(Err(error)) => tracing::debug!(%error, "what was claimed could not be told yet"),
                Err(_) => tracing::debug!("what was claimed could not be told in time"),
            }
            sleep(PAUSE).await;
        }
        false
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
