//! Two instances of the program on one performance, beside one: the same load over the same connections, in turn. The ratio is
//! the median of those of neighbouring measurements: what the machine does meanwhile moves both.

use tokio::task::JoinSet;

use super::{Fresh, Houses, known, preloaded};
use crate::error::BenchError;
use crate::load;
use crate::metrics::gauge;
use crate::progress;
use crate::reference::closed;
use crate::report::{Line, Report, Target, number};
use crate::requests::{Holds, SharedHolds, Wish};
use crate::setting::Setting;
use crate::stage::{Claiming, Stage};
use crate::stats::{median, median_within, spread};

const CONNECTIONS: usize = 256;

pub(super) async fn measure(
    stage: &Stage,
    setting: &Setting,
    houses: &Houses,
    report: &mut Report,
) -> Result<(), BenchError> {
    for strategy in &setting.strategies {
        progress(&format!("instances, {strategy}"));
        let wish = match houses.served(stage, strategy).await? {
            Ok((database, _, wish)) => {
                database.remove().await?;
                wish
            }
            Err(why) => {
                report.lines.push(Line::absent(format!("two instances, {strategy}"), why));
                continue;
            }
        };
        let (mut one, mut two) = (Vec::new(), Vec::new());
        // The two lie close together: it takes more rounds than usual to tell them apart. Each goes first in turn.
        for round in 0..3 * setting.rounds {
            let both = if round % 2 == 0 { [1, 2] } else { [2, 1] };
            for count in both {
                let rate = rate(stage, setting, houses, strategy, wish, count).await?;
                if count == 1 { one.push(rate) } else { two.push(rate) }
            }
        }
        let ratios: Vec<f64> = one.iter().zip(&two).map(|(one, two)| two / one.max(1.0)).collect();
        let within = median_within(&ratios)
            .map(|(low, high)| format!("; 95 %: {low:.2} to {high:.2}"))
            .unwrap_or_default();
        let note = format!("median of {} pairs{within}", ratios.len());
        let name = format!("two instances, {strategy}, {}, {CONNECTIONS} conn.", wish.name());
        let line = Line::new(name, median(&two), "holds/s")
            .against("one instance", median(&one), Some(spread(&one)))
            .ratio(median(&ratios))
            .target(Target::RatioAtLeast(1.0));
        progress(&format!("  two by one: {}, {note}", number(median(&ratios))));
        report.lines.push(line.note(Some(note)));
    }
    Ok(())
}

/// Holds a second that so many instances make together.
async fn rate(
    stage: &Stage,
    setting: &Setting,
    houses: &Houses,
    strategy: &str,
    wish: Wish,
    count: usize,
) -> Result<f64, BenchError> {
    let (database, show) = houses.on(stage, strategy, wish).await?.map_err(BenchError::failed)?;
    let fresh = Fresh::over(stage, database, Claiming::Batched).await?;
    let second = match count {
        1 => None,
        _ => Some(stage.serve(&fresh.database, Claiming::Batched, false).await?),
    };
    let servers = || std::iter::once(&fresh.server).chain(&second);
    for server in servers() {
        known(server, show).await?;
        preloaded(server).await?;
    }
    let holds = SharedHolds::of(Holds::of(std::slice::from_ref(show), wish, 1));
    let mut loads = JoinSet::new();
    for server in servers() {
        let load = closed(server.address, CONNECTIONS / count, setting.seconds);
        let holds = holds.clone();
        loads.spawn(async move { load::run(&load, holds).await });
    }
    let mut rate = 0.0;
    for tally in loads.join_all().await {
        rate += tally?.rate(201);
    }
    let (mut batches, mut claims) = (0.0, 0.0);
    for server in servers() {
        let sum = async |name| Ok::<_, BenchError>(gauge(server.metrics, name).await?.unwrap_or_default());
        batches += sum("marquee_claim_batch_size_count").await?;
        claims += sum("marquee_claim_batch_size_sum").await?;
    }
    progress(&format!("  {count}: {rate:.0}/s, {:.0} to a batch", claims / batches.max(1.0)));
    drop(second);
    fresh.close().await?;
    Ok(rate)
}
