//! A house in which one cell after the other is tried.

use std::process::Stdio;
use std::time::{Duration, Instant};

use marquee_e2e::books::{self, Books};
use marquee_e2e::client::{Answer, Call, fresh_key};
use marquee_e2e::crash::Points;
use marquee_e2e::fixtures::{PerformanceFixture, Terms, floor};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, places};
use marquee_e2e::wait::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::cells::{Actor, Cell, Outcome, Row};
use crate::faults::{Fault, GOOD};

/// Places of a lane's performance: one for each cell.
const PLACES: usize = 1_500;
/// A hold outlasts every cell but those in which a day passes.
const HOLD_SECONDS: i32 = 86_400;
/// So much time passes between a crash and the next start: longer than any lease or lock of the process that died.
const AWAY: u32 = 30;
const DAY: u32 = 25 * 3_600;
/// Within so many seconds after the restart everything must be at rest.
const BOUND: u64 = 25;
/// How long a process that is armed may take to reach its point when nothing holds it up.
const REACH: Duration = Duration::from_secs(4);
/// A process that woke is looked at until it has passed no point for a while, or for so long.
const QUIET: Duration = Duration::from_millis(400);
const WAKING: Duration = Duration::from_millis(1_500);
const LOOK: Duration = Duration::from_millis(25);
/// Where the server dies for the rows of the worker.
const IN_THE_MIDDLE: &str = "call:confirm_intent:after";
/// What the first refund of an order gives back: with a part of it a second one would not be noticed by the provider.
const PART: [&str; 4] = ["--amount", "700", "--key", "the-first-part"];
/// Where the command dies for the rows of the worker that keeps its promise.
const PROMISED: &str = "commit:refund.request:after";
/// New cards that a buyer takes before giving up.
const CARDS: usize = 4;

/// Settings of the programs beside the usual ones.
pub type Settings = &'static [(&'static str, &'static str)];

/// A house with its one performance.
pub struct Lane {
    house: House,
    performance: PerformanceFixture,
    /// How far the database's clock is ahead, in seconds.
    ahead: u32,
    /// Every order that was placed, with its cell.
    orders: Vec<(String, Cell)>,
}

/// What is to happen to the process that is armed, and what has happened.
struct Plot {
    fault: Fault,
    /// The server's order, and the worker's, which it gets when the server is gone.
    server: Option<String>,
    worker: Option<String>,
    /// Has the process of the cell died at its point?
    reached: bool,
    /// When everything that was to die was running again.
    since: Option<Instant>,
    /// The one that stands still, and the call that it has not answered.
    asleep: Option<Pid>,
    worker_sleeps: bool,
    unanswered: Vec<JoinHandle<Option<Answer>>>,
}

/// How a request ended.
enum Asked {
    Answered(Answer),
    /// The server died, or stands still, over it.
    Lost,
}

impl Lane {
    /// Opens one. The second server goes on where the first stands still.
    pub async fn open(settings: Settings) -> Self {
        let mut performance = None;
        let house = plan()
            .servers(2)
            .with_crashes()
            .with_settings(settings)
            .open_after(async |database| {
                let tenant = &marquee_e2e::cluster::cluster().await.fixtures.a;
                let terms = Terms { hold_seconds: HOLD_SECONDS, ..Terms::default() };
                performance = Some(floor(database, tenant, PLACES, &terms).await);
                // Many days pass in a lane.
                database
                    .run(
                        "update performances set starts_at = starts_at + interval '1000 days',
                             ends_at = ends_at + interval '1000 days', on_sale_until = on_sale_until + interval '1000 days',
                             updated_at = marquee_now()",
                    )
                    .await;
            })
            .await;
        Self { house, performance: performance.unwrap(), ahead: 0, orders: Vec::new() }
    }

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

