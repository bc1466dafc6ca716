//! Pays an order: one transaction decides and records the try, then it is driven until it rests.

use std::time::Duration;

use marquee_core::db::{Tag, TenantTx};
use marquee_core::ids::{OrderId, TenantId};
use marquee_core::money::Money;
use marquee_entity::orders::OrderStatus;
use marquee_inventory::{begin_confirming, sell};
use marquee_payments::idempotency::{self, Answer, Call, Fence, PATIENCE, Standing};
use marquee_payments::record::{self, Attempt, Payment};
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout};

use crate::answer::{self, DECLINED, Reply};
use crate::drive::{Case, Driven};
use crate::scope;
use crate::service::retrying;
use crate::settle::count;
use crate::types::{Opening, Order, Outcome, open};
use crate::{Checkout, CheckoutError, store};

const OPEN: Tag = Tag::by_key("pay.open");

/// How long a key stays locked when its caller's process dies.
const LOCK_SECONDS: f64 = 25.0;
/// How long a caller waits for a try that goes slowly before it is told that it is under way.
const CALLER_PATIENCE: Duration = Duration::from_secs(20);
/// How long a call waits for somebody else who drives the payment, and how often it looks.
const DRIVER_PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(100);
/// Longest confirmation token.
const TOKEN_MAX: usize = 255;

/// Asks for a payment.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayRequest {
    /// What the payment form made of the card. Left out to go on after the bank asked the buyer, and where nothing is
    /// to be paid.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub confirmation_token: Option<String>,
}

/// A try that was recorded just now.
type Begun = Box<(Case, Payment)>;

/// What the opening transaction led to.
enum Opened {
    /// There is an answer already.
    Reply(Reply),
    /// This call is running already.
    Wait(Call),
    /// The payment is to be driven for this call, a new try if it is there.
    Drive(Option<Begun>, Call, Fence),
}

impl Checkout {
    /// Pays an order, or goes on with a payment that waits.
    ///
    /// The work goes on when the caller goes away. `address` is whom declines are counted against, whether or not the caller
    /// waits for them: who has too many waits before a new try, while calls that were made before are answered as ever.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, `HoldExpired`, `OrderState`, `TooManyAttempts`, `TooManyDeclines`, `ProviderUnavailable` when surely nothing
    /// was charged, `IdempotencyMismatch`, `IdempotencyInFlight`.
    pub async fn pay(
        &self,
        tenant: TenantId,
        order: OrderId,
        request: &PayRequest,
        call: &Call,
        address: Option<&str>,
    ) -> Result<Reply, CheckoutError> {
        let token = read_token(request)?;
        let waits = match token {
            Some(token) => self.waits(tenant, order, token, address).await?,
            None => None,
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            match retrying(|| self.open(tenant, order, token, waits, call)).await? {
                Opened::Reply(reply) => return Ok(reply),
                Opened::Drive(begun, call, fence) => {
                    return self.carry_on(tenant, order, begun, call, fence, address).await;
                }
                Opened::Wait(call) => match idempotency::wait(&self.parts.db, tenant, &call, deadline).await?
                {
                    Standing::InFlight => return Err(CheckoutError::IdempotencyInFlight),
                    Standing::Mismatch => return Err(CheckoutError::IdempotencyMismatch),
                    Standing::Answered(answer) => return Ok(Reply { answer, replayed: true }),
                    Standing::New | Standing::Open if Instant::now() >= deadline => {
                        return Err(CheckoutError::IdempotencyInFlight);
                    }
                    Standing::New | Standing::Open => {}
                },
            }
        }
    }

