//! Minute eleven: the time runs out at each step of a payment, under each way to claim, while somebody else wants the very
//! same units. They are never sold again under a capture; what is captured owns its seats or goes back in full.

use marquee_core::db::Db;
use marquee_core::http::IdempotencyKey;
use marquee_core::ids::HoldId;
use marquee_e2e::client::{Answer, fresh_key};
use marquee_e2e::fixtures::hall_seat;
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Hold, Order};
use marquee_e2e::stage::{Stage, chosen, serves_seats, short};
use marquee_e2e::wait::until;
use marquee_inventory::availability::Availability;
use marquee_inventory::strategy::{AnyUnits, ChosenUnit, ClaimRequest, Guard, Outcome, Target};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::controls::{offer, strategy};

const CREATE: &str = "POST /v1/payment_intents";
const CONFIRM: &str = "POST /v1/payment_intents/*/confirm";
const CAPTURE: &str = "POST /v1/payment_intents/*/capture";
const CANCEL: &str = "POST /v1/payment_intents/*/cancel";
/// How long a hold lasts, and how long the provider takes where it is slow, in seconds: longer than what is left then.
const HOLD: i32 = 4;
const SLOW_MS: u64 = 5_000;

/// One unit on sale, a buyer, and somebody else who wants it.
struct Scene<'a> {
    stage: Stage<'a>,
    buyer: Fan,
    rival: Fan,
}

impl<'a> Scene<'a> {
    async fn open(house: &'a House, strategy: &'static str) -> Self {
        let terms = short(strategy, HOLD);
        let stage = match serves_seats(strategy) {
            true => Stage::seats(house, &terms, 1, 1).await,
            false => Stage::places(house, &terms, 1).await,
        };
        Self { stage, buyer: house.fan(), rival: house.fan() }
    }

    fn wish(&self) -> Value {
        if serves_seats(self.stage.strategy) { chosen(1, 1) } else { self.stage.any(1) }
    }

    async fn asks(&self, fan: &Fan) -> Answer {
        fan.asks(&self.stage.performance, &self.wish()).fresh().send().await
    }

    /// Holds and orders the unit as soon as it can be had, with a token that pays for it.
    async fn ordered(&self, card: &str) -> (Order, String) {
        let token = self.buyer.money.token(card, self.buyer.tenant.account).await;
        let hold = until("the unit to be had", 30, async || {
            let answer = self.asks(&self.buyer).await;
            (answer.status == 201).then(|| Hold::of(answer))
        })
        .await;
        (self.buyer.order(&hold).await, token)
    }

    fn pays(&self, order: &Order, token: &str) -> JoinHandle<Answer> {
        tokio::spawn(self.buyer.pays(order, Some(token)).key(&fresh_key()).send())
    }

    /// The rival asks until `done` says that it is over: never with success while the order may still be paid.
    async fn refused_until<T>(
        &self,
        order: &Order,
        what: &str,
        mut done: impl AsyncFnMut() -> Option<T>,
    ) -> T {
        until(what, 40, async || {
            if self.asks(&self.rival).await.status == 201 {
                let status = self.buyer.look(order).await["status"].clone();
                assert!(
                    status == "expired" && self.captured(order).await == 0,
                    "{}: the unit went to somebody else before {what}, the order is {status}",
                    self.stage.strategy
                );
            }
            done().await
        })
        .await
    }

    /// The order once its payment rests, whatever became of it.
    async fn settled(&self, order: &Order) -> Value {
        until("the order to come to rest", 40, async || {
            let body = self.buyer.look(order).await;
            let rests = ["paid", "expired", "cancelled", "refunded"].contains(&body["status"].as_str()?);
            rests.then_some(body)
        })
        .await
    }

    async fn captured(&self, order: &Order) -> usize {
        self.buyer.money.captured(&order.id).await.0
    }
}

