//! Stripe's objects as ours.

use marquee_core::money::{Currency, Money};
use marquee_payments::{Intent, IntentStatus, ProviderError};
use stripe_core::{PaymentIntent, PaymentIntentStatus};

/// The metadata field that names the order.
pub(crate) const ORDER: &str = "order_id";
/// The longest suffix that fits behind any prefix: 22 characters, at most 10 of them the prefix, and `* ` between.
const SUFFIX: usize = 10;

/// Stripe's PaymentIntent as ours.
pub(crate) fn intent(from: PaymentIntent) -> Result<Intent, ProviderError> {
    let currency: Currency = from
        .currency
        .to_string()
        .to_ascii_uppercase()
        .parse()
        .map_err(|_| ProviderError::Unknown("an amount has no currency".to_owned()))?;
    let error = from.last_payment_error.as_deref();
    let decline_code = error.and_then(|error| {
        error.decline_code.clone().or_else(|| error.code.as_ref().map(|code| code.as_str().to_owned()))
    });
    let action_url = from.next_action.and_then(|action| action.redirect_to_url).and_then(|to| to.url);
    Ok(Intent {
        id: from.id.as_str().to_owned(),
        status: status(&from.status),
        amount: Money { amount: from.amount, currency },
        amount_captured: from.amount_received,
        client_secret: from.client_secret,
        action_url,
        decline_code,
        order: from.metadata.get(ORDER).and_then(|id| id.parse().ok()),
    })
}

fn status(from: &PaymentIntentStatus) -> IntentStatus {
    match from {
        PaymentIntentStatus::RequiresPaymentMethod => IntentStatus::RequiresPaymentMethod,
        PaymentIntentStatus::RequiresConfirmation => IntentStatus::RequiresConfirmation,
        PaymentIntentStatus::RequiresAction => IntentStatus::RequiresAction,
        PaymentIntentStatus::Processing => IntentStatus::Processing,
        PaymentIntentStatus::RequiresCapture => IntentStatus::RequiresCapture,
        PaymentIntentStatus::Succeeded => IntentStatus::Succeeded,
        PaymentIntentStatus::Canceled => IntentStatus::Canceled,
        _ => IntentStatus::Other,
    }
}

/// The brand as the end of a card statement's line: Latin letters, digits and spaces; none where no letter is left.
pub(crate) fn statement_suffix(brand: &str) -> Option<String> {
    let plain: String =
        brand.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').take(SUFFIX).collect();
    let plain = plain.trim().to_ascii_uppercase();
    plain.bytes().any(|byte| byte.is_ascii_alphabetic()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_shows_the_brand_as_far_as_banks_can_print_it() {
        assert_eq!(statement_suffix("Riverside Theatre").as_deref(), Some("RIVERSIDE"));
        assert_eq!(statement_suffix("Café \"X\" <1>").as_deref(), Some("CAF X 1"));
        assert_eq!(statement_suffix("李小龍"), None);
        assert_eq!(statement_suffix("1984"), None);
    }
}
