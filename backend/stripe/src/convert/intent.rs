//! PaymentIntents.

use marquee_payments::{Intent, IntentStatus, ProviderError};
use stripe_core::PaymentIntentPaymentMethodOptionsCardCaptureMethod as CardCapture;
use stripe_core::{PaymentIntent, PaymentIntentCaptureMethod, PaymentIntentStatus};
use stripe_shared::PaymentMethod;

use super::{ORDER, id, money};

/// Stripe's PaymentIntent as ours.
pub(crate) fn intent(from: PaymentIntent) -> Result<Intent, ProviderError> {
    let error = from.last_payment_error.as_deref();
    let method = from.payment_method.as_ref().and_then(|method| method.as_object());
    let decline_code = error.and_then(|error| {
        error.decline_code.clone().or_else(|| error.code.as_ref().map(|code| code.as_str().to_owned()))
    });
    Ok(Intent {
        id: from.id.as_str().to_owned(),
        status: status(&from.status),
        amount: money(from.amount, &from.currency)?,
        amount_captured: from.amount_received,
        decline_code,
        order: from.metadata.get(ORDER).and_then(|id| id.parse().ok()),
        latest_charge: id(from.latest_charge.as_ref()),
        captures_itself: captures_itself(&from, method),
        fingerprint: method.or(error.and_then(|error| error.payment_method.as_ref())).and_then(fingerprint),
        action_url: from.next_action.and_then(|action| action.redirect_to_url).and_then(|to| to.url),
        client_secret: from.client_secret,
    })
}

/// Cards wait for the capture where the payment says so for all methods or for cards; what is not known yet is taken for
/// a card.
fn captures_itself(intent: &PaymentIntent, method: Option<&PaymentMethod>) -> bool {
    if intent.capture_method == PaymentIntentCaptureMethod::Manual {
        return false;
    }
    let card = intent.payment_method_options.as_ref().and_then(|options| options.card.as_ref());
    let cards_wait = card.is_some_and(|card| card.capture_method == Some(CardCapture::Manual));
    !(cards_wait && method.is_none_or(|method| method.type_.as_str() == "card"))
}

/// Stripe's fingerprint of a card or an account.
pub(crate) fn fingerprint(method: &PaymentMethod) -> Option<String> {
    let card = method.card.as_ref().and_then(|card| card.fingerprint.clone());
    card.or_else(|| method.sepa_debit.as_ref()?.fingerprint.clone())
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
