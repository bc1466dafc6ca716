//! The transactions in which what the provider said becomes fact: each locks the order, moves the payment on under its
//! fence, and changes hold, order, tickets and stored answers in the same commit.

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::{OrderId, TenantId};
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_inventory::{extend_for_action, return_to_buyer, sell, take_back};
use marquee_payments::idempotency::{Answer, settle_scopes};
use marquee_payments::record::{self, Learnt, Payment};
use marquee_payments::{Intent, ledger};
use marquee_tickets::issue;

use crate::answer;
use crate::late::close_order;
use crate::scope::{both, scope};
use crate::service::retrying;
use crate::store;
use crate::types::{Order, Outcome};
use crate::{Checkout, CheckoutError};

const SELL: Tag = Tag::by_key("pay.sell");
const PAID: Tag = Tag::by_key("pay.paid");
const SETTLE: Tag = Tag::by_key("pay.settle");

/// How often the worker asks about a payment that waits for its buyer, in seconds: events usually tell sooner.
pub(crate) const ASK_AGAIN: f64 = 15.0;

/// Where a step leads.
pub(crate) enum Step {
    /// To the next, with the payment as moved on.
    On(Box<Payment>),
    /// Nowhere for now; with the answer that every call which waited for it has got.
    Rest(Option<Answer>),
}

/// Why a try never reached the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The provider was out of reach.
    Unreachable,
    /// The provider does not take the token.
    InvalidToken,
}

impl Failure {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::InvalidToken => "invalid_token",
        }
    }
}

/// Counts how payments end.
pub(crate) fn count(outcome: &'static str) {
    metrics::counter!("marquee_payments_total", "outcome" => outcome).increment(1);
}

impl Checkout {
    /// The amount is reserved: sells the units and makes the capture due, or, where they are not the buyer's any more,
    /// has the reservation cancelled.
    pub(crate) async fn sell(&self, tenant: TenantId, payment: &Payment) -> Result<Step, CheckoutError> {
        match retrying(|| self.try_sell(tenant, payment)).await {
            Err(CheckoutError::NotOwned | CheckoutError::HoldExpired) => {
                tracing::error!(order.id = %payment.order_id, "reserved money whose seats are gone is released");
                self.give_up(tenant, payment).await
            }
            sold => sold.map(|payment| Step::On(Box::new(payment))),
        }
    }

    async fn try_sell(&self, tenant: TenantId, payment: &Payment) -> Result<Payment, CheckoutError> {
        let tx = self.parts.db.begin(tenant, SELL).await?;
        let order = locked(&tx, payment.order_id).await?;
        let (authorised, capturing) = (PaymentState::Authorised, PaymentState::Capturing);
        // First: whoever was overtaken has nothing to do with what became of the units.
        let capturing = match payment.state {
            PaymentState::Authorised => record::advance(&tx, payment, capturing, &Learnt::default()).await?,
            _ => record::advance_twice(&tx, payment, [authorised, capturing], &Learnt::default()).await?,
        };
        sell(&tx, order.hold_id).await?;
        if order.status != OrderStatus::Processing {
            store::move_to(&tx, order.id, OrderStatus::Processing).await?;
        }
        tx.commit().await?;
        Ok(capturing)
    }

    /// The money is ours: the order is paid, its tickets are issued, every call that waits is answered. Where the seats
    /// are not the buyer's any more, all of it goes back instead.
    pub(crate) async fn paid(
        &self,
        tenant: TenantId,
        payment: &Payment,
        intent: &Intent,
    ) -> Result<Step, CheckoutError> {
        match retrying(|| self.try_paid(tenant, payment, intent)).await {
            Ok(()) => {
                count("paid");
                tracing::info!(tenant.id = %tenant, order.id = %payment.order_id, "order paid");
                Ok(Step::Rest(answer::of_outcome(&Outcome::Paid)))
            }
            Err(CheckoutError::NotOwned | CheckoutError::HoldExpired) => {
                count("too_late");
                tracing::error!(
                    tenant.id = %tenant, order.id = %payment.order_id,
                    "money was taken for seats that are gone: it is paid back"
                );
                retrying(|| self.too_late(tenant, payment, intent)).await?;
                Ok(Step::Rest(None))
            }
            Err(error) => Err(error),
        }
    }

