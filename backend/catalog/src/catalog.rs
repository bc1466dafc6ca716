//! The service: a tenant's programme, answered from memory.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use marquee_core::clock::SharedClock;
use marquee_core::db::Db;
use marquee_core::ids::{PerformanceId, PriceLevelId, TenantId};
use marquee_tenants::Tenant;
use moka::future::Cache;

use crate::answer::{PlanFile, Ready};
use crate::body::{EventBody, EventList};
use crate::fresh::{Fresh, Patience, Source, Versioned};
use crate::page::{Cursor, Page};
use crate::{Availability, CatalogError, Event, FreeUnits, Performance, PerformanceState, Programme, store};

/// How old the programme may get in memory before it is checked on the side, and before its readers wait for that; and how long
/// they wait for a slow database before the old one is served. A programme that somebody reads is seldom older than a quarter
/// of a second; only the first reader after a pause waits.
const PATIENCE: Patience = Patience {
    ages_at: Duration::from_millis(200),
    max_age: Duration::from_millis(700),
    wait: Duration::from_millis(400),
};
/// How long a rendered answer is given out: with the programme's own age at most 0.9 s, below the second within which every
/// instance follows.
const RENDERED_AGE: Duration = Duration::from_millis(200);
/// Memory for rendered answers, in bytes.
const RENDERED_BYTES: u64 = 32 * 1024 * 1024;
/// Memory for drawings, in bytes: some thirty plans of 60,000 seats.
const PLAN_BYTES: u64 = 128 * 1024 * 1024;

/// What a tenant sells, for reading. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    programmes: Arc<Fresh<Programmes>>,
    rendered: Cache<(TenantId, Question), Ready>,
    plans: Cache<(TenantId, String), Arc<PlanFile>>,
    units: Arc<dyn FreeUnits>,
    clock: SharedClock,
    db: Db,
}

/// What a rendered answer answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    Events(Page),
    Event(String),
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
        let bytes = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            programmes: Arc::new(Fresh::new(Programmes(db.clone()), PATIENCE)),
            rendered: Cache::builder()
                .weigher(move |_, ready: &Ready| bytes(ready.len()))
                .max_capacity(RENDERED_BYTES)
                .time_to_live(RENDERED_AGE)
                .build(),
            plans: Cache::builder()
                .weigher(move |_, plan: &Arc<PlanFile>| bytes(plan.size()))
                .max_capacity(PLAN_BYTES)
                .build(),
            units,
            clock,
            db,
        }
    }

    /// The tenant's programme, at most 0.7 s old while the database answers; the last known one while it does not.
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
        performance.state(self.now(), self.availability(tenant, performance))
    }

    pub(crate) fn free_of_level(
        &self,
        tenant: TenantId,
        performance: PerformanceId,
        level: PriceLevelId,
    ) -> Option<u64> {
        self.units.free_of_level(tenant, performance, level)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A page of the published events, rendered.
    pub(crate) async fn event_list(&self, tenant: &Tenant, page: Page) -> Result<Ready, CatalogError> {
        let programme = self.programme(tenant).await?;
        let render = async {
            let now = self.now();
            let events = programme.published().map(|event| (Cursor::of(event, now), event)).collect();
            let (events, next) = page.cut(events);
            let data = events.iter().map(|event| EventBody::of(self, tenant.id, event)).collect();
            render(&EventList { data, next })
        };
        self.rendered(tenant.id, Question::Events(page), render).await
    }

    /// A published event, rendered.
    pub(crate) async fn event_body(
        &self,
        tenant: &Tenant,
        slug: &str,
    ) -> Result<Option<Ready>, CatalogError> {
        let programme = self.programme(tenant).await?;
        let Some(event) = programme.event(slug) else { return Ok(None) };
        let render = async { render(&EventBody::of(self, tenant.id, event)) };
        self.rendered(tenant.id, Question::Event(slug.to_owned()), render).await.map(Some)
    }

    /// The drawing of one of the tenant's own plans.
    ///
    /// # Errors
    /// When it is not in memory and the database is out of reach.
    pub async fn plan_file(
        &self,
        tenant: &Tenant,
        hash: &str,
    ) -> Result<Option<Arc<PlanFile>>, CatalogError> {
        // The programme knows all of the tenant's plans: no address that was guessed reaches the database.
        if !self.programme(tenant).await?.has_plan(hash) {
            return Ok(None);
        }
        let key = (tenant.id, hash.to_owned());
        let load = async {
            let drawing = store::read::drawing(&self.db, tenant.id, hash).await?;
            let hash = hash.to_owned();
            let compress = move || PlanFile { gzip: gzip(drawing.as_bytes()), plain: drawing.into(), hash };
            let compressed = tokio::task::spawn_blocking(compress).await;
            compressed.map(Arc::new).map_err(|error| CatalogError::Unreadable(error.to_string()))
        };
        self.plans.try_get_with(key, load).await.map(Some).map_err(|error| CatalogError::clone(&error))
    }

    async fn rendered(
        &self,
        tenant: TenantId,
        question: Question,
        render: impl Future<Output = Result<Ready, CatalogError>>,
    ) -> Result<Ready, CatalogError> {
        let ready = self.rendered.try_get_with((tenant, question), render).await;
        ready.map_err(|error| CatalogError::clone(&error))
    }
}

fn render(body: &impl serde::Serialize) -> Result<Ready, CatalogError> {
    serde_json::to_vec(body).map(Ready::new).map_err(|error| CatalogError::Unreadable(error.to_string()))
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Into memory: there is nothing that could fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").finish_non_exhaustive()
    }
}