    /// The first transaction: nothing is called before it is committed. `waits`: a new try has to wait for so many seconds.
    async fn open(
        &self,
        tenant: TenantId,
        id: OrderId,
        token: Option<&str>,
        waits: Option<u32>,
        call: &Call,
    ) -> Result<Opened, CheckoutError> {
        let tx = self.parts.db.begin(tenant, OPEN).await?;
        let order = store::lock(&tx, id).await?.ok_or(CheckoutError::NotFound)?;
        let standing = idempotency::standing(&tx, call).await?;
        if standing != Standing::New {
            return self.known(tx, call, standing).await;
        }
        // Looked at under the order's lock: what goes on here is seen by whoever ends the orders of a cancelled performance.
        let setting = store::setting(&tx, &order).await?.ok_or(CheckoutError::NotFound)?;
        if !order.status.is_paid() && setting.cancelled {
            return Err(CheckoutError::NotOnSale);
        }
        let recorded = record::read(&tx, id).await?;
        let opening = open(&order, setting.hold, recorded.as_ref(), token.is_some());
        let running = recorded.as_ref().and_then(|payment| payment.confirmation_token.as_deref());
        match opening {
            Ok(Opening::SellForFree) => self.sell_for_free(tx, &order, call).await,
            Ok(Opening::GoOn) if token.is_none() || token == running => self.begin(tx, call, None).await,
            Ok(Opening::GoOn) => self.join(tx, call, None).await,
            Err(refusal) if token.is_some() => self.join(tx, call, Some(refusal)).await,
            Err(refusal) => Err(refusal),
            Ok(Opening::Attempt) => {
                if let Some(seconds) = waits {
                    return Err(CheckoutError::TooManyDeclines(seconds));
                }
                let payment = begin_attempt(&tx, &order, token.unwrap_or_default()).await?;
                let case = self.case(tenant, order, setting, true);
                self.begin(tx, call, Some(Box::new((case, payment)))).await
            }
        }
    }

    async fn begin(&self, tx: TenantTx, call: &Call, begun: Option<Begun>) -> Result<Opened, CheckoutError> {
        let fence = idempotency::begin(&tx, call, LOCK_SECONDS).await?;
        let fence = fence.ok_or(CheckoutError::IdempotencyInFlight)?;
        tx.commit().await?;
        Ok(Opened::Drive(begun, call.clone(), fence))
    }

    /// Goes on with a call that was begun before.
    async fn known(&self, tx: TenantTx, call: &Call, standing: Standing) -> Result<Opened, CheckoutError> {
        match standing {
            Standing::Mismatch => Err(CheckoutError::IdempotencyMismatch),
            Standing::Answered(answer) => Ok(Opened::Reply(Reply { answer, replayed: true })),
            Standing::New | Standing::InFlight => Ok(Opened::Wait(call.clone())),
            Standing::Open => {
                let Some(fence) = idempotency::take_over(&tx, call, LOCK_SECONDS).await? else {
                    return Ok(Opened::Wait(call.clone()));
                };
                tx.commit().await?;
                Ok(Opened::Drive(None, call.clone(), fence))
            }
        }
    }

    /// Joins the try that is under way, with another card than the call's own. Where nothing can be joined any more, for this
    /// `refusal`, the call may have been answered before.
    async fn join(
        &self,
        tx: TenantTx,
        call: &Call,
        refusal: Option<CheckoutError>,
    ) -> Result<Opened, CheckoutError> {
        let call = scope::joined(call);
        match (idempotency::standing(&tx, &call).await?, refusal) {
            (standing @ (Standing::Answered(_) | Standing::Mismatch), _) => {
                self.known(tx, &call, standing).await
            }
            (_, Some(refusal)) => Err(refusal),
            (Standing::New, None) => self.begin(tx, &call, None).await,
            (standing, None) => self.known(tx, &call, standing).await,
        }
    }

    /// Nothing is to be paid: sold, paid and answered in one commit, without a provider.
    async fn sell_for_free(&self, tx: TenantTx, order: &Order, call: &Call) -> Result<Opened, CheckoutError> {
        begin_confirming(&tx, order.hold_id).await?;
        sell(&tx, order.hold_id).await?;
        self.finish(&tx, order.id).await?;
        let body = answer::of_outcome(&Outcome::Paid).ok_or(CheckoutError::NotFound)?;
        if !idempotency::record(&tx, call, &body).await? {
            return Err(CheckoutError::IdempotencyInFlight);
        }
        tx.commit().await?;
        count("paid");
        Ok(Opened::Reply(Reply { answer: body, replayed: false }))
    }

