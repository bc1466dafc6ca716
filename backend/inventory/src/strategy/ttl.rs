use async_trait::async_trait;
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_entity::catalog::Strategy as Name;

use super::take::{Locked, Take, update};
use super::wish::{Taken, Wishes};
use super::{ClaimRequest, Guard, Outcome, Strategy, Target, claim_in_one_transaction};

const CLAIM: Tag = Tag::new("claim.ttl");

/// Claims chosen seats by one conditional update: free, or held and expired, decided at the write. Any places likewise,
/// as memory chose them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ttl {
    /// On, but in negative controls.
    pub guard: Guard,
}

#[async_trait]
impl Take for Ttl {
    async fn take(&self, tx: &TenantTx, target: &Target, wishes: &Wishes<'_>) -> Result<Vec<Taken>, DbError> {
        update(tx, target, wishes, self.guard, Locked::Wait).await
    }
}

#[async_trait]
impl Strategy for Ttl {
    fn name(&self) -> Name {
        Name::Ttl
    }

    async fn claim(&self, db: &Db, target: &Target, batch: &[ClaimRequest]) -> Result<Vec<Outcome>, DbError> {
        claim_in_one_transaction(db, CLAIM, self.name(), self, target, batch).await
    }
}
