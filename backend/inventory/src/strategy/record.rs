//! Settles a batch: closes the holds that were taken over, records the new ones, gives back what was refused,
//! and answers repeated keys with the hold they made before.

use std::collections::{HashMap, HashSet};

use data_encoding::HEXLOWER;
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::HoldId;
use marquee_core::params;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{ClaimRequest, Got, Outcome, Tally, Target};
use crate::availability::{Change, announce};
use crate::store;

#[derive(Debug, FromQueryResult)]
struct Inserted {
    id: HoldId,
}

#[derive(Debug, FromQueryResult)]
struct Earlier {
    id: HoldId,
    idempotency_key: String,
    fingerprint: Vec<u8>,
}

pub(super) async fn settle(
    tx: &TenantTx,
    target: &Target,
    batch: &[ClaimRequest],
    tally: Tally,
) -> Result<Vec<Outcome>, DbError> {
    let Tally { mut got, mut refused } = tally;
    let mut changes = Vec::new();
    let taken_from: HashSet<HoldId> = got.values().flatten().filter_map(|one| one.taken_from).collect();
    if !taken_from.is_empty() {
        changes.extend(store::expire_holds(tx, taken_from).await?.into_iter().map(Change::freed));
    }
    let mut give_back: Vec<HoldId> = refused.keys().filter(|hold| got.contains_key(hold)).copied().collect();
    give_back.iter().for_each(|hold| drop(got.remove(hold)));

    let mut first_of_key = HashSet::new();
    let winners: Vec<&ClaimRequest> = batch
        .iter()
        .filter(|request| got.contains_key(&request.hold_id) && first_of_key.insert(request.key.as_str()))
        .collect();
    let inserted = record(tx, target, &winners, &got).await?;
    give_back.extend(got.keys().filter(|hold| !inserted.contains(hold)));
    if !give_back.is_empty() {
        changes.extend(store::give_back(tx, &give_back).await?.into_iter().map(Change::freed));
    }
    for one in got.iter().filter(|(hold, _)| inserted.contains(hold)).flat_map(|(_, got)| got) {
        changes.push(Change::held(one.unit, one.until));
    }
    announce(tx, target.performance, &changes).await?;

    let unsettled: Vec<&ClaimRequest> =
        batch.iter().filter(|request| !inserted.contains(&request.hold_id)).collect();
    let earlier = earlier_holds(tx, target, &unsettled).await?;
    let outcome = |request: &ClaimRequest| {
        if inserted.contains(&request.hold_id) {
            return Outcome::Held(request.hold_id);
        }
        match earlier.get(request.key.as_str()) {
            Some((_, fingerprint)) if fingerprint != &request.fingerprint => Outcome::Mismatch,
            Some((hold, _)) => Outcome::Replayed(*hold),
            None => refused.remove(&request.hold_id).unwrap_or(Outcome::Contended),
        }
    };
    Ok(batch.iter().map(outcome).collect())
}

/// Inserts holds and their claims; answers those whose key was new.
async fn record(
    tx: &TenantTx,
    target: &Target,
    winners: &[&ClaimRequest],
    got: &HashMap<HoldId, Vec<Got>>,
) -> Result<HashSet<HoldId>, DbError> {
    if winners.is_empty() {
        return Ok(HashSet::new());
    }
    let units_of = |hold: &HoldId| got.get(hold).map(Vec::as_slice).unwrap_or_default();
    let totals = winners
        .iter()
        .map(|request| units_of(&request.hold_id).iter().map(|one| one.offer.price.total).sum());
    let untils = winners
        .iter()
        .map(|request| units_of(&request.hold_id).iter().map(|one| one.until).min().unwrap_or_default());
    let lines: Vec<(HoldId, i32, &Got)> = winners
        .iter()
        .flat_map(|request| {
            units_of(&request.hold_id)
                .iter()
                .enumerate()
                .map(|(place, one)| (request.hold_id, place as i32, one))
        })
        .collect();
    let values = params![
        target.performance,
        winners.iter().map(|request| request.hold_id.0).collect::<Vec<Uuid>>(),
        untils.collect::<Vec<_>>(),
        totals.collect::<Vec<i64>>(),
        target.currency.as_str(),
        winners.iter().map(|request| request.key.as_str().to_owned()).collect::<Vec<_>>(),
        winners.iter().map(|request| HEXLOWER.encode(&request.fingerprint)).collect::<Vec<_>>(),
        lines.iter().map(|(hold, _, _)| hold.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, _, one)| one.unit.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, _, one)| one.offer.price_level.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, _, one)| one.offer.ticket_type.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, place, _)| *place).collect::<Vec<i32>>(),
        lines.iter().map(|(_, _, one)| one.offer.price.face).collect::<Vec<i64>>(),
        lines.iter().map(|(_, _, one)| one.offer.price.fees).collect::<Vec<i64>>(),
        lines.iter().map(|(_, _, one)| one.offer.price.tax).collect::<Vec<i64>>(),
    ];
    let rows: Vec<Inserted> = tx
        .all(
            "with made as (
                 insert into holds as h (tenant_id, id, performance_id, strategy, expires_at, total, currency,
                                         idempotency_key, fingerprint)
                 select $1, r.id, $2, p.strategy, r.until, r.total, $6, r.key, decode(r.fingerprint, 'hex')
                 from unnest($3::uuid[], $4::timestamptz[], $5::bigint[], $7::text[], $8::text[])
                      r (id, until, total, key, fingerprint)
                 join performances p on p.tenant_id = $1 and p.id = $2
                 on conflict (tenant_id, performance_id, idempotency_key) do nothing
                 returning h.id
             ), claimed as (
                 insert into claims as c (tenant_id, hold_id, unit_id, performance_id, price_level_id, ticket_type_id,
                                          place, face, fees, tax)
                 select $1, r.hold, r.unit, $2, r.level, r.kind, r.place, r.face, r.fees, r.tax
                 from unnest($9::uuid[], $10::uuid[], $11::uuid[], $12::uuid[], $13::int[], $14::bigint[],
                             $15::bigint[], $16::bigint[]) r (hold, unit, level, kind, place, face, fees, tax)
                 join made m on m.id = r.hold
             )
             select id from made",
            values,
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The holds that the keys of these requests made before, with what was asked for then.
async fn earlier_holds(
    tx: &TenantTx,
    target: &Target,
    requests: &[&ClaimRequest],
) -> Result<HashMap<String, (HoldId, Vec<u8>)>, DbError> {
    if requests.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<String> = requests.iter().map(|request| request.key.as_str().to_owned()).collect();
    let rows: Vec<Earlier> = tx
        .all(
            "select id, idempotency_key, fingerprint from holds
             where tenant_id = $1 and performance_id = $2 and idempotency_key = any($3::text[])",
            params![target.performance, keys],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.idempotency_key, (row.id, row.fingerprint))).collect())
}