    async fn try_paid(
        &self,
        tenant: TenantId,
        payment: &Payment,
        intent: &Intent,
    ) -> Result<(), CheckoutError> {
        let tx = self.parts.db.begin(tenant, PAID).await?;
        let order = locked(&tx, payment.order_id).await?;
        if is_over(order.status) {
            return Err(CheckoutError::HoldExpired);
        }
        if payment.state != PaymentState::Capturing {
            sell(&tx, order.hold_id).await?;
        }
        record::advance(&tx, payment, PaymentState::Captured, &learnt_of(intent)).await?;
        book(&tx, &order, intent).await?;
        self.finish(&tx, order.id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Marks an order paid, issues its tickets and answers the calls that wait for it.
    pub(crate) async fn finish(&self, tx: &TenantTx, order: OrderId) -> Result<(), CheckoutError> {
        if !store::move_to(tx, order, OrderStatus::Paid).await? {
            return Err(CheckoutError::NotFound);
        }
        issue(tx, &self.parts.config.secret_key, order).await?;
        if let Some(answer) = answer::of_outcome(&Outcome::Paid) {
            settle_both(tx, order, &answer).await?;
        }
        Ok(())
    }

    /// The bank asks the buyer: the hold gets the time that is left for that.
    pub(crate) async fn ask_buyer(
        &self,
        tenant: TenantId,
        payment: &Payment,
        intent: &Intent,
    ) -> Result<Step, CheckoutError> {
        count("requires_action");
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            let order = locked(&tx, payment.order_id).await?;
            let until = extend_for_action(&tx, order.hold_id).await?;
            let learnt = Learnt {
                client_secret: intent.client_secret.as_deref(),
                action_url: intent.action_url.as_deref(),
                action_until: Some(until),
                due_in: ASK_AGAIN,
                ..Learnt::default()
            };
            let asking = record::advance(&tx, payment, PaymentState::RequiresAction, &learnt).await?;
            store::move_to(&tx, order.id, OrderStatus::RequiresAction).await?;
            let outcome = Outcome::RequiresAction {
                client_secret: asking.client_secret.clone(),
                action_url: asking.action_url.clone(),
            };
            let answer = answer::of_outcome(&outcome);
            if let Some(answer) = &answer {
                settle_both(&tx, order.id, answer).await?;
            }
            tx.commit().await?;
            Ok(Step::Rest(answer))
        })
        .await
    }

