//! A crowd of buyers on connections of their own: prebuilt requests over kept TCP connections, and no more parsing than a
//! test needs. Ten thousand of them are cheap beside the servers they ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::fresh_key;
use crate::ledger::Ack;
pub use crate::line::{Line, Reply};
use crate::wait::seed;

/// Connections being opened at the same time: fewer than a listener's queue takes.
const OPENING: usize = 256;
/// An answer that takes longer is one that hangs.
const HANGS: Duration = Duration::from_secs(45);
/// The longest that a buyer waits before asking again, whatever `Retry-After` says.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Lets this process and those it starts open as many files as the system allows; answers how many.
pub fn raise_open_files() -> u64 {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).ok();
    most
}

/// Where a crowd buys.
#[derive(Debug, Clone)]
pub struct Shop {
    /// The ports of the servers.
    pub ports: Vec<u16>,
    /// The tenant's host.
    pub host: String,
    /// The performance.
    pub performance: String,
    /// A buyer who has no answer by then gives up.
    pub patience: Duration,
    /// Buyers arrive within this time; zero: all at once.
    pub arrivals: Duration,
}

/// How a buyer behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Waits for the answer.
    Stays,
    /// Loses the first answer after it came, and asks again under the same key.
    LosesTheAnswer,
    /// Hangs up before the first answer comes, and asks again under the same key.
    HangsUp,
}

/// One buyer and their wish.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// Their key.
    pub key: String,
    /// What they want.
    pub body: Value,
    /// How they behave.
    pub manner: Manner,
    /// Do they give back what they got?
    pub gives_back: bool,
    /// They want it again about so long after they were told that it is gone; `None`: they leave.
    pub insists: Option<Duration>,
}

/// What a buyer was told in the end.
#[derive(Debug, Clone, Default)]
pub enum End {
    /// The hold is theirs.
    Held(Ack),
    /// Status and code.
    Refused(String),
    /// Nothing, for as long as they could wait.
    #[default]
    Unanswered,
}

/// What a buyer went through.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// Their key.
    pub key: String,
    /// What they were told.
    pub end: End,
    /// Requests sent.
    pub tries: usize,
    /// Answers 503 with a `Retry-After`.
    pub turned_away: usize,
    /// What the last of them said, and after how many seconds they were to come back.
    pub told_later: Option<String>,
    /// Connections that broke, or that they hung up on.
    pub cut: usize,
    /// What must not happen: an answer that hung, another 5xx, a 503 without `Retry-After`, another hold under one key.
    pub strange: Vec<String>,
    /// How long each answer took.
    pub latencies: Vec<Duration>,
    /// They gave the hold back, and how often they were told so.
    pub gave_back: Option<usize>,
    /// From the first request to the end.
    pub whole: Duration,
}

impl Buyer {
    /// A patient buyer with a fresh key.
    pub fn new(body: Value) -> Self {
        Self { key: fresh_key(), body, manner: Manner::Stays, gives_back: false, insists: None }
    }
}

impl Shop {
    /// The request for a hold.
    pub fn request(&self, key: &str, body: &Value) -> Vec<u8> {
        let path = format!("/api/v1/performances/{}/holds", self.performance);
        post(&self.host, &path, key, &body.to_string())
    }

    /// The request that gives a hold back.
    pub fn giving_back(&self, ack: &Ack) -> Vec<u8> {
        let Ack { hold, token, .. } = ack;
        format!("DELETE /api/v1/holds/{hold} HTTP/1.1\r\nhost: {}\r\nhold-token: {token}\r\n\r\n", self.host)
            .into_bytes()
    }

    /// The request that looks at a hold.
    pub fn looking(&self, ack: &Ack) -> Vec<u8> {
        let Ack { hold, token, .. } = ack;
        format!("GET /api/v1/holds/{hold} HTTP/1.1\r\nhost: {}\r\nhold-token: {token}\r\n\r\n", self.host)
            .into_bytes()
    }

    fn line(&self, at: usize) -> Line {
        Line::new(self.ports[at % self.ports.len()])
    }
}

