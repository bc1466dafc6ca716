//! `hold_time`: for how long each kind of work holds a connection to the database while people browse, hold, order and
//! pay at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::error::BenchError;
use crate::http::{self, Connection};
use crate::load::{self, Load, Repeat};
use crate::metrics::{self, Histograms};
use crate::progress;
use crate::reference::closed;
use crate::report::{Line, Report, Target};
use crate::requests::{Holds, Keys, Wish, field};
use crate::seed::{self, EVENT, Shape, Show, settle};
use crate::setting::Setting;
use crate::stage::{ACCOUNT, Claiming, HOST, Server, Stage};

/// Who does what at one time: people who only hold, who buy, and looks a second.
const HOLDING: usize = 64;
const BUYING: usize = 16;
const LOOKING: f64 = 100.0;
/// The program's histograms.
const HELD: &str = "marquee_db_hold_seconds";
const WAITED: &str = "marquee_db_wait_seconds";

/// Runs it.
///
/// # Errors
/// When something breaks; a figure that is short is none.
pub async fn run(setting: &Setting) -> Result<Report, BenchError> {
    let (stage, database) = Stage::boot(&setting.bin).await?;
    progress("seeding");
    let show = seed::seated(&database, setting.seats).await?;
    let shape = Shape { copies: 1, units: show.units, standing: true };
    let Some(standing) = seed::copies(&database, &show, shape).await?.pop() else {
        return Err(BenchError::failed("nothing is on sale"));
    };
    settle(&database).await?;
    let server = stage.serve(&database, Claiming::Batched, true).await?;
    for show in [&show, &standing] {
        known(&server, show).await?;
    }
    progress("everybody at once");
    let seconds = setting.seconds * 4.0;
    let measured = Duration::from_secs_f64(seconds);
    let holding = Load { warm_up: Duration::ZERO, ..closed(server.address, HOLDING, seconds) };
    let looking = Load { connections: 16, pace: Some(LOOKING), ..holding.clone() };
    let looks = Repeat::of(vec![
        http::get(HOST, &format!("/api/v1/performances/{}/availability", show.id)),
        http::get(HOST, &format!("/events/{EVENT}")),
    ]);
    let counts = Arc::new(Counts::default());
    let until = Instant::now() + measured;
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..BUYING {
        let buyer = Buyer {
            number,
            server: server.address,
            simulator: stage.simulator_address,
            secret: stage.secrets.stripe_secret_key.clone(),
            show: standing.clone(),
            keys: Keys::new(),
        };
        buyers.spawn(buyer.buy_until(until, Arc::clone(&counts)));
    }
    let before = (metrics::read(server.metrics, HELD).await?, metrics::read(server.metrics, WAITED).await?);
    let holds = Holds::of(std::slice::from_ref(&show), Wish::ChosenSeat, 1);
    let (held, looked) = tokio::join!(load::run(&holding, holds), load::run(&looking, looks));
    let (held, looked) = (held?, looked?);
    while let Some(bought) = buyers.join_next().await {
        bought.map_err(BenchError::failed)??;
    }
    let after = (metrics::read(server.metrics, HELD).await?, metrics::read(server.metrics, WAITED).await?);
    drop(server);

    let mut report = Report::new("hold_time");
    let bought = counts.bought.load(Ordering::Relaxed) as f64 / seconds;
    let refused = counts.refused.load(Ordering::Relaxed);
    let lines = [
        Line::new("holds beside it", held.rate(201), "/s")
            .latency(held.latencies.p50(), held.latencies.p99()),
        Line::new("purchases beside it", bought, "/s").note((refused > 0).then(|| format!("503 ×{refused}"))),
        Line::new("looks beside it", looked.rate(200), "/s")
            .latency(looked.latencies.p50(), looked.latencies.p99()),
    ];
    report.lines.extend(lines);
    let held = metrics::between(&before.0, &after.0);
    let waited = metrics::between(&before.1, &after.1);
    report.lines.extend(by_tag(&held, &waited));
    let claims = metrics::together(&held, "claim");
    let share = claims.share_within(0.02).unwrap_or_default() * 100.0;
    report.lines.push(
        Line::new("all claims: p99 of the hold", claims.quantile(0.99).unwrap_or_default(), "ms")
            .target(Target::AtMost(20.0))
            .note(Some(format!("{share:.2} % within 20 ms"))),
    );
    Ok(report)
}

/// A line for each tag, the longest holders first.
fn by_tag(held: &Histograms, waited: &Histograms) -> Vec<Line> {
    let mut lines: Vec<Line> = held
        .iter()
        .map(|(tag, held)| {
            let waits = waited.get(tag).and_then(|waited| waited.quantile(0.99));
            let waits = waits.map(|p99| format!("p99 of the wait {}", crate::report::milliseconds(p99)));
            Line::new(format!("`{tag}`"), held.count(), "times")
                .latency(held.quantile(0.5), held.quantile(0.99))
                .note(waits)
        })
        .collect();
    lines.sort_by(|one, other| other.p99_ms.unwrap_or(0.0).total_cmp(&one.p99_ms.unwrap_or(0.0)));
    lines
}

