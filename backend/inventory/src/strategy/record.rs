//! Settles a batch: closes the holds that were taken over, records the new ones, gives back what was not recorded,
//! and answers repeated keys with the hold they made before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{HoldId, PerformanceId, UnitId};
use marquee_core::params;
use marquee_entity::catalog::Strategy as Name;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::wish::{Wish, Wishes};
use super::{ClaimRequest, Got, Outcome, Part};
use crate::availability::{Change, announce};
use crate::store::{self, Freed};

/// A hold that was made, or, with its key, one that was made before.
#[derive(Debug, FromQueryResult)]
struct Recorded {
    id: HoldId,
    performance_id: Option<PerformanceId>,
    idempotency_key: Option<String>,
    fingerprint: Option<Vec<u8>>,
}

#[derive(Debug, FromQueryResult)]
struct Earlier {
    id: HoldId,
    performance_id: PerformanceId,
    idempotency_key: String,
    fingerprint: Vec<u8>,
}

/// Which hold a key made before, with what was asked for then.
type EarlierHolds = HashMap<(PerformanceId, String), (HoldId, Vec<u8>)>;

/// How a batch ends, once it commits.
#[derive(Debug)]
pub(super) struct Settled {
    /// Of each part, in its order.
    pub(super) outcomes: Vec<Vec<Outcome>>,
    /// What is held now: to be told after the commit.
    pub(super) held: Held,
}

/// What is held now, of each performance.
pub(super) type Held = Vec<((marquee_core::ids::TenantId, PerformanceId), Vec<Change>)>;

/// A part whose wishes were judged.
pub(super) struct Judged<'a> {
    pub(super) part: Part<'a>,
    pub(super) wishes: Wishes<'a>,
}

/// Settles the parts of a batch; `freed` was freed by this transaction before. What becomes free is announced with the
/// commit.
pub(super) async fn settle(
    tx: &TenantTx,
    name: Name,
    mut judged: Vec<Judged<'_>>,
    mut freed: Vec<Freed>,
) -> Result<Settled, DbError> {
    let taken_from: HashSet<HoldId> =
        judged.iter().flat_map(|one| one.wishes.taken_from.iter().copied()).collect();
    if !taken_from.is_empty() {
        freed.extend(store::expire_holds(tx, taken_from).await?);
    }
    let (made, mut earlier) = record(tx, name, &judged).await?;
    let (mut lost_holds, mut lost_units) = (Vec::new(), Vec::new());
    let mut held: Held = Vec::new();
    let mut taken: HashSet<UnitId> = HashSet::new();
    for one in &judged {
        let mut changes = Vec::new();
        for (wish, until) in &one.wishes.won {
            if made.contains(&wish.request.hold_id) {
                taken.extend(wish.units.iter().map(|got| got.unit));
                let hold = wish.request.hold_id;
                changes.extend(wish.units.iter().map(|got| Change::held(got.unit, *until).of(hold)));
            } else {
                lost_holds.push(wish.request.hold_id);
                lost_units.extend(wish.units.iter().map(|got| (got.unit, one.part.target.performance)));
            }
        }
        if !changes.is_empty() {
            held.push(((one.part.target.tenant, one.part.target.performance), changes));
        }
    }
    if !lost_holds.is_empty() {
        let lost: HashSet<UnitId> = lost_units.iter().map(|(unit, _)| *unit).collect();
        judged.iter_mut().for_each(|one| one.wishes.wait_for(one.part.batch, &lost));
        let back =
            store::give_back(tx, &lost_holds, lost_units.iter().map(|(unit, _)| unit.0).collect()).await?;
        let back: HashSet<UnitId> = back.into_iter().collect();
        let lost = lost_units.into_iter().filter(|(unit, _)| back.contains(unit));
        freed.extend(lost.map(|(unit, performance)| Freed { unit, performance }));
    }
    // Units that have a new hold are told with it.
    freed.retain(|freed| !taken.contains(&freed.unit));
    announce_freed(tx, freed).await?;

    if !lost_holds.is_empty() {
        // Somebody made a hold under the same key just now.
        let lost: HashSet<HoldId> = lost_holds.into_iter().collect();
        earlier.extend(earlier_holds(tx, &judged, |request| lost.contains(&request.hold_id)).await?);
    }
    let outcomes = judged.into_iter().map(|one| outcomes(one, &made, &earlier)).collect();
    Ok(Settled { outcomes, held })
}

