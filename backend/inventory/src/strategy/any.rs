//! Claims of any units of a price level: the best free ones, passing over those that others are reaching for.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{HoldId, UnitId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{AnyUnits, ClaimRequest, Got, Guard, Outcome, Tally, Target};

/// Runs of neighbours tried before a request for adjacent places counts as contended.
const CANDIDATES: i64 = 20;

#[derive(Debug, FromQueryResult)]
struct Picked {
    id: UnitId,
    until: DateTime<Utc>,
    taken_from: Option<HoldId>,
}

#[derive(Debug, FromQueryResult)]
struct Run {
    ids: Vec<Uuid>,
}

#[derive(Debug, FromQueryResult)]
struct Count {
    n: i64,
}

/// Claims what one request wants of any units. What it got before it was refused goes back when the batch is settled.
pub(super) async fn claim(
    tx: &TenantTx,
    target: &Target,
    request: &ClaimRequest,
    guard: Guard,
    tally: &mut Tally,
) -> Result<(), DbError> {
    for wanted in &request.any {
        if tally.refused.contains_key(&request.hold_id) {
            return Ok(());
        }
        let picked = if wanted.adjacent && wanted.quantity > 1 {
            side_by_side(tx, target, request.hold_id, wanted, guard).await?
        } else {
            best(tx, target, request.hold_id, wanted, guard).await?
        };
        match picked {
            Ok(picked) => {
                let got = picked.into_iter().map(|row| Got {
                    unit: row.id,
                    offer: wanted.offer.clone(),
                    until: row.until,
                    taken_from: row.taken_from,
                });
                tally.got.entry(request.hold_id).or_default().extend(got);
            }
            Err(refusal) => {
                tally.refused.insert(request.hold_id, refusal);
            }
        }
    }
    Ok(())
}

/// The best units: free ones by rank, then expired ones by age. Two paths, each served by its own partial index.
async fn best(
    tx: &TenantTx,
    target: &Target,
    hold: HoldId,
    wanted: &AnyUnits,
    guard: Guard,
) -> Result<Result<Vec<Picked>, Outcome>, DbError> {
    let mut picked: Vec<Picked> = Vec::new();
    for (condition, order) in guard.paths() {
        let missing = wanted.quantity - picked.len();
        if missing == 0 {
            break;
        }
        let sql = format!(
            "with picked as materialized (
                 select u.id, case when u.state = 'held' then u.hold_id end as taken_from
                 from units u
                 where u.tenant_id = $1 and u.performance_id = $2 and u.price_level_id = $3 and {condition}
                 order by {order} limit $4 for update of u skip locked
             )
             update units u set state = 'held', hold_id = $5, expires_at = marquee_now() + make_interval(secs => $6)
             from picked p where u.tenant_id = $1 and u.id = p.id
             returning u.id, u.expires_at as until, p.taken_from"
        );
        let values = params![
            target.performance,
            wanted.offer.price_level,
            missing as i64,
            hold,
            f64::from(target.hold_seconds)
        ];
        picked.extend(tx.all::<Picked>(&sql, values).await?);
    }
    if picked.len() == wanted.quantity {
        return Ok(Ok(picked));
    }
    let left = count_open(tx, target, wanted).await?;
    Ok(Err(if left >= wanted.quantity as i64 - picked.len() as i64 {
        Outcome::Contended
    } else {
        Outcome::SoldOut
    }))
}

/// The best run of neighbours: chosen without locks, then locked and judged again.
async fn side_by_side(
    tx: &TenantTx,
    target: &Target,
    hold: HoldId,
    wanted: &AnyUnits,
    guard: Guard,
) -> Result<Result<Vec<Picked>, Outcome>, DbError> {
    let quantity = wanted.quantity as i64;
    let runs: Vec<Run> = tx
        .all(
            "with open as (
                 select u.id, u.row_key, u.place, u.rank from units u
                 where u.tenant_id = $1 and u.performance_id = $2 and u.price_level_id = $3 and u.state = 'free'
                 union all
                 select u.id, u.row_key, u.place, u.rank from units u
                 where u.tenant_id = $1 and u.performance_id = $2 and u.price_level_id = $3 and u.state = 'held'
                   and u.expires_at <= (select marquee_now())
             ), runs as (
                 select o.*, o.place - row_number() over (partition by o.row_key order by o.place) as run from open o
             ), windows as (
                 select r.rank, array_agg(r.id) over w as ids
                 from runs r window w as (partition by r.row_key, r.run order by r.place
                     rows between current row and $4 - 1 following)
             )
             select ids from windows where cardinality(ids) = $4 order by rank limit $5",
            params![target.performance, wanted.offer.price_level, quantity, CANDIDATES],
        )
        .await?;
    if runs.is_empty() {
        let left = count_open(tx, target, wanted).await?;
        return Ok(Err(if left >= quantity { Outcome::NoAdjacent } else { Outcome::SoldOut }));
    }
    for run in runs {
        let sql = format!(
            "with picked as materialized (
                 select u.id, case when u.state = 'held' then u.hold_id end as taken_from
                 from units u where u.tenant_id = $1 and u.id = any($2::uuid[]) and {guard}
                 order by u.id for update of u skip locked
             )
             update units u set state = 'held', hold_id = $3, expires_at = marquee_now() + make_interval(secs => $4)
             from picked p where u.tenant_id = $1 and u.id = p.id and (select count(*) from picked) = $5
             returning u.id, u.expires_at as until, p.taken_from",
            guard = guard.sql(),
        );
        let values = params![run.ids, hold, f64::from(target.hold_seconds), quantity];
        let picked: Vec<Picked> = tx.all(&sql, values).await?;
        if picked.len() == wanted.quantity {
            return Ok(Ok(picked));
        }
    }
    Ok(Err(Outcome::Contended))
}

/// How many units of the level look free to a reader that takes no locks, those of this transaction left out.
async fn count_open(tx: &TenantTx, target: &Target, wanted: &AnyUnits) -> Result<i64, DbError> {
    let count: Count = tx
        .one(
            "select (select count(*) from units u where u.tenant_id = $1 and u.performance_id = $2
                       and u.price_level_id = $3 and u.state = 'free')
                  + (select count(*) from units u where u.tenant_id = $1 and u.performance_id = $2
                       and u.price_level_id = $3 and u.state = 'held' and u.expires_at <= (select marquee_now())) as n",
            params![target.performance, wanted.offer.price_level],
        )
        .await?;
    Ok(count.n)
}
