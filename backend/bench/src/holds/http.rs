//! Holds over HTTP: each strategy, batched and not, chosen seat and any place, over few and many connections.

use super::tradeoff::{Found, Measured};
use super::{CONNECTIONS, Fresh, Houses, answer_bytes, known, preloaded};
use crate::error::BenchError;
use crate::load;
use crate::progress;
use crate::reference::{As, CLIENTS, PgBench, Readings, bare, closed};
use crate::report::{Line, Report, Target};
use crate::requests::{Holds, Wish};
use crate::setting::Setting;
use crate::stage::{Claiming, Stage};

/// Over pgbench's single-seat statement, batched and over many connections.
const OVER_PGBENCH: Target = Target::RatioAtLeast(1.5);
/// Over the same server with batching off.
const OVER_UNBATCHED: Target = Target::RatioAtLeast(4.0);
/// Over the hot counter, unbatched.
const OVER_COUNTER: Target = Target::RatioAtLeast(2.0);
/// Clients at the hot counter, for each of [`CONNECTIONS`]: pgbench has no more connections than Postgres grants.
const COUNTING: [u32; CONNECTIONS.len()] = [CLIENTS, 64];

/// References, read again around each strategy.
struct References<'a> {
    stage: &'a Stage,
    pgbench: PgBench,
    seconds: f64,
    answer_bytes: usize,
    /// As the program does it, and as the owner.
    seat: [Readings; 2],
    /// By clients, as the program does it.
    counter: [Readings; COUNTING.len()],
    /// As the owner.
    bare_counter: Readings,
    bare: [Readings; CONNECTIONS.len()],
}

impl References<'_> {
    async fn read(&mut self) -> Result<(), BenchError> {
        progress("references");
        let seconds = self.seconds.ceil() as u64;
        for (who, readings) in [As::Program, As::Owner].into_iter().zip(&mut self.seat) {
            readings.add(self.pgbench.single_seat(who, seconds).await?);
        }
        for (clients, readings) in COUNTING.into_iter().zip(&mut self.counter) {
            readings.add(self.pgbench.hot_counter(As::Program, clients, seconds).await?);
        }
        self.bare_counter.add(self.pgbench.hot_counter(As::Owner, CLIENTS, seconds).await?);
        let (server, address) = self.stage.bare().await?;
        for (connections, readings) in CONNECTIONS.into_iter().zip(&mut self.bare) {
            let load = closed(address, connections, self.seconds / 2.0);
            readings.add(bare(address, true, self.answer_bytes, &load).await?.rate(200));
        }
        drop(server);
        Ok(())
    }
}

pub(super) async fn measure(
    stage: &Stage,
    setting: &Setting,
    houses: &Houses,
    report: &mut Report,
    found: &mut Found,
) -> Result<(), BenchError> {
    let database = houses.database.copy("reference").await?;
    let Some(show) = houses.seated.first() else { return Ok(()) };
    let mut references = References {
        stage,
        pgbench: PgBench::prepare(stage, database, show).await?,
        seconds: setting.seconds,
        answer_bytes: answer_bytes(stage, houses).await?,
        seat: Default::default(),
        counter: Default::default(),
        bare_counter: Readings::default(),
        bare: Default::default(),
    };
    references.read().await?;
    for strategy in &setting.strategies {
        for claiming in [Claiming::Unbatched, Claiming::Batched] {
            progress(&format!("{strategy}, {}", name(claiming)));
            measure_one(stage, setting, houses, (strategy, claiming), found).await?;
        }
        references.read().await?;
        report.lines.extend(lines(strategy, found, &references));
    }
    report.lines.extend(reference_lines(&references));
    Ok(())
}

/// For people.
fn name(claiming: Claiming) -> &'static str {
    match claiming {
        Claiming::Batched => "batched",
        Claiming::Unbatched => "unbatched",
    }
}

