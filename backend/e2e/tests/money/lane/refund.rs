//! A refund whose command, or the worker that keeps its promise, dies or stands still.

use std::process::Stdio;
use std::time::Instant;

use marquee_e2e::crash::Points;
use marquee_e2e::site::Order;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::zombie::stopped;
use super::{LOOK, Lane, Plot, REACH};
use crate::cells::Actor;
use crate::faults::Fault;

/// What the first refund of an order gives back: with a part of it a second one would not be noticed by the provider.
pub(super) const PART: [&str; 4] = ["--amount", "700", "--key", "the-first-part"];
/// Where the command dies for the rows of the worker that keeps its promise.
pub(super) const PROMISED: &str = "commit:refund.request:after";

impl Lane {
    /// The command that refunds an order, or a part of it, with points of its own.
    pub(super) fn refunds(&self, order: &Order, amount: &[&str], points: &Points) -> tokio::process::Child {
        let mut command = self.house.command(&[&["order", "refund", &order.id, "--json"], amount].concat());
        command.envs(points.variables()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Refunds an order while the command or the worker dies; whoever gave the command gives it again.
    pub(super) async fn refund(&mut self, plot: &mut Plot, order: &Order, actor: Actor, point: &str) {
        plot.fault.begin(&self.house.money()).await;
        let points = Points::new(self.house.layout(), "refund");
        if actor == Actor::Refund {
            points.arm(point);
        } else {
            // The command dies with its promise given, and the worker keeps it.
            points.arm(PROMISED);
            self.worker().arm(point);
        }
        let mut command = self.refunds(order, &PART, &points);
        let deadline = Instant::now() + REACH * 4;
        let pid = Pid::from_raw(command.id().unwrap().cast_signed());
        let mut asleep = false;
        let ended = loop {
            if let Some(status) = command.try_wait().unwrap() {
                break Some(status);
            }
            if stopped(pid) {
                asleep = true;
                break None;
            }
            assert!(Instant::now() < deadline, "the command hangs");
            tokio::time::sleep(LOOK).await;
        };
        points.disarm();
        let died = ended.is_some_and(|status| status.code().is_none());
        match actor {
            Actor::Refund => {
                plot.reached = died || asleep;
                self.pass_away(plot.fault).await;
                plot.since = Some(Instant::now());
            }
            _ => {
                self.pass_away(plot.fault).await;
                self.worker_goes(plot).await;
                plot.since = Some(Instant::now());
            }
        }
        // The same again, which is the same refund; and then the rest, so that the buyer has everything back.
        let again = Points::new(self.house.layout(), "refund-again");
        self.refunds(order, &PART, &again).wait().await.unwrap();
        self.refunds(order, &[], &again).wait().await.unwrap();
        if asleep {
            self.rests_but_for_events().await;
            kill(pid, Signal::SIGCONT).unwrap();
            command.wait().await.unwrap();
        }
        if plot.fault == Fault::EventsLate {
            self.house.money().webhooks(json!({})).await;
        }
        self.wake(plot).await;
    }
}
