use std::collections::HashMap;

use async_trait::async_trait;
use marquee_core::db::{DbError, Tag, TenantTx};
use marquee_core::ids::UnitId;
use marquee_entity::catalog::Strategy as Name;

use super::Guard;
use super::take::{Locked, Take, Wanted, update};
use super::wish::Taken;

/// Claims any free units of a price level, passing over those that others are reaching for. It serves no chosen seats:
/// a row that was passed over may be free again.
#[derive(Debug, Clone, Copy, Default)]
pub struct SkipLocked {
    /// On, but in negative controls.
    pub guard: Guard,
}

#[async_trait]
impl Take for SkipLocked {
    const NAME: Name = Name::SkipLocked;
    const CLAIM: Tag = Tag::claim("claim.skip_locked");

    async fn take(&self, tx: &TenantTx, wanted: &Wanted) -> Result<HashMap<UnitId, Taken>, DbError> {
        update(tx, wanted, self.guard, Locked::Skip).await
    }

    fn alone(&self) -> Option<Locked> {
        (self.guard == Guard::On).then_some(Locked::Skip)
    }
}
