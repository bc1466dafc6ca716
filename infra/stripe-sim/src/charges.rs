//! Charges: what a payment intent does to a card or an account.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::state::State;
use crate::engine::tx::Tx;
use crate::local_methods::{self, Kind};
use crate::metadata::{self, Metadata};
use crate::payment_methods::PaymentMethod;
use crate::refunds::Refund;
use crate::{accounts, row};

/// An authorisation that is not captured lapses after a week.
pub const CAPTURE_WITHIN: i64 = 7 * 86_400;

/// Why a charge failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    /// Stripe's code.
    pub code: String,
    /// The issuer's reason.
    pub decline_code: String,
    /// For people.
    pub message: String,
}

/// A charge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Charge {
    /// `ch_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Minor units authorised.
    pub amount: i64,
    /// Minor units captured.
    pub amount_captured: i64,
    /// Minor units given back (of a cancelled authorisation: all of it).
    pub amount_refunded: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The intent it belongs to.
    pub payment_intent: String,
    /// How it was paid, as it was then.
    pub method: PaymentMethod,
    /// Whether the money was taken.
    pub captured: bool,
    /// Whether it is still being processed.
    #[serde(default)]
    pub pending: bool,
    /// Whether the buyer disputes it, or did.
    #[serde(default)]
    pub disputed: bool,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// What the platform takes.
    pub application_fee_amount: Option<i64>,
    /// The fee, once taken.
    pub application_fee: Option<String>,
    /// The movement of money, once captured.
    pub balance_transaction: Option<String>,
    /// Whether the buyer authenticated.
    pub authenticated: bool,
    /// What the card statement says.
    pub calculated_statement_descriptor: String,
    /// What the caller gave for it.
    pub statement_descriptor_suffix: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// The customer.
    pub customer: Option<String>,
    /// Where a receipt would go.
    pub receipt_email: Option<String>,
    /// Stripe's `shipping`.
    pub shipping: Value,
    /// Groups charges and transfers.
    pub transfer_group: Option<String>,
    /// The intent's, copied.
    pub metadata: Metadata,
    /// The key of the request that made it.
    pub idempotency_key: Option<String>,
}

row!(Charge);

impl Charge {
    /// Stripe's `status`.
    pub fn status(&self) -> &'static str {
        match self.failure {
            Some(_) => "failed",
            None if self.pending => "pending",
            None => "succeeded",
        }
    }

    /// Whether Stripe speaks of a payment, as it does where no card is involved.
    pub fn is_payment(&self) -> bool {
        self.method.kind != Kind::Card
    }

    /// What can still be refunded.
    pub fn refundable(&self) -> i64 {
        if self.captured { self.amount_captured - self.amount_refunded } else { 0 }
    }

    fn outcome(&self) -> Value {
        match &self.failure {
            None => json!({
                "advice_code": null,
                "network_advice_code": null,
                "network_decline_code": null,
                "network_status": "approved_by_network",
                "reason": null,
                "risk_level": "normal",
                "risk_score": 32,
                "seller_message": "Payment complete.",
                "type": "authorized",
            }),
            Some(failure) => json!({
                "advice_code": "try_again_later",
                "network_advice_code": null,
                "network_decline_code": "05",
                "network_status": "declined_by_network",
                "reason": failure.decline_code,
                "risk_level": "normal",
                "risk_score": 32,
                "seller_message": "The bank did not return any further details with this decline.",
                "type": "issuer_declined",
            }),
        }
    }

    fn card(&self) -> Value {
        let card = self.method.test_card();
        let three_d_secure = if self.authenticated {
            json!({
                "authentication_flow": "challenge",
                "electronic_commerce_indicator": "05",
                "exemption_indicator": null,
                "result": "authenticated",
                "result_reason": null,
                "transaction_id": format!("tds-{}", self.id),
                "version": "2.2.0",
            })
        } else {
            Value::Null
        };
        let mut details = json!({
            "amount_authorized": self.amount,
            "authorization_code": "123456",
            "brand": card.brand,
            "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            "country": card.country,
            "exp_month": self.method.exp_month,
            "exp_year": self.method.exp_year,
            "extended_authorization": { "status": "disabled" },
            "fingerprint": card.fingerprint(),
            "funding": card.funding,
            "incremental_authorization": { "status": "unavailable" },
            "installments": null,
            "last4": card.last4(),
            "mandate": null,
            "multicapture": { "status": "unavailable" },
            "network": card.brand,
            "network_token": { "used": false },
            "network_transaction_id": "976910810109101",
            "overcapture": { "maximum_amount_capturable": self.amount, "status": "unavailable" },
            "regulated_status": "unregulated",
            "three_d_secure": three_d_secure,
            "transaction_link_id": null,
            "wallet": null,
        });
        if !self.captured
            && self.failure.is_none()
            && let Value::Object(members) = &mut details
        {
            members.insert("capture_before".into(), json!(self.created + CAPTURE_WITHIN));
        }
        details
    }

    fn details(&self) -> Value {
        let name = self.method.kind.name();
        let inside = match self.method.kind {
            Kind::Card => self.card(),
            other => local_methods::of_charge(other, &self.method.detail, &self.id),
        };
        let mut object = json!({ "type": name });
        if let Value::Object(members) = &mut object {
            members.insert(name.into(), inside);
        }
        object
    }

    /// Stripe's object.
    pub fn render(&self, state: &State) -> Value {
        let account = self.account.as_deref();
        let refunds: Vec<Value> =
            state.refunds.newest(account).filter(|row| row.charge == self.id).map(Refund::render).collect();
        let failure = self.failure.as_ref();
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "application": account.map(|_| accounts::APPLICATION),
            "application_fee": self.application_fee,
            "application_fee_amount": self.application_fee_amount,
            "balance_transaction": self.balance_transaction,
            "billing_details": self.method.billing_details,
            "calculated_statement_descriptor": self.calculated_statement_descriptor,
            "captured": self.captured,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "disputed": self.disputed,
            "failure_balance_transaction": null,
            "failure_code": failure.map(|failure| &failure.code),
            "failure_message": failure.map(|failure| &failure.message),
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "on_behalf_of": null,
            "outcome": self.outcome(),
            "paid": failure.is_none() && !self.pending,
            "payment_intent": self.payment_intent,
            "payment_method": self.method.id,
            "payment_method_details": self.details(),
            "radar_options": {},
            "receipt_email": self.receipt_email,
            "receipt_number": null,
            "receipt_url": null,
            "refunded": failure.is_none() && self.amount_refunded >= if self.captured { self.amount_captured } else { self.amount },
            "refunds": {
                "object": "list",
                "data": refunds,
                "has_more": false,
                "url": format!("/v1/charges/{}/refunds", self.id),
            },
            "review": null,
            "shipping": self.shipping,
            "source": null,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status(),
            "transfer_data": null,
            "transfer_group": self.transfer_group,
        })
    }
}

