use std::collections::HashMap;

use async_trait::async_trait;
use marquee_core::db::{DbError, Tag, TenantTx};
use marquee_core::ids::UnitId;
use marquee_entity::catalog::Strategy as Name;

use super::Guard;
use super::take::{Locked, Take, Wanted, update};
use super::wish::Taken;

/// Claims chosen seats by one conditional update: free, or held and expired, decided at the write. Any places likewise,
/// as memory chose them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ttl {
    /// On, but in negative controls.
    pub guard: Guard,
}

#[async_trait]
impl Take for Ttl {
    const NAME: Name = Name::Ttl;
    const CLAIM: Tag = Tag::claim("claim.ttl");

    async fn take(&self, tx: &TenantTx, wanted: &Wanted) -> Result<HashMap<UnitId, Taken>, DbError> {
        update(tx, wanted, self.guard, Locked::Wait).await
    }

    fn alone(&self) -> Option<Locked> {
        (self.guard == Guard::On).then_some(Locked::Wait)
    }
}
