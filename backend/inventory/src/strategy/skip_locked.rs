use async_trait::async_trait;
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_entity::catalog::Strategy as Name;

use super::take::{Locked, Take, update};
use super::wish::{Taken, Wishes};
use super::{ClaimRequest, Guard, Outcome, Strategy, Target, claim_in_one_transaction};

const CLAIM: Tag = Tag::new("claim.skip_locked");

/// Claims any free units of a price level, passing over those that others are reaching for. It serves no chosen seats:
/// a row that was passed over may be free again.
#[derive(Debug, Clone, Copy, Default)]
pub struct SkipLocked {
    /// On, but in negative controls.
    pub guard: Guard,
}

#[async_trait]
impl Take for SkipLocked {
    async fn take(&self, tx: &TenantTx, target: &Target, wishes: &Wishes<'_>) -> Result<Vec<Taken>, DbError> {
        update(tx, target, wishes, self.guard, Locked::Skip).await
    }
}

#[async_trait]
impl Strategy for SkipLocked {
    fn name(&self) -> Name {
        Name::SkipLocked
    }

    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        claim_in_one_transaction(db, CLAIM, self.name(), self, target, batch).await
    }
}
