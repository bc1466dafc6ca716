//! Drives a payment from what is recorded, step by step, until it rests.
//!
//! The caller of a call to pay, an event and the worker all come here. Whoever holds the lease acts; each step is first
//! recorded, then taken, and its result is recorded under the lease's fence. A call to the provider carries a key made
//! of our own ids, so the step that is taken twice has the effect of one.

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::{OrderId, TenantId};
use marquee_entity::orders::{OrderStatus, PaymentState};
use marquee_payments::idempotency::Answer;
use marquee_payments::record::{self, Payment, RecordError};
use marquee_payments::{CancelIntent, CaptureIntent, ConfirmIntent, CreateIntent, Intent, ProviderError};

use crate::intent::{Verdict, is_answer, is_conclusive, moved_without_us, tell_if_missing, verdict};
use crate::settle::{Failure, Step, count};
use crate::store::{self, Setting};
use crate::types::{HoldView, Order};
use crate::{Checkout, CheckoutError};

const LEASE: Tag = Tag::new("pay.lease");

/// For how long a capture that the provider refuses is tried again before the money is given up, in seconds: a key or an
/// account that does not work may be mended meanwhile.
const CAPTURE_TRIED: f64 = 120.0;

/// How a drive ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Driven {
    /// The payment rests, or will be looked at again; with the answer that every call which waited for it has got.
    Rested(Option<Answer>),
    /// There was nothing to do, or somebody else is at it.
    NotOurs,
}

/// What the steps need to know beside the payment.
#[derive(Debug)]
pub(crate) struct Case {
    tenant: TenantId,
    order: Order,
    hold: HoldView,
    brand: String,
    return_url: String,
    /// Did this very drive begin the try? Then no earlier call under its key can be in doubt.
    begun_here: bool,
}

impl Case {
    /// Is the time over in which the order can be paid, whether or not somebody has tidied up?
    fn is_over(&self) -> bool {
        self.hold.expired || matches!(self.order.status, OrderStatus::Cancelled | OrderStatus::Expired)
    }
}

impl Checkout {
    /// Takes an order's payment, if nobody has it, and drives it until it rests.
    pub(crate) async fn drive(&self, tenant: TenantId, order: OrderId) -> Result<Driven, CheckoutError> {
        let tx = self.parts.db.begin(tenant, LEASE).await?;
        let Some(payment) = record::lease(&tx, order).await? else {
            let resting = record::read(&tx, order).await?;
            tx.commit().await?;
            return match resting {
                Some(payment) if payment.state == PaymentState::Declined => {
                    self.look_again(tenant, &payment).await
                }
                _ => Ok(Driven::NotOurs),
            };
        };
        let case = self.read_case(&tx, order).await?;
        tx.commit().await?;
        self.drive_from(case, payment).await
    }

    /// A payment that rests declined may have been confirmed since, by the buyer's browser, without us.
    async fn look_again(&self, tenant: TenantId, payment: &Payment) -> Result<Driven, CheckoutError> {
        let Some(intent) = payment.intent_id.as_deref() else { return Ok(Driven::NotOurs) };
        let known = self.refetch(payment, intent).await?;
        if !moved_without_us(&verdict(payment, &known)) {
            return Ok(Driven::NotOurs);
        }
        match self.reopen(tenant, payment.order_id).await? {
            Some((case, payment)) => self.drive_from(case, payment).await,
            None => Ok(Driven::NotOurs),
        }
    }

    /// Drives a payment that the caller has taken.
    pub(crate) async fn drive_from(&self, case: Case, payment: Payment) -> Result<Driven, CheckoutError> {
        match self.steps(&case, payment).await {
            Ok(answer) => Ok(Driven::Rested(answer)),
            Err(CheckoutError::Record(RecordError::Overtaken)) => Ok(Driven::NotOurs),
            Err(error) => Err(error),
        }
    }

    async fn steps(&self, case: &Case, mut payment: Payment) -> Result<Option<Answer>, CheckoutError> {
        let mut on_the_way = case.begun_here;
        loop {
            let step = match payment.state {
                PaymentState::Created | PaymentState::Confirming => self.confirm(case, payment).await?,
                PaymentState::RequiresAction => self.look(case, payment).await?,
                PaymentState::Authorised => self.sell(case.tenant, &payment).await?,
                PaymentState::Capturing => self.capture(case, payment, on_the_way).await?,
                PaymentState::Cancelling => self.cancel(case, payment).await?,
                PaymentState::Declined | PaymentState::Captured | PaymentState::Cancelled => Step::Rest(None),
            };
            match step {
                Step::On(next) => payment = *next,
                Step::Rest(answer) => return Ok(answer),
            }
            on_the_way = true;
        }
    }

