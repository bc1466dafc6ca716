//! Our calls as Stripe's requests.

use marquee_core::money::Currency;
use marquee_entity::money::RefundReason;
use marquee_payments::{
    ConfirmIntent, CreateIntent, CreateRefund, DisputeEvidence, MovementWindow, ProviderError, Refusal,
    SubmitEvidence,
};
use stripe_core::PaymentIntentCaptureMethod;
use stripe_core::balance_transaction::ListBalanceTransaction;
use stripe_core::charge::ListCharge;
use stripe_core::dispute::{ListDispute, UpdateDispute, UpdateDisputeEvidence};
use stripe_core::payment_intent::{
    ConfirmPaymentIntent, CreatePaymentIntent, CreatePaymentIntentAutomaticPaymentMethods,
    CreatePaymentIntentPaymentMethodOptions, CreatePaymentIntentPaymentMethodOptionsCard,
    CreatePaymentIntentPaymentMethodOptionsCardCaptureMethod as CardCapture, ListPaymentIntent,
    RetrievePaymentIntent,
};
use stripe_core::refund::{self, CreateRefundReason, ListRefund};
use stripe_types::RangeQueryTs;

use crate::convert::{ORDER, REFUND};

/// Objects on a page of a list: Stripe's most.
const PAGE: i64 = 100;
/// The longest suffix that fits behind any prefix: 22 characters, at most 10 of them the prefix, and `* ` between.
const SUFFIX: usize = 10;
/// The longest text of an evidence, in characters. All of ours together stay below the 150,000 of a dispute.
const EVIDENCE: usize = 15_000;
/// Tells what method a payment uses, and its fingerprint.
const METHOD: &str = "payment_method";

pub(crate) fn create_intent(call: &CreateIntent) -> Result<CreatePaymentIntent, ProviderError> {
    let request = CreatePaymentIntent::new(call.amount.amount, currency(&call.amount.currency)?)
        .automatic_payment_methods(CreatePaymentIntentAutomaticPaymentMethods::new(true))
        .metadata([(ORDER.to_owned(), call.order.to_string())]);
    let mut request = captured_when_told(request);
    if call.account.is_some() && call.application_fee > 0 {
        request = request.application_fee_amount(call.application_fee);
    }
    if let Some(suffix) = statement_suffix(&call.brand) {
        request = request.statement_descriptor_suffix(suffix);
    }
    Ok(request)
}

/// A card's money is reserved first and taken when the seats are sold. Other methods take it by themselves.
fn captured_when_told(request: CreatePaymentIntent) -> CreatePaymentIntent {
    let card = CreatePaymentIntentPaymentMethodOptionsCard {
        capture_method: Some(CardCapture::Manual),
        ..CreatePaymentIntentPaymentMethodOptionsCard::new()
    };
    let options = CreatePaymentIntentPaymentMethodOptions {
        card: Some(card),
        ..CreatePaymentIntentPaymentMethodOptions::new()
    };
    request.capture_method(PaymentIntentCaptureMethod::AutomaticAsync).payment_method_options(options)
}

pub(crate) fn confirm_intent(call: &ConfirmIntent) -> ConfirmPaymentIntent {
    ConfirmPaymentIntent::new(call.intent.as_str())
        .confirmation_token(call.confirmation_token.as_str())
        .return_url(call.return_url.as_str())
        .expand([METHOD.to_owned()])
}

pub(crate) fn retrieve_intent(id: &str) -> RetrievePaymentIntent {
    RetrievePaymentIntent::new(id).expand([METHOD.to_owned()])
}

pub(crate) fn list_intents(after: Option<&str>) -> ListPaymentIntent {
    let request = ListPaymentIntent::new().limit(PAGE);
    match after {
        Some(after) => request.starting_after(after),
        None => request,
    }
}

pub(crate) fn list_charges(intent: &str, after: Option<&str>) -> ListCharge {
    let request = ListCharge::new().payment_intent(intent).limit(PAGE);
    match after {
        Some(after) => request.starting_after(after),
        None => request,
    }
}

pub(crate) fn create_refund(call: &CreateRefund) -> refund::CreateRefund {
    let mut request = refund::CreateRefund::new()
        .payment_intent(call.intent.as_str())
        .amount(call.amount)
        .metadata([(REFUND.to_owned(), call.refund.to_string())]);
    if call.account.is_some() && call.with_application_fee {
        request = request.refund_application_fee(true);
    }
    if matches!(call.reason, RefundReason::Requested | RefundReason::Postponed) {
        request = request.reason(CreateRefundReason::RequestedByCustomer);
    }
    request
}

pub(crate) fn list_refunds(intent: &str, after: Option<&str>) -> ListRefund {
    let request = ListRefund::new().payment_intent(intent).limit(PAGE);
    match after {
        Some(after) => request.starting_after(after),
        None => request,
    }
}

