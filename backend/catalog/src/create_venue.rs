use marquee_core::db::TenantTx;
use marquee_core::ids::VenueId;

use crate::validate::{Faults, NAME, Text};
use crate::{WriteError, store};

/// A venue to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVenue {
    /// Its name.
    pub name: String,
    /// Street and number; may be empty.
    pub address: String,
    /// Town.
    pub city: String,
}

/// Creates a venue.
///
/// # Errors
/// `Invalid` with every fault of the texts.
pub async fn create_venue(tx: &TenantTx, venue: &NewVenue) -> Result<VenueId, WriteError> {
    let mut faults = Faults::default();
    faults.text("name", &venue.name, Text::required(NAME));
    faults.text("address", &venue.address, Text::optional(NAME));
    faults.text("city", &venue.city, Text::required(NAME));
    faults.finish()?;
    let id = VenueId::generate();
    store::write::venue(tx, id, venue).await?;
    Ok(id)
}
