//! `checkout`: orders paid a second, from the hold to the row of the ticket, with a provider that answers at once and one
//! that takes its time; and for how long connections to the database are held meanwhile, which must not depend on it.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::task::JoinSet;

use crate::database::Database;
use crate::error::BenchError;
use crate::hold_time::{by_tag, known};
use crate::metrics::{self, Histograms};
use crate::progress;
use crate::purchase::{Bought, Buyer, Cards, Desk};
use crate::reference::{CLIENTS, PgBench, Readings};
use crate::report::{Line, Report, Target, milliseconds};
use crate::seed::{self, Shape, Show, settle};
use crate::setting::Setting;
use crate::stage::{Claiming, Server, Stage};
use crate::stats::{Latencies, mean, spread};

/// People who buy at one time where the provider answers at once, and where it takes its time: then most of them wait
/// for it.
const BUYERS: usize = 96;
const PATIENT_BUYERS: usize = 256;
/// How long the slow provider takes over each call.
const SLOW: Duration = Duration::from_millis(200);
/// Connections are watched at this share of what the program sells at most, under either provider.
const WATCHED: f64 = 0.5;
/// The calls of a purchase to the provider.
const CALLS: [&str; 4] = [
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/*/confirm",
    "POST /v1/payment_intents/*/capture",
    "GET /v1/payment_intents/*",
];
const HELD: &str = "marquee_db_hold_seconds";

/// What a measurement is made of.
#[derive(Debug, Clone, Copy)]
struct Load {
    buyers: usize,
    /// Purchases a second, where there is a pace.
    pace: Option<f64>,
    seconds: f64,
}

/// What came of it.
#[derive(Debug, Default)]
struct Sales {
    paid: u64,
    processing: u64,
    put_off: u64,
    /// Of those that were paid, in microseconds.
    took: Vec<u32>,
    elapsed: f64,
    held: Histograms,
    /// Seconds of processor time: the program, the simulator, Postgres.
    spent: [f64; 3],
}

/// The parts of a measurement that stay.
struct Bench<'a> {
    stage: &'a Stage,
    server: &'a Server,
    show: &'a Show,
    cards: Cards,
}

/// Runs it.
///
/// # Errors
/// When something breaks; a figure that is short is none.
pub async fn run(setting: &Setting) -> Result<Report, BenchError> {
    let (stage, database) = Stage::boot(&setting.bin).await?;
    progress("seeding");
    let seated = seed::seated(&database, setting.seats).await?;
    let shape = Shape { copies: 1, units: seated.units, standing: true };
    let show = seed::copies(&database, &seated, shape).await?.pop();
    let show = show.ok_or_else(|| BenchError::failed("nothing is on sale"))?;
    settle(&database).await?;
    let reference = PgBench::prepare(&stage, database.copy(&stage.fresh_name()).await?, &show).await?;
    let server = stage.serve_hearing(&database, Claiming::Batched).await?;
    known(&server, &show).await?;
    let bench = Bench { stage: &stage, server: &server, show: &show, cards: Cards::default() };
    let mut desk = Desk::open(&stage).await?;

    let (at_once, patient) = (
        Load { buyers: BUYERS, pace: None, seconds: setting.seconds },
        Load { buyers: PATIENT_BUYERS, pace: None, seconds: setting.seconds },
    );
    let mut purchases = Readings::default();
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    for round in 0..setting.rounds {
        progress(&format!("round {}: pgbench", round + 1));
        purchases.add(reference.purchase(setting.seconds).await?);
        progress(&format!("round {}: a provider that answers at once", round + 1));
        answer_after(&mut desk, Duration::ZERO).await?;
        fast.push(bench.sell(at_once).await?);
        progress(&format!("round {}: one that takes {} ms", round + 1, SLOW.as_millis()));
        answer_after(&mut desk, SLOW).await?;
        slow.push(bench.sell(patient).await?);
    }
    progress("pgbench");
    purchases.add(reference.purchase(setting.seconds).await?);

    let pace = WATCHED * rate(&fast).min(rate(&slow));
    let watched = |buyers| Load { buyers, pace: Some(pace), seconds: setting.seconds * 2.0 };
    let mut pairs = Vec::new();
    for round in 0..setting.rounds {
        progress(&format!("connections, round {}", round + 1));
        answer_after(&mut desk, Duration::ZERO).await?;
        let fast = bench.sell(watched(PATIENT_BUYERS)).await?;
        answer_after(&mut desk, SLOW).await?;
        pairs.push((fast, bench.sell(watched(PATIENT_BUYERS)).await?));
    }
    answer_after(&mut desk, Duration::ZERO).await?;
    drop(server);

    let mut report = Report::new("checkout");
    report.lines.extend(speed(&fast, &purchases));
    report.lines.extend(patience(&slow));
    report.lines.extend(spent(&fast));
    report.lines.push(
        Line::new(
            format!("pgbench, a purchase as one statement, {CLIENTS} clients"),
            purchases.mean(),
            "tx/s",
        )
        .note(Some(format!("its readings lie {:.0} % apart", purchases.spread() * 100.0))),
    );
    report.lines.extend(held(&pairs, pace));
    report.lines.extend(checked(&stage, &database, fast.iter().chain(&slow), &pairs).await?);
    Ok(report)
}