fn find(tx: &Tx, id: &str) -> Result<Charge, ApiError> {
    let charge = tx.state.charges.scoped(id, tx.account()).cloned();
    charge.ok_or_else(|| ApiError::missing("charge", id, "id"))
}

/// The captured charge called `id`, or that of the intent called so, whoever owns it; for controls.
///
/// # Errors
/// 404; 400 when nothing was captured.
pub fn of_any(tx: &mut Tx, id: &str) -> Result<Charge, ApiError> {
    let charge = match tx.state.intents.get(id) {
        Some(intent) => intent.latest_charge.as_deref().and_then(|charge| tx.state.charges.get(charge)),
        None => tx.state.charges.get(id),
    };
    let charge = charge.cloned().ok_or_else(|| ApiError::missing("charge", id, "charge"))?;
    tx.origin.account = charge.account.clone();
    if charge.captured {
        return Ok(charge);
    }
    Err(ApiError::invalid(format!("Charge {} has not been captured.", charge.id)))
}

/// `GET /v1/charges/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    find(tx, id).map(|charge| charge.render(tx.state))
}

/// `POST /v1/charges/{id}`
///
/// # Errors
/// 404, 400.
pub fn update(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let mut charge = find(tx, id)?;
    call.params.only(&["description", "metadata", "receipt_email"])?;
    if let Some(description) = call.params.settable("description")? {
        charge.description = description;
    }
    metadata::merge(&mut charge.metadata, &call.params)?;
    tx.put(charge.clone());
    let object = charge.render(tx.state);
    tx.emit("charge.updated", object.clone());
    Ok(object)
}

/// `GET /v1/charges`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["customer", "payment_intent", "transfer_group"]].concat())?;
    let (intent, group) = (call.params.text("payment_intent")?, call.params.text("transfer_group")?);
    let customer = call.params.text("customer")?;
    list::page(
        &tx.state.charges,
        tx.account(),
        "charge",
        "/v1/charges",
        &call.params,
        |row| {
            intent.is_none_or(|wanted| wanted == row.payment_intent)
                && group.is_none_or(|wanted| row.transfer_group.as_deref() == Some(wanted))
                && customer.is_none_or(|wanted| row.customer.as_deref() == Some(wanted))
        },
        |row| row.render(tx.state),
    )
}
