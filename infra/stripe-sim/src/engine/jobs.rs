//! What happens by itself later, on the simulator's clock: money that settles, deadlines that pass.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::Ids;
use super::state::{Change, State};
use super::tx::{Origin, Tx};
use crate::{disputes, payment_intents, refunds};

/// How long what settles by itself takes, in seconds: as long as in Stripe's test mode.
pub const SETTLES_AFTER: i64 = 180;

/// What is to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// A payment that is being processed succeeds or fails.
    SettlePayment {
        /// `pi_…`
        intent: String,
        /// `ch_…` or `py_…`
        charge: String,
        /// How it ends.
        succeed: bool,
    },
    /// A reserved amount was not captured within its time.
    LapseAuthorisation {
        /// `pi_…`
        intent: String,
        /// `ch_…`
        charge: String,
    },
    /// A refund arrives, or comes back.
    SettleRefund {
        /// `re_…`
        refund: String,
        /// How it ends.
        succeed: bool,
    },
    /// A dispute nobody answered is lost.
    EndDispute {
        /// `du_…`
        dispute: String,
    },
    /// The bank decides on the evidence.
    DecideDispute {
        /// `du_…`
        dispute: String,
        /// How it ends.
        won: bool,
    },
}

/// Something that happens at its time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// `job_…`
    pub id: String,
    /// Milliseconds since the Unix epoch, on the simulator's clock.
    pub due_ms: i64,
    /// What happens.
    pub work: Work,
}

/// What is to happen, by time.
#[derive(Debug, Default)]
pub struct Jobs(BTreeMap<(i64, String), Work>);

impl Jobs {
    /// Adds a job.
    pub fn add(&mut self, job: Job) {
        self.0.insert((job.due_ms, job.id), job.work);
    }

    /// Forgets a job.
    pub fn remove(&mut self, due_ms: i64, id: &str) {
        self.0.remove(&(due_ms, id.to_owned()));
    }

    /// When the next one is due.
    pub fn next_ms(&self) -> Option<i64> {
        self.0.keys().next().map(|(due_ms, _)| *due_ms)
    }

    fn first_due(&self, now_ms: i64) -> Option<Job> {
        let ((due_ms, id), work) = self.0.first_key_value()?;
        (*due_ms <= now_ms).then(|| Job { id: id.clone(), due_ms: *due_ms, work: work.clone() })
    }

    /// All of them, for the journal.
    pub fn all(&self) -> impl Iterator<Item = Job> {
        self.0.iter().map(|((due_ms, id), work)| Job { id: id.clone(), due_ms: *due_ms, work: work.clone() })
    }
}

/// Does everything that is due, each as of the time it was due; answers the changes, a list for each job.
pub fn run_due(state: &mut State, ids: &Ids, now_ms: i64, base_url: &str) -> Vec<Vec<Change>> {
    let mut all = Vec::new();
    while let Some(job) = state.jobs.first_due(now_ms) {
        let origin = Origin { base_url: base_url.to_owned(), ..Origin::default() };
        let mut tx = Tx::new(state, ids, job.due_ms, origin);
        tx.put(Change::JobDone { due_ms: job.due_ms, id: job.id });
        perform(&mut tx, job.work);
        all.push(tx.finish());
    }
    all
}

/// What has moved on in the meantime is left as it is.
fn perform(tx: &mut Tx, work: Work) {
    match work {
        Work::SettlePayment { intent, charge, succeed } => {
            payment_intents::settle::by_itself(tx, &intent, &charge, succeed);
        }
        Work::LapseAuthorisation { intent, charge } => payment_intents::cancel::lapse(tx, &intent, &charge),
        Work::SettleRefund { refund, succeed } => refunds::settle::by_itself(tx, &refund, succeed),
        Work::EndDispute { dispute } => disputes::outcome::unanswered(tx, &dispute),
        Work::DecideDispute { dispute, won } => disputes::outcome::decide(tx, &dispute, won),
    }
}
