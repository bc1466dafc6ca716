//! Processes that die, and who takes their place.

use std::time::Instant;

use marquee_e2e::books;

use super::zombie::stopped;
use super::{LOOK, Lane, Plot, REACH};
use crate::faults::Fault;

impl Lane {
    pub(super) async fn start_server(&mut self) {
        self.house.servers[0].kill().await;
        self.house.restart(0).await;
    }

    async fn start_worker(&mut self) {
        let worker = self.house.worker.as_mut().unwrap();
        worker.kill().await;
        worker.start_again().await;
    }

    /// The server is gone, or as good as that: time passes, the worker may be next, and then the server is there again.
    pub(super) async fn gone(&mut self, plot: &mut Plot, at_its_point: bool) {
        self.server().disarm();
        match &plot.worker {
            None => {
                plot.reached = at_its_point;
                self.pass_away(plot.fault).await;
            }
            Some(order) => {
                let order = order.clone();
                // One that was killed from outside has left nothing behind for the worker; its rounds go on.
                self.worker().arm(&order);
                self.pass_away(plot.fault).await;
                self.worker_goes(plot).await;
            }
        }
        if plot.asleep.is_none() || plot.worker.is_some() {
            self.start_server().await;
        }
        plot.since = Some(Instant::now());
    }

    /// Waits for the worker to die or stand still at its point, and for another one to take its place.
    pub(super) async fn worker_goes(&mut self, plot: &mut Plot) {
        let deadline = Instant::now() + REACH;
        let worker = |lane: &mut Self| {
            let worker = lane.house.worker.as_mut().unwrap();
            (worker.is_running(), worker.is_running() && stopped(worker.pid()))
        };
        loop {
            match worker(self) {
                (false, _) => {
                    plot.reached = true;
                    break;
                }
                (true, true) => {
                    plot.reached = true;
                    plot.asleep = Some(self.house.worker.as_ref().unwrap().pid());
                    plot.worker_sleeps = true;
                    break;
                }
                (true, false) if Instant::now() > deadline => break,
                (true, false) => tokio::time::sleep(LOOK).await,
            }
        }
        self.worker().disarm();
        if plot.asleep.is_some() {
            self.house.relieve_worker().await;
        } else {
            self.start_worker().await;
        }
        self.pass_away(Fault::None).await;
    }

    /// Waits until the armed process has come to its point or cannot come there any more: all is at rest.
    pub(super) async fn reached_or_heard(&mut self, plot: &mut Plot) {
        let money = self.house.money();
        let deadline = Instant::now() + REACH;
        while plot.since.is_none() && Instant::now() < deadline {
            if !self.house.servers[0].is_running() {
                return self.gone(plot, true).await;
            }
            if self.stands_still(0) {
                plot.asleep = Some(self.house.servers[0].pid());
                return self.gone(plot, true).await;
            }
            let heard = money.waiting().await == 0;
            if heard && books::open(&self.house).await.is_empty() {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
