//! Payment intents and their state machine.
//!
//! `requires_payment_method` → `requires_confirmation` → (`requires_action`) → `requires_capture`, `processing` or `succeeded`;
//! `canceled` from anywhere before that but `processing`. One file per verb.

pub mod authenticate;
pub mod cancel;
pub mod capture;
pub mod charge;
pub mod confirm;
pub mod create;
pub mod params;
pub mod read;
pub mod settle;
pub mod update;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::errors::ApiError;
use crate::engine::state::State;
use crate::engine::tx::Tx;
use crate::local_methods::{KINDS, Kind};
use crate::metadata::Metadata;
use crate::payment_methods::PaymentMethod;
use crate::{accounts, row};

/// Stripe's `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing to charge yet, or the last try failed.
    RequiresPaymentMethod,
    /// Has something to charge.
    RequiresConfirmation,
    /// The buyer has to authenticate.
    RequiresAction,
    /// Under way; it succeeds or fails by itself.
    Processing,
    /// Authorised, not yet taken.
    RequiresCapture,
    /// Taken.
    Succeeded,
    /// Over.
    Canceled,
}

impl Status {
    /// As Stripe writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// When the money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMethod {
    /// At once.
    Automatic,
    /// At once; Stripe's default since 2024.
    AutomaticAsync,
    /// When the caller says so.
    Manual,
}

/// Who goes on after the buyer has authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmationMethod {
    /// The intent goes on by itself.
    Automatic,
    /// The server confirms again.
    Manual,
}

/// A payment intent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Minor units to charge.
    pub amount: i64,
    /// Minor units that can be captured.
    pub amount_capturable: i64,
    /// Minor units taken.
    pub amount_received: i64,
    /// What the platform takes.
    pub application_fee_amount: Option<i64>,
    /// `always` or `never`, where payment methods are chosen automatically.
    pub allow_redirects: Option<String>,
    /// When it was cancelled.
    pub canceled_at: Option<i64>,
    /// Why.
    pub cancellation_reason: Option<String>,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
    /// What lets a browser act on it.
    pub client_secret: String,
    /// Who goes on after authentication.
    pub confirmation_method: ConfirmationMethod,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The customer.
    pub customer: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Stripe's error object of the last try.
    pub last_payment_error: Value,
    /// The last charge.
    pub latest_charge: Option<String>,
    /// The caller's.
    pub metadata: Metadata,
    /// What the buyer has to do: Stripe's `next_action`.
    pub next_action: Value,
    /// What is charged.
    pub payment_method: Option<String>,
    /// As the caller gave it.
    pub payment_method_options: Value,
    /// Always `card`.
    pub payment_method_types: Vec<String>,
    /// Where a receipt would go.
    pub receipt_email: Option<String>,
    /// Where the buyer comes back to.
    pub return_url: Option<String>,
    /// `on_session`, `off_session` or nothing.
    pub setup_future_usage: Option<String>,
    /// Stripe's `shipping`.
    pub shipping: Value,
    /// What the card statement says after the account's prefix.
    pub statement_descriptor_suffix: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Groups charges and transfers.
    pub transfer_group: Option<String>,
    /// Whether the buyer has authenticated and the server has yet to confirm again.
    #[serde(default)]
    pub authenticated: bool,
    /// The key of the request that made it.
    pub idempotency_key: Option<String>,
}

row!(PaymentIntent);