    /// Tries a cell.
    pub async fn run(&mut self, cell: &Cell) -> Outcome {
        Fault::None.begin(&self.house.money()).await;
        self.house.forget_limits().await;
        let mut plot = Plot::of(cell.fault);
        let point = format!("{}{}", cell.at.point, if cell.fault.freezes() { " stop" } else { "" });
        let order = match cell.at.actor {
            Actor::Server => {
                plot.server = Some(point);
                self.purchase(&mut plot).await
            }
            Actor::Worker => {
                plot.server = Some(IN_THE_MIDDLE.to_owned());
                plot.worker = Some(point);
                self.purchase(&mut plot).await
            }
            Actor::Refund | Actor::Refunder => {
                let order = self.bought().await;
                self.heard().await;
                self.refund(&mut plot, &order, cell.at.actor, &point).await;
                order
            }
        };
        self.orders.push((order.id.clone(), cell.clone()));
        let mut wrong = self.rests().await;
        let took = plot.since.map_or(0.0, |since| since.elapsed().as_secs_f64());
        let books = Books::read(&self.house).await;
        wrong.extend(books.faults(&order.id));
        wrong.extend(books::unbalanced(&self.house).await);
        Outcome { at_the_point: plot.reached, wrong, took }
    }

    /// The end of a lane: what was left unpaid runs out, and then everything agrees. Answers what is wrong, with the cell.
    pub async fn close(mut self) -> Vec<(Option<Cell>, String)> {
        Fault::None.begin(&self.house.money()).await;
        self.pass(2 * DAY).await;
        let mut wrong: Vec<String> = self.rests().await;
        until("orders that nobody pays to run out", BOUND, async || {
            let pending =
                "select count(*) from orders where status in ('pending', 'requires_action', 'processing')";
            (self.house.database.number(pending).await == 0).then_some(())
        })
        .await;
        wrong.extend(self.rests().await);
        wrong.extend(Books::read(&self.house).await.all_faults());
        wrong.extend(books::unbalanced(&self.house).await);
        let (passed, said) = self.house.audit_or_failure().await;
        if !passed {
            wrong.push(format!("the audit says {said}"));
        }
        let cell_of = |text: &str| {
            self.orders.iter().find(|(order, _)| text.contains(order.as_str())).map(|(_, cell)| cell.clone())
        };
        wrong.into_iter().map(|text| (cell_of(&text), text)).collect()
    }

    fn server(&self) -> &Points {
        &self.house.points[0]
    }

    fn worker(&self) -> &Points {
        self.house.points.last().unwrap()
    }

    /// Time passes for the database.
    async fn pass(&mut self, seconds: u32) {
        self.ahead += seconds;
        self.house.database.shift_clock(&format!("{} seconds", self.ahead)).await;
    }

    /// The time between a crash and the next start.
    async fn pass_away(&mut self, fault: Fault) {
        let seconds = if fault == Fault::NextDay { DAY } else { AWAY };
        self.pass(seconds).await;
        if fault == Fault::NextDay {
            self.house.money().advance(seconds).await;
        }
    }

    /// Waits until the provider has nothing more to tell.
    async fn heard(&self) {
        let money = self.house.money();
        until("every event to be delivered", 30, async || (money.waiting().await == 0).then_some(())).await;
    }

