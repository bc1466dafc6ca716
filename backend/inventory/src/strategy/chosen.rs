//! Claims of chosen units: lock them in order, decide by the guard, update those of requests that get all.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{HoldId, UnitId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{ChosenUnit, ClaimRequest, Got, Guard, Outcome, Tally, Target};

#[derive(Debug, FromQueryResult)]
struct Row {
    id: UnitId,
    hold: HoldId,
    free: bool,
    until: Option<DateTime<Utc>>,
    taken_from: Option<HoldId>,
}

/// Claims what the batch chose. Two requests for one unit are settled here, in the batch's order: a statement
/// would pick either.
pub(super) async fn claim(
    tx: &TenantTx,
    target: &Target,
    batch: &[ClaimRequest],
    guard: Guard,
    tally: &mut Tally,
) -> Result<(), DbError> {
    let mut waiting: Vec<&ClaimRequest> = batch.iter().filter(|request| !request.chosen.is_empty()).collect();
    let mut taken: HashSet<UnitId> = HashSet::new();
    while !waiting.is_empty() {
        let mut reached: HashSet<UnitId> = HashSet::new();
        let mut round = Vec::new();
        let mut deferred = Vec::new();
        for request in waiting {
            let lost = named(request, |chosen| taken.contains(&chosen.unit));
            if !lost.is_empty() {
                tally.refused.insert(request.hold_id, Outcome::SeatTaken(lost));
            } else if request.chosen.iter().any(|chosen| reached.contains(&chosen.unit)) {
                deferred.push(request);
            } else {
                reached.extend(request.chosen.iter().map(|chosen| chosen.unit));
                round.push(request);
            }
        }
        if !round.is_empty() {
            claim_disjoint(tx, target, &round, guard, &mut taken, tally).await?;
        }
        waiting = deferred;
    }
    Ok(())
}

async fn claim_disjoint(
    tx: &TenantTx,
    target: &Target,
    round: &[&ClaimRequest],
    guard: Guard,
    taken: &mut HashSet<UnitId>,
    tally: &mut Tally,
) -> Result<(), DbError> {
    let wanted = || {
        round.iter().flat_map(|request| request.chosen.iter().map(move |chosen| (request.hold_id, chosen)))
    };
    let units: Vec<Uuid> = wanted().map(|(_, chosen)| chosen.unit.0).collect();
    let holds: Vec<Uuid> = wanted().map(|(hold, _)| hold.0).collect();
    // The sub-select locks in id order; the guard is judged on the locked rows, so on what is true now.
    let sql = format!(
        "with locked as materialized (
             select u.id, w.hold, u.hold_id, u.state, u.expires_at
             from units u join unnest($2::uuid[], $3::uuid[]) w (unit, hold) on u.id = w.unit
             where u.tenant_id = $1 and u.performance_id = $4
             order by u.id for update of u
         ), judged as materialized (
             select u.id, u.hold, u.hold_id, u.state, {guard} as free from locked u
         ), granted as materialized (
             select hold, marquee_now() + make_interval(secs => $5) as until from judged group by hold having bool_and(free)
         ), updated as (
             update units u set state = 'held', hold_id = j.hold, expires_at = g.until
             from judged j join granted g on g.hold = j.hold
             where u.tenant_id = $1 and u.id = j.id
             returning u.id, u.expires_at
         )
         select j.id, j.hold, j.free, d.expires_at as until, case when j.state = 'held' then j.hold_id end as taken_from
         from judged j left join updated d on d.id = j.id",
        guard = guard.sql(),
    );
    let rows: Vec<Row> =
        tx.all(&sql, params![units, holds, target.performance.0, f64::from(target.hold_seconds)]).await?;
    let by_hold: HashMap<HoldId, Vec<&Row>> = rows.iter().fold(HashMap::new(), |mut map, row| {
        map.entry(row.hold).or_default().push(row);
        map
    });
    for request in round {
        let found = by_hold.get(&request.hold_id).map(Vec::as_slice).unwrap_or_default();
        let row_of = |chosen: &ChosenUnit| found.iter().find(|row| row.id == chosen.unit);
        let got: Option<Vec<Got>> = request
            .chosen
            .iter()
            .map(|chosen| {
                let row = row_of(chosen)?;
                Some(Got {
                    unit: chosen.unit,
                    offer: chosen.offer.clone(),
                    until: row.until?,
                    taken_from: row.taken_from,
                })
            })
            .collect();
        if let Some(got) = got {
            tally.got.insert(request.hold_id, got);
            taken.extend(request.chosen.iter().map(|chosen| chosen.unit));
        } else {
            let lost = named(request, |chosen| row_of(chosen).is_none_or(|row| !row.free));
            taken.extend(found.iter().filter(|row| !row.free).map(|row| row.id));
            tally.refused.insert(request.hold_id, Outcome::SeatTaken(lost));
        }
    }
    Ok(())
}

fn named(request: &ClaimRequest, lost: impl Fn(&ChosenUnit) -> bool) -> Vec<String> {
    request.chosen.iter().filter(|chosen| lost(chosen)).map(|chosen| chosen.seat.clone()).collect()
}
