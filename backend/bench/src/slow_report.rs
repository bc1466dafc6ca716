//! `slow_report`: buyers beside a report that holds a connection to the database for half a minute, and whom the program
//! names as what holds the pool.

use std::time::{Duration, Instant};

use marquee_demo::environment::PLATFORM_HOST;
use marquee_tenants::staff::hash_password;
use serde_json::{Value, json};

use crate::database::Database;
use crate::error::BenchError;
use crate::http;
use crate::load::{self, Load};
use crate::progress;
use crate::reference::closed;
use crate::report::{Line, Report, Target};
use crate::requests::{Holds, Keys, SharedHolds, Wish, field};
use crate::seed::{self, settle};
use crate::setting::Setting;
use crate::stage::{Claiming, Server, Stage};
use crate::stats::{Latencies, median};

/// Buyers a second, over so many connections: a steady sale, so that their times can be compared.
const BUYING: (f64, usize) = (400.0, 64);
/// How long the report holds its connection.
const HELD: u64 = 30;
/// Its tag, as the program names it.
const TAG: &str = "report.drill";
const PASSWORD: &str = "correct horse battery";
const MAIL: &str = "ops@platform.localhost";

/// Runs it.
///
/// # Errors
/// When something breaks; a figure that is short is none.
pub async fn run(setting: &Setting) -> Result<Report, BenchError> {
    let (stage, database) = Stage::boot(&setting.bin).await?;
    progress("seeding");
    let show = seed::seated(&database, setting.seats).await?;
    staff(&database).await?;
    settle(&database).await?;
    let server = stage.serve(&database, Claiming::Batched, true).await?;
    let bearer = sign_in(&server).await?;
    let holds = SharedHolds::of(Holds::of(std::slice::from_ref(&show), Wish::ChosenSeat, 1));
    // What is loaded and prepared when it is first needed is nobody's wait.
    buy(&server, &holds, 2.0).await?;
    let held = Duration::from_secs(HELD);
    let seconds = (held.as_secs_f64() * 0.4).max(1.0);
    let (mut without, mut beside) = (Vec::new(), Vec::new());
    let mut first = Vec::new();
    for round in 1..=setting.rounds.min(2) {
        progress(&format!("round {round}"));
        without.push(buy(&server, &holds, seconds).await?);
        let began = Instant::now();
        drill(&server, &bearer).await?;
        beside.push(buy(&server, &holds, seconds).await?);
        first.push(ranking(&server).await?);
        tokio::time::sleep((held + Duration::from_secs(1)).saturating_sub(began.elapsed())).await;
    }
    drop(server);
    let p99 = |all: &[Latencies]| all.iter().filter_map(Latencies::p99).collect::<Vec<f64>>();
    let p50 = |all: &[Latencies]| all.iter().filter_map(Latencies::p50).collect::<Vec<f64>>();
    let mut report = Report::new("slow_report");
    let name = format!("buyers' p99 beside a report of {HELD} s, {} holds/s", BUYING.0);
    report.lines.push(
        Line::new(name, median(&p99(&beside)), "ms")
            .latency(Some(median(&p50(&beside))), Some(median(&p99(&beside))))
            .against("without", median(&p99(&without)), None)
            .target(Target::RatioAtMost(1.5)),
    );
    let named = first.iter().filter(|tag| tag.as_str() == TAG).count() as f64;
    report.lines.push(
        Line::new(format!("`{TAG}` named first of what holds the pool"), named, "times")
            .target(Target::Exactly(first.len() as f64))
            .note(Some(format!("first were: {}", first.join(", ")))),
    );
    Ok(report)
}

async fn staff(database: &Database) -> Result<(), BenchError> {
    let hash = hash_password(PASSWORD).map_err(BenchError::failed)?;
    database
        .run(&format!(
            "insert into platform_staff (id, email, name, password_hash)
             values (gen_random_uuid(), '{MAIL}', 'Ops', '{hash}')"
        ))
        .await
}

/// The header of somebody of the platform's staff who is signed in.
async fn sign_in(server: &Server) -> Result<String, BenchError> {
    let credentials = json!({ "email": MAIL, "password": PASSWORD }).to_string();
    let body = post(server, "/api/platform/v1/sessions", "", &credentials, 200).await?;
    let token =
        field(&body, "access_token").ok_or_else(|| BenchError::failed("a session without a token"))?;
    Ok(format!("authorization: Bearer {token}\r\n"))
}

/// Lets a report hold a connection.
async fn drill(server: &Server, bearer: &str) -> Result<(), BenchError> {
    let asked = json!({ "seconds": HELD }).to_string();
    post(server, "/api/platform/v1/drills/slow-report", bearer, &asked, 202).await.map(drop)
}

async fn post(
    server: &Server,
    path: &str,
    headers: &str,
    body: &str,
    expected: u16,
) -> Result<Vec<u8>, BenchError> {
    let mut request = Vec::new();
    let headers = format!("{}{headers}", Keys::new().line());
    http::post(&mut request, PLATFORM_HOST, path, &headers, body);
    let answer = http::once(server.address, &request).await;
    match answer.map_err(BenchError::system("the platform's API"))? {
        (status, body) if status == expected => Ok(body),
        (status, body) => {
            let said = String::from_utf8_lossy(&body);
            Err(BenchError::failed(format!("{path} answers {status}: {said}")))
        }
    }
}

/// The tag that stands first in the ranking.
async fn ranking(server: &Server) -> Result<String, BenchError> {
    let (_, body) = http::once(server.metrics, &http::get("localhost", "/holders"))
        .await
        .map_err(BenchError::system("cannot read the program's ranking"))?;
    let ranking: Value = serde_json::from_slice(&body).map_err(BenchError::failed)?;
    let first = ranking.pointer("/holders/0/tag").and_then(Value::as_str);
    Ok(first.unwrap_or("nobody").to_owned())
}

/// How long buyers waited for their holds.
async fn buy(server: &Server, holds: &SharedHolds, seconds: f64) -> Result<Latencies, BenchError> {
    let (pace, connections) = BUYING;
    let load = Load { pace: Some(pace), ..closed(server.address, connections, seconds) };
    let tally = load::run(&load, holds.clone()).await?;
    match tally.others(&[201]) {
        None => Ok(tally.latencies),
        Some(others) => Err(BenchError::failed(format!("holds failed: {others}"))),
    }
}