async fn known(server: &Server, show: &Show) -> Result<(), BenchError> {
    let request = http::get(HOST, &format!("/api/v1/performances/{}/availability", show.id));
    let begun = Instant::now();
    while !matches!(http::once(server.address, &request).await, Ok((200, _))) {
        if begun.elapsed() > Duration::from_secs(30) {
            return Err(BenchError::failed("the program does not show what is on sale"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// What buyers came to.
#[derive(Debug, Default)]
struct Counts {
    bought: AtomicU64,
    /// Calls that the program put off; the buyer begins anew.
    refused: AtomicU64,
}

/// Somebody who holds a place, orders it and pays, again and again.
struct Buyer {
    number: usize,
    server: SocketAddr,
    simulator: SocketAddr,
    secret: String,
    show: Show,
    keys: Keys,
}

impl Buyer {
    async fn buy_until(mut self, until: Instant, counts: Arc<Counts>) -> Result<(), BenchError> {
        let failed = || BenchError::system("a buyer's connection");
        let mut program = Connection::open(self.server).await.map_err(failed())?;
        let mut simulator = Connection::open(self.simulator).await.map_err(failed())?;
        let mut number = 0_u64;
        while Instant::now() < until {
            number += 1;
            let bought = self.buy(&mut program, &mut simulator, number).await?;
            let count = if bought { &counts.bought } else { &counts.refused };
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// False: the program put it off.
    async fn buy(
        &mut self,
        program: &mut Connection,
        simulator: &mut Connection,
        number: u64,
    ) -> Result<bool, BenchError> {
        let path = format!("/api/v1/performances/{}/holds", self.show.id);
        let places = format!(r#"{{"places":[{{"price_level":"{}","quantity":1}}]}}"#, self.show.level);
        let Some(hold) = self.post(program, &path, "", &places, 201).await? else { return Ok(false) };
        let (hold, token) = both(&hold, "hold_id")?;
        let email = format!("buyer-{}-{number}@bench.localhost", self.number);
        let order = format!(
            r#"{{"hold_id":"{hold}","buyer":{{"email":"{email}","name":"Ada Lovelace","locale":"en-IE"}}}}"#
        );
        let headers = format!("hold-token: {token}\r\n");
        let Some(order) = self.post(program, "/api/v1/orders", &headers, &order, 201).await? else {
            return Ok(false);
        };
        let (order, token) = both(&order, "order_id")?;
        let card = self.card(simulator).await?;
        let path = format!("/api/v1/orders/{order}/pay");
        let headers = format!("order-token: {token}\r\n");
        let pay = format!(r#"{{"confirmation_token":"{card}"}}"#);
        let Some(paid) = self.post(program, &path, &headers, &pay, 200).await? else { return Ok(false) };
        match field(&paid, "status") {
            Some("paid" | "processing") => Ok(true),
            other => Err(BenchError::failed(format!("a payment is {other:?}"))),
        }
    }

    /// The answer's body; none where the program says 503.
    async fn post(
        &mut self,
        connection: &mut Connection,
        path: &str,
        headers: &str,
        body: &str,
        expected: u16,
    ) -> Result<Option<Vec<u8>>, BenchError> {
        let mut request = Vec::new();
        http::post(&mut request, HOST, path, &format!("{}{headers}", self.keys.line()), body);
        let reply = connection.exchange(&request).await.map_err(BenchError::system("a purchase"))?;
        if reply.status == expected {
            return Ok(Some(reply.body.to_vec()));
        }
        if reply.status == 503 {
            return Ok(None);
        }
        let said = String::from_utf8_lossy(reply.body);
        Err(BenchError::failed(format!("{path} answers {}: {said}", reply.status)))
    }

    /// A card as the provider's form in the browser turns it into a token.
    async fn card(&self, simulator: &mut Connection) -> Result<String, BenchError> {
        let form = "payment_method=pm_card_visa";
        let request = format!(
            "POST /v1/test_helpers/confirmation_tokens HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/x-www-form-urlencoded\r\nauthorization: Bearer {}\r\n\
             stripe-account: {ACCOUNT}\r\ncontent-length: {}\r\n\r\n{form}",
            self.secret,
            form.len()
        );
        let reply =
            simulator.exchange(request.as_bytes()).await.map_err(BenchError::system("the simulator"))?;
        let token: Value = serde_json::from_slice(reply.body).unwrap_or_default();
        let id = token.get("id").and_then(Value::as_str).map(str::to_owned);
        id.ok_or_else(|| BenchError::failed(format!("the simulator answers {}", reply.status)))
    }
}

/// An id and the token beside it.
fn both(body: &[u8], id: &str) -> Result<(String, String), BenchError> {
    match (field(body, id), field(body, "token")) {
        (Some(id), Some(token)) => Ok((id.to_owned(), token.to_owned())),
        _ => Err(BenchError::failed(format!("an answer without `{id}` and its token"))),
    }
}
