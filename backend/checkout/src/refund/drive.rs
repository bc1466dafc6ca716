//! Keeps what was promised: asks the provider, under a lease, and never twice for the same money.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use marquee_core::db::Tag;
use marquee_core::ids::{RefundId, TenantId};
use marquee_entity::money::RefundState;
use marquee_payments::record::{self, Payment, RecordError};
use marquee_payments::refunds::{self, Due, Refund};
use marquee_payments::{CreateRefund, ProviderError, ProviderRefund, Refusal};

use tokio::time::{MissedTickBehavior, interval};

use super::count;
use crate::intent::tell_if_missing;
use crate::types::Order;
use crate::{Checkout, CheckoutError};

const LEASE: Tag = Tag::new("refund.lease");

/// How often the worker looks.
const ROUND: Duration = Duration::from_secs(1);
/// Refunds taken up in one round, and so many of them at a time.
const BATCH: i64 = 100;
const AT_ONCE: usize = 8;
/// The provider remembers keys for a day: after that its list is searched before it is asked, whatever was tried.
const KEYS_LAST_SECONDS: f64 = 24.0 * 3_600.0;
/// Pauses between tries, in seconds: the first, and the longest.
const PAUSE: (f64, f64) = (1.0, 900.0);
/// Codes with which the provider says that it never will: another try would end the same. That it does not know the payment is none
/// of them: it gave us the payment's id, so we ask with the wrong key or account, and that can be mended.
const FINAL: [&str; 6] = [
    "charge_already_refunded",
    "charge_disputed",
    "refund_disputed_payment",
    "charge_not_refundable",
    "amount_too_large",
    "parameter_invalid_integer",
];

/// Why a try led to nothing: its key is used up, see [`ProviderError::Unanswered`].
const UNANSWERED: &str = "unanswered";