pub(crate) fn list_disputes(intent: &str, after: Option<&str>) -> ListDispute {
    let request = ListDispute::new().payment_intent(intent).limit(PAGE);
    match after {
        Some(after) => request.starting_after(after),
        None => request,
    }
}

pub(crate) fn submit_evidence(call: &SubmitEvidence) -> UpdateDispute {
    UpdateDispute::new(call.dispute.as_str()).evidence(evidence(&call.evidence)).submit(true)
}

fn evidence(from: &DisputeEvidence) -> UpdateDisputeEvidence {
    let text = |text: &Option<String>| text.as_ref().map(|text| text.chars().take(EVIDENCE).collect());
    UpdateDisputeEvidence {
        customer_name: text(&from.customer_name),
        customer_email_address: text(&from.customer_email),
        customer_purchase_ip: text(&from.customer_ip),
        product_description: text(&from.product_description),
        service_date: text(&from.service_date),
        access_activity_log: text(&from.access_activity_log),
        refund_policy_disclosure: text(&from.refund_policy_disclosure),
        refund_refusal_explanation: text(&from.refund_refusal_explanation),
        uncategorized_text: text(&from.uncategorized_text),
        ..UpdateDisputeEvidence::new()
    }
}

pub(crate) fn list_movements(window: &MovementWindow, after: Option<&str>) -> ListBalanceTransaction {
    let mut request = ListBalanceTransaction::new().limit(PAGE);
    if let Some(moment) = window.after {
        request = request.created(RangeQueryTs::gte(moment.timestamp()));
    }
    match after {
        Some(after) => request.starting_after(after),
        None => request,
    }
}

fn currency(from: &Currency) -> Result<stripe_types::Currency, ProviderError> {
    from.as_str().to_ascii_lowercase().parse().map_err(|_| {
        let message = format!("no such currency: {from}");
        Refusal::Invalid { code: "currency".to_owned(), param: Some("currency".to_owned()), message }.into()
    })
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
    use marquee_core::ids::{OrderId, RefundId};
    use marquee_core::money::Money;
    use stripe_client_core::StripeRequest;

    use super::*;

    fn body(request: &impl StripeRequest) -> String {
        request.build().body.unwrap_or_default()
    }

    #[test]
    fn the_statement_shows_the_brand_as_far_as_banks_can_print_it() {
        assert_eq!(statement_suffix("Riverside Theatre").as_deref(), Some("RIVERSIDE"));
        assert_eq!(statement_suffix("Café \"X\" <1>").as_deref(), Some("CAF X 1"));
        assert_eq!(statement_suffix("李小龍"), None);
        assert_eq!(statement_suffix("1984"), None);
    }

    #[test]
    fn the_platform_takes_its_share_of_others_accounts_alone() {
        let mut call = CreateIntent {
            account: Some("acct_1".to_owned()),
            order: OrderId::generate(),
            amount: Money { amount: 4_200, currency: "EUR".parse().unwrap() },
            application_fee: 200,
            brand: "Riverside".to_owned(),
            key: "key".to_owned(),
        };
        let sent = body(&create_intent(&call).unwrap());
        assert!(sent.contains("application_fee_amount=200"), "{sent}");
        // Cards wait for the capture, and nothing else does.
        assert!(sent.contains("capture_method=automatic_async"), "{sent}");
        assert_eq!(sent.matches("manual").count(), 1, "{sent}");
        call.account = None;
        assert!(!body(&create_intent(&call).unwrap()).contains("application_fee"));
    }

    #[test]
    fn a_refund_names_ours_and_takes_the_share_back_where_there_is_one() {
        let mut call = CreateRefund {
            account: Some("acct_1".to_owned()),
            intent: "pi_1".to_owned(),
            refund: RefundId::generate(),
            amount: 4_200,
            reason: RefundReason::Requested,
            with_application_fee: true,
            key: "key".to_owned(),
        };
        let sent = body(&create_refund(&call));
        for part in
            ["payment_intent=pi_1", "amount=4200", "refund_application_fee=true", "requested_by_customer"]
        {
            assert!(sent.contains(part), "{sent}");
        }
        assert!(sent.contains(&call.refund.to_string()), "{sent}");
        call = CreateRefund { account: None, reason: RefundReason::SeatLost, ..call };
        let sent = body(&create_refund(&call));
        assert!(!sent.contains("refund_application_fee") && !sent.contains("reason"), "{sent}");
    }

    #[test]
    fn evidence_is_cut_to_what_stripe_takes() {
        let long = "ä".repeat(EVIDENCE + 1);
        let sent = evidence(&DisputeEvidence { uncategorized_text: Some(long), ..Default::default() });
        assert_eq!(sent.uncategorized_text.unwrap().chars().count(), EVIDENCE);
        assert_eq!(sent.customer_name, None);
    }
}