/// The simulator takes effect at once and answers so much later.
async fn answer_after(desk: &mut Desk, delay: Duration) -> Result<(), BenchError> {
    desk.control("DELETE", "/_sim/faults", &json!({})).await?;
    for call in CALLS.into_iter().filter(|_| !delay.is_zero()) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let fault = json!({ "match": call, "times": 1_000_000_000, "fault": "delay_ms", "value": millis });
        desk.control("POST", "/_sim/faults", &fault).await?;
    }
    Ok(())
}

impl Bench<'_> {
    /// Lets people buy, warms up, and looks at what comes to pass from then on.
    async fn sell(&self, load: Load) -> Result<Sales, BenchError> {
        let warm_up = Duration::from_secs_f64(load.seconds / 3.0).max(SLOW * 5);
        self.cards
            .fill(self.stage, load.pace.map_or(4_000, |pace| (pace * load.seconds * 2.0) as usize))
            .await?;
        let begun = Instant::now();
        let from = begun + warm_up;
        let until = from + Duration::from_secs_f64(load.seconds);
        let gap = load.pace.map(|pace| Duration::from_secs_f64(load.buyers as f64 / pace));
        let arrivals = |number| gap.map(|gap| Arrivals::new(begun, gap, number));
        let mut buyers = JoinSet::new();
        for number in 0..load.buyers {
            let buyer =
                Buyer::arrive(number, self.server.address, self.stage, self.show, &self.cards).await?;
            buyers.spawn(buy(buyer, arrivals(number as u64), from, until));
        }
        tokio::time::sleep_until(from.into()).await;
        let before = self.seen().await?;
        tokio::time::sleep_until(until.into()).await;
        let after = self.seen().await?;
        let mut sales = Sales {
            elapsed: (until - from).as_secs_f64(),
            held: metrics::between(&before.0, &after.0),
            spent: std::array::from_fn(|at| {
                after.1.get(at).copied().unwrap_or_default() - before.1.get(at).copied().unwrap_or_default()
            }),
            ..Sales::default()
        };
        while let Some(one) = buyers.join_next().await {
            let one = one.map_err(BenchError::failed)??;
            sales.paid += one.paid;
            sales.processing += one.processing;
            sales.put_off += one.put_off;
            sales.took.extend(one.took);
        }
        Ok(sales)
    }

    async fn seen(&self) -> Result<(Histograms, [f64; 3]), BenchError> {
        let spent = [self.server.spent(), self.stage.simulator_spent(), self.stage.postgres.family_spent()];
        Ok((metrics::read(self.server.metrics, HELD).await?, spent))
    }
}