    /// Waits until nobody has anything to do any more; answers what is still open when time is up.
    async fn rests(&self) -> Vec<String> {
        let money = self.house.money();
        let until = Instant::now() + Duration::from_secs(BOUND);
        loop {
            let mut open = books::open(&self.house).await;
            if open.is_empty() {
                open.extend((money.waiting().await > 0).then(|| "events wait at the provider".to_owned()));
            }
            if open.is_empty() || Instant::now() > until {
                return open.iter().map(|what| format!("not at rest in time: {what}")).collect();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn start_server(&mut self) {
        self.house.servers[0].kill().await;
        self.house.restart(0).await;
    }

    async fn start_worker(&mut self) {
        let worker = self.house.worker.as_mut().unwrap();
        worker.kill().await;
        worker.start_again().await;
    }

    /// A fan on the server that answers.
    fn fan(&self, plot: &Plot, email: &str) -> Fan {
        let at = usize::from(plot.asleep.is_some());
        Fan { email: email.to_owned(), ..self.house.fan_on(at, &self.house.fixtures.a) }
    }

    /// An order that was paid without anything going wrong.
    async fn bought(&self) -> Order {
        let fan = self.house.fan();
        let hold = fan.hold(&self.performance, &places(&self.performance, 1)).await;
        fan.buy(&hold).await.0
    }

    /// A buyer buys a place and does not give up.
    async fn purchase(&mut self, plot: &mut Plot) -> Order {
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
        let (mut card, mut cards) = (plot.fault.card(), 0);
        let deadline = Instant::now() + Duration::from_secs(2 * BOUND);
        'cards: while cards < CARDS && Instant::now() < deadline {
            cards += 1;
            let token = self.house.money().token(card, account).await;
            let (mut key, mut token) = (fresh_key(), Some(token));
            if let (Fault::Overtaken, 2.., Some(pid)) = (plot.fault, cards, plot.asleep) {
                self.wake_in_the_middle(order, pid).await;
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

    /// Has the process wake while the next try is under way: the bank has said yes, and nobody here knows it yet.
    async fn wake_in_the_middle(&self, order: &Order, pid: Pid) {
        let money = self.house.money();
        money.fault("POST /v1/payment_intents/*/confirm", 1, "delay_ms", json!(1_500)).await;
        let id = order.id.clone();
        tokio::spawn(async move {
            for _ in 0..200 {
                if money.intents(&id).await.iter().any(|one| one["status"] == "requires_capture") {
                    break;
                }
                tokio::time::sleep(LOOK).await;
            }
            kill(pid, Signal::SIGCONT).ok();
        });
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
        }
    }

    /// The server is gone, or as good as that: time passes, the worker may be next, and then the server is there again.
    async fn gone(&mut self, plot: &mut Plot, at_its_point: bool) {
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
    async fn worker_goes(&mut self, plot: &mut Plot) {
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
    async fn reached_or_heard(&mut self, plot: &mut Plot) {
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

    fn stands_still(&mut self, server: usize) -> bool {
        let server = &mut self.house.servers[server];
        server.is_running() && stopped(server.pid())
    }

    /// The one that stood still goes on, long after others finished its work.
    async fn wake(&mut self, plot: &mut Plot) {
        let Some(pid) = plot.asleep.take() else { return };
        self.rests_but_for_events().await;
        kill(pid, Signal::SIGCONT).unwrap();
        for one in plot.unanswered.drain(..) {
            one.await.ok();
        }
        // What it does with what it knew, it does before it is quiet; a worker never is.
        let points = if plot.worker_sleeps { self.worker() } else { self.server() }.clone();
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

    /// Waits until nothing is open; events to a server that stands still do not count.
    async fn rests_but_for_events(&self) {
        let deadline = Instant::now() + Duration::from_secs(BOUND);
        while Instant::now() < deadline {
            let open = books::open(&self.house).await;
            if open.iter().all(|what| what.starts_with("event")) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The command that refunds an order, or a part of it, with points of its own.
    fn refunds(&self, order: &Order, amount: &[&str], points: &Points) -> tokio::process::Child {
        let mut command = self.house.command(&[&["order", "refund", &order.id, "--json"], amount].concat());
        command.envs(points.variables()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Refunds an order while the command or the worker dies; whoever gave the command gives it again.
    async fn refund(&mut self, plot: &mut Plot, order: &Order, actor: Actor, point: &str) {
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

impl Plot {
    fn of(fault: Fault) -> Self {
        Self {
            fault,
            server: None,
            worker: None,
            reached: false,
            since: None,
            asleep: None,
            worker_sleeps: false,
            unanswered: Vec::new(),
        }
    }
}

/// Does a process stand still?
fn stopped(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}
