//! A buyer, who takes another card, or asks again, until it is known how the order ends.

use std::time::{Duration, Instant};

use marquee_e2e::client::{Answer, Call, fresh_key};
use marquee_e2e::site::{Order, places};
use serde_json::json;

use super::{BOUND, LOOK, Lane, Plot};
use crate::faults::{Fault, GOOD};

/// New cards that a buyer takes before giving up.
const CARDS: usize = 4;

/// How a request ended.
enum Asked {
    Answered(Answer),
    /// The server died, or stands still, over it.
    Lost,
}

impl Lane {
    /// A buyer buys a place and does not give up.
    pub(super) async fn purchase(&mut self, plot: &mut Plot) -> Order {
        let fan = self.house.fan();
        let email = fan.email.clone();
        let mut hold = fan.hold(&self.performance, &places(&self.performance, 1)).await;
        plot.fault.begin(&self.house.money()).await;
        if let Some(order) = &plot.server {
            self.server().arm(order);
        }
        let mut key = fresh_key();
        let order = loop {
            let call = self.fan(plot, &email).orders(&hold).key(&key);
            match self.ask(plot, call).await {
                Asked::Answered(answer) if answer.status == 201 => break Order::of(answer),
                // It ran out over a day in which nobody was there.
                Asked::Answered(answer) if answer.status == 410 => {
                    let fan = self.fan(plot, &email);
                    hold = fan.hold(&self.performance, &places(&self.performance, 1)).await;
                    key = fresh_key();
                }
                Asked::Answered(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                Asked::Lost => {}
            }
            tokio::time::sleep(LOOK).await;
        };
        self.pay(plot, &order, &email).await;
        self.second().disarm();
        // Events that were held back, and what they lead to.
        if plot.fault == Fault::EventsLate {
            self.house.money().webhooks(json!({})).await;
        }
        self.reached_or_heard(plot).await;
        // Whoever has not died at the point by now never comes there: it dies here.
        if plot.since.is_none() {
            self.house.servers[0].kill().await;
            self.gone(plot, false).await;
        }
        self.wake(plot).await;
        order
    }

    /// Pays, again under the same key after each loss, and with another card where the first is refused.
    async fn pay(&mut self, plot: &mut Plot, order: &Order, email: &str) {
        let account = self.house.fixtures.a.account;
        let (mut card, mut cards, mut declined) = (plot.fault.card(), 0, false);
        let deadline = Instant::now() + Duration::from_secs(2 * BOUND);
        'cards: while cards < CARDS && Instant::now() < deadline {
            cards += 1;
            let token = self.house.money().token(card, account).await;
            let (mut key, mut token) = (fresh_key(), Some(token));
            if declined {
                self.hold_up_the_next_try(plot);
            }
            while Instant::now() < deadline {
                let call = self.fan(plot, email).pays(order, token.as_deref()).key(&key);
                let Asked::Answered(answer) = self.ask(plot, call).await else { continue };
                let body = answer.json();
                match (answer.status, body["status"].as_str(), body["code"].as_str()) {
                    (200, Some("paid"), _) => return,
                    (200, Some("requires_action"), _) => {
                        for intent in self.house.money().intents(&order.id).await {
                            if intent["status"] == "requires_action" {
                                let id = intent["id"].as_str().unwrap();
                                self.house.money().authenticate(id, "succeed").await;
                            }
                        }
                        (key, token) = (fresh_key(), None);
                    }
                    (200, ..) | (_, _, Some("idempotency_in_flight")) => {}
                    // Refused, or surely never charged: another card, another key.
                    (402 | 422 | 503, ..) => {
                        declined |= answer.status == 402;
                        // Whoever is told no while the bank has said yes goes away, with their money reserved.
                        if answer.status == 402 && self.bank_said_yes(order).await {
                            plot.wrong.push(format!("told no where the bank said yes: {}", answer.text()));
                            return;
                        }
                        card = GOOD;
                        tokio::time::sleep(LOOK).await;
                        continue 'cards;
                    }
                    // Paid meanwhile, or its time is over.
                    (409 | 410 | 429, ..) => return,
                    _ => panic!("{}", answer.text()),
                }
                tokio::time::sleep(4 * LOOK).await;
            }
        }
    }

    /// Is money of an order's buyer reserved or taken?
    async fn bank_said_yes(&self, order: &Order) -> bool {
        let intents = self.house.money().intents(&order.id).await;
        intents.iter().any(|one| matches!(one["status"].as_str(), Some("requires_capture" | "succeeded")))
    }

    /// Asks the server, and sees to what follows when it dies or stands still over it.
    async fn ask(&mut self, plot: &mut Plot, call: Call) -> Asked {
        let mut asking = tokio::spawn(async move { call.try_send().await.ok() });
        loop {
            if let Ok(answer) = tokio::time::timeout(LOOK, &mut asking).await {
                if let Some(answer) = answer.unwrap() {
                    return Asked::Answered(answer);
                }
                if plot.asleep.is_none() && plot.since.is_none() {
                    self.gone(plot, true).await;
                }
                return Asked::Lost;
            }
            if plot.asleep.is_none() && self.stands_still(0) {
                plot.unanswered.push(asking);
                plot.asleep = Some(self.house.servers[0].pid());
                self.gone(plot, true).await;
                return Asked::Lost;
            }
            if let Some(pid) = plot.asleep
                && self.stands_still(1)
            {
                self.wake_in_the_middle(plot, pid).await;
            }
        }
    }
}