/// The provider is so slow at `call` that the hold's time runs out meanwhile: begun in time, the payment comes home, and
/// nobody else gets the unit.
async fn slow(strategy: &'static str, call: &str) {
    let house = House::open().await;
    let scene = Scene::open(&house, strategy).await;
    let (order, token) = scene.ordered("pm_card_visa").await;
    house.money().fault(call, 1, "delay_ms", json!(SLOW_MS)).await;
    let paying = scene.pays(&order, &token);
    let body = scene
        .refused_until(&order, "the payment to come home", async || {
            let body = scene.buyer.look(&order).await;
            ["paid", "expired", "cancelled"].contains(&body["status"].as_str()?).then_some(body)
        })
        .await;
    let answer = paying.await.unwrap();
    // On a slow machine the time may have been over before the payment began.
    if answer.status == 410 {
        assert_eq!((scene.captured(&order).await, &body["status"]), (0, &json!("expired")));
    } else {
        assert_eq!(body["status"], "paid", "{call}: {}", answer.text());
        assert_eq!(scene.captured(&order).await, 1, "{call}");
        let over =
            "select count(*) from orders o join holds h on h.id = o.hold_id where o.paid_at > h.expires_at";
        assert_eq!(house.database.number(over).await, 1, "{call}: the time was over before it was paid");
    }
    house.audited().await;
}

/// The time runs out before anything was asked of the bank, while the bank asks, and after it declined: the seats go, and
/// nothing is taken.
async fn too_slow_a_buyer(strategy: &'static str) {
    let house = House::open().await;
    let scene = Scene::open(&house, strategy).await;
    let money = house.money();

    let (order, token) = scene.ordered("pm_card_visa").await;
    scene.stage.lapsed().await;
    scene.buyer.pays(&order, Some(&token)).fresh().send().await.refused(410, "hold_expired");
    assert!(money.intents(&order.id).await.is_empty(), "the provider is not asked when the time is over");
    let body = scene.settled(&order).await;
    assert_eq!(body["notice"]["code"], "nothing_charged", "{body}");

    let (order, token) = scene.ordered("pm_card_visa_chargeDeclined").await;
    scene.buyer.pays(&order, Some(&token)).fresh().send().await.refused(402, "payment_declined");
    assert_eq!(scene.buyer.look(&order).await["notice"]["code"], "declined");
    scene.stage.lapsed().await;
    until("the declined payment to be given up", 20, async || {
        (money.intents(&order.id).await[0]["status"] == "canceled").then_some(())
    })
    .await;

    let (order, token) = scene.ordered("pm_card_authenticationRequired").await;
    let asked = scene.buyer.pays(&order, Some(&token)).fresh().send().await.expect(200);
    assert_eq!(asked["status"], "requires_action");
    assert_eq!(scene.buyer.look(&order).await["notice"]["code"], "bank_asks");
    scene.stage.lapsed().await;
    assert_eq!(scene.asks(&scene.rival).await.status, 409, "the bank's question has five minutes");
    // The provider does not answer: the unit stays.
    money.fault(CANCEL, 1_000, "refuse", Value::Null).await;
    house.database.shift_clock("6 minutes").await;
    let given_up = "select count(*) from payments where state = 'cancelling'";
    until("the payment to be given up", 30, async || {
        (house.database.number(given_up).await == 1).then_some(())
    })
    .await;
    let asked_twice = || async {
        let path = |one: &Value| one["path"].as_str().is_some_and(|path| path.ends_with("/cancel"));
        (money.requests().await.iter().filter(|one| path(one)).count() > 3).then_some(())
    };
    scene
        .refused_until(&order, "the provider to be asked again and again", async || asked_twice().await)
        .await;
    assert_eq!(scene.asks(&scene.rival).await.status, 409, "unknown keeps the seat");
    money.heal().await;
    until("the unit to be free again", 40, async || {
        (scene.asks(&scene.rival).await.status == 201).then_some(())
    })
    .await;
    assert_eq!(money.intents(&order.id).await[0]["status"], "canceled");
    assert_eq!(money.all("charge").await.iter().filter(|one| one["captured"] == true).count(), 0);
    house.audited().await;
}

