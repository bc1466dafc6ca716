//! The shortest way: one unit for one buyer, taken, held and recorded by a single statement. One row has no order to be
//! locked in. It serves a unit that is simply free; everything else goes the long way.

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, TenantTx};
use marquee_core::params;
use marquee_entity::catalog::Strategy as Name;
use sea_orm::FromQueryResult;

use super::Target;
use super::record::in_the_way;
use super::take::Locked;
use super::wish::Wish;

#[derive(Debug, FromQueryResult)]
struct Row {
    until: DateTime<Utc>,
    made: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// The hold is made.
    Held(DateTime<Utc>),
    /// The unit is not free. Nothing happened.
    NotFree,
    /// The unit was taken, but the hold was not made: its key is not new, or the strategy has changed. The transaction has
    /// to be rolled back.
    NotMade,
}

/// `$2` unit, `$3` hold, `$4` performance, `$5` seconds, `$6` total, `$7` currency, `$8` key, `$9` fingerprint, `$10`
/// strategy, `$11` price level, `$12` ticket type, `$13` face, `$14` fees, `$15` tax.
pub(crate) fn statement(locked: Locked) -> String {
    // An update cannot pass over a row that is locked; a sub-select can.
    let (free, unit) = match locked {
        Locked::Wait => ("", "u.id = $2 and u.performance_id = $4 and u.state = 'free'"),
        Locked::Skip => (
            "free as materialized (
                 select u.id from units u
                 where u.tenant_id = $1 and u.id = $2 and u.performance_id = $4 and u.state = 'free'
                 for update of u skip locked
             ), ",
            "u.id = $2 and exists (select 1 from free)",
        ),
    };
    format!(
        "with {free}taken as (
             update units u set state = 'held', hold_id = $3, expires_at = marquee_now() + make_interval(secs => $5)
             where u.tenant_id = $1 and {unit}
             returning u.id, u.expires_at
         ), made as (
             insert into holds as h (tenant_id, id, performance_id, strategy, expires_at, total, currency,
                                     idempotency_key, fingerprint)
             select $1, $3, $4, $10, t.expires_at, $6, $7, $8, $9
             from taken t join performances p on p.tenant_id = $1 and p.id = $4 and p.strategy = $10
             on conflict (tenant_id, performance_id, idempotency_key) do nothing
             returning h.id
         ), claimed as (
             insert into claims (tenant_id, hold_id, unit_id, performance_id, price_level_id, ticket_type_id,
                                 place, face, fees, tax)
             select $1, m.id, $2, $4, $11, $12, 0, $13, $14, $15 from made m
         )
         select t.expires_at as until, m.id is not null as made from taken t left join made m on true"
    )
}

/// Takes the one unit of a wish, if it is free.
pub(super) async fn take(
    tx: &TenantTx,
    target: &Target,
    name: Name,
    locked: Locked,
    wish: &Wish<'_>,
) -> Result<Alone, DbError> {
    let [got] = wish.units.as_slice() else { return Ok(Alone::NotFree) };
    let (request, offer) = (wish.request, &got.offer);
    let values = params![
        got.unit,
        request.hold_id,
        target.performance,
        f64::from(target.hold_seconds),
        offer.price.total,
        target.currency.as_str(),
        request.key.as_str(),
        request.fingerprint.to_vec(),
        name,
        offer.price_level,
        offer.ticket_type,
        offer.price.face,
        offer.price.fees,
        offer.price.tax,
    ];
    let row: Option<Row> = tx.optional(&statement(locked), values).await.map_err(in_the_way)?;
    Ok(match row {
        Some(Row { until, made: true }) => Alone::Held(until),
        Some(Row { made: false, .. }) => Alone::NotMade,
        None => Alone::NotFree,
    })
}