    /// The bank said no: the hold is the buyer's again, for as long as it lasts.
    pub(crate) async fn declined(
        &self,
        tenant: TenantId,
        payment: &Payment,
        decline_code: &str,
        fingerprint: Option<&str>,
    ) -> Result<Step, CheckoutError> {
        count("declined");
        if let Some(card) = fingerprint {
            self.declines.count_card(card).await;
        }
        let learnt = Learnt { decline_code: Some(decline_code), fingerprint, ..Learnt::default() };
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            let order = self.hand_back(&tx, payment).await?;
            record::advance(&tx, payment, PaymentState::Declined, &learnt).await?;
            let answer = answer::declined(decline_code);
            // Not of the calls that joined it with another card.
            settle_scopes(&tx, &scope(order.id), None, &answer).await?;
            tx.commit().await?;
            Ok(Step::Rest(Some(answer)))
        })
        .await
    }

    /// The card was surely not reached: as after a decline, but no answer is stored.
    pub(crate) async fn untouched(
        &self,
        tenant: TenantId,
        payment: &Payment,
        failure: Failure,
    ) -> Result<Step, CheckoutError> {
        count(failure.as_str());
        let learnt = Learnt { failure: Some(failure.as_str()), ..Learnt::default() };
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            self.hand_back(&tx, payment).await?;
            record::advance(&tx, payment, PaymentState::Declined, &learnt).await?;
            tx.commit().await?;
            Ok(Step::Rest(None))
        })
        .await
    }

    async fn hand_back(&self, tx: &TenantTx, payment: &Payment) -> Result<Order, CheckoutError> {
        let order = locked(tx, payment.order_id).await?;
        return_to_buyer(tx, order.hold_id).await?;
        store::move_to(tx, order.id, OrderStatus::Pending).await?;
        Ok(order)
    }

    /// The provider says that nothing was or will be taken: the units are free again.
    pub(crate) async fn cancelled(&self, tenant: TenantId, payment: &Payment) -> Result<Step, CheckoutError> {
        count("cancelled");
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            let order = locked(&tx, payment.order_id).await?;
            record::advance(&tx, payment, PaymentState::Cancelled, &Learnt::default()).await?;
            close_order(&tx, &order).await?;
            tx.commit().await?;
            Ok(Step::Rest(None))
        })
        .await
    }

    /// The units are sold and the money surely cannot be had: they are free again, and nothing was charged.
    pub(crate) async fn lost(&self, tenant: TenantId, payment: &Payment) -> Result<Step, CheckoutError> {
        count("cancelled");
        tracing::warn!(order.id = %payment.order_id, "a payment was cancelled at the provider before its capture");
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            let order = locked(&tx, payment.order_id).await?;
            let path = [PaymentState::Cancelling, PaymentState::Cancelled];
            record::advance_twice(&tx, payment, path, &Learnt::default()).await?;
            store::move_to(&tx, order.id, OrderStatus::Cancelled).await?;
            take_back(&tx, order.hold_id).await?;
            tx.commit().await?;
            Ok(Step::Rest(None))
        })
        .await
    }

    /// The payment is to be given up at the provider; nothing else changes yet.
    pub(crate) async fn give_up(&self, tenant: TenantId, payment: &Payment) -> Result<Step, CheckoutError> {
        let cancelling = retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            locked(&tx, payment.order_id).await?;
            let moved = record::advance(&tx, payment, PaymentState::Cancelling, &Learnt::default()).await?;
            tx.commit().await?;
            Ok(moved)
        });
        Ok(Step::On(Box::new(cancelling.await?)))
    }

    /// Notes the provider's id of the payment.
    pub(crate) async fn note_intent(
        &self,
        tenant: TenantId,
        payment: &Payment,
        intent: &Intent,
    ) -> Result<Payment, CheckoutError> {
        let tx = self.parts.db.begin(tenant, SETTLE).await?;
        let noted = record::note_intent(&tx, payment, &intent.id, intent.client_secret.as_deref()).await?;
        tx.commit().await?;
        Ok(noted)
    }

    /// The provider has the try and is not done with it; the units stay the buyer's for as long as their time lasts.
    pub(crate) async fn under_way(&self, tenant: TenantId, payment: &Payment) -> Result<(), CheckoutError> {
        let due_in = pause(payment);
        retrying(|| async {
            let tx = self.parts.db.begin(tenant, SETTLE).await?;
            let order = locked(&tx, payment.order_id).await?;
            let confirming = match payment.state {
                PaymentState::Confirming => payment.clone(),
                _ => record::advance(&tx, payment, PaymentState::Confirming, &Learnt::default()).await?,
            };
            if payment.state != PaymentState::Confirming || payment.confirmation_token.is_some() {
                record::under_way(&tx, &confirming, due_in).await?;
            } else {
                record::put_back(&tx, payment, due_in).await?;
            }
            store::move_to(&tx, order.id, OrderStatus::Processing).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// Nothing can be said yet: somebody looks again, later the longer it has lasted.
    pub(crate) async fn put_back(&self, tenant: TenantId, payment: &Payment) -> Result<(), CheckoutError> {
        let waiting = payment.state == PaymentState::RequiresAction;
        let due_in = if waiting { ASK_AGAIN } else { pause(payment) };
        let tx = self.parts.db.begin(tenant, SETTLE).await?;
        record::put_back(&tx, payment, due_in).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// How long until somebody asks again about a payment that is under way, in seconds.
fn pause(payment: &Payment) -> f64 {
    (payment.age / 4.0).clamp(1.0, ASK_AGAIN)
}

/// What an answer of the provider tells of the charge behind a payment.
pub(crate) fn learnt_of(intent: &Intent) -> Learnt<'_> {
    Learnt {
        charge: intent.latest_charge.as_deref(),
        fingerprint: intent.fingerprint.as_deref(),
        ..Learnt::default()
    }
}

/// Books money that was taken, once for each payment at the provider.
pub(crate) async fn book(tx: &TenantTx, order: &Order, intent: &Intent) -> Result<(), CheckoutError> {
    ledger::post(tx, &ledger::capture(&order.sale_terms(), &intent.id)).await?;
    Ok(())
}

/// Answers every call to pay the order that has no answer yet.
async fn settle_both(tx: &TenantTx, order: OrderId, answer: &Answer) -> Result<(), CheckoutError> {
    let [own, joined] = both(order);
    settle_scopes(tx, &own, Some(&joined), answer).await?;
    Ok(())
}

fn is_over(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Cancelled | OrderStatus::Expired)
}

pub(crate) async fn locked(tx: &TenantTx, order: OrderId) -> Result<Order, CheckoutError> {
    store::lock(tx, order).await?.ok_or(CheckoutError::NotFound)
}
