//! One order's life: a hold, an order, and its script's steps, some of them two at once.

use std::time::Duration;

use marquee_e2e::client::{Answer, fresh_key};
use marquee_e2e::fixtures::{PerformanceFixture, hall_seat};
use marquee_e2e::house::House;
use marquee_e2e::site::{Fan, Hold, Order, seats};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::script::{Step, script};
use super::{ROW, ROWS};

/// Seats that a buyer tries before giving up.
const TRIES: usize = 4;

/// What goes wrong with some call now and then: call, fault, value.
const FAULTS: [(&str, &str, u64); 9] = [
    ("POST /v1/payment_intents", "drop_response", 0),
    ("POST /v1/payment_intents/*/confirm", "drop_response", 0),
    ("POST /v1/payment_intents/*/confirm", "stored_500", 0),
    ("POST /v1/payment_intents/*/confirm", "delay_ms", 700),
    ("POST /v1/payment_intents/*/capture", "drop_response", 0),
    ("POST /v1/payment_intents/*/capture", "stored_500", 0),
    ("POST /v1/payment_intents/*/cancel", "drop_response", 0),
    ("GET /v1/payment_intents/*", "refuse", 0),
    ("POST /v1/refunds", "drop_response", 0),
];

/// One order's life.
pub(super) struct Story {
    pub(super) number: u64,
    pub(super) order: Option<String>,
    pub(super) told: Vec<String>,
    pub(super) strange: Vec<String>,
}

pub(super) struct World<'a> {
    pub(super) house: &'a House,
    pub(super) hall: PerformanceFixture,
    pub(super) seed: u64,
    /// Seats whose hold ran out or was given back, while somebody may have been paying for them.
    pub(super) lost: Mutex<Vec<String>>,
}

impl World<'_> {
    /// One order from the hold to the last step.
    pub(super) async fn live(&self, number: u64) -> Story {
        let mut random = StdRng::seed_from_u64(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let fan = self.house.fan_on(random.random_range(0..2), &self.house.fixtures.a);
        let mut story = Story { number, order: None, told: Vec::new(), strange: Vec::new() };
        let Some((hold, seat)) = self.hold(&fan, &mut random).await else { return story };
        let placed = fan.orders(&hold).fresh().send().await;
        story.tell(format!("{seat}: placed {}", placed.status), Some(&placed));
        if placed.status != 201 {
            return story;
        }
        let order = Order::of(placed);
        story.order = Some(order.id.clone());
        if random.random_ratio(1, 8) {
            let (call, fault, value) = *FAULTS.choose(&mut random).unwrap();
            self.house.money().fault(call, 1, fault, json!(value)).await;
            story.told.push(format!("{fault} for the next {call}"));
        }
        let mut life = Life { world: self, fan, hold, order, seat, last: None };
        let mut script = script(&mut random).into_iter();
        while let Some(step) = script.next() {
            // Now and then two things happen at once.
            let other = if random.random_ratio(1, 3) { script.next() } else { None };
            let beside = life.clone();
            let delay = Duration::from_millis(random.random_range(0..60));
            let second = async {
                match other {
                    Some(step) => {
                        tokio::time::sleep(delay).await;
                        Some((step, beside.step(step).await))
                    }
                    None => None,
                }
            };
            let (first, second) = tokio::join!(life.step(step), second);
            for (step, done) in [Some((step, first)), second].into_iter().flatten() {
                story.tell(format!("{step:?} {}", done.said), done.answer.as_ref());
                if let Some(last) = done.paid_with {
                    life.last = Some(last);
                }
            }
        }
        story
    }

    async fn hold(&self, fan: &Fan, random: &mut StdRng) -> Option<(Hold, String)> {
        for _ in 0..TRIES {
            let lost = if random.random_ratio(1, 2) { self.lost.lock().await.pop() } else { None };
            let drawn = hall_seat(random.random_range(1..=ROWS), random.random_range(1..=ROW));
            let seat = lost.unwrap_or(drawn);
            let answer = fan.asks(&self.hall, &seats(std::slice::from_ref(&seat))).fresh().send().await;
            if answer.status == 201 {
                return Some((Hold::of(answer), seat));
            }
        }
        None
    }
}

/// What a step did.
struct Done {
    said: String,
    answer: Option<Answer>,
    paid_with: Option<(String, String)>,
}