/// The checks above see an oversold unit: without the guard and the constraint of the claim it is taken while its capture
/// runs, and the audit names it.
async fn without_the_guard_it_shows(name: &'static str) {
    let house = plan().without_worker().open().await;
    let scene = Scene::open(&house, name).await;
    let money = house.money();
    // Two other servers, which remember the unit as free.
    let guarded = Server::open(&house, &scene).await;
    let unguarded = Server::open(&house, &scene).await;
    let (order, token) = scene.ordered("pm_card_visa").await;
    money.fault(CAPTURE, 1, "delay_ms", json!(SLOW_MS)).await;
    let paying = scene.pays(&order, &token);
    until("the capture to be under way", 20, async || {
        let intents = money.intents(&order.id).await;
        intents.iter().any(|one| one["status"] == "succeeded").then_some(())
    })
    .await;
    assert!(!guarded.claims(name, Guard::On).await, "{name}: a unit that is being paid for was to be had");
    house.database.run("drop index claims_live_unit_key").await;
    assert!(unguarded.claims(name, Guard::Off).await, "{name}");
    assert_eq!(paying.await.unwrap().expect(200)["status"], "paid");
    assert_eq!(scene.captured(&order).await, 1);
    let (passed, breaches) = house.audit().await;
    let named = |kind: &str| breaches.iter().any(|breach| breach["kind"] == kind);
    // Where Redis arbitrates, a claim writes no unit.
    let breach = if name == "redis" { "seat_held_twice" } else { "capture_without_seat" };
    assert!(!passed && named(breach), "{name}: {breaches:#?}");
}

/// A server that learnt of the scene's unit when it was free, and of nothing since.
struct Server {
    db: Db,
    target: Target,
    chosen: Vec<ChosenUnit>,
    any: Vec<AnyUnits>,
    redis: String,
}

impl Server {
    async fn open(house: &House, scene: &Scene<'_>) -> Self {
        let db = house.database.db(2).await;
        let performance = &scene.stage.performance;
        let offer = offer(performance);
        let sql = format!("select id from units where performance_id = '{}'", performance.id);
        let unit = house.database.text(&sql).await.parse().unwrap();
        let (owner, id) = (scene.buyer.tenant.id.parse().unwrap(), performance.id.parse().unwrap());
        let stock = Availability::new(db.clone()).stock(owner, id).await.unwrap();
        let currency = "EUR".parse().unwrap();
        let (chosen, any) = match serves_seats(scene.stage.strategy) {
            true => (vec![ChosenUnit { unit, seat: hall_seat(1, 1), offer }], Vec::new()),
            false => (Vec::new(), vec![AnyUnits { quantity: 1, adjacent: false, offer }]),
        };
        let target = Target { tenant: owner, performance: id, hold_seconds: 600, currency, stock };
        Self { db, target, chosen, any, redis: house.variable("MARQUEE_REDIS_URL") }
    }

    /// Does it get the unit?
    async fn claims(&self, name: &str, guard: Guard) -> bool {
        let request = ClaimRequest {
            hold_id: HoldId::generate(),
            key: IdempotencyKey::new(&fresh_key()).unwrap(),
            fingerprint: [7; 32],
            chosen: self.chosen.clone(),
            any: self.any.clone(),
        };
        let strategy = strategy(name, guard, &self.redis);
        let outcomes = strategy.claim(&self.db, &self.target, std::slice::from_ref(&request)).await;
        outcomes.is_ok_and(|all| matches!(all.first(), Some(Outcome::Held { .. })))
    }
}

macro_rules! every_strategy {
    ($($strategy:ident)*) => {$(
        mod $strategy {
            const STRATEGY: &str = stringify!($strategy);

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn while_the_payment_is_announced() {
                super::slow(STRATEGY, super::CREATE).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn while_the_bank_is_asked() {
                super::slow(STRATEGY, super::CONFIRM).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn while_the_money_is_taken() {
                super::slow(STRATEGY, super::CAPTURE).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn while_nobody_pays() {
                super::too_slow_a_buyer(STRATEGY).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn without_the_guard_it_shows() {
                super::without_the_guard_it_shows(STRATEGY).await;
            }
        }
    )*};
}

every_strategy!(row_lock ttl skip_locked redis);
