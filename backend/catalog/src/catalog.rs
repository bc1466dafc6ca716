//! The service: a tenant's programme, answered from memory.

use std::sync::Arc;
use std::time::Duration;

use marquee_core::clock::SharedClock;
use marquee_core::db::Db;
use marquee_core::ids::{PerformanceId, TenantId};
use marquee_tenants::Tenant;

use crate::fresh::{Fresh, Patience, Source, Versioned};
use crate::{
    Availability, CatalogError, Event, FreeUnits, Performance, PerformanceState, Programme, store,
};

/// How old the programme may get in memory, and how long a reader waits for a slow database before the old one is
/// served. Settings are in force within half a second of their commit, answers rendered from them a little later.
const PATIENCE: Patience = Patience { max_age: Duration::from_millis(300), wait: Duration::from_millis(400) };

/// What a tenant sells, for reading. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    programmes: Arc<Fresh<Programmes>>,
    units: Arc<dyn FreeUnits>,
    clock: SharedClock,
}

/// The database as the source of programmes.
struct Programmes(Db);

impl Source for Programmes {
    type Value = Programme;
    type Error = CatalogError;

    async fn read(
        &self,
        tenant: TenantId,
        known: Option<&str>,
    ) -> Result<Option<Versioned<Programme>>, CatalogError> {
        store::read::programme(&self.0, tenant, known).await
    }
}

impl Catalog {
    /// A catalog over `db`; `units` tells what is left of each performance.
    pub fn new(db: Db, clock: SharedClock, units: Arc<dyn FreeUnits>) -> Self {
        Self { programmes: Arc::new(Fresh::new(Programmes(db), PATIENCE)), units, clock }
    }

    /// The tenant's programme, at most half a second old while the database answers; the last known one while it
    /// does not.
    ///
    /// # Errors
    /// When the database has not answered yet.
    pub async fn programme(&self, tenant: &Tenant) -> Result<Arc<Programme>, CatalogError> {
        self.programmes.get(tenant.id).await
    }

    /// A performance of a published event, with the settings now in force.
    ///
    /// # Errors
    /// As [`Catalog::programme`].
    pub async fn performance(
        &self,
        tenant: &Tenant,
        id: PerformanceId,
    ) -> Result<Option<Arc<Performance>>, CatalogError> {
        let programme = self.programme(tenant).await?;
        Ok(programme.performance(id).map(|(_, performance)| Arc::clone(performance)))
    }

    /// The published event that a performance belongs to.
    ///
    /// # Errors
    /// As [`Catalog::programme`].
    pub async fn event_of(
        &self,
        tenant: &Tenant,
        id: PerformanceId,
    ) -> Result<Option<Arc<Event>>, CatalogError> {
        let programme = self.programme(tenant).await?;
        Ok(programme.performance(id).map(|(event, _)| Arc::clone(event)))
    }

    /// What is known of a performance's units: free ones and all.
    pub fn availability(&self, tenant: TenantId, performance: &Performance) -> Availability {
        let seats = performance.plan.as_ref().and_then(|plan| u64::try_from(plan.seats).ok());
        Availability {
            free: self.units.free(tenant, performance.id),
            capacity: self.units.capacity(tenant, performance.id).or(seats),
        }
    }

    /// Where a performance stands now.
    pub fn state(&self, tenant: TenantId, performance: &Performance) -> PerformanceState {
        performance.state(self.clock.now(), self.availability(tenant, performance))
    }
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").finish_non_exhaustive()
    }
}
