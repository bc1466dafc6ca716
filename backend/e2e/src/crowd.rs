//! A crowd of buyers on connections of their own: prebuilt requests over kept TCP connections, and no more parsing than a
//! test needs. Ten thousand of them are cheap beside the servers they ask.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::client::fresh_key;
use crate::ledger::Ack;

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

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// Was it `Idempotent-Replayed`?
    pub replayed: bool,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The `code` of a problem.
    pub fn code(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let code = text.split_once("\"code\":\"").and_then(|(_, rest)| rest.split_once('"'));
        code.map_or_else(String::new, |(code, _)| code.to_owned())
    }

    /// `409 seat_taken`.
    pub fn kind(&self) -> String {
        format!("{} {}", self.status, self.code()).trim().to_owned()
    }
}

/// A connection to one server, opened when it is needed and kept.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Line {
    /// A line to a port of this machine.
    pub fn new(port: u16) -> Self {
        Self { address: (Ipv4Addr::LOCALHOST, port).into(), stream: None, read: Vec::new() }
    }

    /// Opens it, if it is not open.
    ///
    /// # Errors
    /// As the system says.
    pub async fn open(&mut self) -> std::io::Result<&mut TcpStream> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.read.clear();
            self.stream = Some(stream);
        }
        self.stream.as_mut().ok_or_else(|| std::io::ErrorKind::NotConnected.into())
    }

    /// Closes it without a word.
    pub fn close(&mut self) {
        self.stream = None;
    }

    /// Sends a request without waiting for its answer.
    ///
    /// # Errors
    /// As the system says.
    pub async fn send(&mut self, request: &[u8]) -> std::io::Result<()> {
        self.open().await?.write_all(request).await
    }

    /// Sends a request and reads its answer. After an error the line is closed.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn ask(&mut self, request: &[u8]) -> std::io::Result<Reply> {
        let answered = match self.send(request).await {
            Ok(()) => self.answer().await,
            Err(error) => Err(error),
        };
        if answered.is_err() {
            self.close();
        }
        answered
    }

    async fn answer(&mut self) -> std::io::Result<Reply> {
        let broken = |why: &'static str| std::io::Error::new(std::io::ErrorKind::InvalidData, why);
        let Self { stream, read, .. } = self;
        let stream = stream.as_mut().ok_or_else(|| broken("no connection"))?;
        read.clear();
        let head = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(read).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        };
        let text = String::from_utf8_lossy(&read[..head]).into_owned();
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.get(9..12)).and_then(|three| three.parse().ok());
        let status = status.ok_or_else(|| broken("no status"))?;
        let (mut length, mut retry_after, mut replayed, mut closes) = (None, None, false, false);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse::<usize>().ok(),
                "retry-after" => retry_after = value.parse().ok(),
                "idempotent-replayed" => replayed = value == "true",
                "connection" => closes = value.eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
        let length = if status == 204 { 0 } else { length.ok_or_else(|| broken("no length"))? };
        let mut body = read.split_off(head + 4);
        while body.len() < length {
            if stream.read_buf(&mut body).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        if closes {
            self.close();
        }
        Ok(Reply { status, retry_after, replayed, body })
    }
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
}

/// What a buyer was told in the end.
#[derive(Debug, Clone)]
pub enum End {
    /// The hold is theirs.
    Held(Ack),
    /// Status and code.
    Refused(String),
    /// Nothing, for as long as they could wait.
    Unanswered,
}

/// What a buyer went through.
#[derive(Debug, Clone)]
pub struct Story {
    /// What they were told.
    pub end: End,
    /// Requests sent.
    pub tries: usize,
    /// Answers 503 with a `Retry-After`.
    pub turned_away: usize,
    /// Connections that broke.
    pub cut: usize,
    /// What must not happen: an answer that hung, another 5xx, a 503 without `Retry-After`, another hold under one key.
    pub strange: Vec<String>,
    /// How long each answer took.
    pub latencies: Vec<Duration>,
    /// From the first request to the end.
    pub whole: Duration,
}

impl Buyer {
    /// A patient buyer with a fresh key.
    pub fn new(body: Value) -> Self {
        Self { key: fresh_key(), body, manner: Manner::Stays }
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
            let story = buy(&shop, at, buyer, line).await;
            if matches!(story.end, End::Held(_)) {
                holds.fetch_add(1, Ordering::Relaxed);
            }
            (at, story)
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
pub async fn buy(shop: &Shop, home: usize, buyer: Buyer, mut line: Line) -> Story {
    let started = Instant::now();
    let request = shop.request(&buyer.key, &buyer.body);
    let mut story = Story {
        end: End::Unanswered,
        tries: 0,
        turned_away: 0,
        cut: 0,
        strange: Vec::new(),
        latencies: Vec::new(),
        whole: Duration::ZERO,
    };
    let mut lost: Option<Ack> = None;
    if buyer.manner == Manner::HangsUp {
        line.send(&request).await.ok();
        sleep(Duration::from_micros(rand::random_range(0..20_000))).await;
        line.close();
    }
    while started.elapsed() < shop.patience {
        story.tries += 1;
        let asked = Instant::now();
        let reply = match timeout(HANGS, line.ask(&request)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => {
                story.cut += 1;
                // Perhaps the neighbour answers.
                line = shop.line(home + story.cut);
                sleep(Duration::from_millis(rand::random_range(50..300))).await;
                continue;
            }
            Err(_) => {
                story.strange.push(format!("no answer within {HANGS:?}"));
                line.close();
                continue;
            }
        };
        story.latencies.push(asked.elapsed());
        let code = reply.code();
        match reply.status {
            201 => {
                let ack = Ack::read(&reply.body);
                if buyer.manner == Manner::LosesTheAnswer && lost.is_none() {
                    lost = Some(ack);
                    line = shop.line(home + 1);
                    continue;
                }
                if lost.as_ref().is_some_and(|lost| (lost.hold, &lost.units) != (ack.hold, &ack.units)) {
                    story.strange.push(format!("one key, two holds: {lost:?} and {ack:?}"));
                }
                story.end = End::Held(ack);
                break;
            }
            503 | 409 if reply.retry_after.is_some() => {
                story.turned_away += 1;
                let pause = Duration::from_secs(reply.retry_after.unwrap_or(1)).min(LONGEST_PAUSE);
                sleep(pause + Duration::from_millis(rand::random_range(0..200))).await;
            }
            status => {
                if status >= 500 {
                    story.strange.push(format!("{status} {}", String::from_utf8_lossy(&reply.body)));
                }
                if let Some(lost) = &lost {
                    story.strange.push(format!("{lost:?} was lost on the way, and then: {status} {code}"));
                }
                story.end = End::Refused(format!("{status} {code}"));
                break;
            }
        }
    }
    story.whole = started.elapsed();
    story
}

/// The duration that `share` of these do not exceed.
pub fn quantile(durations: impl IntoIterator<Item = Duration>, share: f64) -> Duration {
    let mut all: Vec<Duration> = durations.into_iter().collect();
    all.sort_unstable();
    let at = ((all.len() as f64 * share).ceil() as usize).clamp(1, all.len().max(1)) - 1;
    all.get(at).copied().unwrap_or_default()
}
