//! The provider's calls, each as one request to Stripe.

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use marquee_core::crash;
use marquee_payments::{
    Budget, BudgetLeft, CancelIntent, CaptureIntent, ConfirmIntent, CreateIntent, CreateRefund, Intent,
    IntentPage, MovementPage, MovementWindow, Provider, ProviderCharge, ProviderDispute, ProviderError,
    ProviderRefund, Refusal, SubmitEvidence,
};
use miniserde::Deserialize;
use stripe_client_core::{IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_core::charge::RetrieveCharge;
use stripe_core::dispute::RetrieveDispute;
use stripe_core::payment_intent::{CancelPaymentIntent, CapturePaymentIntent};
use stripe_core::refund::RetrieveRefund;
use stripe_types::List;
use thiserror::Error;
use tokio::time::Instant;

use crate::call::Call;
use crate::classify::{classify, outcome};
use crate::client::{CallError, Client};
use crate::retry::{ENOUGH, TRY_BUDGET, retry};
use crate::token::RetrieveToken;
use crate::{convert, requests};

/// Where Stripe's own payment form comes from.
const ELEMENT_URL: &str = "https://js.stripe.com/v3/";
/// Calls a second that a process makes with a live key, and with a test key: half of what Stripe takes, as a server and a
/// worker, of which no installation has fewer, share a key.
const RATES: (u32, u32) = (50, 12);

/// The keys or the address cannot be used.
#[derive(Debug, Error)]
#[error("stripe cannot be set up: {0}")]
pub struct StripeConfigError(pub(crate) String);

/// Stripe, or something that answers like it. Clones share connections and budget.
#[derive(Debug, Clone)]
pub struct Stripe {
    client: Client,
    budget: Arc<Budget>,
    publishable_key: String,
    element_url: String,
    live: bool,
}

impl Stripe {
    /// Stripe with these keys; `api_base` points it elsewhere, payment form included. `rate` is how many calls a second this
    /// process makes, 0 for any number, and by default half of what Stripe allows such a key.
    ///
    /// # Errors
    /// When a key is no header value or the address is none.
    pub fn new(
        secret_key: &str,
        publishable_key: &str,
        api_base: Option<&str>,
        rate: Option<u32>,
    ) -> Result<Self, StripeConfigError> {
        let base = api_base.map(|base| base.trim_end_matches('/'));
        let live = secret_key.starts_with("sk_live_") || secret_key.starts_with("rk_live_");
        let rate = rate.unwrap_or(if live { RATES.0 } else { RATES.1 });
        Ok(Self {
            client: Client::new(secret_key, base)?,
            budget: Arc::new(Budget::new(NonZeroU32::new(rate))),
            publishable_key: publishable_key.to_owned(),
            element_url: base.map_or_else(|| ELEMENT_URL.to_owned(), |base| format!("{base}/v3/")),
            live,
        })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes a call, under `key` where it changes something.
    async fn ask<R>(
        &self,
        call: Call,
        account: Option<&str>,
        key: Option<&str>,
        request: R,
    ) -> Result<R::Output, ProviderError>
    where
        R: StripeRequest + Send + Sync,
        R::Output: Deserialize,
    {
        let strategy = strategy(key)?;
        crash::pass(format_args!("call:{}:before", call.name()));
        let answer = retry(|ends| self.attempt(call, account, &strategy, &request, ends)).await;
        crash::pass(format_args!("call:{}:after", call.name()));
        let outcome = outcome(answer.as_ref().err());
        metrics::counter!("marquee_provider_calls_total", "call" => call.name(), "outcome" => outcome)
            .increment(1);
        answer
    }

    /// One try of a call, when its turn has come.
    async fn attempt<R>(
        &self,
        call: Call,
        account: Option<&str>,
        strategy: &RequestStrategy,
        request: &R,
        ends: Instant,
    ) -> Result<R::Output, ProviderError>
    where
        R: StripeRequest + Send + Sync,
        R::Output: Deserialize,
    {
        let latest = ends.checked_sub(ENOUGH).unwrap_or(ends);
        let turn = self.budget.turn(call.priority(), latest).await;
        let turn = turn.map_err(|_| Refusal::Busy("no turn in the time that a call has".to_owned()))?;
        let patience = TRY_BUDGET.min(ends.saturating_duration_since(Instant::now()));
        let mut call = request.customize().timeout(patience).request_strategy(strategy.clone());
        if let Some(account) = account {
            call = call.account_id(account.into());
        }
        let answer = call.send(&self.client).await;
        match &answer {
            Err(CallError::Answered { busy: Some(busy), .. }) => self.budget.busy(turn, busy.retry_after),
            Ok(_) | Err(CallError::Answered { .. }) => self.budget.taken(),
            Err(_) => {}
        }
        answer.map_err(classify)
    }

    /// Everything on a list, page by page; `id` of the last one leads to the next page.
    async fn everything<R, T, U>(
        &self,
        call: Call,
        account: Option<&str>,
        request: impl Fn(Option<&str>) -> R + Send + Sync,
        convert: fn(T) -> Result<U, ProviderError>,
        id: fn(&U) -> &str,
    ) -> Result<Vec<U>, ProviderError>
    where
        R: StripeRequest<Output = List<T>> + Send + Sync,
        List<T>: Deserialize,
        T: Send,
        U: Send + Sync,
    {
        let mut all: Vec<U> = Vec::new();
        loop {
            let page = self.ask(call, account, None, request(all.last().map(id))).await?;
            let more = page.has_more && !page.data.is_empty();
            for one in page.data {
                all.push(convert(one)?);
            }
            if !more {
                return Ok(all);
            }
        }
    }
}

fn strategy(key: Option<&str>) -> Result<RequestStrategy, ProviderError> {
    let Some(key) = key else { return Ok(RequestStrategy::Once) };
    let key = IdempotencyKey::new(key).map_err(|error| Refusal::Invalid {
        code: "idempotency_key".to_owned(),
        param: None,
        message: error.to_string(),
    })?;
    Ok(RequestStrategy::Idempotent(key))
}

#[async_trait]
impl Provider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn publishable_key(&self) -> &str {
        &self.publishable_key
    }

    fn element_url(&self) -> &str {
        &self.element_url
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn budget(&self) -> BudgetLeft {
        self.budget.left()
    }

    async fn create_intent(&self, call: &CreateIntent) -> Result<Intent, ProviderError> {
        let request = requests::create_intent(call)?;
        let answer = self.ask(Call::CreateIntent, call.account.as_deref(), Some(&call.key), request).await?;
        convert::intent(answer)
    }

    async fn confirm_intent(&self, call: &ConfirmIntent) -> Result<Intent, ProviderError> {
        let request = requests::confirm_intent(call);
        let answer = self.ask(Call::ConfirmIntent, call.account.as_deref(), Some(&call.key), request).await?;
        convert::intent(answer)
    }

    async fn retrieve_intent(&self, account: Option<&str>, id: &str) -> Result<Intent, ProviderError> {
        let answer = self.ask(Call::RetrieveIntent, account, None, requests::retrieve_intent(id)).await?;
        convert::intent(answer)
    }

    async fn card_of(
        &self,
        account: Option<&str>,
        confirmation_token: &str,
    ) -> Result<Option<String>, ProviderError> {
        let token = self.ask(Call::CardOf, account, None, RetrieveToken(confirmation_token)).await?;
        Ok(token.fingerprint())
    }

    async fn capture_intent(&self, call: &CaptureIntent) -> Result<Intent, ProviderError> {
        let request = CapturePaymentIntent::new(call.intent.as_str());
        let answer = self.ask(Call::CaptureIntent, call.account.as_deref(), Some(&call.key), request).await?;
        convert::intent(answer)
    }

    async fn cancel_intent(&self, call: &CancelIntent) -> Result<Intent, ProviderError> {
        let request = CancelPaymentIntent::new(call.intent.as_str());
        let answer = self.ask(Call::CancelIntent, call.account.as_deref(), Some(&call.key), request).await?;
        convert::intent(answer)
    }

    async fn list_intents(
        &self,
        account: Option<&str>,
        after: Option<&str>,
    ) -> Result<IntentPage, ProviderError> {
        let page = self.ask(Call::ListIntents, account, None, requests::list_intents(after)).await?;
        let data = page.data.into_iter().map(convert::intent).collect::<Result<_, _>>()?;
        Ok(IntentPage { data, has_more: page.has_more })
    }

    async fn retrieve_charge(
        &self,
        account: Option<&str>,
        id: &str,
    ) -> Result<ProviderCharge, ProviderError> {
        convert::charge(self.ask(Call::RetrieveCharge, account, None, RetrieveCharge::new(id)).await?)
    }

    async fn list_charges(
        &self,
        account: Option<&str>,
        intent: &str,
    ) -> Result<Vec<ProviderCharge>, ProviderError> {
        let page = |after: Option<&str>| requests::list_charges(intent, after);
        self.everything(Call::ListCharges, account, page, convert::charge, |one| &one.id).await
    }

    async fn create_refund(&self, call: &CreateRefund) -> Result<ProviderRefund, ProviderError> {
        let request = requests::create_refund(call);
        let answer = self.ask(Call::CreateRefund, call.account.as_deref(), Some(&call.key), request).await?;
        convert::refund(answer)
    }

    async fn retrieve_refund(
        &self,
        account: Option<&str>,
        id: &str,
    ) -> Result<ProviderRefund, ProviderError> {
        convert::refund(self.ask(Call::RetrieveRefund, account, None, RetrieveRefund::new(id)).await?)
    }

    async fn list_refunds(
        &self,
        account: Option<&str>,
        intent: &str,
    ) -> Result<Vec<ProviderRefund>, ProviderError> {
        let page = |after: Option<&str>| requests::list_refunds(intent, after);
        self.everything(Call::ListRefunds, account, page, convert::refund, |one| &one.id).await
    }

    async fn retrieve_dispute(
        &self,
        account: Option<&str>,
        id: &str,
    ) -> Result<ProviderDispute, ProviderError> {
        convert::dispute(self.ask(Call::RetrieveDispute, account, None, RetrieveDispute::new(id)).await?)
    }

    async fn list_disputes(
        &self,
        account: Option<&str>,
        intent: &str,
    ) -> Result<Vec<ProviderDispute>, ProviderError> {
        let page = |after: Option<&str>| requests::list_disputes(intent, after);
        self.everything(Call::ListDisputes, account, page, convert::dispute, |one| &one.id).await
    }

    async fn submit_evidence(&self, call: &SubmitEvidence) -> Result<ProviderDispute, ProviderError> {
        let request = requests::submit_evidence(call);
        let answer =
            self.ask(Call::SubmitEvidence, call.account.as_deref(), Some(&call.key), request).await?;
        convert::dispute(answer)
    }

    async fn list_movements(
        &self,
        account: Option<&str>,
        window: &MovementWindow,
    ) -> Result<MovementPage, ProviderError> {
        let mut after = window.page_after.clone();
        loop {
            let request = requests::list_movements(window, after.as_deref());
            let page = self.ask(Call::ListMovements, account, None, request).await?;
            after = page.data.last().map(|one| one.id.as_str().to_owned());
            let data: Vec<_> = page.data.into_iter().filter_map(known_movement).collect();
            // A page of which nothing is left does not end the list.
            if !data.is_empty() || !page.has_more || after.is_none() {
                return Ok(MovementPage { data, has_more: page.has_more });
            }
        }
    }
}

fn known_movement(from: stripe_core::BalanceTransaction) -> Option<marquee_payments::ProviderMovement> {
    let id = from.id.clone();
    convert::movement(from)
        .inspect_err(|error| tracing::warn!(%error, movement = id.as_str(), "a movement is left out"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripe(secret_key: &str, base: Option<&str>, rate: Option<u32>) -> Stripe {
        Stripe::new(secret_key, "pk_1", base, rate).unwrap()
    }

    #[test]
    fn the_address_moves_the_form_too() {
        let test = stripe("sk_test_1", Some("http://127.0.0.1:12111/"), None);
        assert_eq!(test.element_url(), "http://127.0.0.1:12111/v3/");
        assert!(!test.is_live());
        let live = stripe("sk_live_1", None, None);
        assert_eq!(live.element_url(), ELEMENT_URL);
        assert!(live.is_live());
        assert!(Stripe::new("sk\n", "pk", None, None).is_err());
        assert!(Stripe::new("sk_1", "pk", Some("no address"), None).is_err());
    }

    #[test]
    fn a_process_has_half_of_what_stripe_allows_its_key() {
        let rate = |key, rate| stripe(key, None, rate).budget().rate;
        assert_eq!(rate("sk_test_1", None), Some(12));
        assert_eq!(rate("rk_live_1", None), Some(50));
        assert_eq!(rate("sk_live_1", Some(40)), Some(40));
        assert_eq!(rate("sk_live_1", Some(0)), None);
    }

    #[test]
    fn a_key_never_shows() {
        assert!(!format!("{:?}", stripe("sk_live_hidden", None, None)).contains("hidden"));
    }
}
