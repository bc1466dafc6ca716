//! Processes that stand still and wake when others have long gone on: they act on what they knew, as far as they are let.

use std::time::{Duration, Instant};

use marquee_e2e::books;
use marquee_e2e::crash::Points;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{BOUND, LOOK, Lane, Plot};
use crate::faults::Fault;

/// A process that woke is looked at until it has passed no point for a while, or for so long.
const QUIET: Duration = Duration::from_millis(400);
const WAKING: Duration = Duration::from_millis(1_500);
/// Where a later try is held up: the bank has said yes to it, and nobody here knows it yet.
const UNRECORDED: &str = "call:confirm_intent:after stop";
/// What shows that a process has done with the payment what it could: it settled it, the server looks what became of its
/// call, the worker looks for the next payment.
const DONE: [&str; 3] = ["commit:pay.settle:after", "commit:pay.close:before", "commit:payments.due:before"];
/// Whoever woke elsewhere does nothing of the kind and is not waited for longer: the later try would lose its lease.
const LATE: Duration = Duration::from_secs(3);

impl Lane {
    /// The points of the second server, on which buyers go on when another process stands still.
    pub(super) fn second(&self) -> &Points {
        &self.house.points[1]
    }

    pub(super) fn stands_still(&mut self, server: usize) -> bool {
        let server = &mut self.house.servers[server];
        server.is_running() && stopped(server.pid())
    }

    /// Has the next try stand still where the one that sleeps can do most harm to it.
    pub(super) fn hold_up_the_next_try(&self, plot: &Plot) {
        if plot.fault == Fault::Overtaken && plot.asleep.is_some() && !plot.woke_in_a_try {
            self.second().arm(UNRECORDED);
        }
    }

    /// Has the one that sleeps wake while a later try is held up. What it knows is of its own try, and all that it does about
    /// it is done before the later one goes on: nothing here depends on who is faster.
    pub(super) async fn wake_in_the_middle(&mut self, plot: &mut Plot, pid: Pid) {
        let points = self.of_the_sleeper(plot).clone();
        points.forget();
        kill(pid, Signal::SIGCONT).unwrap();
        let deadline = Instant::now() + LATE;
        while !is_done(&points) && Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
        }
        plot.woke_in_a_try = true;
        // Before it goes on: what it passes next tells it that it is not to stop again.
        self.second().disarm();
        self.house.servers[1].signal(Signal::SIGCONT);
    }

    /// The one that stood still goes on, long after others finished its work.
    pub(super) async fn wake(&mut self, plot: &mut Plot) {
        let Some(pid) = plot.asleep.take() else { return };
        self.rests_but_for_events().await;
        kill(pid, Signal::SIGCONT).unwrap();
        for one in plot.unanswered.drain(..) {
            one.await.ok();
        }
        // What it does with what it knew, it does before it is quiet; a worker never is.
        let points = self.of_the_sleeper(plot).clone();
        let (mut seen, mut changed, deadline) = (points.count(), Instant::now(), Instant::now() + WAKING);
        while changed.elapsed() < QUIET && Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
            let now = points.count();
            if now != seen {
                (seen, changed) = (now, Instant::now());
            }
        }
        self.house.dismiss_relief().await;
    }

    fn of_the_sleeper(&self, plot: &Plot) -> &Points {
        if plot.worker_sleeps { self.worker() } else { self.server() }
    }

    /// Waits until nothing is open; events to a server that stands still do not count.
    pub(super) async fn rests_but_for_events(&self) {
        let deadline = Instant::now() + Duration::from_secs(BOUND);
        while Instant::now() < deadline {
            let open = books::open(&self.house).await;
            if open.iter().all(|what| what.starts_with("event")) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn is_done(points: &Points) -> bool {
    points.passed().iter().any(|passed| DONE.contains(&passed.as_str()))
}

/// Does a process stand still?
pub(super) fn stopped(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}