/// When a buyer comes, where there is a pace: at random times, as people do. At regular ones the steps of different purchases
/// would meet, or never meet, by how long the provider takes.
struct Arrivals {
    next: Instant,
    gap: Duration,
    random: StdRng,
}

impl Arrivals {
    /// The first within a gap of the beginning, and then after exponentially distributed ones of this mean; for each buyer's
    /// number the same in every measurement.
    fn new(begin: Instant, gap: Duration, number: u64) -> Self {
        let mut random = StdRng::seed_from_u64(number);
        Self { next: begin + gap.mul_f64(random.random_range(0.0..1.0)), gap, random }
    }

    /// Until the next arrival, or the end.
    async fn wait(&mut self, end: Instant) {
        tokio::time::sleep_until(self.next.min(end).into()).await;
        let share: f64 = self.random.random_range(0.0..1.0);
        self.next += self.gap.mul_f64(-(1.0 - share).ln());
    }
}

/// Buys until the end. Every purchase counts for what the program's tables must show; paid in time and begun after the
/// warm-up, also for speed.
async fn buy(
    mut buyer: Buyer,
    mut arrivals: Option<Arrivals>,
    from: Instant,
    until: Instant,
) -> Result<Sales, BenchError> {
    let mut sales = Sales::default();
    while Instant::now() < until {
        if let Some(arrivals) = &mut arrivals {
            arrivals.wait(until).await;
            if Instant::now() >= until {
                break;
            }
            buyer.connect().await?;
        }
        let asked = Instant::now();
        let bought = buyer.buy().await?;
        let answered = Instant::now();
        match bought {
            Bought::Paid => {
                sales.paid += 1;
                if answered >= from && answered < until {
                    let took = u32::try_from((answered - asked).as_micros()).unwrap_or(u32::MAX);
                    sales.took.push(took);
                }
            }
            Bought::Processing => sales.processing += 1,
            Bought::PutOff => sales.put_off += 1,
        }
    }
    Ok(sales)
}

impl Sales {
    fn rate(&self) -> f64 {
        self.took.len() as f64 / self.elapsed
    }
}

fn rate(rounds: &[Sales]) -> f64 {
    mean(&rounds.iter().map(Sales::rate).collect::<Vec<_>>())
}

fn latencies(rounds: &[Sales]) -> Latencies {
    Latencies::of(rounds.iter().flat_map(|round| round.took.iter().copied()).collect())
}

fn noted(rounds: &[Sales]) -> Option<String> {
    let sum = |part: fn(&Sales) -> u64| rounds.iter().map(part).sum::<u64>();
    let apart = spread(&rounds.iter().map(Sales::rate).collect::<Vec<_>>()) * 100.0;
    let (processing, put_off) = (sum(|one| one.processing), sum(|one| one.put_off));
    let mut words = format!("rounds lie {apart:.0} % apart");
    if processing > 0 {
        words += &format!("; processing ×{processing}");
    }
    if put_off > 0 {
        words += &format!("; 503 ×{put_off}");
    }
    Some(words)
}

fn speed(rounds: &[Sales], purchases: &Readings) -> [Line; 2] {
    let name = |what: &str| format!("orders paid, provider at 0 ms, {BUYERS} buyers: {what}");
    let latencies = latencies(rounds);
    [
        Line::new(name("beside one statement"), rate(rounds), "/s")
            .latency(latencies.p50(), latencies.p99())
            .against("pgbench, a purchase as one statement", purchases.mean(), Some(purchases.spread()))
            .target(Target::RatioAtLeast(0.25))
            .note(noted(rounds)),
        Line::new(name("at least"), rate(rounds), "/s").target(Target::AtLeast(300.0)),
    ]
}

