//! Does a hold cost more when there is more in the database? The same load on a small house, beside two million other
//! units, beside a thousand other performances, spread over all of those, and after the seats were held many times.

use std::time::{Duration, Instant};

use super::{Fresh, known, preloaded};
use crate::database::Database;
use crate::error::BenchError;
use crate::load::{self, Load};
use crate::progress;
use crate::reference::closed;
use crate::report::{Line, Report, Target, number};
use crate::requests::{Holds, Wish};
use crate::seed::{self, Shape, Show, settle};
use crate::setting::Setting;
use crate::stage::{Claiming, Stage};
use crate::stats::{Latencies, median, spread};

/// From the small house.
const EVEN: Target = Target::RatioWithin(0.2);
const CONNECTIONS: usize = 256;
/// Units of one hold while seats churn.
const CHURNED_TOGETHER: u32 = 10;
/// How long a hold lives then.
const CHURNED_FOR: Duration = Duration::from_secs(1);

/// Between what a copy and a start leave behind, and the load: larger databases leave more.
const QUIET: Duration = Duration::from_secs(2);

struct Case {
    name: String,
    template: Database,
    shows: Vec<Show>,
    rates: Vec<f64>,
    p99: Vec<f64>,
}

pub(super) async fn measure(
    stage: &Stage,
    setting: &Setting,
    root: &Database,
    show: &Show,
    report: &mut Report,
) -> Result<(), BenchError> {
    let case = |name: String, template: &Database, shows: Vec<Show>| Case {
        name,
        template: template.clone(),
        shows,
        rates: Vec::new(),
        p99: Vec::new(),
    };
    let alone = vec![show.clone()];
    progress("growth: many units");
    let many_units = root.copy("many_units").await?;
    let others = setting.many_units.div_ceil(show.units).saturating_sub(1).max(1);
    let shape = Shape { copies: others, units: show.units, standing: false };
    seed::copies(&many_units, show, shape).await?;
    settle(&many_units).await?;
    progress("growth: many performances");
    let many = root.copy("many_performances").await?;
    let each = (show.units / setting.many_performances).max(1);
    let shape = Shape { copies: setting.many_performances, units: each, standing: false };
    let spread_over = seed::copies(&many, show, shape).await?;
    settle(&many).await?;
    progress("growth: churned seats");
    let churned = root.copy("churned").await?;
    churn(stage, setting, &churned, show).await?;

    let units = show.units * (others + 1);
    let performances = setting.many_performances + 1;
    let mut cases = [
        case(format!("{} units, 1 performance", number(show.units as f64)), root, alone.clone()),
        case(format!("{} units in the database", number(units as f64)), &many_units, alone.clone()),
        case(format!("one of {} performances", number(performances as f64)), &many, alone.clone()),
        case(
            format!("spread over {} performances", number(setting.many_performances as f64)),
            &many,
            spread_over,
        ),
        case(
            format!("after {} rounds of {} seats", setting.churns, number(show.units as f64)),
            &churned,
            alone,
        ),
    ];
    for round in 1..=setting.rounds {
        progress(&format!("growth: round {round}"));
        for case in &mut cases {
            let fresh = Fresh::open(stage, &case.template, Claiming::Batched).await?;
            for show in &case.shows {
                known(&fresh.server, show).await?;
            }
            preloaded(&fresh.server).await?;
            tokio::time::sleep(QUIET).await;
            let holds = Holds::of(&case.shows, Wish::ChosenSeat, 1);
            let load = closed(fresh.server.address, CONNECTIONS, setting.seconds);
            let tally = load::run(&load, holds).await?;
            case.rates.push(tally.rate(201));
            case.p99.extend(tally.latencies.p99());
            progress(&format!("  {}: {:.0}/s", case.name, tally.rate(201)));
            fresh.close().await?;
        }
    }
    let base = cases.first().map(|case| (median(&case.rates), spread(&case.rates))).unwrap_or_default();
    for (place, case) in cases.iter().enumerate() {
        let p99 = (!case.p99.is_empty()).then(|| median(&case.p99));
        let line =
            Line::new(format!("growth: {}", case.name), median(&case.rates), "holds/s").latency(None, p99);
        let apart = format!("rounds lie {:.0} % apart", spread(&case.rates) * 100.0);
        let line = line.note(Some(apart));
        report.lines.push(match place {
            0 => line,
            _ => line.against("the small house", base.0, Some(base.1)).target(EVEN),
        });
    }
    Ok(())
}

/// Holds all seats and lets them expire, again and again, with the worker tidying up beside it.
async fn churn(stage: &Stage, setting: &Setting, database: &Database, show: &Show) -> Result<(), BenchError> {
    let set = async |seconds: &str| {
        stage.marquee(database, &["performance", "set", &show.id, "--hold-seconds", seconds]).await
    };
    set(&CHURNED_FOR.as_secs().to_string()).await?;
    stage.flush_redis().await?;
    let server = stage.serve(database, Claiming::Batched, true).await?;
    known(&server, show).await?;
    let begun = Instant::now();
    let mut latencies = Vec::new();
    for _ in 0..setting.churns {
        let holds = Holds::of(std::slice::from_ref(show), Wish::ChosenSeat, CHURNED_TOGETHER);
        let measured = Duration::from_secs(120);
        let load = Load { warm_up: Duration::ZERO, measured, ..closed(server.address, 64, 1.0) };
        let tally = load::run(&load, holds).await?;
        if let Some(others) = tally.others(&[201]) {
            return Err(BenchError::failed(format!("holds failed while seats churned: {others}")));
        }
        latencies.push((tally.latencies.p99().unwrap_or_default() * 1_000.0) as u32);
        tokio::time::sleep(CHURNED_FOR + Duration::from_millis(100)).await;
    }
    let worst = Latencies::of(latencies).max().unwrap_or_default();
    progress(&format!(
        "  {} rounds in {:.0} s, p99 up to {worst:.0} ms",
        setting.churns,
        begun.elapsed().as_secs_f64()
    ));
    drop(server);
    set("600").await.map(drop)
}
