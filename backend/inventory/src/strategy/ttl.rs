use std::collections::HashMap;

use async_trait::async_trait;
use marquee_core::db::{Db, DbError, Tag, TenantTx};
use marquee_core::ids::UnitId;
use marquee_entity::catalog::Strategy as Name;

use super::take::{Locked, Take, Wanted, update};
use super::wish::Taken;
use super::{ClaimRequest, Guard, Outcome, Part, Strategy, Target, claim_in_one_transaction, claim_one_part};

const CLAIM: Tag = Tag::claim("claim.ttl");

/// Claims chosen seats by one conditional update: free, or held and expired, decided at the write. Any places likewise,
/// as memory chose them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ttl {
    /// On, but in negative controls.
    pub guard: Guard,
}

#[async_trait]
impl Take for Ttl {
    async fn take(&self, tx: &TenantTx, wanted: &Wanted) -> Result<HashMap<UnitId, Taken>, DbError> {
        update(tx, wanted, self.guard, Locked::Wait).await
    }

    fn alone(&self) -> Option<Locked> {
        (self.guard == Guard::On).then_some(Locked::Wait)
    }
}

#[async_trait]
impl Strategy for Ttl {
    fn name(&self) -> Name {
        Name::Ttl
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