async fn measure_one(
    stage: &Stage,
    setting: &Setting,
    houses: &Houses,
    (strategy, claiming): (&str, Claiming),
    found: &mut Found,
) -> Result<(), BenchError> {
    let database = houses.database.copy(&stage.fresh_name()).await?;
    let mut refused = Vec::new();
    for wish in [Wish::ChosenSeat, Wish::AnyPlace] {
        for show in houses.of(wish) {
            if let Err(why) = stage.choose(&database, &show.id, strategy).await {
                refused.push((wish, why));
                break;
            }
        }
    }
    let fresh = Fresh::over(stage, database, claiming).await?;
    preloaded(&fresh.server).await?;
    for wish in [Wish::ChosenSeat, Wish::AnyPlace] {
        for (connections, show) in CONNECTIONS.into_iter().zip(houses.of(wish)) {
            let key = (strategy.to_owned(), claiming, wish, connections);
            if let Some((_, why)) = refused.iter().find(|(of, _)| *of == wish) {
                found.holds.insert(key, Err(why.clone()));
                continue;
            }
            known(&fresh.server, show).await?;
            let holds = Holds::of(std::slice::from_ref(show), wish, 1);
            let load = closed(fresh.server.address, connections, setting.seconds);
            let tally = load::run(&load, holds).await?;
            let measured = Measured {
                rate: tally.rate(201),
                p50: tally.latencies.p50(),
                p99: tally.latencies.p99(),
                others: tally.others(&[201]),
            };
            progress(&format!("  {}, {connections} connections: {:.0}/s", wish.name(), measured.rate));
            found.holds.insert(key, Ok(measured));
        }
    }
    fresh.close().await
}

fn lines(strategy: &str, found: &Found, references: &References<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    let of =
        |claiming, wish, connections| found.holds.get(&(strategy.to_owned(), claiming, wish, connections));
    for wish in [Wish::ChosenSeat, Wish::AnyPlace] {
        for claiming in [Claiming::Unbatched, Claiming::Batched] {
            for connections in CONNECTIONS {
                let name = format!("{strategy}, {}, {}, {connections} conn.", name(claiming), wish.name());
                let measured = match of(claiming, wish, connections) {
                    Some(Ok(measured)) => measured,
                    Some(Err(why)) => {
                        lines.push(Line::absent(name, why));
                        continue;
                    }
                    None => continue,
                };
                let line = Line::new(name, measured.rate, "holds/s").latency(measured.p50, measured.p99);
                let line = line.note(measured.others.clone());
                let [seat, _] = &references.seat;
                let [few_count, many_count] = &references.counter;
                let single = ("pgbench, one seat", seat.around());
                let few = ("pgbench, hot counter, 16 clients", few_count.around());
                let crowd = ("pgbench, hot counter, 64 clients", many_count.around());
                let many = connections > CLIENTS as usize;
                lines.push(match (claiming, many) {
                    (Claiming::Batched, true) => line.against(single.0, single.1, None).target(OVER_PGBENCH),
                    (Claiming::Batched, false) => line.against(single.0, single.1, None),
                    (Claiming::Unbatched, false) => line.against(few.0, few.1, None).target(OVER_COUNTER),
                    (Claiming::Unbatched, true) => line.against(crowd.0, crowd.1, None).target(OVER_COUNTER),
                });
            }
        }
        let many = CONNECTIONS.into_iter().max().unwrap_or_default();
        let both = (of(Claiming::Batched, wish, many), of(Claiming::Unbatched, wish, many));
        if let (Some(Ok(batched)), Some(Ok(unbatched))) = both {
            let name = format!("{strategy}, batched by unbatched, {}, {many} conn.", wish.name());
            let line = Line::new(name, batched.rate, "holds/s").against("unbatched", unbatched.rate, None);
            lines.push(line.target(OVER_UNBATCHED));
        }
    }
    lines
}

fn reference_lines(references: &References<'_>) -> Vec<Line> {
    let line = |name: String, readings: &Readings, unit| {
        let spread = format!("its readings lie {:.0} % apart", readings.spread() * 100.0);
        Line::new(name, readings.mean(), unit).note(Some(spread))
    };
    let mut lines = vec![
        line(format!("pgbench, one seat, {CLIENTS} clients"), &references.seat[0], "tx/s"),
        line(
            format!("the same, bare: the owner, no transaction's frame, {CLIENTS} clients"),
            &references.seat[1],
            "tx/s",
        ),
        line(format!("pgbench, hot counter, {} clients", COUNTING[0]), &references.counter[0], "tx/s"),
        line(format!("pgbench, hot counter, {} clients", COUNTING[1]), &references.counter[1], "tx/s"),
        line(format!("the same, bare: the owner, {CLIENTS} clients"), &references.bare_counter, "tx/s"),
    ];
    for (connections, readings) in CONNECTIONS.into_iter().zip(&references.bare) {
        let name = format!("actix alone, {} bytes, {connections} conn.", references.answer_bytes);
        lines.push(line(name, readings, "answers/s"));
    }
    lines
}
