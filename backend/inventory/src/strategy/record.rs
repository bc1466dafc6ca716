//! Settles a batch: closes the holds that were taken over, records the new ones, gives back what was not recorded,
//! and answers repeated keys with the hold they made before.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::HoldId;
use marquee_core::params;
use marquee_entity::catalog::Strategy as Name;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::wish::{Wish, Wishes};
use super::{ClaimRequest, Got, Outcome, Target};
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

/// Answers the outcomes in the batch's order; what they change for browsing is announced after `changes`.
pub(super) async fn settle(
    tx: &TenantTx,
    target: &Target,
    name: Name,
    batch: &[ClaimRequest],
    wishes: Wishes<'_>,
    mut changes: Vec<Change>,
) -> Result<Vec<Outcome>, DbError> {
    let Wishes { won, mut refused, taken_from, fences, .. } = wishes;
    if !taken_from.is_empty() {
        changes.extend(store::expire_holds(tx, taken_from).await?.into_iter().map(Change::freed));
    }
    let made = record(tx, target, name, &won, &fences).await?;
    let (kept, lost): (Vec<_>, Vec<_>) =
        won.into_iter().partition(|(wish, _)| made.contains(&wish.request.hold_id));
    if !lost.is_empty() {
        let holds: Vec<HoldId> = lost.iter().map(|(wish, _)| wish.request.hold_id).collect();
        let units: Vec<Uuid> =
            lost.iter().flat_map(|(wish, _)| wish.units.iter().map(|got| got.unit.0)).collect();
        changes.extend(store::give_back(tx, &holds, units).await?.into_iter().map(Change::freed));
    }
    for (wish, until) in &kept {
        changes.extend(wish.units.iter().map(|got| Change::held(got.unit, *until)));
    }
    announce(tx, target.performance, &changes).await?;

    let unsettled: Vec<&ClaimRequest> =
        batch.iter().filter(|request| !made.contains(&request.hold_id)).collect();
    let earlier = earlier_holds(tx, target, &unsettled).await?;
    let mut held: HashMap<HoldId, (Vec<Got>, DateTime<Utc>)> =
        kept.into_iter().map(|(wish, until)| (wish.request.hold_id, (wish.units, until))).collect();
    let outcome = |request: &ClaimRequest| {
        if let Some((units, until)) = held.remove(&request.hold_id) {
            return Outcome::Held { until, units };
        }
        match earlier.get(request.key.as_str()) {
            Some((_, fingerprint)) if fingerprint != &request.fingerprint => Outcome::Mismatch,
            Some((hold, _)) => Outcome::Replayed(*hold),
            None => refused.remove(&request.hold_id).unwrap_or(Outcome::StrategyChanged),
        }
    };
    Ok(batch.iter().map(outcome).collect())
}

/// Inserts holds and their claims; answers those whose key was new. Nothing is inserted when the performance has
/// changed its strategy meanwhile.
async fn record(
    tx: &TenantTx,
    target: &Target,
    name: Name,
    won: &[(Wish<'_>, DateTime<Utc>)],
    fences: &HashMap<HoldId, i64>,
) -> Result<HashSet<HoldId>, DbError> {
    if won.is_empty() {
        return Ok(HashSet::new());
    }
    let total = |wish: &Wish<'_>| wish.units.iter().map(|got| got.offer.price.total).sum::<i64>();
    let lines: Vec<(HoldId, i32, &Got)> = won
        .iter()
        .flat_map(|(wish, _)| (0..).zip(&wish.units).map(|(place, got)| (wish.request.hold_id, place, got)))
        .collect();
    let values = params![
        target.performance,
        won.iter().map(|(wish, _)| wish.request.hold_id.0).collect::<Vec<Uuid>>(),
        won.iter().map(|(_, until)| *until).collect::<Vec<_>>(),
        won.iter().map(|(wish, _)| total(wish)).collect::<Vec<i64>>(),
        target.currency.as_str(),
        won.iter().map(|(wish, _)| wish.request.key.as_str().to_owned()).collect::<Vec<_>>(),
        won.iter().map(|(wish, _)| HEXLOWER.encode(&wish.request.fingerprint)).collect::<Vec<_>>(),
        lines.iter().map(|(hold, _, _)| hold.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, _, got)| got.unit.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, _, got)| got.offer.price_level.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, _, got)| got.offer.ticket_type.0).collect::<Vec<Uuid>>(),
        lines.iter().map(|(_, place, _)| *place).collect::<Vec<i32>>(),
        lines.iter().map(|(_, _, got)| got.offer.price.face).collect::<Vec<i64>>(),
        lines.iter().map(|(_, _, got)| got.offer.price.fees).collect::<Vec<i64>>(),
        lines.iter().map(|(_, _, got)| got.offer.price.tax).collect::<Vec<i64>>(),
        name,
        // 0 stands for none.
        won.iter()
            .map(|(wish, _)| fences.get(&wish.request.hold_id).copied().unwrap_or_default())
            .collect::<Vec<i64>>(),
    ];
    let rows: Vec<Inserted> = tx.all(RECORD, values).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

pub(crate) const RECORD: &str = "with made as (
         insert into holds as h (tenant_id, id, performance_id, strategy, expires_at, total, currency,
                                 idempotency_key, fingerprint, fence)
         select $1, r.id, $2, $17, r.until, r.total, $6, r.key, decode(r.fingerprint, 'hex'), nullif(r.fence, 0)
         from unnest($3::uuid[], $4::timestamptz[], $5::bigint[], $7::text[], $8::text[], $18::bigint[])
              r (id, until, total, key, fingerprint, fence)
         where exists (select 1 from performances p where p.tenant_id = $1 and p.id = $2 and p.strategy = $17)
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
     select id from made";

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
    let rows: Vec<Earlier> = tx.all(EARLIER, params![target.performance, keys]).await?;
    Ok(rows.into_iter().map(|row| (row.idempotency_key, (row.id, row.fingerprint))).collect())
}

/// `$2` performance, `$3` keys.
pub(crate) const EARLIER: &str = "select id, idempotency_key, fingerprint from holds
             where tenant_id = $1 and performance_id = $2 and idempotency_key = any($3::text[])";
