//! Confirmation tokens, of which async-stripe has no types.

use miniserde::Deserialize;
use stripe_client_core::{RequestBuilder, StripeMethod, StripeRequest};

/// Asks what a payment form made of a card.
#[derive(Debug)]
pub(crate) struct RetrieveToken<'a>(pub(crate) &'a str);

/// The part of the answer that tells cards apart.
#[derive(Debug, Deserialize)]
pub(crate) struct Token {
    payment_method_preview: Option<Preview>,
}

#[derive(Debug, Deserialize)]
struct Preview {
    card: Option<Account>,
    sepa_debit: Option<Account>,
}

#[derive(Debug, Deserialize)]
struct Account {
    fingerprint: Option<String>,
}

impl StripeRequest for RetrieveToken<'_> {
    type Output = Token;

    fn build(&self) -> RequestBuilder {
        RequestBuilder::new(StripeMethod::Get, format!("/confirmation_tokens/{}", self.0))
    }
}

impl Token {
    /// The fingerprint of the card or account.
    pub(crate) fn fingerprint(self) -> Option<String> {
        let preview = self.payment_method_preview?;
        preview.card.or(preview.sepa_debit)?.fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_is_told_apart_from_others() {
        let read = |text: &str| miniserde::json::from_str::<Token>(text).unwrap().fingerprint();
        let card = r#"{"id":"ctoken_1","payment_method_preview":{"type":"card","card":{"brand":"visa","fingerprint":"fp_1"}}}"#;
        assert_eq!(read(card).as_deref(), Some("fp_1"));
        let debit = r#"{"payment_method_preview":{"type":"sepa_debit","card":null,"sepa_debit":{"fingerprint":"fp_2"}}}"#;
        assert_eq!(read(debit).as_deref(), Some("fp_2"));
        assert_eq!(read(r#"{"payment_method_preview":{"type":"ideal","ideal":{}}}"#), None);
        assert_eq!(read("{}"), None);
    }
}
