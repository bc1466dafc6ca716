//! What is asked of a provider.

use chrono::{DateTime, Utc};
use marquee_core::ids::{OrderId, RefundId};
use marquee_core::money::Money;
use marquee_entity::money::RefundReason;

/// Announces the payment of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateIntent {
    /// Whose account is charged.
    pub account: Option<String>,
    /// What for.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// The platform's share of it, in minor units.
    pub application_fee: i64,
    /// The brand, for the card statement.
    pub brand: String,
    /// Idempotency key.
    pub key: String,
}

/// Confirms a payment with what the buyer entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmIntent {
    /// Whose account is charged.
    pub account: Option<String>,
    /// The provider's id of the payment.
    pub intent: String,
    /// What the payment form made of the buyer's card.
    pub confirmation_token: String,
    /// Where the bank's page sends the buyer back to.
    pub return_url: String,
    /// Idempotency key.
    pub key: String,
}

/// Takes a reserved amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureIntent {
    /// Whose account is charged.
    pub account: Option<String>,
    /// The provider's id of the payment.
    pub intent: String,
    /// Idempotency key.
    pub key: String,
}

/// Gives up a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelIntent {
    /// Whose account was to be charged.
    pub account: Option<String>,
    /// The provider's id of the payment.
    pub intent: String,
    /// Idempotency key.
    pub key: String,
}

/// Sends money of a payment back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRefund {
    /// Whose account was charged.
    pub account: Option<String>,
    /// The provider's id of the payment.
    pub intent: String,
    /// Our refund: the provider keeps its id with its own, so that the one is found by the other.
    pub refund: RefundId,
    /// How much, in minor units of the payment's currency.
    pub amount: i64,
    /// Why.
    pub reason: RefundReason,
    /// Does the platform give its share back too? Only for payments of another's account that had one: the provider
    /// refuses it elsewhere.
    pub with_application_fee: bool,
    /// Idempotency key.
    pub key: String,
}

/// Answers a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitEvidence {
    /// Whose account was charged.
    pub account: Option<String>,
    /// The provider's id of the dispute.
    pub dispute: String,
    /// What speaks for the sale.
    pub evidence: DisputeEvidence,
    /// Idempotency key.
    pub key: String,
}

/// What speaks for a sale. Texts longer than the provider takes are cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisputeEvidence {
    /// The buyer.
    pub customer_name: Option<String>,
    /// Where the tickets were sent.
    pub customer_email: Option<String>,
    /// The address from which they were bought.
    pub customer_ip: Option<String>,
    /// What was sold.
    pub product_description: Option<String>,
    /// When the performance was or is, for people.
    pub service_date: Option<String>,
    /// What the buyer did with it: mails, looks at the order, scans at the door.
    pub access_activity_log: Option<String>,
    /// What buyers were told about returning tickets.
    pub refund_policy_disclosure: Option<String>,
    /// Why there is no refund.
    pub refund_refusal_explanation: Option<String>,
    /// All else: the order line by line.
    pub uncategorized_text: Option<String>,
}

/// Which movements to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovementWindow {
    /// Only those of this moment and later.
    pub after: Option<DateTime<Utc>>,
    /// Only those behind this one: the last of the page before.
    pub page_after: Option<String>,
}
