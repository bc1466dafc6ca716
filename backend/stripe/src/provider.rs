use async_trait::async_trait;
use marquee_payments::{
    CancelIntent, CaptureIntent, ConfirmIntent, CreateIntent, Intent, IntentPage, Provider, ProviderError,
    Refusal,
};
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError, StripeRequest};
use stripe_core::PaymentIntent;
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent,
    CreatePaymentIntentAutomaticPaymentMethods, ListPaymentIntent, RetrievePaymentIntent,
};
use thiserror::Error;

use crate::classify::classify;
use crate::convert::{self, ORDER, statement_suffix};
use crate::retry::{CALL_BUDGET, retry};

/// Where Stripe's own payment form comes from.
const ELEMENT_URL: &str = "https://js.stripe.com/v3/";
/// Payments on a page of a list: Stripe's most.
const PAGE: i64 = 100;

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

    /// Sends a request about one payment, under `key` where it changes something.
    async fn send<R>(
        &self,
        account: Option<&str>,
        key: Option<&str>,
        request: R,
    ) -> Result<Intent, ProviderError>
    where
        R: StripeRequest<Output = PaymentIntent> + Send + Sync,
    {
        let strategy = strategy(key)?;
        let answer = retry(|patience| {
            let mut call = request.customize().timeout(patience).request_strategy(strategy.clone());
            if let Some(account) = account {
                call = call.account_id(account.into());
            }
            async move { call.send(&self.client).await.map_err(classify) }
        });
        convert::intent(answer.await?)
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

    async fn create_intent(&self, call: &CreateIntent) -> Result<Intent, ProviderError> {
        let currency = call.amount.currency.as_str().to_ascii_lowercase();
        let currency: stripe_types::Currency = currency
            .parse()
            .map_err(|_| classify(StripeError::ConfigError(format!("no such currency: {currency}"))))?;
        let mut request = CreatePaymentIntent::new(call.amount.amount, currency)
            .capture_method(stripe_core::PaymentIntentCaptureMethod::Manual)
            .automatic_payment_methods(CreatePaymentIntentAutomaticPaymentMethods::new(true))
            .metadata([(ORDER.to_owned(), call.order.to_string())]);
        if call.account.is_some() && call.application_fee > 0 {
            request = request.application_fee_amount(call.application_fee);
        }
        if let Some(suffix) = statement_suffix(&call.brand) {
            request = request.statement_descriptor_suffix(suffix);
        }
        self.send(call.account.as_deref(), Some(&call.key), request).await
    }

    async fn confirm_intent(&self, call: &ConfirmIntent) -> Result<Intent, ProviderError> {
        let request = ConfirmPaymentIntent::new(call.intent.as_str())
            .confirmation_token(call.confirmation_token.as_str())
            .return_url(call.return_url.as_str());
        self.send(call.account.as_deref(), Some(&call.key), request).await
    }

    async fn retrieve_intent(&self, account: Option<&str>, id: &str) -> Result<Intent, ProviderError> {
        self.send(account, None, RetrievePaymentIntent::new(id)).await
    }

    async fn capture_intent(&self, call: &CaptureIntent) -> Result<Intent, ProviderError> {
        self.send(call.account.as_deref(), Some(&call.key), CapturePaymentIntent::new(call.intent.as_str()))
            .await
    }

    async fn cancel_intent(&self, call: &CancelIntent) -> Result<Intent, ProviderError> {
        self.send(call.account.as_deref(), Some(&call.key), CancelPaymentIntent::new(call.intent.as_str()))
            .await
    }

    async fn list_intents(
        &self,
        account: Option<&str>,
        after: Option<&str>,
    ) -> Result<IntentPage, ProviderError> {
        let mut request = ListPaymentIntent::new().limit(PAGE);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        let page = retry(|patience| {
            let mut call = request.customize().timeout(patience);
            if let Some(account) = account {
                call = call.account_id(account.into());
            }
            async move { call.send(&self.client).await.map_err(classify) }
        })
        .await?;
        let data = page.data.into_iter().map(convert::intent).collect::<Result<_, _>>()?;
        Ok(IntentPage { data, has_more: page.has_more })
    }
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
