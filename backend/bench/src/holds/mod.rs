//! `holds`: how many holds a second each strategy makes, over HTTP and without it, whether that stays so as the database
//! grows, what a restart of what it stands on costs; and from all that the strategies' trade-offs.

mod engine;
mod faults;
mod growth;
mod http;
mod instances;
mod tradeoff;

use std::time::{Duration, Instant};

use crate::cli::Part;
use crate::database::Database;
use crate::error::BenchError;
use crate::http as wire;
use crate::load::Source as _;
use crate::metrics;
use crate::report::Report;
use crate::requests::{Holds, Wish};
use crate::seed::{self, Shape, Show};
use crate::setting::Setting;
use crate::stage::{Claiming, HOST, Server, Stage};
use crate::{progress, seed::settle};

/// Connections that buyers come over: a few, and many.
const CONNECTIONS: [usize; 2] = [16, 256];

/// What is on sale in the prepared database: for each of [`CONNECTIONS`] a performance of its own.
#[derive(Debug)]
struct Houses {
    database: Database,
    seated: Vec<Show>,
    standing: Vec<Show>,
}

impl Houses {
    fn of(&self, wish: Wish) -> &[Show] {
        match wish {
            Wish::ChosenSeat => &self.seated,
            Wish::AnyPlace => &self.standing,
        }
    }

    /// A copy in which the first performance of a kind is on a strategy; the program's own words where it refuses that.
    async fn on(
        &self,
        stage: &Stage,
        strategy: &str,
        wish: Wish,
    ) -> Result<Result<(Database, &Show), String>, BenchError> {
        let Some(show) = self.of(wish).first() else { return Ok(Err("nothing is on sale".to_owned())) };
        let database = self.database.copy(&stage.fresh_name()).await?;
        if let Err(why) = stage.choose(&database, &show.id, strategy).await {
            database.remove().await?;
            return Ok(Err(why));
        }
        Ok(Ok((database, show)))
    }

    /// The same of chosen seats where the strategy serves them, else of any places.
    async fn served(
        &self,
        stage: &Stage,
        strategy: &str,
    ) -> Result<Result<(Database, &Show, Wish), String>, BenchError> {
        let mut refused = String::new();
        for wish in [Wish::ChosenSeat, Wish::AnyPlace] {
            match self.on(stage, strategy, wish).await? {
                Ok((database, show)) => return Ok(Ok((database, show, wish))),
                Err(why) => refused = why,
            }
        }
        Ok(Err(refused))
    }
}

/// Runs it.
///
/// # Errors
/// When something breaks; a figure that is short is none.
pub async fn run(setting: &Setting) -> Result<Report, BenchError> {
    let (mut stage, root) = Stage::boot(&setting.bin).await?;
    progress("seeding");
    let show = seed::seated(&root, setting.seats).await?;
    settle(&root).await?;
    let houses = houses(&root, &show).await?;
    let mut report = Report::new("holds");
    let mut found = tradeoff::Found::default();
    if setting.parts.contains(&Part::Http) {
        http::measure(&stage, setting, &houses, &mut report, &mut found).await?;
    }
    if setting.parts.contains(&Part::Engine) {
        engine::measure(&stage, setting, &houses, &mut report).await?;
    }
    if setting.parts.contains(&Part::Growth) {
        growth::measure(&stage, setting, &root, &show, &mut report).await?;
    }
    if setting.parts.contains(&Part::Instances) {
        instances::measure(&stage, setting, &houses, &mut report).await?;
    }
    if setting.parts.contains(&Part::Faults) {
        faults::measure(&mut stage, setting, &houses, &mut report, &mut found).await?;
    }
    report.tables.push(found.table(&setting.strategies));
    Ok(report)
}

async fn houses(root: &Database, show: &Show) -> Result<Houses, BenchError> {
    let database = root.copy("houses").await?;
    let shape = |standing| Shape { copies: CONNECTIONS.len(), units: show.units, standing };
    let seated = seed::copies(&database, show, shape(false)).await?;
    // Ids are made of the millisecond: the next copies must not meet these.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let standing = seed::copies(&database, show, shape(true)).await?;
    settle(&database).await?;
    Ok(Houses { database, seated, standing })
}

/// A copy of a prepared database with a server over it, and Redis as empty as on the first day.
struct Fresh {
    server: Server,
    database: Database,
}

impl Fresh {
    async fn open(stage: &Stage, template: &Database, claiming: Claiming) -> Result<Self, BenchError> {
        let database = template.copy(&stage.fresh_name()).await?;
        Self::over(stage, database, claiming).await
    }

    async fn over(stage: &Stage, database: Database, claiming: Claiming) -> Result<Self, BenchError> {
        stage.flush_redis().await?;
        let server = stage.serve(&database, claiming, false).await?;
        Ok(Self { server, database })
    }

    async fn close(self) -> Result<(), BenchError> {
        drop(self.server);
        self.database.remove().await
    }
}

/// Waits until a server shows what is free of a performance: then it is known and in memory.
async fn known(server: &Server, show: &Show) -> Result<(), BenchError> {
    let path = format!("/api/v1/performances/{}/availability", show.id);
    let begun = Instant::now();
    loop {
        let answer = wire::once(server.address, &wire::get(HOST, &path)).await;
        match answer {
            Ok((200, _)) => return Ok(()),
            other if begun.elapsed() > Duration::from_secs(30) => {
                return Err(BenchError::failed(format!(
                    "{path} answers {:?}",
                    other.map(|(status, _)| status)
                )));
            }
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Waits until a server has in memory what is on sale: reading that takes its time from what is measured.
async fn preloaded(server: &Server) -> Result<(), BenchError> {
    let begun = Instant::now();
    while metrics::gauge(server.metrics, "marquee_boards_preloaded").await? != Some(1.0) {
        if begun.elapsed() > Duration::from_secs(120) {
            return Err(BenchError::failed("the program does not say that it has read what is on sale"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// How long the answer to one hold is.
async fn answer_bytes(stage: &Stage, houses: &Houses) -> Result<usize, BenchError> {
    let Some(show) = houses.seated.first() else { return Ok(0) };
    let fresh = Fresh::open(stage, &houses.database, Claiming::Batched).await?;
    known(&fresh.server, show).await?;
    let mut request = Vec::new();
    Holds::of(std::slice::from_ref(show), Wish::ChosenSeat, 1).next(&mut request);
    let (status, body) =
        wire::once(fresh.server.address, &request).await.map_err(BenchError::system("the first hold"))?;
    fresh.close().await?;
    if status == 201 {
        return Ok(body.len());
    }
    Err(BenchError::failed(format!("the first hold answers {status}: {}", String::from_utf8_lossy(&body))))
}