fn outcomes(judged: Judged<'_>, made: &HashSet<HoldId>, earlier: &EarlierHolds) -> Vec<Outcome> {
    let Judged { part, wishes } = judged;
    let Wishes { won, mut refused, .. } = wishes;
    let mut held: HashMap<HoldId, (Vec<Got>, DateTime<Utc>)> = won
        .into_iter()
        .filter(|(wish, _)| made.contains(&wish.request.hold_id))
        .map(|(wish, until)| (wish.request.hold_id, (wish.units, until)))
        .collect();
    let outcome = |request: &ClaimRequest| {
        if let Some((units, until)) = held.remove(&request.hold_id) {
            return Outcome::Held { until, units };
        }
        let before = match earlier.is_empty() {
            true => None,
            false => earlier.get(&(part.target.performance, request.key.as_str().to_owned())),
        };
        match before {
            Some((_, fingerprint)) if fingerprint != &request.fingerprint => Outcome::Mismatch,
            Some((hold, _)) => Outcome::Replayed(*hold),
            None => refused.remove(&request.hold_id).unwrap_or(Outcome::StrategyChanged),
        }
    };
    part.batch.iter().map(outcome).collect()
}

async fn announce_freed(tx: &TenantTx, freed: Vec<Freed>) -> Result<(), DbError> {
    let mut changes: HashMap<PerformanceId, Vec<Change>> = HashMap::new();
    for one in freed {
        changes.entry(one.performance).or_default().push(Change::freed(one.unit));
    }
    for (performance, changes) in changes {
        announce(tx, performance, &changes).await?;
    }
    Ok(())
}

/// Inserts holds and their claims; answers those whose key was new, and what the keys of those who won nothing made before.
/// Nothing is inserted for a performance that has changed its strategy meanwhile.
async fn record(
    tx: &TenantTx,
    name: Name,
    judged: &[Judged<'_>],
) -> Result<(HashSet<HoldId>, EarlierHolds), DbError> {
    let won = || {
        judged.iter().flat_map(|one| {
            one.wishes.won.iter().map(|(wish, until)| (one.part.target, &one.wishes.fences, wish, *until))
        })
    };
    let winners: HashSet<HoldId> = won().map(|(_, _, wish, _)| wish.request.hold_id).collect();
    let has_lost = |request: &ClaimRequest| !winners.contains(&request.hold_id);
    if winners.is_empty() {
        return Ok((HashSet::new(), earlier_holds(tx, judged, has_lost).await?));
    }
    let (losing_performances, losing_keys) = keys(judged, has_lost);
    let total = |wish: &Wish<'_>| wish.units.iter().map(|got| got.offer.price.total).sum::<i64>();
    let lines: Vec<(PerformanceId, HoldId, i32, &Got)> = won()
        .flat_map(|(target, _, wish, _)| {
            (0..).zip(&wish.units).map(|(place, got)| (target.performance, wish.request.hold_id, place, got))
        })
        .collect();
    let values = params![
        name,
        judged.iter().map(|one| one.part.target.performance.0).collect::<Vec<Uuid>>(),
        won().map(|(target, ..)| target.performance.0).collect::<Vec<Uuid>>(),
        won().map(|(_, _, wish, _)| wish.request.hold_id.0).collect::<Vec<Uuid>>(),
        won().map(|(.., until)| until).collect::<Vec<_>>(),
        won().map(|(_, _, wish, _)| total(wish)).collect::<Vec<i64>>(),
        won().map(|(target, ..)| target.currency.as_str().to_owned()).collect::<Vec<String>>(),
        won().map(|(_, _, wish, _)| wish.request.key.as_str().to_owned()).collect::<Vec<String>>(),
        won().map(|(_, _, wish, _)| HEXLOWER.encode(&wish.request.fingerprint)).collect::<Vec<String>>(),
        // 0 stands for none.
        won()
            .map(|(_, fences, wish, _)| fences.get(&wish.request.hold_id).copied().unwrap_or_default())
            .collect::<Vec<i64>>(),
        lines.iter().map(|(performance, ..)| performance.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, hold, ..)| hold.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(.., got)| got.unit.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(.., got)| got.offer.price_level.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(.., got)| got.offer.ticket_type.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, _, place, _)| *place).collect::<Vec<i32>>(),
        lines.iter().map(|(.., got)| got.offer.price.face).collect::<Vec<i64>>(),
        lines.iter().map(|(.., got)| got.offer.price.fees).collect::<Vec<i64>>(),
        lines.iter().map(|(.., got)| got.offer.price.tax).collect::<Vec<i64>>(),
        losing_performances,
        losing_keys,
    ];
    let rows: Vec<Recorded> = tx.all(RECORD, values).await.map_err(in_the_way)?;
    let (mut made, mut earlier) = (HashSet::new(), EarlierHolds::new());
    for row in rows {
        match (row.performance_id, row.idempotency_key, row.fingerprint) {
            (Some(performance), Some(key), Some(fingerprint)) => {
                earlier.insert((performance, key), (row.id, fingerprint));
            }
            _ => drop(made.insert(row.id)),
        }
    }
    // A key that came twice in the batch was new only once.
    let losing: HashSet<&str> = requests(judged, has_lost).map(|(_, request)| request.key.as_str()).collect();
    for (target, _, wish, _) in won().filter(|(_, _, wish, _)| losing.contains(wish.request.key.as_str())) {
        let (hold, key) = (wish.request.hold_id, wish.request.key.as_str().to_owned());
        if made.contains(&hold) {
            earlier.insert((target.performance, key), (hold, wish.request.fingerprint.to_vec()));
        }
    }
    Ok((made, earlier))
}