fn patience(rounds: &[Sales]) -> [Line; 1] {
    let latencies = latencies(rounds);
    [Line::new(
        format!("orders paid, provider at {} ms, {PATIENT_BUYERS} buyers", SLOW.as_millis()),
        rate(rounds),
        "/s",
    )
    .latency(latencies.p50(), latencies.p99())
    .note(noted(rounds))]
}

/// What a purchase costs each of them; the rest of the machine is the generator's and the system's.
fn spent(rounds: &[Sales]) -> Vec<Line> {
    let bought: usize = rounds.iter().map(|round| round.took.len()).sum();
    let names = ["the program", "the simulator", "Postgres"];
    (0..names.len())
        .zip(names)
        .map(|(at, name)| {
            let seconds: f64 = rounds.iter().filter_map(|round| round.spent.get(at)).sum();
            Line::new(
                format!("processor time of a purchase: {name}"),
                seconds * 1_000.0 / bought.max(1) as f64,
                "ms",
            )
        })
        .collect()
}

/// How long connections were held at one pace, under either provider.
fn held(pairs: &[(Sales, Sales)], pace: f64) -> Vec<Line> {
    let all = |pick: fn(&(Sales, Sales)) -> &Sales| {
        let mut sum = Histograms::new();
        for (tag, one) in pairs.iter().flat_map(|pair| &pick(pair).held) {
            sum.entry(tag.clone()).or_default().add(one);
        }
        sum
    };
    let (fast, slow) = (all(|pair| &pair.0), all(|pair| &pair.1));
    let p99 = |histograms: &Histograms| metrics::together(histograms, "").quantile(0.99).unwrap_or_default();
    let sales = |pick: fn(&(Sales, Sales)) -> &Sales| {
        mean(&pairs.iter().map(|pair| pick(pair).rate()).collect::<Vec<_>>())
    };
    let mut lines = vec![
        Line::new(format!("connections held, provider at {} ms: p99", SLOW.as_millis()), p99(&slow), "ms")
            .against("at 0 ms", p99(&fast), None)
            .target(Target::RatioAtMost(1.2))
            .note(Some(format!(
                "asked for {pace:.0} orders/s; paid {:.0}/s and {:.0}/s",
                sales(|pair| &pair.0),
                sales(|pair| &pair.1)
            ))),
    ];
    let none = Histograms::new();
    for line in by_tag(&slow, &none) {
        let tag = line.name.trim_matches('`').to_owned();
        let before = fast.get(&tag).and_then(|one| one.quantile(0.99));
        lines.push(line.note(before.map(|p99| format!("p99 at 0 ms {}", milliseconds(p99)))));
    }
    lines
}

/// What the tables say of it: a ticket for each purchase that was paid, and nothing for the audit to find.
async fn checked<'a>(
    stage: &Stage,
    database: &Database,
    rounds: impl Iterator<Item = &'a Sales>,
    pairs: &'a [(Sales, Sales)],
) -> Result<[Line; 2], BenchError> {
    let all = rounds.chain(pairs.iter().flat_map(|(one, other)| [one, other]));
    let (mut told, mut open) = (0, 0);
    for sales in all {
        told += sales.paid;
        open += sales.processing + sales.put_off;
    }
    let rows = database.texts("select count(*)::text from tickets where status = 'valid'").await?.pop();
    let rows: f64 = rows.and_then(|count| count.parse().ok()).unwrap_or_default();
    let audit = stage.marquee(database, &["audit"]).await;
    let tickets = Line::new("rows of tickets less orders told paid", rows - told as f64, "");
    let tickets = match open {
        0 => tickets.target(Target::Exactly(0.0)),
        // Of those that were put off or went on behind, some were paid afterwards.
        open => tickets.note(Some(format!("{open} had no final answer"))),
    };
    let breaches = if audit.is_ok() { 0.0 } else { 1.0 };
    Ok([tickets, Line::new("audit afterwards: breaches", breaches, "").target(Target::Exactly(0.0))])
}
