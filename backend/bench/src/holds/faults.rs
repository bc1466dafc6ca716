//! What a restart of Redis or Postgres in the middle of a sale costs: for how long nothing can be held, what buyers are
//! told meanwhile, and whether anything that was acknowledged is lost.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use uuid::Uuid;

use super::tradeoff::Found;
use super::{CONNECTIONS, Fresh, Houses, known};
use crate::error::BenchError;
use crate::load::{self, Load};
use crate::progress;
use crate::report::{Line, Report, Target, number};
use crate::requests::{Holds, field};
use crate::setting::Setting;
use crate::stage::{Claiming, Stage};

/// Holds a second that are asked for: what a sale looks like, not what the machine can do.
const PACE: f64 = 1_000.0;
/// The restart comes after so long …
const QUIET: Duration = Duration::from_secs(2);
/// … and the sale goes on for so long.
const SALE: Duration = Duration::from_secs(10);
/// Units acknowledged holds must still have, by the rows that say so.
const KEPT: &str = "select count(distinct h.id) from holds h join claims c on c.tenant_id = h.tenant_id and c.hold_id = h.id
                    where h.id = any($1) and c.closed_at is null and h.state in ('active', 'confirming', 'completed')";

/// What a restart cost.
#[derive(Debug, Clone)]
pub(super) struct Outage {
    /// Longest time without a hold; none: holds never came back.
    pub(super) seconds: Option<f64>,
    /// Requests that were refused or got no answer.
    pub(super) refused: u64,
    /// Acknowledged holds that the database does not know.
    pub(super) lost: i64,
    /// Units that were acknowledged to two buyers.
    pub(super) doubled: usize,
    /// Acknowledged holds.
    pub(super) held: usize,
    /// What the audit said.
    pub(super) audit: Result<(), String>,
    /// For how long what was restarted was away itself, in seconds.
    pub(super) away: f64,
}

impl Outage {
    pub(super) fn shown(&self) -> String {
        let seconds =
            self.seconds.map_or_else(|| "for good".to_owned(), |seconds| format!("{} s", number(seconds)));
        let doubled = if self.doubled > 0 { format!(", {} TWICE", self.doubled) } else { String::new() };
        let away = number(self.away);
        format!("{seconds} (itself {away} s); {} refused, {} lost{doubled}", self.refused, self.lost)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Redis,
    Postgres,
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::Redis => "Redis killed and restarted",
            Self::Postgres => "Postgres restarted at once",
        }
    }
}

pub(super) async fn measure(
    stage: &mut Stage,
    setting: &Setting,
    houses: &Houses,
    report: &mut Report,
    found: &mut Found,
) -> Result<(), BenchError> {
    for strategy in &setting.strategies {
        for fault in [Fault::Redis, Fault::Postgres] {
            progress(&format!("{strategy}: {}", fault.name()));
            let name = format!("{strategy}: {}", fault.name());
            match measure_one(stage, houses, strategy, fault).await? {
                Ok(outage) => {
                    report.lines.extend(lines(&name, &outage));
                    let of = if fault == Fault::Redis { &mut found.redis } else { &mut found.postgres };
                    of.insert(strategy.clone(), outage);
                }
                Err(why) => report.lines.push(Line::absent(name, why)),
            }
        }
    }
    Ok(())
}

fn lines(name: &str, outage: &Outage) -> Vec<Line> {
    let without = match outage.seconds {
        Some(seconds) => Line::new(format!("{name}: without a hold"), seconds, "s"),
        None => Line::absent(format!("{name}: without a hold"), "holds never came back"),
    };
    let away = number(outage.away);
    let told =
        format!("itself away {away} s; {} held, {} refused or not answered", outage.held, outage.refused);
    let audit = match &outage.audit {
        Ok(()) => "audit clean".to_owned(),
        Err(why) => format!("audit: {why}"),
    };
    vec![
        without.note(Some(told)),
        Line::new(format!("{name}: acknowledged and lost"), outage.lost as f64, "holds")
            .target(Target::Exactly(0.0)),
        Line::new(format!("{name}: units acknowledged twice"), outage.doubled as f64, "units")
            .target(Target::Exactly(0.0))
            .note(Some(audit)),
    ]
}

/// What buyers were told.
#[derive(Debug, Default)]
struct Told {
    held: Vec<(Instant, Uuid)>,
    units: HashSet<String>,
    doubled: usize,
}