    /// What driving an order's payment needs to know, for a payment that somebody began before.
    pub(crate) async fn read_case(&self, tx: &TenantTx, order: OrderId) -> Result<Case, CheckoutError> {
        let order = store::read(tx, order).await?.ok_or(CheckoutError::NotFound)?;
        let setting = store::setting(tx, &order).await?.ok_or(CheckoutError::NotFound)?;
        Ok(self.case(tx.tenant(), order, setting, false))
    }

    pub(crate) fn case(&self, tenant: TenantId, order: Order, setting: Setting, begun_here: bool) -> Case {
        let Setting { hold, brand, host, .. } = setting;
        let return_url = self.parts.config.public_url(&host, &format!("/orders/{}", order.id));
        Case { tenant, order, hold, brand, return_url, begun_here }
    }

    /// `confirming`: announces the payment if need be, and asks the bank.
    async fn confirm(&self, case: &Case, payment: Payment) -> Result<Step, CheckoutError> {
        let (payment, intent) = match payment.intent_id.clone() {
            Some(intent) => (payment, intent),
            None => match self.parts.provider.create_intent(&announce(case, &payment)).await {
                Ok(intent) => (self.note_intent(case.tenant, &payment, &intent).await?, intent.id),
                // Without a confirm nothing can have been charged, whatever became of this call.
                Err(error) => {
                    tracing::warn!(%error, order.id = %case.order.id, "payment could not be announced");
                    return self.untouched(case.tenant, &payment, Failure::Unreachable).await;
                }
            },
        };
        if !case.begun_here {
            let known = self.refetch(&payment, &intent).await;
            let Ok(known) = known else { return self.wait(case, &payment).await };
            let known_verdict = verdict(&payment, &known);
            // Without a token no confirm of ours is outstanding, so whatever is known is of the running try.
            let told = payment.confirmation_token.is_none() && known_verdict != Verdict::Wait;
            if told || is_conclusive(&known_verdict) {
                return self.act(case, payment, &known, known_verdict).await;
            }
            if case.hold.expired {
                return self.give_up(case.tenant, &payment).await;
            }
        }
        let (Some(token), Some(attempt)) = (&payment.confirmation_token, payment.attempt_id) else {
            return self.wait(case, &payment).await;
        };
        let call = ConfirmIntent {
            account: payment.account.clone(),
            intent: intent.clone(),
            confirmation_token: token.clone(),
            return_url: case.return_url.clone(),
            key: format!("order:{}:attempt:{attempt}", case.order.id),
        };
        match self.parts.provider.confirm_intent(&call).await {
            Ok(answer) => {
                let verdict = verdict(&payment, &answer);
                self.act(case, payment, &answer, verdict).await
            }
            Err(ProviderError::Declined { decline_code, fingerprint, .. }) => {
                self.declined(case.tenant, &payment, &decline_code, fingerprint.as_deref()).await
            }
            Err(error) => self.confirm_failed(case, payment, &intent, error).await,
        }
    }

    /// A confirm without an answer: the payment itself tells whether it had its effect.
    async fn confirm_failed(
        &self,
        case: &Case,
        payment: Payment,
        intent: &str,
        error: ProviderError,
    ) -> Result<Step, CheckoutError> {
        tracing::warn!(%error, order.id = %case.order.id, "confirm did not come through");
        if error.never_arrived() && case.begun_here {
            return self.untouched(case.tenant, &payment, Failure::Unreachable).await;
        }
        let known = match self.refetch(&payment, intent).await {
            Ok(known) => known,
            Err(_) => return self.wait(case, &payment).await,
        };
        let known_verdict = verdict(&payment, &known);
        if is_conclusive(&known_verdict) {
            return self.act(case, payment, &known, known_verdict).await;
        }
        match error {
            // The try is over, and the provider keeps no answer to it. What it says of the payment then counts, if need be
            // of the try before: it is one payment, which is taken once whichever try is answered. Any other unknown try,
            // one that is still running above all, waits: the bank may say yes yet.
            ProviderError::Unanswered(_) if is_answer(&known_verdict, &known) => {
                self.act(case, payment, &known, known_verdict).await
            }
            // As before any try: the confirm had no effect.
            ProviderError::Unanswered(_) if matches!(known_verdict, Verdict::Declined(_)) => {
                self.untouched(case.tenant, &payment, Failure::Unreachable).await
            }
            ProviderError::Refused(_) if error.is_about("confirmation_token") => {
                self.untouched(case.tenant, &payment, Failure::InvalidToken).await
            }
            ProviderError::Refused(_) if !error.never_arrived() => {
                self.untouched(case.tenant, &payment, Failure::Unreachable).await
            }
            _ => self.wait(case, &payment).await,
        }
    }