impl Checkout {
    /// Keeps what was promised, until it is dropped.
    pub(crate) async fn refund_forever(self) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            if let Err(error) = self.recover_refunds().await {
                tracing::debug!(%error, "refunds could not be looked after, trying again");
            }
        }
    }

    /// One round: every refund that is due and that nobody has. Answers how many.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub(crate) async fn recover_refunds(&self) -> Result<usize, CheckoutError> {
        let due = refunds::due(&self.parts.db, BATCH).await?;
        let found = due.len();
        stream::iter(due)
            .for_each_concurrent(AT_ONCE, |Due { tenant_id, refund_id }| async move {
                if let Err(error) = self.drive_refund(tenant_id, refund_id).await {
                    tracing::warn!(%error, tenant.id = %tenant_id, refund.id = %refund_id, "a refund stays open, trying again");
                }
            })
            .await;
        Ok(found)
    }

    /// Takes an open refund, if nobody has it, and brings it as far as the provider goes.
    pub(crate) async fn drive_refund(&self, tenant: TenantId, id: RefundId) -> Result<(), CheckoutError> {
        let tx = self.parts.db.begin(tenant, LEASE).await?;
        let Some(refund) = refunds::lease(&tx, id).await? else { return Ok(()) };
        let order = crate::store::read(&tx, refund.order_id).await?.ok_or(CheckoutError::NotFound)?;
        let payment = record::read(&tx, refund.order_id).await?;
        tx.commit().await?;
        match self.go_on(tenant, &order, payment.as_ref(), &refund).await {
            // Whoever overtook us goes on.
            Err(CheckoutError::Record(RecordError::Overtaken)) => Ok(()),
            done => done,
        }
    }

    async fn go_on(
        &self,
        tenant: TenantId,
        order: &Order,
        payment: Option<&Payment>,
        refund: &Refund,
    ) -> Result<(), CheckoutError> {
        let Some((payment, intent)) = payment.and_then(|one| Some((one, one.intent_id.as_deref()?))) else {
            return self.refund_refused(tenant, refund, "no_payment").await;
        };
        match self.ask(order, payment, intent, refund).await {
            Ok(known) if is_it(refund, &known) => self.settle_refund(tenant, refund, &known).await,
            Ok(known) => {
                tracing::error!(refund.id = %refund.id, provider.id = known.id, "the provider's refund is not ours");
                self.refund_waits(tenant, refund, "foreign").await
            }
            Err(error) if is_final(refund, &error) => {
                tracing::warn!(%error, refund.id = %refund.id, "the provider will never do this refund");
                self.refund_refused(tenant, refund, reason(&error)).await
            }
            Err(error) => {
                tracing::warn!(%error, refund.id = %refund.id, "a refund did not come through");
                tell_if_missing(&error, refund.order_id);
                count("unknown");
                self.refund_waits(tenant, refund, reason(&error)).await
            }
        }
    }

    /// The refund as the provider has it, made if it was not there.
    async fn ask(
        &self,
        order: &Order,
        payment: &Payment,
        intent: &str,
        refund: &Refund,
    ) -> Result<ProviderRefund, ProviderError> {
        let provider = &self.parts.provider;
        let account = payment.account.as_deref();
        if let Some(id) = &refund.provider_id {
            return provider.retrieve_refund(account, id).await;
        }
        let asked_before = refund.attempts > 1 || refund.age >= KEYS_LAST_SECONDS;
        if asked_before && let Some(known) = self.find_refund(account, intent, refund.id).await? {
            return Ok(known);
        }
        let call = CreateRefund {
            account: payment.account.clone(),
            intent: intent.to_owned(),
            refund: refund.id,
            amount: refund.amount,
            reason: refund.reason,
            with_application_fee: account.is_some() && order.application_fee > 0,
            key: key(refund),
        };
        match provider.create_refund(&call).await {
            // What it refuses it may have done before: the first answer was lost, or somebody was faster.
            Err(error @ ProviderError::Refused(Refusal::Invalid { .. })) => {
                match self.find_refund(account, intent, refund.id).await? {
                    Some(known) => Ok(known),
                    None => Err(error),
                }
            }
            answer => answer,
        }
    }

    async fn find_refund(
        &self,
        account: Option<&str>,
        intent: &str,
        id: RefundId,
    ) -> Result<Option<ProviderRefund>, ProviderError> {
        let all = self.parts.provider.list_refunds(account, intent).await?;
        Ok(all.into_iter().find(|known| known.refund == Some(id)))
    }

    /// Nothing can be said yet: the worker tries again, later the more often it has.
    async fn refund_waits(&self, tenant: TenantId, refund: &Refund, why: &str) -> Result<(), CheckoutError> {
        let tx = self.parts.db.begin(tenant, LEASE).await?;
        refunds::put_back(&tx, refund, Some(why), pause(refund.attempts)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Under which key it is asked for: the same each time, so that it is made once. Where the provider keeps a failure as the
/// answer to that, and has no such refund, another one is needed: it would tell of the failure for a day.
fn key(refund: &Refund) -> String {
    match refund.failure.as_deref() {
        Some(UNANSWERED) => format!("refund:{}:{}", refund.id, refund.attempts),
        _ => format!("refund:{}", refund.id),
    }
}

/// Is it the refund that was asked for?
pub(super) fn is_it(refund: &Refund, known: &ProviderRefund) -> bool {
    known.amount.amount == refund.amount
        && known.amount.currency == refund.currency
        && refund.provider_id.as_deref().is_none_or(|id| id == known.id)
}

/// Does the provider say that it never will? It says so before it has our refund; an amount that it does not take is more than
/// is left there.
fn is_final(refund: &Refund, error: &ProviderError) -> bool {
    let code = match error {
        ProviderError::Refused(Refusal::Invalid { code, .. }) => code.as_str(),
        _ => return false,
    };
    refund.state == RefundState::Requested && (FINAL.contains(&code) || error.is_about("amount"))
}

fn reason(error: &ProviderError) -> &str {
    match error {
        ProviderError::Declined { decline_code, .. } => decline_code,
        ProviderError::Refused(Refusal::Invalid { code, .. }) => code,
        ProviderError::Refused(Refusal::Unreachable(_)) => "unreachable",
        ProviderError::Refused(Refusal::Busy(_)) => "busy",
        ProviderError::Unknown(_) => "unknown",
        ProviderError::Unanswered(_) => UNANSWERED,
    }
}

/// Seconds until the next try, after this many.
fn pause(attempts: i32) -> f64 {
    let doublings = (attempts - 1).clamp(0, 16);
    (PAUSE.0 * f64::from(1 << doublings)).min(PAUSE.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn only_what_another_try_cannot_change_is_final() {
        let refund = sample::refund(RefundState::Requested);
        let says = |code: &str, param: Option<&str>| {
            let (code, param) = (code.to_owned(), param.map(str::to_owned));
            is_final(&refund, &Refusal::Invalid { code, param, message: String::new() }.into())
        };
        assert!(says("charge_already_refunded", None) && says("other", Some("amount")));
        assert!(!says("resource_missing", Some("payment_intent")), "the wrong key or account");
        assert!(!says("balance_insufficient", None));
        assert!(!is_final(&refund, &Refusal::Busy(String::new()).into()));
    }

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!([1, 2, 3, 4].map(pause), [1.0, 2.0, 4.0, 8.0]);
        assert_eq!(pause(i32::MAX), PAUSE.1);
        let within_a_minute: f64 = (1..=5).map(pause).sum();
        assert!(within_a_minute < 60.0);
    }
}
