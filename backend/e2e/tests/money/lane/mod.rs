//! A house in which one cell after the other is tried.

mod buyer;
mod crash;
mod learn;
mod refund;
mod zombie;

use std::time::{Duration, Instant};

use marquee_e2e::books::{self, Books};
use marquee_e2e::client::Answer;
use marquee_e2e::crash::Points;
use marquee_e2e::fixtures::{PerformanceFixture, Terms, floor};
use marquee_e2e::house::{House, plan};
use marquee_e2e::site::{Fan, Order, places};
use marquee_e2e::wait::until;
use nix::unistd::Pid;
use tokio::task::JoinHandle;

use crate::cells::{Actor, Cell, Outcome};
use crate::faults::Fault;

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
const LOOK: Duration = Duration::from_millis(25);
/// Where the server dies for the rows of the worker.
const IN_THE_MIDDLE: &str = "call:confirm_intent:after";

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
    /// Has it been woken in the middle of a later try?
    woke_in_a_try: bool,
    /// What its buyer was told that was not so.
    wrong: Vec<String>,
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
        let mut wrong = plot.wrong;
        wrong.extend(self.rests().await);
        let took = plot.since.map_or(0.0, |since| since.elapsed().as_secs_f64());
        let books = Books::read(&self.house).await;
        wrong.extend(books.faults(&order.id));
        // Whoever does not give up gets what they came for; over a day in which nobody was there it may be gone.
        let buys = matches!(cell.at.actor, Actor::Server | Actor::Worker) && cell.fault != Fault::NextDay;
        let status = books.status(&order.id);
        if buys && status != "paid" {
            wrong.push(format!("the buyer of {} has nothing, it is {status}", order.id));
        }
        wrong.extend(books::unbalanced(&self.house).await);
        Outcome { at_the_point: plot.reached, woke_in_a_try: plot.woke_in_a_try, wrong, took }
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
            woke_in_a_try: false,
            wrong: Vec::new(),
        }
    }
}
