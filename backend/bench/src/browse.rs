//! `browse`: what fans look at before they buy, beside actix alone answering as many bytes.

use std::time::Duration;

use crate::error::BenchError;
use crate::http;
use crate::load::{self, Repeat};
use crate::progress;
use crate::reference::{Readings, bare, closed};
use crate::report::{Line, Report};
use crate::seed::{self, EVENT, settle};
use crate::setting::Setting;
use crate::stage::{Claiming, HOST, Stage};

/// People who look at one time.
const CONNECTIONS: usize = 64;
/// How long the program may take to know what is on sale.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs it.
///
/// # Errors
/// When something breaks.
pub async fn run(setting: &Setting) -> Result<Report, BenchError> {
    let (stage, database) = Stage::boot(&setting.bin).await?;
    progress("seeding");
    let show = seed::seated(&database, setting.seats).await?;
    settle(&database).await?;
    let server = stage.serve(&database, Claiming::Batched, false).await?;
    let (_alone, alone) = stage.bare().await?;
    let mut report = Report::new("browse");
    let pages = [
        (
            format!("availability of {} seats", show.units),
            format!("/api/v1/performances/{}/availability", show.id),
        ),
        ("an event's page".to_owned(), format!("/events/{EVENT}")),
        (format!("a performance's page, {} seats", show.units), format!("/performances/{}", show.id)),
        ("the list of events (JSON)".to_owned(), "/api/v1/events".to_owned()),
        ("the home page".to_owned(), "/".to_owned()),
    ];
    for (name, path) in pages {
        progress(&name);
        let request = http::get(HOST, &path);
        let bytes = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Ok((200, body)) = http::once(server.address, &request).await {
                    return body.len();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let Ok(bytes) = bytes.await else {
            report.lines.push(Line::absent(name, format!("{path} does not answer 200")));
            continue;
        };
        let mut reference = Readings::default();
        let short = closed(alone, CONNECTIONS, setting.seconds / 2.0);
        reference.add(bare(alone, false, bytes, &short).await?.rate(200));
        let load = closed(server.address, CONNECTIONS, setting.seconds);
        let tally = load::run(&load, Repeat::of(vec![request])).await?;
        reference.add(bare(alone, false, bytes, &short).await?.rate(200));
        let line = Line::new(name, tally.rate(200), "answers/s")
            .latency(tally.latencies.p50(), tally.latencies.p99())
            .against("actix alone", reference.around(), Some(reference.spread()));
        let others = tally.others(&[200]).map_or_else(String::new, |others| format!("; {others}"));
        report.lines.push(line.note(Some(format!("{bytes} bytes{others}"))));
    }
    Ok(report)
}
