//! The rows: which points each process passes when nothing goes wrong.

use marquee_e2e::books::Books;
use marquee_e2e::crash::Points;
use marquee_e2e::site::places;
use marquee_e2e::wait::until;

use super::refund::{PART, PROMISED};
use super::{AWAY, BOUND, IN_THE_MIDDLE, Lane};
use crate::cells::{Actor, Row};
use crate::faults::GOOD;

impl Lane {
    /// Learns the rows of these actors: which points each process passes when nothing goes wrong.
    pub async fn learn(&mut self, actors: &[Actor]) -> Vec<Row> {
        let mut rows = Vec::new();
        for actor in actors {
            let passed = match actor {
                Actor::Server => self.points_of_the_server().await,
                Actor::Worker => self.points_of_the_worker().await,
                Actor::Refund => self.points_of_a_refund().await,
                Actor::Refunder => self.points_of_a_refunder().await,
            };
            rows.extend(passed.into_iter().map(|point| Row { actor: *actor, point }));
        }
        rows
    }

    async fn points_of_the_server(&mut self) -> Vec<String> {
        let fan = self.house.fan();
        let hold = fan.hold(&self.performance, &places(&self.performance, 1)).await;
        self.server().forget();
        let order = fan.order(&hold).await;
        assert_eq!(fan.pay(&order, GOOD).await.expect(200)["status"], "paid");
        self.heard().await;
        self.rests().await;
        self.server().passed()
    }

    async fn points_of_the_worker(&mut self) -> Vec<String> {
        let fan = self.house.fan();
        let hold = fan.hold(&self.performance, &places(&self.performance, 1)).await;
        let order = fan.order(&hold).await;
        let token = self.house.money().token(GOOD, fan.tenant.account).await;
        self.server().arm(IN_THE_MIDDLE);
        assert!(fan.pays(&order, Some(&token)).fresh().try_send().await.is_err(), "the server dies");
        self.worker().forget();
        self.pass(AWAY).await;
        until("the worker to go on", BOUND, async || {
            (Books::read(&self.house).await.status(&order.id) == "paid").then_some(())
        })
        .await;
        let passed = self.worker().passed();
        self.server().disarm();
        self.start_server().await;
        passed
    }

    async fn points_of_a_refund(&mut self) -> Vec<String> {
        let order = self.bought().await;
        let points = Points::new(self.house.layout(), "refund");
        assert!(self.refunds(&order, &PART, &points).wait().await.unwrap().success(), "an order is refunded");
        points.passed()
    }

    async fn points_of_a_refunder(&mut self) -> Vec<String> {
        let order = self.bought().await;
        let points = Points::new(self.house.layout(), "refund");
        points.arm(PROMISED);
        assert!(!self.refunds(&order, &PART, &points).wait().await.unwrap().success(), "the command dies");
        self.worker().forget();
        self.pass(AWAY).await;
        until("the worker to keep the promise", BOUND, async || {
            (Books::read(&self.house).await.status(&order.id) == "partially_refunded").then_some(())
        })
        .await;
        self.worker().passed()
    }
}
