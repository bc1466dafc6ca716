//! `hold_time`: for how long each kind of work holds a connection to the database while people browse, hold, order and
//! pay at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::http;
use crate::load::{self, Load, Repeat};
use crate::metrics::{self, Histograms};
use crate::progress;
use crate::purchase::{Bought, Buyer, Cards};
use crate::reference::closed;
use crate::report::{Line, Report, Target};
use crate::requests::{Holds, Wish};
use crate::seed::{self, EVENT, Shape, Show, settle};
use crate::setting::Setting;
use crate::stage::{Claiming, HOST, Server, Stage};

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
        let buyer = Buyer::arrive(number, server.address, &stage, &standing, &Cards::default()).await?;
        buyers.spawn(buy_until(buyer, until, Arc::clone(&counts)));
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
pub(crate) fn by_tag(held: &Histograms, waited: &Histograms) -> Vec<Line> {
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

pub(crate) async fn known(server: &Server, show: &Show) -> Result<(), BenchError> {
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

/// Somebody who buys again and again.
async fn buy_until(mut buyer: Buyer, until: Instant, counts: Arc<Counts>) -> Result<(), BenchError> {
    while Instant::now() < until {
        let count = match buyer.buy().await? {
            Bought::Paid | Bought::Processing => &counts.bought,
            Bought::PutOff => &counts.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
