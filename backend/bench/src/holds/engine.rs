//! The engine alone, batched and not: its own process, no HTTP.

use super::Houses;
use crate::engine::Found;
use crate::error::BenchError;
use crate::progress;
use crate::report::{Line, Report, Target};
use crate::requests::Wish;
use crate::setting::Setting;
use crate::stage::{Claiming, Stage};

/// Over its unbatched self.
const OVER_UNBATCHED: Target = Target::RatioAtLeast(10.0);
/// Callers at one time.
const CALLERS: usize = 1_024;

pub(super) async fn measure(
    stage: &Stage,
    setting: &Setting,
    houses: &Houses,
    report: &mut Report,
) -> Result<(), BenchError> {
    for strategy in &setting.strategies {
        progress(&format!("the engine alone, {strategy}"));
        // Chosen seats where the strategy serves them.
        for wish in [Wish::ChosenSeat, Wish::AnyPlace] {
            let name = format!("engine alone, {strategy}, {}", wish.name());
            let unbatched =
                measure_one(stage, setting, houses, (strategy, Claiming::Unbatched, wish)).await?;
            let batched = measure_one(stage, setting, houses, (strategy, Claiming::Batched, wish)).await?;
            report.lines.push(match (batched, unbatched) {
                (Ok(batched), Ok(unbatched)) => {
                    let refused = batched.refused + unbatched.refused;
                    Line::new(name, batched.rate, "holds/s")
                        .latency(None, Some(batched.p99))
                        .against("unbatched", unbatched.rate, None)
                        .target(OVER_UNBATCHED)
                        .note((refused > 0).then(|| format!("refused ×{refused}")))
                }
                (Err(why), _) | (_, Err(why)) => Line::absent(name, why),
            });
        }
    }
    Ok(())
}

async fn measure_one(
    stage: &Stage,
    setting: &Setting,
    houses: &Houses,
    (strategy, claiming, wish): (&str, Claiming, Wish),
) -> Result<Result<Found, String>, BenchError> {
    let (database, show) = match houses.on(stage, strategy, wish).await? {
        Ok(ready) => ready,
        Err(why) => return Ok(Err(why)),
    };
    stage.flush_redis().await?;
    let seats = stage.path("seats.txt");
    std::fs::write(&seats, show.seats.join("\n")).map_err(BenchError::system("cannot write the seats"))?;
    let (units, callers, seconds) =
        (show.units.to_string(), CALLERS.to_string(), setting.seconds.to_string());
    let seats = seats.display().to_string();
    let mut args = vec!["engine", "--performance", &show.id, "--units", &units, "--callers", &callers];
    args.extend(["--seconds", &seconds]);
    match wish {
        Wish::ChosenSeat => args.extend(["--seats", &seats]),
        Wish::AnyPlace => args.extend(["--level", &show.level]),
    }
    let line = stage.own_role(&args, stage.variables(&database, claiming)).await?;
    database.remove().await?;
    serde_json::from_str(&line).map(Ok).map_err(|_| BenchError::failed(format!("the engine says `{line}`")))
}
