//! What a payment provider can do for an order, and the ways in which it may fail.

use async_trait::async_trait;
use marquee_core::ids::OrderId;
use marquee_core::money::Money;
use thiserror::Error;

/// A payment provider. Calls are made outside of transactions, and every call that changes something carries the
/// caller's own idempotency key: the same call again has the effect of one.
///
/// `account` is the provider's id of the account that is charged; none for the platform's own.
#[async_trait]
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// The name under which orders remember it.
    fn name(&self) -> &'static str;

    /// The key that pages may know.
    fn publishable_key(&self) -> &str;

    /// Address of the script that draws the payment form.
    fn element_url(&self) -> &str;

    /// Is real money moved?
    fn is_live(&self) -> bool;

    /// Announces a payment; nothing is charged or reserved.
    async fn create_intent(&self, call: &CreateIntent) -> Result<Intent, ProviderError>;

    /// Asks the buyer's bank to reserve the amount.
    async fn confirm_intent(&self, call: &ConfirmIntent) -> Result<Intent, ProviderError>;

    /// The payment as the provider knows it.
    async fn retrieve_intent(&self, account: Option<&str>, id: &str) -> Result<Intent, ProviderError>;

    /// Takes the reserved amount.
    async fn capture_intent(&self, call: &CaptureIntent) -> Result<Intent, ProviderError>;

    /// Gives up the payment and releases what was reserved.
    async fn cancel_intent(&self, call: &CancelIntent) -> Result<Intent, ProviderError>;

    /// Every payment the provider knows of an account, newest first, page by page: `after` is the last id of the page
    /// before.
    async fn list_intents(
        &self,
        account: Option<&str>,
        after: Option<&str>,
    ) -> Result<IntentPage, ProviderError>;
}

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

/// A payment as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The provider's id.
    pub id: String,
    /// Where it stands.
    pub status: IntentStatus,
    /// How much is to be paid.
    pub amount: Money,
    /// How much was taken, in minor units.
    pub amount_captured: i64,
    /// With it the buyer's browser may go on with the payment.
    pub client_secret: Option<String>,
    /// The bank's page, where it asks the buyer to confirm by redirect.
    pub action_url: Option<String>,
    /// Why the last try failed, in the provider's words for programs.
    pub decline_code: Option<String>,
    /// What it is for, as we told the provider.
    pub order: Option<OrderId>,
}

/// Where a payment stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntentStatus {
    /// It wants a card: none was given yet, or the last one was declined.
    RequiresPaymentMethod,
    /// It has a card and was not confirmed.
    RequiresConfirmation,
    /// The bank asks the buyer to confirm.
    RequiresAction,
    /// Under way.
    Processing,
    /// The amount is reserved.
    RequiresCapture,
    /// The amount was taken.
    Succeeded,
    /// Given up; nothing was or will be taken.
    Canceled,
    /// Something this program does not know.
    Other,
}

/// Payments of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentPage {
    /// The payments.
    pub data: Vec<Intent>,
    /// Are there more after the last one?
    pub has_more: bool,
}

/// How a call to a provider may fail.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// The bank said no. Nothing was charged.
    #[error("declined: {decline_code}")]
    Declined {
        /// Stable code of the reason.
        decline_code: String,
        /// A sentence for the buyer.
        message: String,
    },
    /// The call surely had no effect.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It may have had its effect or not: time-out, broken connection, an error on the provider's side.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

/// Why a call surely had no effect.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It never reached the provider.
    #[error("the provider is out of reach: {0}")]
    Unreachable(String),
    /// The provider had no time for it.
    #[error("the provider is busy: {0}")]
    Busy(String),
    /// The provider does not accept it.
    #[error("the provider refuses it: {code}: {message}")]
    Invalid {
        /// Stable code.
        code: String,
        /// The parameter at fault.
        param: Option<String>,
        /// A sentence for logs.
        message: String,
    },
}

impl ProviderError {
    /// Is the parameter `name` what the provider did not accept?
    pub fn is_about(&self, name: &str) -> bool {
        matches!(self, Self::Refused(Refusal::Invalid { param: Some(param), .. }) if param == name)
    }

    /// Did the call never get through to a decision?
    pub fn never_arrived(&self) -> bool {
        matches!(self, Self::Refused(Refusal::Unreachable(_) | Refusal::Busy(_)))
    }
}
