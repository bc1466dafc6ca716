//! Makes the units of a performance: one row for each seat or standing place.

use marquee_catalog::plan::SeatRef;
use marquee_core::db::{DbError, TenantTx};
use marquee_core::ids::{PerformanceId, PriceLevelId, UnitId};
use marquee_core::params;
use uuid::Uuid;

/// Rows of one insert.
const CHUNK: usize = 2_000;

/// A seat that goes on sale, in the order in which seats are offered: the best first.
#[derive(Debug, Clone)]
pub struct NewSeat {
    /// Its price level.
    pub price_level: PriceLevelId,
    /// The plan's seat id.
    pub seat: String,
    /// The plan's section id.
    pub section: String,
    /// What a person would call it.
    pub label: String,
    /// Seats with one key and consecutive places are neighbours.
    pub row_key: i32,
    /// Place in its row.
    pub place: i32,
}

impl NewSeat {
    /// A seat of a plan at a price level.
    pub fn of(seat: SeatRef, price_level: PriceLevelId) -> Self {
        Self {
            price_level,
            seat: seat.id,
            section: seat.section_id,
            label: seat.label,
            row_key: seat.row_key.cast_signed(),
            place: seat.position_in_row.cast_signed(),
        }
    }
}

/// Makes a unit for each seat.
///
/// # Errors
/// `Unique` when a seat is there already.
pub async fn create_seats(
    tx: &TenantTx,
    performance: PerformanceId,
    seats: &[NewSeat],
) -> Result<(), DbError> {
    add_seats(tx, performance, 0, seats).await
}

/// Makes units beside `already` better ones: a large house is made in several transactions.
///
/// # Errors
/// As [`create_seats`].
pub async fn add_seats(
    tx: &TenantTx,
    performance: PerformanceId,
    already: usize,
    seats: &[NewSeat],
) -> Result<(), DbError> {
    for (start, chunk) in seats.chunks(CHUNK).enumerate().map(|(at, chunk)| (already + at * CHUNK, chunk)) {
        let ranks: Vec<i32> = (start..).zip(chunk).map(|(rank, _)| rank as i32).collect();
        tx.execute(
            "insert into units as u (tenant_id, id, performance_id, price_level_id, seat, section, label, row_key, place, rank)
             select $1, r.id, $2, r.level, r.seat, r.section, r.label, r.row_key, r.place, r.rank
             from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::int[])
                  r (id, level, seat, section, label, row_key, place, rank)",
            params![
                performance,
                chunk.iter().map(|_| UnitId::generate().0).collect::<Vec<Uuid>>(),
                chunk.iter().map(|seat| seat.price_level.0).collect::<Vec<Uuid>>(),
                chunk.iter().map(|seat| seat.seat.clone()).collect::<Vec<_>>(),
                chunk.iter().map(|seat| seat.section.clone()).collect::<Vec<_>>(),
                chunk.iter().map(|seat| seat.label.clone()).collect::<Vec<_>>(),
                chunk.iter().map(|seat| seat.row_key).collect::<Vec<i32>>(),
                chunk.iter().map(|seat| seat.place).collect::<Vec<i32>>(),
                ranks,
            ],
        )
        .await?;
    }
    Ok(())
}

/// Makes `count` standing places of a price level.
///
/// # Errors
/// As [`DbError`] says.
pub async fn create_places(
    tx: &TenantTx,
    performance: PerformanceId,
    price_level: PriceLevelId,
    label: &str,
    count: u32,
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = (0..count).map(|_| UnitId::generate().0).collect();
    tx.execute(
        "insert into units as u (tenant_id, id, performance_id, price_level_id, label, row_key, place, rank)
         select $1, r.id, $2, $3, $4, 0, r.place::int, r.place::int
         from unnest($5::uuid[]) with ordinality r (id, place)",
        params![performance, price_level, label, ids],
    )
    .await
    .map(drop)
}