fn post(host: &str, path: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Lets every buyer connect, then all ask at once, each again until they have an answer. `holds` counts the holds made so
/// far. The stories stand in the buyers' order.
pub async fn rush(shop: &Shop, buyers: Vec<Buyer>, holds: Arc<AtomicUsize>) -> Vec<Story> {
    raise_open_files();
    let seed = seed("a crowd");
    let opening = Arc::new(Semaphore::new(OPENING));
    let (go, gone) = tokio::sync::watch::channel(false);
    let ready = Arc::new(AtomicUsize::new(0));
    let count = buyers.len();
    let mut tasks = JoinSet::new();
    for (at, buyer) in buyers.into_iter().enumerate() {
        let (shop, opening, ready) = (shop.clone(), Arc::clone(&opening), Arc::clone(&ready));
        let (mut gone, holds) = (gone.clone(), Arc::clone(&holds));
        tasks.spawn(async move {
            let mut line = shop.line(at);
            let permit = opening.acquire().await;
            line.open().await.ok();
            drop(permit);
            ready.fetch_add(1, Ordering::Relaxed);
            gone.wait_for(|gone| *gone).await.ok();
            let mut random = StdRng::seed_from_u64(seed.wrapping_add(at as u64));
            if !shop.arrivals.is_zero() {
                sleep(shop.arrivals.mul_f64(random.random_range(0.0..1.0))).await;
            }
            (at, buy(&shop, at, buyer, line, random, &holds).await)
        });
    }
    while ready.load(Ordering::Relaxed) < count {
        sleep(Duration::from_millis(5)).await;
    }
    go.send(true).ok();
    let mut stories: Vec<(usize, Story)> = tasks.join_all().await;
    stories.sort_unstable_by_key(|(at, _)| *at);
    stories.into_iter().map(|(_, story)| story).collect()
}

/// One buyer's way to an answer.
async fn buy(
    shop: &Shop,
    home: usize,
    buyer: Buyer,
    line: Line,
    random: StdRng,
    holds: &AtomicUsize,
) -> Story {
    let started = Instant::now();
    let mut request = shop.request(&buyer.key, &buyer.body);
    let story = Story { key: buyer.key, ..Story::default() };
    let mut visit = Visit { shop, home, line, started, random, story };
    let mut lost: Option<Ack> = None;
    if buyer.manner == Manner::HangsUp {
        visit.line.send(&request).await.ok();
        sleep(Duration::from_micros(visit.random.random_range(0..20_000))).await;
        visit.line.close();
        visit.story.cut += 1;
    }
    while let Some(reply) = visit.ask(&request).await {
        let (kind, strange) = (reply.kind(), &mut visit.story.strange);
        if reply.status != 201 {
            if let Some(lost) = &lost {
                strange.push(format!("{lost:?} was lost on the way, and then: {kind}"));
            }
            let gone = reply.status == 409;
            visit.story.end = End::Refused(kind);
            if let (true, Some(pause)) = (gone, buyer.insists) {
                sleep(pause.mul_f64(visit.random.random_range(0.5..1.5))).await;
                request = shop.request(&fresh_key(), &buyer.body);
                continue;
            }
            break;
        }
        let ack = Ack::read(&reply.body);
        if buyer.manner == Manner::LosesTheAnswer && lost.is_none() {
            lost = Some(ack);
            visit.line = shop.line(home + 1);
            continue;
        }
        if lost.as_ref().is_some_and(|lost| (lost.hold, &lost.units) != (ack.hold, &ack.units)) {
            strange.push(format!("one key, two holds: {lost:?} and {ack:?}"));
        }
        holds.fetch_add(1, Ordering::Relaxed);
        visit.story.end = End::Held(ack);
        break;
    }
    visit.story.whole = started.elapsed();
    if let (true, End::Held(ack)) = (buyer.gives_back, &visit.story.end) {
        let request = shop.giving_back(ack);
        visit.story.gave_back = Some(0);
        while let Some(reply) = visit.ask(&request).await {
            match reply.status {
                204 => visit.story.gave_back = visit.story.gave_back.map(|times| times + 1),
                // An answer was lost, or this is the second time.
                410 => break,
                _ => {
                    visit.story.strange.push(format!("on giving back: {}", reply.kind()));
                    break;
                }
            }
        }
    }
    visit.story
}

/// A buyer on their way.
struct Visit<'a> {
    shop: &'a Shop,
    home: usize,
    line: Line,
    started: Instant,
    /// Of their pauses.
    random: StdRng,
    story: Story,
}

impl Visit<'_> {
    /// Asks until there is an answer that is not "later"; `None` when patience is at its end.
    async fn ask(&mut self, request: &[u8]) -> Option<Reply> {
        while self.started.elapsed() < self.shop.patience {
            self.story.tries += 1;
            let asked = Instant::now();
            let reply = match timeout(HANGS, self.line.ask(request)).await {
                Ok(Ok(reply)) => reply,
                Ok(Err(_)) => {
                    self.story.cut += 1;
                    // Perhaps the neighbour answers.
                    self.line = self.shop.line(self.home + self.story.cut);
                    sleep(Duration::from_millis(self.random.random_range(50..300))).await;
                    continue;
                }
                Err(_) => {
                    self.story.strange.push(format!("no answer within {HANGS:?}"));
                    self.line.close();
                    continue;
                }
            };
            self.story.latencies.push(asked.elapsed());
            match (reply.status, reply.retry_after) {
                (503 | 409 | 429, Some(seconds)) => {
                    self.story.turned_away += 1;
                    self.story.told_later = Some(format!("{} in {seconds} s", reply.kind()));
                    let pause = Duration::from_secs(seconds).min(LONGEST_PAUSE);
                    sleep(pause + Duration::from_millis(self.random.random_range(0..200))).await;
                }
                (status, _) => {
                    if status >= 500 {
                        let body = String::from_utf8_lossy(&reply.body);
                        self.story.strange.push(format!("{status} {body}"));
                    }
                    return Some(reply);
                }
            }
        }
        None
    }
}

/// The duration that `share` of these do not exceed.
pub fn quantile(durations: impl IntoIterator<Item = Duration>, share: f64) -> Duration {
    let mut all: Vec<Duration> = durations.into_iter().collect();
    all.sort_unstable();
    let at = ((all.len() as f64 * share).ceil() as usize).clamp(1, all.len().max(1)) - 1;
    all.get(at).copied().unwrap_or_default()
}
