use std::collections::HashMap;

use async_trait::async_trait;
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::UnitId;
use marquee_entity::catalog::Strategy as Name;

use super::take::{Locked, Take, Wanted, update};
use super::wish::Taken;
use super::{ClaimRequest, Guard, Outcome, Part, Strategy, Target, claim_in_one_transaction, claim_one_part};

const CLAIM: Tag = Tag::claim("claim.skip_locked");

/// Claims any free units of a price level, passing over those that others are reaching for. It serves no chosen seats:
/// a row that was passed over may be free again.
#[derive(Debug, Clone, Copy, Default)]
pub struct SkipLocked {
    /// On, but in negative controls.
    pub guard: Guard,
}

#[async_trait]
impl Take for SkipLocked {
    async fn take(&self, tx: &TenantTx, wanted: &Wanted) -> Result<HashMap<UnitId, Taken>, DbError> {
        update(tx, wanted, self.guard, Locked::Skip).await
    }

    fn alone(&self) -> Option<Locked> {
        (self.guard == Guard::On).then_some(Locked::Skip)
    }
}

#[async_trait]
impl Strategy for SkipLocked {
    fn name(&self) -> Name {
        Name::SkipLocked
    }

    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        claim_one_part(db, CLAIM, self.name(), self, Part { target, batch }).await
    }

    async fn claim_together(
        &self,
        db: &Db,
        parts: &[Part<'_>],
    ) -> Option<Result<Vec<Vec<Outcome>>, DbError>> {
        Some(claim_in_one_transaction(db, CLAIM, self.name(), self, parts).await)
    }
}