/// `$2` strategy, `$3` performances; of each hold `$4` performance, `$5` id, `$6` end, `$7` total, `$8` currency, `$9` key,
/// `$10` fingerprint, `$11` fence; of each claim `$12` performance, `$13` hold, `$14` unit, `$15` price level, `$16` ticket
/// type, `$17` place, `$18` face, `$19` fees, `$20` tax; of each request that won nothing `$21` performance, `$22` key.
/// Keys are inserted in order: two instances that are asked with the same keys again do not wait for each other in a circle.
pub(crate) const RECORD: &str = "with sold_so as materialized (
         select p.id from performances p where p.tenant_id = $1 and p.id = any($3::uuid[]) and p.strategy = $2
     ), made as (
         insert into holds as h (tenant_id, id, performance_id, strategy, expires_at, total, currency,
                                 idempotency_key, fingerprint, fence)
         select $1, r.id, r.performance, $2, r.until, r.total, r.currency, r.key, decode(r.fingerprint, 'hex'),
                nullif(r.fence, 0)
         from unnest($4::uuid[], $5::uuid[], $6::timestamptz[], $7::bigint[], $8::text[], $9::text[], $10::text[],
                     $11::bigint[]) r (performance, id, until, total, currency, key, fingerprint, fence)
         join sold_so s on s.id = r.performance
         order by r.performance, r.key collate \"C\"
         on conflict (tenant_id, performance_id, idempotency_key) do nothing
         returning h.id
     ), claimed as (
         insert into claims as c (tenant_id, hold_id, unit_id, performance_id, price_level_id, ticket_type_id,
                                  place, face, fees, tax)
         select $1, r.hold, r.unit, r.performance, r.level, r.kind, r.place, r.face, r.fees, r.tax
         from unnest($12::uuid[], $13::uuid[], $14::uuid[], $15::uuid[], $16::uuid[], $17::int[], $18::bigint[],
                     $19::bigint[], $20::bigint[])
              r (performance, hold, unit, level, kind, place, face, fees, tax)
         join made m on m.id = r.hold
     )
     select id, null::uuid as performance_id, null::text as idempotency_key, null::bytea as fingerprint from made
     union all
     select h.id, h.performance_id, h.idempotency_key, h.fingerprint
     from unnest($21::uuid[], $22::text[]) w (performance, key)
     join holds h on h.tenant_id = $1 and h.performance_id = w.performance and h.idempotency_key = w.key";

/// A live claim that was not there when the units were judged is somebody in the way: judged again, its seat is taken.
/// Names of indexes may have something appended on a distributed database.
pub(super) fn in_the_way(error: DbError) -> DbError {
    match error {
        DbError::Unique(key) if key.starts_with("claims_live_unit_key") => DbError::Contention,
        other => other,
    }
}

/// The holds that the keys of some requests made before.
async fn earlier_holds(
    tx: &TenantTx,
    judged: &[Judged<'_>],
    of: impl Fn(&ClaimRequest) -> bool,
) -> Result<EarlierHolds, DbError> {
    let (performances, keys) = keys(judged, of);
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Earlier> = tx.all(EARLIER, params![performances, keys]).await?;
    let earlier = |row: Earlier| ((row.performance_id, row.idempotency_key), (row.id, row.fingerprint));
    Ok(rows.into_iter().map(earlier).collect())
}

/// The performances and keys of some requests.
fn keys(judged: &[Judged<'_>], of: impl Fn(&ClaimRequest) -> bool) -> (Vec<Uuid>, Vec<String>) {
    requests(judged, of)
        .map(|(performance, request)| (performance.0, request.key.as_str().to_owned()))
        .unzip()
}

fn requests<'a>(
    judged: &'a [Judged<'_>],
    of: impl Fn(&ClaimRequest) -> bool,
) -> impl Iterator<Item = (PerformanceId, &'a ClaimRequest)> {
    let each = judged
        .iter()
        .flat_map(|one| one.part.batch.iter().map(|request| (one.part.target.performance, request)));
    each.filter(move |(_, request)| of(request))
}

/// `$2` performances and `$3` keys.
pub(crate) const EARLIER: &str = "select h.id, h.performance_id, h.idempotency_key, h.fingerprint
     from unnest($2::uuid[], $3::text[]) w (performance, key)
     join holds h on h.tenant_id = $1 and h.performance_id = w.performance and h.idempotency_key = w.key";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_claim_is_somebody_in_the_way() {
        assert!(in_the_way(DbError::Unique("claims_live_unit_key".to_owned())).is_contention());
        for key in ["holds_fence_key", "holds_pkey", ""] {
            let kept = in_the_way(DbError::Unique(key.to_owned()));
            assert!(matches!(kept, DbError::Unique(kept) if kept == key));
        }
        assert!(matches!(in_the_way(DbError::NoRow), DbError::NoRow));
    }
}
