//! The provider's calls, each as one request to Stripe.

use async_trait::async_trait;
use marquee_core::crash;
use marquee_payments::{
    BudgetLeft, CancelIntent, CaptureIntent, ConfirmIntent, CreateIntent, CreateRefund, Intent, IntentPage,
    MovementPage, MovementWindow, Provider, ProviderCharge, ProviderDispute, ProviderError, ProviderRefund,
    Refusal, SubmitEvidence,
};
use miniserde::Deserialize;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_core::dispute::RetrieveDispute;
use stripe_core::payment_intent::{CancelPaymentIntent, CapturePaymentIntent};
use stripe_core::refund::RetrieveRefund;
use stripe_types::List;
use thiserror::Error;

use crate::call::Call;
use crate::classify::classify;
use crate::retry::{CALL_BUDGET, retry};
use crate::{convert, requests};

/// Where Stripe's own payment form comes from.
const ELEMENT_URL: &str = "https://js.stripe.com/v3/";

/// The keys or the address cannot be used.
#[derive(Debug, Error)]
#[error("stripe cannot be set up: {0}")]
pub struct StripeConfigError(String);

/// Stripe, or something that answers like it.
#[derive(Debug, Clone)]
pub struct Stripe {
    client: Client,
    publishable_key: String,
    element_url: String,
    live: bool,
}

impl Stripe {
    /// Stripe with these keys; `api_base` points it elsewhere, payment form included.
    ///
    /// # Errors
    /// When a key is no header value or the address is none.
    pub fn new(
        secret_key: &str,
        publishable_key: &str,
        api_base: Option<&str>,
    ) -> Result<Self, StripeConfigError> {
        let base = api_base.map(|base| base.trim_end_matches('/'));
        let mut builder = ClientBuilder::new(secret_key).timeout(CALL_BUDGET);
        if let Some(base) = base {
            builder = builder.url(format!("{base}/"));
        }
        Ok(Self {
            client: builder.build().map_err(|error| StripeConfigError(error.to_string()))?,
            publishable_key: publishable_key.to_owned(),
            element_url: base.map_or_else(|| ELEMENT_URL.to_owned(), |base| format!("{base}/v3/")),
            live: secret_key.starts_with("sk_live_") || secret_key.starts_with("rk_live_"),
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
        let answer = retry(|patience| {
            let mut call = request.customize().timeout(patience).request_strategy(strategy.clone());
            if let Some(account) = account {
                call = call.account_id(account.into());
            }
            async move { call.send(&self.client).await.map_err(classify) }
        })
        .await;
        crash::pass(format_args!("call:{}:after", call.name()));
        answer
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
        BudgetLeft::UNLIMITED
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

    #[test]
    fn the_address_moves_the_form_too() {
        let stripe = Stripe::new("sk_test_1", "pk_test_1", Some("http://127.0.0.1:12111/")).unwrap();
        assert_eq!(stripe.element_url(), "http://127.0.0.1:12111/v3/");
        assert!(!stripe.is_live());
        let stripe = Stripe::new("sk_live_1", "pk_live_1", None).unwrap();
        assert_eq!(stripe.element_url(), ELEMENT_URL);
        assert!(stripe.is_live());
        assert!(Stripe::new("sk\n", "pk", None).is_err());
    }
}
