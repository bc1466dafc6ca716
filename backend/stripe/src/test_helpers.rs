//! What only a test key may do.

use marquee_payments::ProviderError;
use miniserde::Deserialize;
use stripe_client_core::{RequestBuilder, StripeMethod};

use crate::Stripe;
use crate::classify::classify;

#[derive(Debug, serde::Serialize)]
struct Form<'a> {
    payment_method: &'a str,
}

#[derive(Debug, Deserialize)]
struct Token {
    id: String,
}

impl Stripe {
    /// A confirmation token of one of the provider's test payment methods (`pm_card_visa` …), as a buyer's browser
    /// would make one.
    ///
    /// # Errors
    /// When the provider is out of reach or the key is no test key.
    pub async fn test_confirmation_token(
        &self,
        account: Option<&str>,
        payment_method: &str,
    ) -> Result<String, ProviderError> {
        let mut call = RequestBuilder::new(StripeMethod::Post, "/test_helpers/confirmation_tokens")
            .form(&Form { payment_method })
            .customize::<Token>();
        if let Some(account) = account {
            call = call.account_id(account.into());
        }
        Ok(call.send(self.client()).await.map_err(classify)?.id)
    }
}