    /// `requires_action`: has the buyer answered the bank?
    async fn look(&self, case: &Case, payment: Payment) -> Result<Step, CheckoutError> {
        let Some(intent) = payment.intent_id.clone() else {
            return self.give_up(case.tenant, &payment).await;
        };
        let known = match self.refetch(&payment, &intent).await {
            Ok(known) => known,
            Err(_) => return self.wait(case, &payment).await,
        };
        match verdict(&payment, &known) {
            Verdict::AskBuyer | Verdict::Wait if case.hold.expired => {
                self.give_up(case.tenant, &payment).await
            }
            Verdict::AskBuyer => self.wait(case, &payment).await,
            verdict => self.act(case, payment, &known, verdict).await,
        }
    }

    /// `capturing`: takes the reserved amount.
    async fn capture(&self, case: &Case, payment: Payment, sold_here: bool) -> Result<Step, CheckoutError> {
        let Some(intent) = payment.intent_id.clone() else { return self.wait(case, &payment).await };
        if !sold_here {
            match self.refetch(&payment, &intent).await {
                Ok(known) if verdict(&payment, &known) != Verdict::Sell => {
                    return self.captured(case, payment, &known).await;
                }
                Ok(_) => {}
                Err(_) => return self.wait(case, &payment).await,
            }
        }
        // A payment is captured once, whatever the keys; another key lets a taker get past a stored failure.
        let key = match sold_here {
            true => format!("order:{}:capture", case.order.id),
            false => format!("order:{}:capture:{}", case.order.id, payment.fence),
        };
        let call = CaptureIntent { account: payment.account.clone(), intent: intent.clone(), key };
        let (answer, refused) = match self.parts.provider.capture_intent(&call).await {
            Ok(answer) => (Ok(answer), false),
            Err(error) => {
                tracing::warn!(%error, order.id = %case.order.id, "capture did not come through");
                (self.refetch(&payment, &intent).await, error.is_definite())
            }
        };
        match answer {
            Ok(known)
                if refused && payment.age > CAPTURE_TRIED && verdict(&payment, &known) == Verdict::Sell =>
            {
                self.forgo(case, payment, &intent).await
            }
            Ok(known) => self.captured(case, payment, &known).await,
            Err(_) => self.wait(case, &payment).await,
        }
    }

    /// The reserved money cannot be had: the payment is given up at the provider, so that nobody takes it later, and then the
    /// seats.
    async fn forgo(&self, case: &Case, payment: Payment, intent: &str) -> Result<Step, CheckoutError> {
        tracing::error!(order.id = %case.order.id, "reserved money cannot be captured, it is given up");
        match self.give_up_at_provider(case, &payment, intent).await {
            Ok(known) if verdict(&payment, &known) == Verdict::Taken => {
                self.paid(case.tenant, &payment, &known).await
            }
            Ok(known) if verdict(&payment, &known) == Verdict::Cancelled => {
                self.lost(case.tenant, &payment).await
            }
            Ok(_) | Err(_) => self.wait(case, &payment).await,
        }
    }

    /// Has the provider cancel a payment; answers how it stands there then.
    async fn give_up_at_provider(
        &self,
        case: &Case,
        payment: &Payment,
        intent: &str,
    ) -> Result<Intent, ProviderError> {
        let call = CancelIntent {
            account: payment.account.clone(),
            intent: intent.to_owned(),
            key: format!("order:{}:cancel:{}", case.order.id, payment.fence),
        };
        match self.parts.provider.cancel_intent(&call).await {
            Ok(known) => Ok(known),
            Err(_) => self.refetch(payment, intent).await,
        }
    }

