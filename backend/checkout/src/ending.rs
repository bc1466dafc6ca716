//! How a call to pay ends: with the answer that what is recorded deserves, whoever brought the payment there.

use marquee_core::db::Tag;
use marquee_core::ids::{OrderId, TenantId};
use marquee_entity::orders::OrderStatus;
use marquee_payments::idempotency::{self, Answer, Call, Fence, Standing};
use marquee_payments::record;

use crate::answer::{self, DECLINED, Reply};
use crate::pay::unknown_token;
use crate::scope;
use crate::types::{Outcome, outcome};
use crate::{Checkout, CheckoutError, store};

const CLOSE: Tag = Tag::new("pay.close");
const COMPLETE: Tag = Tag::background("pay.complete");

impl Checkout {
    pub(crate) async fn outcome(&self, tenant: TenantId, order: OrderId) -> Result<Outcome, CheckoutError> {
        let tx = self.parts.db.begin(tenant, CLOSE).await?;
        let order = store::read(&tx, order).await?.ok_or(CheckoutError::NotFound)?;
        let payment = record::read(&tx, order.id).await?;
        tx.commit().await?;
        Ok(outcome(&order, payment.as_ref()))
    }

    /// Answers from what is recorded now, and leaves the key as that deserves: answered, open, or forgotten. A decline is the
    /// answer of whoever asked about it; whoever joined with another card tries that, with the same key again.
    pub(crate) async fn close(
        &self,
        tenant: TenantId,
        order: OrderId,
        call: &Call,
        fence: Fence,
    ) -> Result<Reply, CheckoutError> {
        let tx = self.parts.db.begin(tenant, CLOSE).await?;
        let standing = idempotency::standing(&tx, call).await?;
        let order = store::read(&tx, order).await?.ok_or(CheckoutError::NotFound)?;
        let payment = record::read(&tx, order.id).await?;
        let outcome = outcome(&order, payment.as_ref());
        let answer = answer::of_outcome(&outcome);
        let joined = scope::is_joined(&call.scope);
        match (&standing, &outcome, &answer) {
            (Standing::Answered(_), ..) => {}
            (_, Outcome::Processing, _) => drop(idempotency::let_go(&tx, call, fence).await?),
            (_, Outcome::Declined(_), Some(answer)) if !joined => {
                _ = idempotency::settle(&tx, call, fence, answer).await?;
            }
            _ => drop(idempotency::forget(&tx, call, fence).await?),
        }
        tx.commit().await?;
        match (standing, answer) {
            (Standing::Answered(answer), _) => Ok(Reply { answer, replayed: false }),
            (_, Some(answer)) if joined && answer.status == DECLINED => {
                Err(CheckoutError::IdempotencyInFlight)
            }
            (_, Some(answer)) => Ok(Reply { answer, replayed: false }),
            (_, None) => Err(refusal(outcome)),
        }
    }

    /// Ends the calls of a scope that nobody works on any more, from what is recorded now: they get their answer, or are
    /// forgotten where nothing was changed. One whose outcome is not known stays open.
    pub(crate) async fn complete(&self, tenant: TenantId, scope: &str) -> Result<(), CheckoutError> {
        let Some(id) = scope::order_of(scope) else { return Ok(()) };
        let tx = self.parts.db.begin(tenant, COMPLETE).await?;
        if let Some(order) = store::lock(&tx, id).await? {
            let payment = record::read(&tx, id).await?;
            let outcome = outcome(&order, payment.as_ref());
            // Of another card's decline nothing is told.
            let shared = |answer: &Answer| !(scope::is_joined(scope) && answer.status == DECLINED);
            match answer::of_outcome(&outcome).filter(shared) {
                _ if outcome == Outcome::Processing => {}
                Some(answer) => drop(idempotency::settle_scopes(&tx, scope, None, &answer).await?),
                None => drop(idempotency::forget_scope(&tx, scope).await?),
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

fn refusal(outcome: Outcome) -> CheckoutError {
    match outcome {
        Outcome::InvalidToken => unknown_token(),
        Outcome::Closed(OrderStatus::Expired) => CheckoutError::HoldExpired,
        Outcome::TooLate => CheckoutError::TooLate,
        Outcome::Closed(status) => CheckoutError::OrderState(status),
        _ => CheckoutError::ProviderUnavailable,
    }
}
