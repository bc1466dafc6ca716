//! Expiry, confirms, banks' questions, cancelling, captures and refunds, crossed at random by seed: many orders at a time,
//! each with a script of its own, while events come late, twice and in any order, and answers get lost.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use marquee_e2e::books::{self, Books};
use marquee_e2e::client::{Answer, fresh_key};
use marquee_e2e::fixtures::{PerformanceFixture, Terms, hall, hall_seat};
use marquee_e2e::house::{House, plan};
use marquee_e2e::ledger;
use marquee_e2e::site::{Fan, Hold, Order, seats};
use marquee_e2e::wait::{seed, until};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::lane::Settings;
use crate::{alone, rounds, tell};

/// Orders in a round of `MARQUEE_ROUNDS` (eight are two thousand), and so many at a time.
const ORDERS: u64 = 250;
const AT_ONCE: usize = 24;
/// The house has fewer seats than there are orders, and whoever comes next reaches for those that were lost.
const ROWS: usize = 30;
const ROW: usize = 50;
/// Seats that a buyer tries before giving up.
const TRIES: usize = 4;
/// Everything is at rest so many seconds after the last step.
const BOUND: u64 = 40;

/// What may happen to an order, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The buyer pays with this card.
    Pay(&'static str),
    /// The last call to pay is made again, with the same key.
    PayAgain,
    /// The buyer comes back from their bank.
    GoOn,
    /// The buyer answers their bank.
    Authenticate(&'static str),
    /// The hold's time runs out.
    Expire,
    /// The buyer gives the hold back.
    Release,
    /// Somebody cancels the payment at the provider.
    Cancel,
    /// Somebody captures it there.
    Capture,
    /// Somebody refunds it there: all, or a part.
    RefundThere(Option<i64>),
    /// Somebody refunds it here.
    RefundHere,
    /// The buyer looks at the order.
    Look,
    /// Nothing, for so many milliseconds.
    Pause(u64),
}

const CARDS: [&str; 6] = [
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_authenticationRequired",
    "pm_card_authenticationRequired",
    "pm_card_visa_chargeDeclined",
];

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
struct Story {
    number: u64,
    order: Option<String>,
    told: Vec<String>,
    strange: Vec<String>,
}

struct World<'a> {
    house: &'a House,
    hall: PerformanceFixture,
    seed: u64,
    /// Seats whose hold ran out or was given back, while somebody may have been paying for them.
    lost: Mutex<Vec<String>>,
}

/// What the campaign would see if the payment were not asked for again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_asking_again_it_fails() {
    let _alone = alone().await;
    let wrong = round_of(seed("without_asking_again_it_fails"), 40, &[("MARQUEE_WITHOUT", "refetch")]).await;
    tell(&format!("without asking again: {} things are wrong", wrong.len()));
    assert!(!wrong.is_empty(), "the campaign does not see what it is for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_crosses_whatever() {
    let _alone = alone().await;
    let seed = seed("whatever_crosses_whatever");
    for round in 0..rounds() {
        let wrong = round_of(seed.wrapping_add(round), ORDERS, &[]).await;
        assert!(wrong.is_empty(), "seed {}: {}", seed.wrapping_add(round), wrong.join("\n"));
    }
}

