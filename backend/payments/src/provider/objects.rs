//! What a provider answers.

use chrono::{DateTime, Utc};
use marquee_core::ids::{OrderId, RefundId};
use marquee_core::money::{Currency, Money};
use marquee_entity::money::DisputeOutcome;

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
    /// The last attempt to pay it.
    pub latest_charge: Option<String>,
    /// Does the buyer's method take the money without being told to? While no method is known, what most would do.
    pub captures_itself: bool,
    /// The provider's fingerprint of the buyer's card or account, where this answer tells.
    pub fingerprint: Option<String>,
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

/// One attempt to take money from a buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCharge {
    /// The provider's id.
    pub id: String,
    /// The payment that it belongs to.
    pub intent: Option<String>,
    /// How it went.
    pub status: ChargeStatus,
    /// Was the money taken, not only reserved?
    pub captured: bool,
    /// How much was tried, in minor units.
    pub amount: i64,
    /// How much was taken, in minor units.
    pub amount_captured: i64,
    /// How much of that went back, in minor units.
    pub amount_refunded: i64,
    /// The currency of all three.
    pub currency: Currency,
    /// Why it failed, in the provider's words for programs.
    pub decline_code: Option<String>,
    /// Why it failed, for people.
    pub message: Option<String>,
    /// The provider's fingerprint of the card or account.
    pub fingerprint: Option<String>,
    /// The card's brand.
    pub brand: Option<String>,
    /// The last four digits of the card or account.
    pub last4: Option<String>,
    /// The method, in the provider's word: `card`, `ideal` …
    pub method: Option<String>,
    /// The movement of the balance that it caused.
    pub movement: Option<String>,
    /// When it was tried.
    pub created: DateTime<Utc>,
}

/// How an attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChargeStatus {
    /// The bank agreed; the money is reserved or taken.
    Succeeded,
    /// Under way.
    Pending,
    /// The bank declined.
    Failed,
    /// Something this program does not know.
    Other,
}

/// Money on its way back, as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRefund {
    /// The provider's id.
    pub id: String,
    /// The payment whose money it is.
    pub intent: Option<String>,
    /// The charge whose money it is.
    pub charge: Option<String>,
    /// Where it stands.
    pub status: ProviderRefundStatus,
    /// How much.
    pub amount: Money,
    /// Our refund, as we told the provider; none for one made there by hand.
    pub refund: Option<RefundId>,
    /// Why it failed, in the provider's words for programs.
    pub failure: Option<String>,
    /// The movement of the balance that it caused.
    pub movement: Option<String>,
    /// The movement that brought the money back when it failed.
    pub failure_movement: Option<String>,
    /// When it was made.
    pub created: DateTime<Utc>,
}

/// Where a refund stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderRefundStatus {
    /// Under way.
    Pending,
    /// The buyer has to say where the money is to go.
    RequiresAction,
    /// On its way to the buyer.
    Succeeded,
    /// The money could not be paid back.
    Failed,
    /// It was called off.
    Canceled,
    /// Something this program does not know.
    Other,
}

/// A payment that a buyer's bank took back or asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderDispute {
    /// The provider's id.
    pub id: String,
    /// The charge that it is about.
    pub charge: String,
    /// The payment that it is about.
    pub intent: Option<String>,
    /// Where it stands, in the provider's word.
    pub status: String,
    /// How it ended, once it has.
    pub outcome: Option<DisputeOutcome>,
    /// Was money taken from the account for it? It stays so when the money came back.
    pub money_withdrawn: bool,
    /// The disputed amount.
    pub amount: Money,
    /// Why, in the provider's word.
    pub reason: String,
    /// Until when evidence is taken.
    pub due_by: Option<DateTime<Utc>>,
    /// What it did to the balance, oldest first.
    pub movements: Vec<ProviderMovement>,
    /// When it was opened.
    pub created: DateTime<Utc>,
}

/// One movement of an account's balance: `net = amount - fee - application_fee`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMovement {
    /// The provider's id.
    pub id: String,
    /// What kind it is, in the provider's word: `charge`, `refund`, `adjustment` …
    pub kind: String,
    /// The provider's id of what caused it.
    pub source: Option<String>,
    /// How much moved before fees, in minor units; below zero where it left the balance.
    pub amount: i64,
    /// What the provider kept for itself, taxes included, in minor units.
    pub fee: i64,
    /// What went to the platform, in minor units.
    pub application_fee: i64,
    /// What is left, in minor units.
    pub net: i64,
    /// The currency of all four.
    pub currency: Currency,
    /// When it moved.
    pub created: DateTime<Utc>,
    /// From when on it may be paid out.
    pub available: DateTime<Utc>,
}

/// Movements of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementPage {
    /// The movements, newest first.
    pub data: Vec<ProviderMovement>,
    /// Are there more behind the last one?
    pub has_more: bool,
}