    /// Drives the payment in a task of its own, so that a caller who goes away stops nothing, and answers.
    async fn carry_on(
        &self,
        tenant: TenantId,
        order: OrderId,
        begun: Option<Begun>,
        call: Call,
        fence: Fence,
        address: Option<&str>,
    ) -> Result<Reply, CheckoutError> {
        let (checkout, address) = (self.clone(), address.map(str::to_owned));
        let work = tokio::spawn(async move {
            let told = checkout.drive_and_close(tenant, order, begun, &call, fence).await;
            if let (Ok(reply), Some(address)) = (&told, address)
                && reply.answer.status == DECLINED
            {
                checkout.declines.count_address(&address).await;
            }
            told
        });
        match timeout(CALLER_PATIENCE, work).await {
            Ok(Ok(closed)) => closed,
            Ok(Err(error)) => {
                tracing::error!(%error, order.id = %order, "paying broke off, the worker goes on");
                processing()
            }
            Err(_) => processing(),
        }
    }

    async fn drive_and_close(
        &self,
        tenant: TenantId,
        order: OrderId,
        begun: Option<Begun>,
        call: &Call,
        fence: Fence,
    ) -> Result<Reply, CheckoutError> {
        match self.drive_to_rest(tenant, order, begun).await {
            // This call's key has it since the commit that made it so.
            Ok(Some(answer)) => return Ok(Reply { answer, replayed: false }),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, order.id = %order, "paying stopped, the worker goes on");
            }
        }
        self.close(tenant, order, call, fence).await
    }

    /// Drives, or waits a while for whoever drives already. Answers what this call's key was answered, where that is known.
    async fn drive_to_rest(
        &self,
        tenant: TenantId,
        order: OrderId,
        begun: Option<Begun>,
    ) -> Result<Option<Answer>, CheckoutError> {
        let mut driven = match begun.map(|begun| *begun) {
            // The try is this call's own: whoever answers its key takes the payment from this drive.
            Some((case, payment)) => match self.drive_from(case, payment).await? {
                Driven::Rested(answer) => return Ok(answer),
                overtaken => overtaken,
            },
            None => self.drive(tenant, order).await?,
        };
        let deadline = Instant::now() + DRIVER_PATIENCE;
        // `requires_action` under somebody else's hands may be over the moment they are done.
        let open =
            |outcome: &Outcome| matches!(outcome, Outcome::Processing | Outcome::RequiresAction { .. });
        while driven == Driven::NotOurs
            && open(&self.outcome(tenant, order).await?)
            && Instant::now() < deadline
        {
            sleep(LOOK).await;
            driven = self.drive(tenant, order).await?;
        }
        Ok(None)
    }
}

/// Records a new try: the hold is being paid for from this commit on.
async fn begin_attempt(tx: &TenantTx, order: &Order, token: &str) -> Result<Payment, CheckoutError> {
    if order.status == OrderStatus::Pending {
        begin_confirming(tx, order.hold_id).await?;
    }
    let amount = Money { amount: order.total, currency: order.currency.clone() };
    let attempt = Attempt {
        order: order.id,
        provider: &order.provider,
        account: order.account.as_deref(),
        amount: &amount,
        confirmation_token: token,
    };
    let payment = record::begin_attempt(tx, &attempt).await?;
    if !store::move_to(tx, order.id, OrderStatus::Processing).await? {
        return Err(CheckoutError::OrderState(order.status));
    }
    Ok(payment)
}

fn read_token(request: &PayRequest) -> Result<Option<&str>, CheckoutError> {
    let Some(token) = request.confirmation_token.as_deref() else { return Ok(None) };
    let fits = (1..=TOKEN_MAX).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits { Ok(Some(token)) } else { Err(unknown_token()) }
}

pub(crate) fn unknown_token() -> CheckoutError {
    CheckoutError::field(
        "/confirmation_token",
        "unknown",
        "The payment service does not know this token, or it was used before.",
    )
}

fn processing() -> Result<Reply, CheckoutError> {
    let answer = answer::of_outcome(&Outcome::Processing).ok_or(CheckoutError::ProviderUnavailable)?;
    Ok(Reply { answer, replayed: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_short_plain_text() {
        let read = |text: Option<&str>| {
            read_token(&PayRequest { confirmation_token: text.map(str::to_owned) })
                .map(|token| token.map(str::len))
        };
        assert_eq!(read(None).unwrap(), None);
        assert_eq!(read(Some("ctoken_1Nx")).unwrap(), Some(10));
        for text in ["", "a/b", "a b", "a\0", "ключ", &"a".repeat(256)] {
            assert!(read(Some(text)).is_err(), "{text:?}");
        }
    }
}
