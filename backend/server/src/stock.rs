//! From a plan to units on sale: what the command line and the demo's seed share.

use std::collections::HashMap;

use marquee_catalog::plan::SeatRef;
use marquee_catalog::{CreatedPerformance, NewPriceLevel, NewVenue, WriteError, create_venue};
use marquee_core::db::TenantTx;
use marquee_core::ids::{PriceLevelId, VenueId};
use marquee_core::params;
use marquee_inventory::NewSeat;
use sea_orm::FromQueryResult;

use crate::cli::Failure;

#[derive(Debug, FromQueryResult)]
struct VenueRow {
    id: VenueId,
}

/// The tenant's venue of that name, made if it is not there.
///
/// # Errors
/// As [`create_venue`].
pub async fn venue(tx: &TenantTx, new: &NewVenue) -> Result<VenueId, WriteError> {
    let there: Option<VenueRow> = tx
        .optional(
            "select id from venues where tenant_id = $1 and name = $2 order by id limit 1",
            params![new.name.as_str()],
        )
        .await?;
    match there {
        Some(row) => Ok(row.id),
        None => create_venue(tx, new).await,
    }
}

/// The plan's seats as units of a performance, each at the price level that sells its category; the order stays.
///
/// # Errors
/// When no level sells the category of a seat.
pub fn units(
    seats: Vec<SeatRef>,
    levels: &[NewPriceLevel],
    made: &CreatedPerformance,
) -> Result<Vec<NewSeat>, Failure> {
    let level_of: HashMap<&str, PriceLevelId> = levels
        .iter()
        .zip(&made.price_levels)
        .flat_map(|(told, level)| told.categories.iter().map(|category| (category.as_str(), level.id)))
        .collect();
    let unit = |seat: SeatRef| {
        let level = level_of.get(seat.category_name.as_str());
        let level = *level.ok_or_else(|| format!("no price level sells `{}`", seat.category_name))?;
        Ok(NewSeat::of(seat, level))
    };
    seats.into_iter().map(unit).collect()
}