impl Done {
    fn quietly() -> Self {
        Self { said: String::new(), answer: None, paid_with: None }
    }

    fn answered(answer: Answer) -> Self {
        let body = answer.json();
        let said = body["code"].as_str().or(body["status"].as_str()).unwrap_or_default();
        Self { said: format!("{} {said}", answer.status), answer: Some(answer), paid_with: None }
    }
}

#[derive(Clone)]
struct Life<'a> {
    world: &'a World<'a>,
    fan: Fan,
    hold: Hold,
    order: Order,
    seat: String,
    /// Key and token of the last call to pay.
    last: Option<(String, String)>,
}

impl Life<'_> {
    async fn step(&self, step: Step) -> Done {
        let money = self.world.house.money();
        match step {
            Step::Pay(card) => {
                let token = money.token(card, self.fan.tenant.account).await;
                let key = fresh_key();
                let answer = self.fan.pays(&self.order, Some(&token)).key(&key).send().await;
                Done { paid_with: Some((key, token)), ..Done::answered(answer) }
            }
            Step::PayAgain => match &self.last {
                Some((key, token)) => {
                    Done::answered(self.fan.pays(&self.order, Some(token)).key(key).send().await)
                }
                None => Done::quietly(),
            },
            Step::GoOn => Done::answered(self.fan.pays(&self.order, None).key(&fresh_key()).send().await),
            Step::Look => Done::answered(self.fan.looks(&self.order).send().await),
            Step::Release => {
                let path = format!("/api/v1/holds/{}", self.hold.id);
                let answer =
                    self.fan.client.delete(&path).header("hold-token", &self.hold.token).send().await;
                self.world.lost.lock().await.push(self.seat.clone());
                Done::answered(answer)
            }
            Step::Expire => {
                self.expire().await;
                Done::quietly()
            }
            Step::Pause(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                Done::quietly()
            }
            Step::RefundHere => {
                let done = self.world.house.marquee(&["order", "refund", &self.order.id, "--json"]).await;
                Done { said: format!("{}", done.status), ..Done::quietly() }
            }
            Step::Authenticate(_) | Step::Cancel | Step::Capture | Step::RefundThere(_) => {
                let mut said = String::new();
                for intent in money.intents(&self.order.id).await {
                    said += &self.at_the_provider(step, &intent).await;
                }
                Done { said, ..Done::quietly() }
            }
        }
    }

    /// What people and banks do there, whether it is possible or not.
    async fn at_the_provider(&self, step: Step, intent: &Value) -> String {
        let money = self.world.house.money();
        let id = intent["id"].as_str().unwrap();
        let account = self.fan.tenant.account;
        let status = match step {
            Step::Authenticate(outcome) => money.try_authenticate(id, outcome).await,
            Step::Cancel => money.try_api(&format!("/v1/payment_intents/{id}/cancel"), account, "").await,
            Step::Capture => money.try_api(&format!("/v1/payment_intents/{id}/capture"), account, "").await,
            Step::RefundThere(amount) => {
                let amount = amount.map_or_else(String::new, |amount| format!("&amount={amount}"));
                let form = format!("payment_intent={id}&refund_application_fee=true{amount}");
                money.try_api("/v1/refunds", account, &form).await
            }
            _ => 0,
        };
        format!("{id} {} {status} ", intent["status"].as_str().unwrap())
    }

    /// The hold's time runs out now, as if it had been made earlier.
    async fn expire(&self) {
        let hold = &self.hold.id;
        // In the order in which the program locks them.
        let sql = format!(
            "update orders set expires_at = least(expires_at, marquee_now() - interval '1 second') where hold_id = '{hold}';
             update units set expires_at = least(expires_at, marquee_now() - interval '1 second')
              where hold_id = '{hold}' and state = 'held';
             update holds set expires_at = least(expires_at, marquee_now() - interval '1 second'),
                 latest_end = case when latest_end is not null then least(latest_end, marquee_now() - interval '1 second') end
              where id = '{hold}'"
        );
        self.world.house.database.run(&sql).await;
        self.world.lost.lock().await.push(self.seat.clone());
    }
}

impl Story {
    fn tell(&mut self, what: String, answer: Option<&Answer>) {
        self.told.push(what);
        if let Some(answer) = answer.filter(|answer| answer.status == 500) {
            self.strange.push(format!("answered 500: {}", answer.text()));
        }
    }
}
