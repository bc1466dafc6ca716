//! `onsale`: ten thousand buyers reach for five hundred seats in one moment, while others browse.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::http;
use crate::load::{self, Load, Repeat, Source, Tally};
use crate::metrics;
use crate::progress;
use crate::report::{Line, Report, Target};
use crate::requests::{Wish, crowd};
use crate::seed::{self, EVENT, Shape, Show, settle};
use crate::setting::Setting;
use crate::stage::{Claiming, HOST, Server, Stage};
use crate::stats::{Latencies, median};

/// What is to be had.
const SEATS: usize = 500;
/// Browsing beside the buyers: requests a second, over so many connections.
const BROWSING: (f64, usize) = (400.0, 32);
/// Between two crowds.
const QUIET: Duration = Duration::from_secs(1);
/// From the moment a crowd asks, browsing is looked at for so long, whoever the crowd asks and however soon it has its
/// answers: the time within which all must be answered.
const WINDOW: Duration = Duration::from_secs(2);
/// How long answers to those who browse are waited for after a crowd.
const PATIENCE: Duration = Duration::from_secs(15);
/// The program's histogram of how long connections are held.
const HELD: &str = "marquee_db_hold_seconds";

/// One crowd's outcome.
#[derive(Debug)]
struct Round {
    tally: Tally,
    /// Latencies of browsing while it went on, in microseconds.
    browsed: Vec<u32>,
    /// How long claims held their connection: 99 in a hundred less than this many milliseconds.
    claim_p99: Option<f64>,
    /// Holds that the database knows.
    recorded: i64,
}

/// Runs it.
///
/// # Errors
/// When something breaks; a figure that is short is none.
pub async fn run(setting: &Setting) -> Result<Report, BenchError> {
    let (stage, database) = Stage::boot(&setting.bin).await?;
    progress("seeding");
    let show = seed::seated(&database, SEATS).await?;
    let copies = setting.rounds * setting.strategies.len();
    let seated = seed::copies(&database, &show, Shape { copies, units: SEATS, standing: false }).await?;
    tokio::time::sleep(Duration::from_millis(copies as u64 + 20)).await;
    let standing = seed::copies(&database, &show, Shape { copies, units: SEATS, standing: true }).await?;
    settle(&database).await?;
    let mut sales: Vec<(String, Wish, Vec<Show>)> = Vec::new();
    let mut report = Report::new("onsale");
    let rounds = setting.rounds;
    for (place, strategy) in setting.strategies.iter().enumerate() {
        // Chosen seats where the strategy serves them, any places where it does not.
        let mut refused = String::new();
        for (wish, shows) in [(Wish::ChosenSeat, &seated), (Wish::AnyPlace, &standing)] {
            let shows: Vec<Show> = shows.iter().skip(place * rounds).take(rounds).cloned().collect();
            match choose(&stage, &database, &shows, strategy).await {
                Ok(()) => {
                    sales.push((strategy.clone(), wish, shows));
                    break;
                }
                Err(why) => refused = why,
            }
        }
        if !sales.iter().any(|(of, _, _)| of == strategy) {
            report.lines.push(Line::absent(strategy, refused));
        }
    }
    let server = stage.serve(&database, Claiming::Batched, false).await?;
    let browsers = Browsers::start(server.address, &show);
    let requests = vec![http::get(HOST, "/healthz"); setting.buyers];
    // The first crowd that a process meets also pays for its memory.
    meet(&browsers, server.address, requests.clone()).await?;
    let mut beside = Vec::new();
    let mut rounds_of: Vec<Vec<Round>> = sales.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        progress(&format!("round {}", round + 1));
        let (tally, browsed) = meet(&browsers, server.address, requests.clone()).await?;
        progress(&format!("  /healthz: {:.2} s, {}", tally.elapsed.as_secs_f64(), told(&tally)));
        beside.extend(browsed);
        for ((strategy, wish, shows), seen) in sales.iter().zip(&mut rounds_of) {
            let Some(show) = shows.get(round) else { continue };
            let one = sell(&browsers, &server, show, crowd(show, *wish, setting.buyers)).await?;
            let ids = format!("select count(*)::text from holds where performance_id = '{}'", show.id);
            let recorded =
                database.texts(&ids).await?.pop().and_then(|count| count.parse().ok()).unwrap_or(-1);
            progress(&format!(
                "  {strategy}: {:.2} s, {}",
                one.tally.elapsed.as_secs_f64(),
                told(&one.tally)
            ));
            seen.push(Round { recorded, ..one });
        }
    }
    browsers.stop();
    drop(server);
    let beside = Latencies::of(beside);
    for ((strategy, wish, _), rounds) in sales.iter().zip(rounds_of) {
        report.lines.extend(lines(strategy, *wish, rounds, &beside));
    }
    let audit = stage.marquee(&database, &["audit"]).await;
    let breaches = if audit.is_ok() { 0.0 } else { 1.0 };
    report.lines.push(Line::new("audit afterwards: breaches", breaches, "").target(Target::Exactly(0.0)));
    Ok(report)
}