async fn measure_one(
    stage: &mut Stage,
    houses: &Houses,
    strategy: &str,
    fault: Fault,
) -> Result<Result<Outage, String>, BenchError> {
    let (database, show, wish) = match houses.served(stage, strategy).await? {
        Ok(ready) => ready,
        Err(why) => return Ok(Err(why)),
    };
    let fresh = Fresh::over(stage, database, Claiming::Batched).await?;
    known(&fresh.server, show).await?;
    let told = Arc::new(Mutex::new(Told::default()));
    let hears = Arc::clone(&told);
    let load = Load {
        address: fresh.server.address,
        connections: CONNECTIONS.into_iter().max().unwrap_or_default(),
        warm_up: Duration::ZERO,
        measured: SALE,
        // Not so fast that nothing is left before the end.
        pace: Some(PACE.min(show.units as f64 / (SALE.as_secs_f64() + 1.0))),
        hear: Some(Arc::new(move |reply, _, answered| {
            if reply.status == 201 {
                let mut told = hears.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(hold) = field(reply.body, "hold_id").and_then(|id| id.parse().ok()) {
                    told.held.push((answered, hold));
                }
                if let Some(unit) = field(reply.body, "unit_id")
                    && !told.units.insert(unit.to_owned())
                {
                    told.doubled += 1;
                }
            }
        })),
    };
    let begun = Instant::now();
    let sale = load::run(&load, Holds::of(std::slice::from_ref(show), wish, 1));
    let (tally, hit) = tokio::join!(sale, async {
        tokio::time::sleep(QUIET).await;
        let process = if fault == Fault::Redis { &mut stage.redis } else { &mut stage.postgres };
        let signal = if fault == Fault::Redis { Signal::SIGKILL } else { Signal::SIGQUIT };
        let begun = Instant::now();
        process.end_by(signal).await?;
        process.start_again()?;
        process.ready().await?;
        Ok::<_, BenchError>(begun.elapsed())
    });
    let tally = tally?;
    let away = hit?.as_secs_f64();
    let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    let ids: Vec<Uuid> = told.held.iter().map(|(_, id)| *id).collect();
    let kept = fresh.database.count_of(KEPT, &ids).await?;
    let audit =
        stage.marquee(&fresh.database, &["audit"]).await.map(drop).map_err(|error| first_line(&error));
    let good = tally.count(201);
    let answers: u64 = tally.statuses.values().sum();
    let outage = Outage {
        seconds: longest_gap(told.held.iter().map(|(at, _)| *at), begun + QUIET, begun + SALE),
        refused: answers - good + tally.broken,
        lost: i64::try_from(ids.len()).unwrap_or(i64::MAX) - kept,
        doubled: told.doubled,
        held: ids.len(),
        audit,
        away,
    };
    progress(&format!("  {} {}", outage.shown(), tally.others(&[201]).unwrap_or_default()));
    fresh.close().await?;
    Ok(Ok(outage))
}

fn first_line(error: &BenchError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// The longest time without a hold after `from`; none where holds had not come back a second before `until`.
fn longest_gap(held: impl Iterator<Item = Instant>, from: Instant, until: Instant) -> Option<f64> {
    let mut moments: Vec<Instant> = held.collect();
    moments.sort_unstable();
    let last = moments.last().copied()?;
    if last + Duration::from_secs(1) < until {
        return None;
    }
    let gaps = moments.iter().zip(moments.iter().skip(1)).filter(|(_, next)| **next >= from);
    gaps.map(|(one, next)| next.duration_since(*one)).max().map(|gap| gap.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_counts_when_holds_came_back() {
        let begun = Instant::now();
        let at = |ms: u64| begun + Duration::from_millis(ms);
        let moments = [0, 500, 1_000, 1_100, 1_400, 9_500];
        let gap =
            |moments: &[u64], until| longest_gap(moments.iter().map(|ms| at(*ms)), at(1_000), at(until));
        assert_eq!(gap(&moments[..5], 2_000), Some(0.5), "a gap that began before counts, too");
        assert_eq!(gap(&moments, 10_000), Some(8.1));
        assert_eq!(gap(&moments[..5], 10_000), None, "they never came back");
        assert_eq!(gap(&[], 10_000), None);
    }
}
