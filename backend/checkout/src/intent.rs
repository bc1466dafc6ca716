//! What the provider's view of a payment means for ours: pure rules.

use marquee_core::ids::OrderId;
use marquee_payments::record::Payment;
use marquee_payments::{Intent, IntentStatus, ProviderError, Refusal};

/// What to do about a payment, given how it stands at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The amount is reserved: sell, then capture.
    Sell,
    /// The amount was taken.
    Taken,
    /// The bank asks the buyer.
    AskBuyer,
    /// The bank said no, for this reason.
    Declined(String),
    /// Nothing was or will be taken.
    Cancelled,
    /// The provider has it and is not done; some methods take days, and cannot be given up meanwhile.
    UnderWay,
    /// Nothing can be said yet.
    Wait,
    /// It is not what we asked for: nobody should act on it.
    Foreign,
}

/// Reads the answer to a confirm, or the state of a payment that was confirmed.
pub(crate) fn verdict(payment: &Payment, intent: &Intent) -> Verdict {
    if !is_ours(payment, intent) {
        return Verdict::Foreign;
    }
    match intent.status {
        IntentStatus::RequiresCapture => Verdict::Sell,
        IntentStatus::Succeeded => Verdict::Taken,
        IntentStatus::RequiresAction => Verdict::AskBuyer,
        IntentStatus::Canceled => Verdict::Cancelled,
        IntentStatus::RequiresPaymentMethod => {
            let code = intent.decline_code.as_deref().unwrap_or("generic_decline");
            Verdict::Declined(code.to_owned())
        }
        IntentStatus::Processing => Verdict::UnderWay,
        IntentStatus::RequiresConfirmation | IntentStatus::Other => Verdict::Wait,
    }
}

/// Does the state of a payment tell, without asking again under the try's own key, how the running try went? A refusal
/// or a question to the buyer may still be that of the try before.
pub(crate) fn is_conclusive(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Sell | Verdict::Taken | Verdict::UnderWay | Verdict::Cancelled | Verdict::Foreign
    )
}

/// Is money moving, or about to, for a payment that rests declined here? A buyer's browser can confirm what we announced
/// without telling us.
pub(crate) fn moved_without_us(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Sell | Verdict::Taken | Verdict::UnderWay)
}

/// Does the payment show that the bank was asked: it asks the buyer, or said no for a reason?
pub(crate) fn is_answer(verdict: &Verdict, intent: &Intent) -> bool {
    match verdict {
        Verdict::AskBuyer => true,
        Verdict::Declined(_) => intent.decline_code.is_some(),
        _ => false,
    }
}

/// Is it the payment that was announced: this order, this amount?
fn is_ours(payment: &Payment, intent: &Intent) -> bool {
    intent.order == Some(payment.order_id)
        && intent.amount == payment.money()
        && payment.intent_id.as_deref().is_none_or(|id| id == intent.id)
}

/// Says what it means that the provider does not know what it gave us the id of. It is no proof that nothing was taken: whoever acts
/// goes on as with any call whose outcome is unknown.
pub(crate) fn tell_if_missing(error: &ProviderError, order: OrderId) {
    if is_missing(error) {
        tracing::error!(order.id = %order, "the provider does not know a payment that it gave us: is it the right key, and the right account?");
    }
}

/// Does the provider not know the payment at all?
pub(crate) fn is_missing(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Refused(Refusal::Invalid { code, .. }) if code == "resource_missing")
}

/// What is known of a payment when nobody asks.
#[cfg(feature = "negative-control")]
pub(crate) fn unasked(payment: &Payment, intent: &str) -> Intent {
    Intent {
        id: intent.to_owned(),
        status: IntentStatus::RequiresConfirmation,
        amount: payment.money(),
        order: Some(payment.order_id),
        amount_captured: 0,
        client_secret: None,
        action_url: None,
        decline_code: None,
        latest_charge: None,
        captures_itself: false,
        fingerprint: None,
    }
}

#[cfg(test)]
mod tests {
    use marquee_core::money::Money;

    use marquee_entity::orders::PaymentState;

    use super::*;
    use crate::sample;

    fn payment() -> Payment {
        sample::payment(PaymentState::Confirming)
    }

    fn intent(payment: &Payment, status: IntentStatus) -> Intent {
        Intent {
            id: "pi_1".to_owned(),
            status,
            amount: payment.money(),
            amount_captured: 0,
            client_secret: None,
            action_url: None,
            decline_code: None,
            order: Some(payment.order_id),
            latest_charge: None,
            captures_itself: false,
            fingerprint: None,
        }
    }

    #[test]
    fn only_reserved_money_sells_seats() {
        let payment = payment();
        for (status, expected) in [
            (IntentStatus::RequiresCapture, Verdict::Sell),
            (IntentStatus::Succeeded, Verdict::Taken),
            (IntentStatus::RequiresAction, Verdict::AskBuyer),
            (IntentStatus::Canceled, Verdict::Cancelled),
            (IntentStatus::RequiresPaymentMethod, Verdict::Declined("generic_decline".to_owned())),
            (IntentStatus::RequiresConfirmation, Verdict::Wait),
            (IntentStatus::Processing, Verdict::UnderWay),
            (IntentStatus::Other, Verdict::Wait),
        ] {
            assert_eq!(verdict(&payment, &intent(&payment, status)), expected, "{status:?}");
        }
    }

    #[test]
    fn a_payment_of_another_order_or_amount_is_not_acted_on() {
        let payment = payment();
        let ours = intent(&payment, IntentStatus::RequiresCapture);
        let others = [
            Intent { order: Some(OrderId::generate()), ..ours.clone() },
            Intent { order: None, ..ours.clone() },
            Intent { id: "pi_2".to_owned(), ..ours.clone() },
            Intent { amount: Money { amount: 1, ..ours.amount.clone() }, ..ours.clone() },
            Intent { amount: Money { currency: "USD".parse().unwrap(), ..ours.amount.clone() }, ..ours },
        ];
        for other in others {
            assert_eq!(verdict(&payment, &other), Verdict::Foreign, "{other:?}");
        }
    }

    #[test]
    fn what_may_be_of_an_earlier_try_is_asked_again() {
        for told in [Verdict::Sell, Verdict::Taken, Verdict::Cancelled, Verdict::UnderWay] {
            assert!(is_conclusive(&told), "{told:?}");
        }
        assert!(!is_conclusive(&Verdict::AskBuyer) && !is_conclusive(&Verdict::Declined(String::new())));
    }
}