    /// What became of a capture.
    async fn captured(&self, case: &Case, payment: Payment, known: &Intent) -> Result<Step, CheckoutError> {
        match verdict(&payment, known) {
            Verdict::Taken => self.paid(case.tenant, &payment, known).await,
            Verdict::Cancelled => self.lost(case.tenant, &payment).await,
            // Nothing is reserved any more, and the provider would take another card.
            Verdict::Declined(_) => self.forgo(case, payment, &known.id).await,
            _ => self.wait(case, &payment).await,
        }
    }

    /// `cancelling`: gives the payment up at the provider. The units are freed when it says so, and also when the time is
    /// over and it says that the payment is under way and cannot be given up: such methods take days, no hold lasts that
    /// long, and what comes of it goes back in full. While nobody knows, the units stay.
    async fn cancel(&self, case: &Case, payment: Payment) -> Result<Step, CheckoutError> {
        let Some(intent) = payment.intent_id.clone() else {
            // Never announced as far as we know, so never confirmed.
            return self.cancelled(case.tenant, &payment).await;
        };
        match self.give_up_at_provider(case, &payment, &intent).await {
            Ok(known) => match verdict(&payment, &known) {
                Verdict::Cancelled => self.cancelled(case.tenant, &payment).await,
                Verdict::Taken => self.paid(case.tenant, &payment, &known).await,
                Verdict::UnderWay if case.is_over() => {
                    self.free_meanwhile(case.tenant, &payment).await?;
                    Ok(Step::Rest(None))
                }
                _ => self.wait(case, &payment).await,
            },
            Err(_) => self.wait(case, &payment).await,
        }
    }

    /// Does what the provider's answer calls for.
    async fn act(
        &self,
        case: &Case,
        payment: Payment,
        intent: &Intent,
        verdict: Verdict,
    ) -> Result<Step, CheckoutError> {
        let tenant = case.tenant;
        match verdict {
            Verdict::Sell => self.sell(tenant, &payment).await,
            Verdict::Taken => self.paid(tenant, &payment, intent).await,
            Verdict::AskBuyer => self.ask_buyer(tenant, &payment, intent).await,
            Verdict::Declined(code) => {
                self.declined(tenant, &payment, &code, intent.fingerprint.as_deref()).await
            }
            Verdict::Cancelled => self.cancelled(tenant, &payment).await,
            Verdict::UnderWay if case.hold.expired => self.give_up(tenant, &payment).await,
            Verdict::UnderWay => {
                self.under_way(tenant, &payment).await?;
                Ok(Step::Rest(None))
            }
            Verdict::Wait => self.wait(case, &payment).await,
            Verdict::Foreign => {
                tracing::error!(order.id = %case.order.id, intent.id = intent.id, "the provider's payment is not ours");
                self.wait(case, &payment).await
            }
        }
    }

    /// The payment as the provider has it now. What is done follows from that, never from what an event or an earlier
    /// answer said.
    async fn refetch(&self, payment: &Payment, intent: &str) -> Result<Intent, ProviderError> {
        #[cfg(feature = "negative-control")]
        if marquee_payments::guard::is_off("refetch") {
            return Ok(crate::intent::unasked(payment, intent));
        }
        let known = self.parts.provider.retrieve_intent(payment.account.as_deref(), intent).await;
        known.inspect_err(|error| tell_if_missing(error, payment.order_id))
    }

    async fn wait(&self, case: &Case, payment: &Payment) -> Result<Step, CheckoutError> {
        if payment.state != PaymentState::RequiresAction {
            count("unknown");
        }
        self.put_back(case.tenant, payment).await?;
        Ok(Step::Rest(None))
    }
}

/// Each try announces the payment under a key of its own: a failure that the provider keeps as the answer is that try's alone.
/// What an unanswered one may have left there asks for nothing: without a confirm nobody is charged.
fn announce(case: &Case, payment: &Payment) -> CreateIntent {
    let attempt = payment.attempt_id.unwrap_or(payment.id.0);
    CreateIntent {
        account: payment.account.clone(),
        order: case.order.id,
        amount: payment.money(),
        application_fee: case.order.application_fee,
        brand: case.brand.clone(),
        key: format!("order:{}:intent:{attempt}", case.order.id),
    }
}