async fn choose(
    stage: &Stage,
    database: &crate::database::Database,
    shows: &[Show],
    strategy: &str,
) -> Result<(), String> {
    for show in shows {
        stage.choose(database, &show.id, strategy).await?;
    }
    Ok(())
}

fn told(tally: &Tally) -> String {
    tally.others(&[]).unwrap_or_else(|| "no answers".to_owned())
}

async fn sell(
    browsers: &Browsers,
    server: &Server,
    show: &Show,
    requests: Vec<Vec<u8>>,
) -> Result<Round, BenchError> {
    let path = format!("/api/v1/performances/{}/availability", show.id);
    let known = http::once(server.address, &http::get(HOST, &path)).await;
    if !matches!(known, Ok((200, _))) {
        return Err(BenchError::failed(format!("{path} does not answer")));
    }
    let before = metrics::read(server.metrics, HELD).await?;
    let (tally, browsed) = meet(browsers, server.address, requests).await?;
    let after = metrics::read(server.metrics, HELD).await?;
    let claims = metrics::together(&metrics::between(&before, &after), "claim");
    Ok(Round { tally, browsed, claim_p99: claims.quantile(0.99), recorded: 0 })
}

/// Lets a crowd loose, and looks at how browsing fared meanwhile.
async fn meet(
    browsers: &Browsers,
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
) -> Result<(Tally, Vec<u32>), BenchError> {
    tokio::time::sleep(QUIET).await;
    let mut begun = Instant::now();
    let tally = load::burst(address, requests, || begun = Instant::now()).await?;
    let ended = begun + WINDOW;
    tokio::time::sleep_until(ended.into()).await;
    // What was asked before the end counts however late it is answered: each connection answers in turn, so it has been
    // when all were asked again.
    let until = Instant::now() + PATIENCE;
    while browsers.between(ended, until).len() < 2 * BROWSING.1 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((tally, browsers.between(begun, ended)))
}

