//! Two instances of the program on one performance, beside one: the same load over the same connections, in turn.

use tokio::task::JoinSet;

use super::{Fresh, Houses, known, preloaded};
use crate::error::BenchError;
use crate::load;
use crate::metrics::gauge;
use crate::progress;
use crate::reference::closed;
use crate::report::{Line, Report, Target, number};
use crate::requests::{Holds, SharedHolds};
use crate::setting::Setting;
use crate::stage::{Claiming, Stage};
use crate::stats::{median, spread};

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
        // The two lie close together: it takes more rounds than usual to tell them apart.
        for _ in 0..2 * setting.rounds - 1 {
            for (count, rates) in [(1, &mut one), (2, &mut two)] {
                let (database, show) = houses.on(stage, strategy, wish).await?.map_err(BenchError::failed)?;
                let fresh = Fresh::over(stage, database, Claiming::Batched).await?;
                let mut addresses = vec![fresh.server.address];
                let second = match count {
                    1 => None,
                    _ => Some(stage.serve(&fresh.database, Claiming::Batched, false).await?),
                };
                addresses.extend(second.as_ref().map(|server| server.address));
                for server in std::iter::once(&fresh.server).chain(&second) {
                    known(server, show).await?;
                    preloaded(server).await?;
                }
                let holds = SharedHolds::of(Holds::of(std::slice::from_ref(show), wish, 1));
                let each = CONNECTIONS / addresses.len();
                let mut loads = JoinSet::new();
                for address in addresses {
                    let (load, holds) = (closed(address, each, setting.seconds), holds.clone());
                    loads.spawn(async move { load::run(&load, holds).await });
                }
                let mut rate = 0.0;
                for tally in loads.join_all().await {
                    rate += tally?.rate(201);
                }
                let (mut batches, mut claims) = (0.0, 0.0);
                for server in std::iter::once(&fresh.server).chain(&second) {
                    let sum = async |name| {
                        Ok::<_, BenchError>(gauge(server.metrics, name).await?.unwrap_or_default())
                    };
                    batches += sum("marquee_claim_batch_size_count").await?;
                    claims += sum("marquee_claim_batch_size_sum").await?;
                }
                progress(&format!("  {count}: {rate:.0}/s, {:.0} to a batch", claims / batches.max(1.0)));
                rates.push(rate);
                drop(second);
                fresh.close().await?;
            }
        }
        let apart = |rates: &[f64]| spread(rates) * 100.0;
        let note = format!(
            "medians of {}; rounds of one lie {:.0} % apart, of two {:.0} %",
            one.len(),
            apart(&one),
            apart(&two)
        );
        let name = format!("two instances, {strategy}, {}, {CONNECTIONS} conn.", wish.name());
        let line = Line::new(name, median(&two), "holds/s")
            .against("one instance", median(&one), Some(spread(&one)))
            .target(Target::RatioAtLeast(1.0));
        report.lines.push(line.note(Some(note)));
        progress(&format!("  two by one: {}", number(median(&two) / median(&one).max(1.0))));
    }
    Ok(())
}