impl PaymentIntent {
    /// Stripe's object.
    pub fn render(&self, _: &State) -> Value {
        let automatic = self
            .allow_redirects
            .as_ref()
            .map(|redirects| json!({ "allow_redirects": redirects, "enabled": true }));
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_details": { "tip": {} },
            "amount_received": self.amount_received,
            "application": self.account.as_ref().map(|_| accounts::APPLICATION),
            "application_fee_amount": self.application_fee_amount,
            "automatic_payment_methods": automatic,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": self.confirmation_method,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": null,
            "description": self.description,
            "excluded_payment_method_types": null,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "managed_payments": { "enabled": false },
            "metadata": self.metadata,
            "next_action": self.next_action,
            "on_behalf_of": null,
            "payment_method": self.payment_method,
            "payment_method_configuration_details": null,
            "payment_method_options": self.options(),
            "payment_method_types": self.payment_method_types,
            "processing": null,
            "receipt_email": self.receipt_email,
            "review": null,
            "setup_future_usage": self.setup_future_usage,
            "shipping": self.shipping,
            "source": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status,
            "transfer_data": null,
            "transfer_group": self.transfer_group,
        })
    }

    /// Stripe's `payment_method_options`: what was given, over what is so by default.
    fn options(&self) -> Value {
        let mut card = json!({
            "installments": null,
            "mandate_options": null,
            "network": null,
            "request_three_d_secure": "automatic",
        });
        let mut options = match &self.payment_method_options {
            Value::Object(given) => given.clone(),
            _ => serde_json::Map::new(),
        };
        if let (Value::Object(card), Some(Value::Object(given))) = (&mut card, options.get("card")) {
            card.extend(given.clone());
        }
        options.insert("card".into(), card);
        Value::Object(options)
    }

    /// Whether money from `method` is reserved first and taken when the caller says so.
    pub fn reserves(&self, method: &PaymentMethod) -> bool {
        let own = self.payment_method_options.pointer("/card/capture_method").and_then(Value::as_str);
        method.kind == Kind::Card && (self.capture_method == CaptureMethod::Manual || own == Some("manual"))
    }

    /// The types of payment methods it takes, where they are chosen automatically: nothing but cards can be reserved.
    pub fn choose_types(&mut self) {
        let Some(redirects) = &self.allow_redirects else { return };
        let fits = |kind: &Kind| {
            *kind == Kind::Card
                || (self.capture_method != CaptureMethod::Manual
                    && kind.pays_in(&self.currency)
                    && (redirects == "always" || !kind.redirects()))
        };
        self.payment_method_types =
            KINDS.iter().filter(|kind| fits(kind)).map(|kind| kind.name().into()).collect();
    }

    /// Refuses a method that this intent does not take.
    ///
    /// # Errors
    /// 400 `payment_intent_incompatible_payment_method`.
    pub fn takes(&self, method: &PaymentMethod) -> Result<(), ApiError> {
        let name = method.kind.name();
        let known = self.payment_method_types.iter().any(|kind| kind == name);
        let capturable = method.kind == Kind::Card || self.capture_method != CaptureMethod::Manual;
        if known && capturable && method.kind.pays_in(&self.currency) {
            return Ok(());
        }
        Err(ApiError::invalid(format!(
            "The PaymentMethod provided ({name}) is not allowed for this PaymentIntent. Please attach a PaymentMethod of \
             one of the following types: {}. It also has to support the intent's currency and capture method.",
            self.payment_method_types.join(", ")
        ))
        .code("payment_intent_incompatible_payment_method")
        .param("payment_method"))
    }

    /// Refuses because of the intent's state.
    pub fn unexpected(&self, state: &State, message: String) -> ApiError {
        ApiError::refused("payment_intent_unexpected_state", message)
            .with("payment_intent", self.render(state))
    }
}

/// The intent called `id` of the call's account.
///
/// # Errors
/// 404.
pub fn find(tx: &Tx, id: &str) -> Result<PaymentIntent, ApiError> {
    let intent = tx.state.intents.scoped(id, tx.account()).cloned();
    intent.ok_or_else(|| ApiError::missing("payment_intent", id, "intent"))
}

/// Writes an intent and tells of it.
pub fn tell(tx: &mut Tx, intent: &PaymentIntent, event: &str) {
    tx.put(intent.clone());
    let object = intent.render(tx.state);
    tx.emit(&format!("payment_intent.{event}"), object);
}
