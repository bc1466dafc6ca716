//! The provider's events in every order, each twice: whatever comes when, the end is the same. And without any event at all.

use std::time::Instant;

use futures::stream::{self, StreamExt as _};
use marquee_e2e::books::{self, Books};
use marquee_e2e::campaign::{alone, rounds, tell};
use marquee_e2e::fixtures::{PerformanceFixture, Terms, floor};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, places};
use marquee_e2e::wait::{seed, until};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};

const ASKED: &str = "pm_card_authenticationRequired";
const AT_ONCE: usize = 8;
/// How many of the orders in which a whole life's events can come are tried in a round: too many to try all.
const LIVES: usize = 240;

struct Stand {
    house: House,
    floor: PerformanceFixture,
}

impl Stand {
    /// A house whose provider tells nothing unless told to.
    async fn open(worker: bool, settings: Value) -> Self {
        let open = if worker { plan() } else { plan().without_worker() };
        let house = open.with_fresh_connections().open().await;
        let floor = floor(&house.database, &house.fixtures.a, 2_000, &Terms::default()).await;
        let path = format!("/api/v1/performances/{}/availability", floor.id);
        let client = house.client(house.fixtures.a.host);
        until("the server to know the performance", 10, async || {
            client.get(&path).try_send().await.ok().filter(|answer| answer.status == 200)
        })
        .await;
        house.money().webhooks(settings).await;
        Self { house, floor }
    }

    /// An order whose buyer was asked by their bank and said yes; nobody here has heard of it yet.
    async fn authenticated(&self) -> (Fan, Order, Value) {
        let fan = self.house.fan();
        let order = fan.order(&fan.hold(&self.floor, &places(&self.floor, 1)).await).await;
        assert_eq!(fan.pay(&order, ASKED).await.expect(200)["status"], "requires_action");
        let intent = self.house.money().intents(&order.id).await.remove(0);
        self.house.money().authenticate(intent["id"].as_str().unwrap(), "succeed").await;
        (fan, order, intent)
    }

    /// Comes to rest and agrees; every order has this status.
    async fn all_are(&self, status: &str, orders: &[String]) {
        until("everything to be at rest", 40, async || {
            let books = Books::read(&self.house).await;
            let done = orders.iter().all(|order| books.status(order) == status);
            (done && books::open(&self.house).await.is_empty()).then_some(())
        })
        .await;
        let books = Books::read(&self.house).await;
        assert_eq!(books.all_faults(), Vec::<String>::new());
        assert_eq!(books::unbalanced(&self.house).await, Vec::<String>::new());
        self.house.audited().await;
    }
}

/// The payment stands at the bank's yes, and the events until then come in any order, with two that are not true (yet).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_a_payments_events_pays_it() {
    let _alone = alone().await;
    let begun = Instant::now();
    let stand = Stand::open(false, json!({ "paused": true })).await;
    let orders: Vec<String> = stream::iter(permutations(5))
        .map(|permutation| {
            let stand = &stand;
            async move {
                let (fan, order, intent) = stand.authenticated().await;
                let money = stand.house.money();
                let id = intent["id"].as_str().unwrap();
                let mut events = money.events_about(fan.tenant.account, id, "payment_intent.").await;
                assert_eq!(events.len(), 3, "announced, asked, reserved: {events:?}");
                for (kind, status) in
                    [("payment_intent.succeeded", "succeeded"), ("payment_intent.canceled", "canceled")]
                {
                    let object = json!({ "id": id, "object": "payment_intent", "status": status,
                        "metadata": { "order_id": order.id }, "amount": order.body["total"], "currency": "eur" });
                    events.push(money.invent(fan.tenant.account, kind, object).await);
                }
                for at in permutation {
                    money.deliver(&events[at], 2).await;
                }
                order.id
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    stand.all_are("paid", &orders).await;
    tell(&format!("{} orders of 5 events, each twice: paid; {:.0?}", orders.len(), begun.elapsed()));
}

/// A whole life, paid and given back by hand at the provider, of which nothing was heard; then all of it, in any order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_of_a_lifes_events_ends_the_same() {
    let _alone = alone().await;
    let begun = Instant::now();
    let mut random = StdRng::seed_from_u64(seed("any_order_of_a_lifes_events_ends_the_same"));
    let stand = Stand::open(false, json!({ "paused": true })).await;
    let lives = LIVES * usize::try_from(rounds()).unwrap();
    let plans: Vec<(usize, u64)> = (0..lives).map(|at| (at, rand::RngExt::random(&mut random))).collect();
    let told: Vec<(String, usize)> = stream::iter(plans)
        .map(|(at, seed)| {
            let stand = &stand;
            async move {
                let (fan, order, intent) = stand.authenticated().await;
                let money = stand.house.money();
                let id = intent["id"].as_str().unwrap();
                let paid = fan.pays(&order, None).fresh().send().await;
                assert_eq!(paid.expect(200)["status"], "paid");
                let refund = format!("payment_intent={id}&refund_application_fee=true");
                assert_eq!(money.try_api("/v1/refunds", fan.tenant.account, &refund).await, 200);
                let mut events = money.events_about(fan.tenant.account, id, "").await;
                // As they came, the other way round, and any other way.
                match at {
                    0 => {}
                    1 => events.reverse(),
                    _ => events.shuffle(&mut StdRng::seed_from_u64(seed)),
                }
                for event in &events {
                    money.deliver(event, 2).await;
                }
                (order.id, events.len())
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let orders: Vec<String> = told.iter().map(|(order, _)| order.clone()).collect();
    stand.all_are("refunded", &orders).await;
    tell(&format!("{lives} orders of {} events, each twice: refunded; {:.0?}", told[0].1, begun.elapsed()));
}

/// Nothing is ever heard: whoever said yes to their bank and closed the browser has their tickets all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_events_everything_ends_the_same() {
    let _alone = alone().await;
    let stand = Stand::open(true, json!({ "duplicates": 0 })).await;
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push(stand.authenticated().await.1.id);
    }
    for _ in 0..5 {
        let fan = stand.house.fan();
        let hold = fan.hold(&stand.floor, &places(&stand.floor, 1)).await;
        orders.push(fan.buy(&hold).await.0.id);
    }
    stand.house.database.shift_clock("20 seconds").await;
    stand.all_are("paid", &orders).await;
    for order in &orders {
        let done = stand.house.marquee(&["order", "refund", order]).await;
        assert!(done.status.success(), "{done:?}");
    }
    stand.all_are("refunded", &orders).await;
}

/// Every order of the numbers below `count`.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![Vec::new()], |all, next| {
        all.iter()
            .flat_map(|shorter| {
                (0..=shorter.len()).map(move |place| {
                    let mut longer = shorter.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect()
    })
}
