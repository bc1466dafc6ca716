//! All tenants in memory, kept current by polling a version.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use marquee_core::db::Db;
use marquee_core::ids::TenantId;

use crate::{Host, TenancyError, Tenant, store};

/// Half of what a change may take to be seen everywhere.
const POLL: Duration = Duration::from_millis(400);

#[derive(Debug, Default)]
struct Snapshot {
    version: String,
    by_host: HashMap<String, Arc<Tenant>>,
    by_id: HashMap<TenantId, Arc<Tenant>>,
}

/// Host → tenant, answered from memory; with the database away the last known state stays.
#[derive(Debug, Clone, Default)]
pub struct Directory(Arc<RwLock<Arc<Snapshot>>>);

impl Directory {
    /// An empty directory; [`Directory::refresh`] fills it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tenant whose verified host this is.
    pub fn by_host(&self, host: &Host) -> Option<Arc<Tenant>> {
        self.snapshot().by_host.get(host.as_str()).cloned()
    }

    /// The tenant with this id, if it is active.
    pub fn by_id(&self, id: TenantId) -> Option<Arc<Tenant>> {
        self.snapshot().by_id.get(&id).cloned()
    }

    /// Has it been read yet? Before that, every host is unknown.
    pub fn is_read(&self) -> bool {
        !self.snapshot().version.is_empty()
    }

    /// Every active tenant, by slug.
    pub fn all(&self) -> Vec<Arc<Tenant>> {
        let mut all: Vec<_> = self.snapshot().by_id.values().cloned().collect();
        all.sort_by(|a, b| a.slug.cmp(&b.slug));
        all
    }

    /// Every verified host with its tenant, by host.
    pub fn hosts(&self) -> Vec<(String, Arc<Tenant>)> {
        let snapshot = self.snapshot();
        let mut hosts: Vec<_> =
            snapshot.by_host.iter().map(|(host, one)| (host.clone(), Arc::clone(one))).collect();
        hosts.sort_by(|a, b| a.0.cmp(&b.0));
        hosts
    }

    /// The tenant with this slug or id, as people name it on the command line.
    pub fn by_name(&self, name: &str) -> Option<Arc<Tenant>> {
        let id: Option<TenantId> = name.parse().ok();
        self.all().into_iter().find(|tenant| tenant.slug == name || Some(tenant.id) == id)
    }

    /// Reads the directory again if it changed.
    ///
    /// # Errors
    /// When it cannot be read; what was known stays.
    pub async fn refresh(&self, db: &Db) -> Result<(), TenancyError> {
        let version = store::version(db).await?;
        if version == self.snapshot().version {
            return Ok(());
        }
        let hosts = store::hosts(db).await?;
        let by_host: HashMap<_, _> =
            hosts.into_iter().map(|(host, tenant)| (host, Arc::new(tenant))).collect();
        let by_id = by_host.values().map(|tenant| (tenant.id, Arc::clone(tenant))).collect();
        tracing::info!(hosts = by_host.len(), "tenants read");
        if let Ok(mut current) = self.0.write() {
            *current = Arc::new(Snapshot { version, by_host, by_id });
        }
        Ok(())
    }

    /// Keeps the directory current for as long as it is polled.
    pub async fn keep_current(self, db: Db) {
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.refresh(&db).await {
                tracing::debug!(%error, "tenants could not be read, the known ones stay");
            }
        }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.0.read().map(|current| Arc::clone(&current)).unwrap_or_default()
    }
}