/// One round; answers what is wrong afterwards.
pub async fn round_of(seed: u64, orders: u64, settings: Settings) -> Vec<String> {
    let begun = Instant::now();
    let house = plan().servers(2).with_fresh_connections().with_settings(settings).open().await;
    let hall = hall(&house.database, &house.fixtures.a, (ROWS, ROW), &Terms::default()).await;
    let path = format!("/api/v1/performances/{}/availability", hall.id);
    for at in 0..2 {
        let client = house.client_of(at, house.fixtures.a.host);
        until("the servers to know the performance", 10, async || {
            client.get(&path).try_send().await.ok().filter(|answer| answer.status == 200)
        })
        .await;
    }
    let money = house.money();
    money.webhooks(json!({ "duplicates": 2, "shuffle": true })).await;
    let world = World { house: &house, hall, seed, lost: Mutex::default() };
    let living = stream::iter(0..orders).map(|number| world.live(number)).buffer_unordered(AT_ONCE).collect();
    let stories: Vec<Story> = tokio::select! {
        stories = living => stories,
        () = without_limits(&house) => unreachable!("it goes on for ever"),
    };
    let lived = begun.elapsed();

    money.heal().await;
    money.webhooks(json!({})).await;
    house.database.shift_clock("1 minute").await;
    let mut wrong = rests(&house).await;
    // Whatever is unpaid runs out.
    house.database.shift_clock("1 day").await;
    let open = "select count(*) from orders where status in ('pending', 'requires_action', 'processing')";
    let deadline = Instant::now() + Duration::from_secs(BOUND);
    while house.database.number(open).await > 0 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    wrong.extend(rests(&house).await);
    let books = Books::read(&house).await;
    wrong.extend(books.all_faults());
    wrong.extend(books::unbalanced(&house).await);
    wrong.extend(ledger::faults(&house.database, &world.hall.id, &[], &HashSet::new()).await);
    let (passed, said) = house.audit_or_failure().await;
    if !passed {
        wrong.push(format!("the audit says {said}"));
    }
    for story in &stories {
        wrong.extend(story.strange.iter().map(|what| format!("order {}: {what}", story.number)));
    }
    let told = |text: &String| {
        let story =
            stories.iter().find(|story| story.order.as_ref().is_some_and(|id| text.contains(id.as_str())));
        story.map_or_else(|| text.clone(), |story| format!("{text}\n  {}", story.told.join("\n  ")))
    };
    let wrong = wrong.iter().map(told).collect();
    tell(&format!(
        "{orders} orders by seed {seed}: {}; {:.0} s and {:.0} s to rest",
        tally(&books, &stories),
        lived.as_secs_f64(),
        (begun.elapsed() - lived).as_secs_f64()
    ));
    wrong
}

/// Nobody has to wait for having declined too often.
async fn without_limits(house: &House) {
    loop {
        house.forget_limits().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn rests(house: &House) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(BOUND);
    loop {
        let open = books::open(house).await;
        let waiting = house.money().waiting().await;
        if open.is_empty() && waiting == 0 {
            return Vec::new();
        }
        if Instant::now() > deadline {
            let mut open: Vec<String> =
                open.iter().map(|what| format!("not at rest in time: {what}")).collect();
            open.extend((waiting > 0).then(|| format!("{waiting} events wait at the provider")));
            return open;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn tally(books: &Books, stories: &[Story]) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for story in stories {
        *counts.entry(story.order.as_deref().map_or("no seat", |id| books.status(id))).or_default() += 1;
    }
    counts.iter().map(|(status, count)| format!("{status} {count}")).collect::<Vec<_>>().join(", ")
}

impl World<'_> {
    /// One order from the hold to the last step.
    async fn live(&self, number: u64) -> Story {
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

/// Between three and nine steps, most of which begin with paying.
fn script(random: &mut StdRng) -> Vec<Step> {
    let length = random.random_range(3..=9);
    let mut steps = vec![Step::Pay(CARDS.choose(random).unwrap())];
    if random.random_ratio(1, 6) {
        steps.insert(0, Step::Expire);
    }
    while steps.len() < length {
        let step = match random.random_range(0..100) {
            0..18 => Step::Pay(CARDS.choose(random).unwrap()),
            18..28 => Step::PayAgain,
            28..42 => Step::Authenticate("succeed"),
            42..48 => Step::Authenticate("fail"),
            48..60 => Step::GoOn,
            60..68 => Step::Expire,
            68..72 => Step::Release,
            72..77 => Step::Cancel,
            77..81 => Step::Capture,
            81..86 => Step::RefundThere(None),
            86..90 => Step::RefundThere(Some(500)),
            90..92 => Step::RefundHere,
            92..95 => Step::Look,
            _ => Step::Pause(random.random_range(10..800)),
        };
        steps.push(step);
    }
    steps
}
