//! Load: connections that ask and wait (a closed loop), or that ask at a pace; and a crowd that asks all at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::http::{Connection, Reply};
use crate::stats::Latencies;

/// An answer that did not come by then after the end never will.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that are being opened at one time: fewer than a listener's queue holds.
const OPENING: usize = 256;
/// Between the last connection and the signal to a crowd.
const SETTLING: Duration = Duration::from_millis(200);

/// Where requests come from.
pub trait Source: Send {
    /// Writes the next request to `out`; false: there is none left.
    fn next(&mut self, out: &mut Vec<u8>) -> bool;
}

/// The same requests in turn, for ever.
#[derive(Debug)]
pub struct Repeat {
    requests: Vec<Vec<u8>>,
    at: usize,
}

impl Repeat {
    /// These.
    pub fn of(requests: Vec<Vec<u8>>) -> Self {
        Self { requests, at: 0 }
    }
}

impl Source for Repeat {
    fn next(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(request) = self.requests.get(self.at) else { return false };
        out.clear();
        out.extend_from_slice(request);
        self.at = (self.at + 1) % self.requests.len();
        true
    }
}

/// Hears of every answer: when it was asked for, or should have been, and when it came.
pub type Hear = Arc<dyn Fn(&Reply<'_>, Instant, Instant) + Send + Sync>;

/// A load.
#[derive(Clone)]
pub struct Load {
    /// At whom.
    pub address: SocketAddr,
    /// Over how many connections.
    pub connections: usize,
    /// How long it runs before it is measured.
    pub warm_up: Duration,
    /// How long it is measured, unless its requests run out.
    pub measured: Duration,
    /// Requests a second over all connections; none: each connection asks again as soon as it was answered.
    pub pace: Option<f64>,
    /// Told of every answer.
    pub hear: Option<Hear>,
}

/// What came of a load.
#[derive(Debug, Default)]
pub struct Tally {
    /// How long it was measured.
    pub elapsed: Duration,
    /// Answers by status, warm-up left out.
    pub statuses: BTreeMap<u16, u64>,
    /// Times of those answers: from when they were asked, or should have been where there is a pace.
    pub latencies: Latencies,
    /// Requests that got no answer.
    pub broken: u64,
}

impl Tally {
    /// Answers with this status, a second.
    pub fn rate(&self, status: u16) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.count(status) as f64 / seconds } else { 0.0 }
    }

    /// Answers with this status.
    pub fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or_default()
    }

    /// All but these statuses, in words: `409 ×3, no answer ×1`; nothing when there are none.
    pub fn others(&self, expected: &[u16]) -> Option<String> {
        let other = self.statuses.iter().filter(|(status, _)| !expected.contains(status));
        let mut words: Vec<String> = other.map(|(status, count)| format!("{status} ×{count}")).collect();
        if self.broken > 0 {
            words.push(format!("no answer ×{}", self.broken));
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}

#[derive(Debug, Default)]
struct Part {
    latencies: Vec<u32>,
    statuses: BTreeMap<u16, u64>,
    broken: u64,
    last: Option<Instant>,
}

impl Part {
    fn note(&mut self, status: u16, asked: Instant, answered: Instant) {
        self.latencies.push(micros(answered.saturating_duration_since(asked)));
        *self.statuses.entry(status).or_default() += 1;
        self.last = Some(answered);
    }
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// Runs a load to its end.
///
/// # Errors
/// When not one connection can be opened at the start.
pub async fn run(load: &Load, source: impl Source + 'static) -> Result<Tally, BenchError> {
    let source: Arc<Mutex<dyn Source>> = Arc::new(Mutex::new(source));
    let mut open = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        open.push(Connection::open(load.address).await.map_err(BenchError::system("cannot connect"))?);
    }
    let begun = Instant::now();
    let measured_from = begun + load.warm_up;
    let until = measured_from + load.measured;
    let mut workers = JoinSet::new();
    for (place, connection) in open.into_iter().enumerate() {
        let gap = load.pace.map(|pace| Duration::from_secs_f64(load.connections as f64 / pace));
        let offset = gap.map(|gap| gap.mul_f64(place as f64 / load.connections as f64)).unwrap_or_default();
        let worker = Worker {
            address: load.address,
            source: Arc::clone(&source),
            begun: begun + offset,
            gap,
            measured_from,
            until,
            hear: load.hear.clone(),
        };
        workers.spawn(worker.work(connection));
    }
    Ok(gather(workers, measured_from, until).await)
}

/// Adds up what the workers saw. One that hangs beyond all patience counts as one request without an answer.
async fn gather(mut workers: JoinSet<Part>, from: Instant, until: Instant) -> Tally {
    let mut tally = Tally::default();
    let mut latencies = Vec::new();
    let mut last = from;
    let deadline = tokio::time::Instant::from_std(until + PATIENCE);
    while !workers.is_empty() {
        match tokio::time::timeout_at(deadline, workers.join_next()).await {
            Ok(Some(Ok(part))) => {
                latencies.extend(part.latencies);
                for (status, count) in part.statuses {
                    *tally.statuses.entry(status).or_default() += count;
                }
                tally.broken += part.broken;
                last = last.max(part.last.unwrap_or(from));
            }
            Ok(_) => {}
            Err(_) => {
                tally.broken += workers.len() as u64;
                break;
            }
        }
    }
    tally.elapsed = last.saturating_duration_since(from);
    tally.latencies = Latencies::of(latencies);
    tally
}

struct Worker {
    address: SocketAddr,
    source: Arc<Mutex<dyn Source>>,
    begun: Instant,
    gap: Option<Duration>,
    measured_from: Instant,
    until: Instant,
    hear: Option<Hear>,
}

impl Worker {
    async fn work(self, connection: Connection) -> Part {
        let mut connection = Some(connection);
        let mut part = Part::default();
        let mut request = Vec::with_capacity(512);
        let mut due = self.begun;
        loop {
            if let Some(gap) = self.gap {
                tokio::time::sleep_until(due.into()).await;
                due += gap;
            }
            let mut asked = Instant::now();
            if asked >= self.until
                || !self.source.lock().unwrap_or_else(PoisonError::into_inner).next(&mut request)
            {
                return part;
            }
            if let Some(gap) = self.gap {
                asked = due - gap;
            }
            let mut used = match connection.take() {
                Some(used) => used,
                None => match Connection::open(self.address).await {
                    Ok(opened) => opened,
                    Err(_) => {
                        part.broken += 1;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    }
                },
            };
            match used.exchange(&request).await {
                Ok(reply) => {
                    let answered = Instant::now();
                    if let Some(hear) = &self.hear {
                        hear(&reply, asked, answered);
                    }
                    if answered >= self.measured_from && answered <= self.until {
                        part.note(reply.status, asked, answered);
                    }
                    connection = Some(used);
                }
                Err(_) => part.broken += 1,
            }
        }
    }
}

/// Opens a connection for each request, then sends all at once; latencies count from that one moment, so they contain
/// what the generator itself takes to send. `started` is called at that moment.
///
/// # Errors
/// When a connection cannot be opened.
pub async fn burst(
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    started: impl FnOnce(),
) -> Result<Tally, BenchError> {
    let mut open = Vec::with_capacity(requests.len());
    let mut opening = JoinSet::new();
    for _ in 0..requests.len() {
        if opening.len() >= OPENING {
            open.extend(opening.join_next().await);
        }
        opening.spawn(Connection::open(address));
    }
    open.extend(opening.join_all().await.into_iter().map(Ok));
    let (fire, fired) = watch::channel(None::<Instant>);
    let mut buyers = JoinSet::new();
    for (opened, request) in open.into_iter().zip(requests) {
        let mut connection = opened
            .map_err(BenchError::failed)?
            .map_err(BenchError::system("cannot open every connection"))?;
        let mut fired = fired.clone();
        buyers.spawn(async move {
            let mut part = Part::default();
            let Some(begun) = fired.wait_for(Option::is_some).await.ok().and_then(|begun| *begun) else {
                return part;
            };
            match connection.exchange(&request).await {
                Ok(reply) => part.note(reply.status, begun, Instant::now()),
                Err(_) => part.broken = 1,
            }
            part
        });
    }
    // Each buyer stands at the start before the signal.
    tokio::time::sleep(SETTLING).await;
    started();
    let begun = Instant::now();
    fire.send_replace(Some(begun));
    Ok(gather(buyers, begun, begun + PATIENCE).await)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers everything with 201, in a loop for each connection.
    async fn server() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut seen = [0; 1024];
                    while stream.read(&mut seen).await.is_ok_and(|read| read > 0) {
                        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok";
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        address
    }

    struct Few(u32);

    impl Source for Few {
        fn next(&mut self, out: &mut Vec<u8>) -> bool {
            out.clear();
            out.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
            self.0 = self.0.saturating_sub(1);
            self.0 > 0
        }
    }

    fn load(address: SocketAddr) -> Load {
        let measured = Duration::from_millis(300);
        Load { address, connections: 4, warm_up: Duration::ZERO, measured, pace: None, hear: None }
    }

    #[tokio::test]
    async fn a_loop_ends_when_its_requests_run_out() {
        let tally = run(&load(server().await), Few(101)).await.unwrap();
        assert_eq!((tally.count(201), tally.broken), (100, 0));
        assert_eq!(tally.latencies.count(), 100);
        assert_eq!(tally.others(&[201]), None);
        assert_eq!(tally.others(&[]), Some("201 ×100".to_owned()));
    }

    #[tokio::test]
    async fn a_pace_is_kept() {
        let paced = Load { pace: Some(100.0), ..load(server().await) };
        let tally = run(&paced, Repeat::of(vec![b"GET / HTTP/1.1\r\n\r\n".to_vec()])).await.unwrap();
        assert!((20..=40).contains(&tally.count(201)), "{} in 300 ms at 100/s", tally.count(201));
    }

    #[tokio::test]
    async fn a_crowd_is_answered_one_by_one() {
        let requests = vec![b"GET / HTTP/1.1\r\n\r\n".to_vec(); 600];
        let tally = burst(server().await, requests, || {}).await.unwrap();
        assert_eq!(tally.count(201), 600);
    }

    #[tokio::test]
    async fn a_server_that_goes_away_is_counted() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let tally = run(&load(address), Few(9)).await.unwrap();
        assert_eq!(tally.broken, 8);
    }
}
