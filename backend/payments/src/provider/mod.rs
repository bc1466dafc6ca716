//! What a payment provider can do for an order, and the ways in which it may fail.

mod calls;
mod error;
mod objects;

use async_trait::async_trait;

pub use calls::{
    CancelIntent, CaptureIntent, ConfirmIntent, CreateIntent, CreateRefund, DisputeEvidence, MovementWindow,
    SubmitEvidence,
};
pub use error::{ProviderError, Refusal};
pub use objects::{
    ChargeStatus, Intent, IntentPage, IntentStatus, MovementPage, ProviderCharge, ProviderDispute,
    ProviderMovement, ProviderRefund, ProviderRefundStatus,
};

use crate::budget::BudgetLeft;

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

    /// How many more calls the provider would take of this process now.
    fn budget(&self) -> BudgetLeft;

    /// Announces a payment; nothing is charged or reserved.
    async fn create_intent(&self, call: &CreateIntent) -> Result<Intent, ProviderError>;

    /// Asks the buyer's bank to reserve the amount; a method that captures by itself takes it.
    async fn confirm_intent(&self, call: &ConfirmIntent) -> Result<Intent, ProviderError>;

    /// The payment as the provider knows it.
    async fn retrieve_intent(&self, account: Option<&str>, id: &str) -> Result<Intent, ProviderError>;

    /// The provider's fingerprint of the card behind a confirmation token, before it is tried: the same for the same card,
    /// and no card number. None where the method has none.
    async fn card_of(
        &self,
        account: Option<&str>,
        confirmation_token: &str,
    ) -> Result<Option<String>, ProviderError>;

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

    /// An attempt to pay, as the provider knows it.
    async fn retrieve_charge(&self, account: Option<&str>, id: &str)
    -> Result<ProviderCharge, ProviderError>;

    /// Every attempt to pay an intent, declined ones included, newest first.
    async fn list_charges(
        &self,
        account: Option<&str>,
        intent: &str,
    ) -> Result<Vec<ProviderCharge>, ProviderError>;

    /// Sends money of a payment back to the buyer.
    async fn create_refund(&self, call: &CreateRefund) -> Result<ProviderRefund, ProviderError>;

    /// A refund as the provider knows it.
    async fn retrieve_refund(&self, account: Option<&str>, id: &str)
    -> Result<ProviderRefund, ProviderError>;

    /// Every refund of a payment, those made at the provider by hand included, newest first.
    async fn list_refunds(
        &self,
        account: Option<&str>,
        intent: &str,
    ) -> Result<Vec<ProviderRefund>, ProviderError>;

    /// A dispute as the provider knows it.
    async fn retrieve_dispute(
        &self,
        account: Option<&str>,
        id: &str,
    ) -> Result<ProviderDispute, ProviderError>;

    /// Every dispute of a payment, newest first.
    async fn list_disputes(
        &self,
        account: Option<&str>,
        intent: &str,
    ) -> Result<Vec<ProviderDispute>, ProviderError>;

    /// Answers a dispute. Banks look at the first answer alone.
    async fn submit_evidence(&self, call: &SubmitEvidence) -> Result<ProviderDispute, ProviderError>;

    /// What moved an account's balance, newest first, page by page. A movement in a currency without an ISO 4217 code
    /// (nothing is sold in such) is left out.
    async fn list_movements(
        &self,
        account: Option<&str>,
        window: &MovementWindow,
    ) -> Result<MovementPage, ProviderError>;
}