fn lines(strategy: &str, wish: Wish, rounds: Vec<Round>, beside: &Latencies) -> Vec<Line> {
    let name = |what: &str| format!("{strategy}, {}: {what}", wish.name());
    let all = |value: &dyn Fn(&Round) -> f64| rounds.iter().map(value).collect::<Vec<f64>>();
    let worst = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let walls = all(&|round| round.tally.elapsed.as_secs_f64());
    let p50 = all(&|round| round.tally.latencies.p50().unwrap_or(f64::INFINITY));
    let p99 = all(&|round| round.tally.latencies.p99().unwrap_or(f64::INFINITY));
    let claims = all(&|round| round.claim_p99.unwrap_or_default());
    // The round that lies furthest from what is to be had.
    let furthest = |values: Vec<f64>| {
        let off = |value: &f64| (value - SEATS as f64).abs();
        values.into_iter().max_by(|one, other| off(one).total_cmp(&off(other))).unwrap_or_default()
    };
    let failed = |round: &Round| {
        let fives: u64 = round.tally.statuses.range(500..).map(|(_, count)| count).sum();
        (fives + round.tally.broken) as f64
    };
    let answers = rounds.iter().map(|round| told(&round.tally)).collect::<Vec<_>>().join("; ");
    let browsed = Latencies::of(rounds.iter().flat_map(|round| round.browsed.clone()).collect());
    let middle = |values: &[f64], unit: &str| {
        Some(format!("worst of {}; median {} {unit}", values.len(), crate::report::number(median(values))))
    };
    vec![
        Line::new(name("all answered after"), worst(&walls), "s")
            .latency(Some(median(&p50)), Some(worst(&p99)))
            .target(Target::AtMost(2.0))
            .note(middle(&walls, "s")),
        Line::new(name("buyers' p99"), worst(&p99), "ms")
            .target(Target::AtMost(1_500.0))
            .note(middle(&p99, "ms")),
        Line::new(name("held"), furthest(all(&|round| round.tally.count(201) as f64)), "seats")
            .target(Target::Exactly(SEATS as f64))
            .note(Some(answers)),
        Line::new(
            name("held by the database's word"),
            furthest(all(&|round| round.recorded as f64)),
            "seats",
        )
        .target(Target::Exactly(SEATS as f64)),
        Line::new(name("5xx or no answer"), worst(&all(&failed)), "").target(Target::Exactly(0.0)),
        Line::new(name("browsing p99 beside it"), browsed.p99().unwrap_or_default(), "ms")
            .latency(browsed.p50(), browsed.p99())
            .against("beside /healthz", beside.p99().unwrap_or_default(), None)
            .target(Target::RatioAtMost(2.0))
            .note(Some(format!("{} and {} requests", browsed.count(), beside.count()))),
        Line::new(name("a claim holds its connection, p99"), worst(&claims), "ms")
            .target(Target::AtMost(20.0))
            .note(middle(&claims, "ms")),
    ]
}

/// People who look: availability and the event's page in turn, at a steady pace, from a thread of their own.
#[derive(Debug)]
struct Browsers {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<(Instant, Instant)>>>,
    thread: JoinHandle<()>,
}

struct UntilStopped(Arc<AtomicBool>, Repeat);

impl Source for UntilStopped {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        !self.0.load(Ordering::Relaxed) && self.1.next(out)
    }
}

impl Browsers {
    fn start(address: SocketAddr, show: &Show) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let requests = vec![
            http::get(HOST, &format!("/api/v1/performances/{}/availability", show.id)),
            http::get(HOST, &format!("/events/{EVENT}")),
        ];
        let source = UntilStopped(Arc::clone(&stop), Repeat::of(requests));
        let hears = Arc::clone(&seen);
        let load = Load {
            address,
            connections: BROWSING.1,
            warm_up: Duration::ZERO,
            measured: Duration::from_secs(3_600),
            pace: Some(BROWSING.0),
            hear: Some(Arc::new(move |reply, asked, answered| {
                if reply.status == 200 {
                    hears.lock().unwrap_or_else(PoisonError::into_inner).push((asked, answered));
                }
            })),
        };
        let thread = std::thread::spawn(move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                // Without browsing there is no figure of it, and the table shows that.
                let _ = runtime.block_on(load::run(&load, source));
            }
        });
        Self { stop, seen, thread }
    }

    /// How long requests took that were asked between two moments, in microseconds.
    fn between(&self, from: Instant, until: Instant) -> Vec<u32> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter()
            .filter(|(asked, _)| (from..=until).contains(asked))
            .map(|(asked, answered)| u32::try_from((*answered - *asked).as_micros()).unwrap_or(u32::MAX))
            .collect()
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        // It ends with its next request.
        let _ = self.thread.join();
    }
}
