//! Connected accounts and the platform's own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::tx::Tx;
use crate::metadata::{self, Metadata};
use crate::row;

/// The platform's own account.
pub const PLATFORM: &str = "acct_1Platform0000000";

/// The platform's Connect application; application fees name it.
pub const APPLICATION: &str = "ca_Platform0000000000000000000000";

/// An account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// `acct_…`
    pub id: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// The business, and the beginning of what the buyer's card statement says.
    pub name: String,
    /// Mail address.
    pub email: Option<String>,
    /// ISO 3166, upper case.
    pub country: String,
    /// ISO 4217, lower case.
    pub currency: String,
    /// `standard`, `express`, `custom` or `none`.
    pub kind: String,
    /// Whether it may charge.
    pub charges_enabled: bool,
    /// Whether it is paid out.
    pub payouts_enabled: bool,
    /// Whether it may receive transfers, where it may charge.
    #[serde(default = "yes")]
    pub transfers_enabled: bool,
    /// The caller's.
    pub metadata: Metadata,
}

fn yes() -> bool {
    true
}

row!(platform Account);

impl Account {
    /// An account that may do everything.
    pub fn new(id: &str, name: &str, created: i64) -> Self {
        Self {
            id: id.to_owned(),
            created,
            name: name.to_owned(),
            email: None,
            country: "DE".into(),
            currency: "eur".into(),
            kind: "standard".into(),
            charges_enabled: true,
            payouts_enabled: true,
            transfers_enabled: true,
            metadata: Metadata::new(),
        }
    }

    /// Whether the platform can send it money.
    pub fn may_receive(&self) -> bool {
        self.charges_enabled && self.transfers_enabled
    }

    /// The statement's prefix: 2–22 characters that banks accept.
    pub fn statement_prefix(&self) -> String {
        let allowed = |letter: &char| letter.is_ascii_alphanumeric() || " .&-".contains(*letter);
        let text: String = self.name.to_uppercase().chars().filter(allowed).take(22).collect();
        if text.trim().len() < 2 { "PAYMENT".into() } else { text.trim().to_owned() }
    }

    fn requirements(&self) -> Value {
        let reason = if self.charges_enabled { Value::Null } else { json!("under_review") };
        json!({
            "alternatives": [],
            "current_deadline": null,
            "currently_due": [],
            "disabled_reason": reason,
            "errors": [],
            "eventually_due": [],
            "past_due": [],
            "pending_verification": [],
        })
    }

    /// Stripe's object.
    pub fn render(&self) -> Value {
        let capability = |on: bool| if on { "active" } else { "inactive" };
        let address = json!({
            "city": null, "country": self.country, "line1": null, "line2": null, "postal_code": null, "state": null,
        });
        json!({
            "id": self.id,
            "object": "account",
            "business_profile": {
                "annual_revenue": null,
                "estimated_worker_count": null,
                "mcc": "7922",
                "minority_owned_business_designation": null,
                "name": self.name,
                "product_description": null,
                "support_address": address,
                "support_email": self.email,
                "support_phone": null,
                "support_url": null,
                "url": null,
            },
            "business_type": "company",
            "capabilities": {
                "card_payments": capability(self.charges_enabled),
                "transfers": capability(self.may_receive()),
            },
            "charges_enabled": self.charges_enabled,
            "controller": {
                "fees": { "payer": "account" },
                "is_controller": true,
                "losses": { "payments": "stripe" },
                "requirement_collection": "stripe",
                "stripe_dashboard": { "type": "full" },
                "type": "application",
            },
            "country": self.country,
            "created": self.created,
            "default_currency": self.currency,
            "details_submitted": true,
            "email": self.email,
            "external_accounts": {
                "object": "list",
                "data": [],
                "has_more": false,
                "total_count": 0,
                "url": format!("/v1/accounts/{}/external_accounts", self.id),
            },
            "future_requirements": self.requirements(),
            "metadata": self.metadata,
            "payouts_enabled": self.payouts_enabled,
            "requirements": self.requirements(),
            "settings": {
                "bacs_debit_payments": { "display_name": null, "service_user_number": null },
                "branding": { "icon": null, "logo": null, "primary_color": null, "secondary_color": null },
                "card_issuing": { "tos_acceptance": { "date": null, "ip": null } },
                "card_payments": {
                    "decline_on": { "avs_failure": false, "cvc_failure": false },
                    "statement_descriptor_prefix": self.statement_prefix(),
                    "statement_descriptor_prefix_kana": null,
                    "statement_descriptor_prefix_kanji": null,
                },
                "dashboard": { "display_name": self.name, "timezone": "Etc/UTC" },
                "invoices": { "default_account_tax_ids": null, "hosted_payment_method_save": null },
                "payments": {
                    "statement_descriptor": self.statement_prefix(),
                    "statement_descriptor_kana": null,
                    "statement_descriptor_kanji": null,
                    "statement_descriptor_prefix_kana": null,
                    "statement_descriptor_prefix_kanji": null,
                },
                "payouts": {
                    "debit_negative_balances": true,
                    "schedule": { "delay_days": 2, "interval": "daily" },
                    "statement_descriptor": null,
                },
                "sepa_debit_payments": {},
            },
            "tos_acceptance": { "date": self.created, "ip": null, "user_agent": null },
            "type": self.kind,
        })
    }
}

/// The account that a call acts for: the connected one, or the platform's.
pub fn acting(tx: &Tx) -> Account {
    let id = tx.account().unwrap_or(PLATFORM);
    tx.state.accounts.get(id).cloned().unwrap_or_else(|| Account::new(PLATFORM, "Platform", tx.now))
}

/// `GET /v1/account`
///
/// # Errors
/// None.
pub fn own(tx: &mut Tx) -> Result<Value, ApiError> {
    Ok(acting(tx).render())
}

fn find(tx: &Tx, id: &str) -> Result<Account, ApiError> {
    let mine = tx.account().is_none_or(|account| account == id);
    tx.state.accounts.get(id).filter(|_| mine).cloned().ok_or_else(|| no_access(id))
}

/// What Stripe says of an account that is not there or not connected.
pub fn no_access(id: &str) -> ApiError {
    ApiError::forbidden(
        "account_invalid",
        format!(
            "The provided key does not have access to account '{id}' (or that account does not exist). Application \
             access may have been revoked."
        ),
    )
}

/// `GET /v1/accounts/{id}`
///
/// # Errors
/// 403 `account_invalid`.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    find(tx, id).map(|account| account.render())
}

/// `POST /v1/accounts`
///
/// # Errors
/// 400.
pub fn create(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let params = &call.params;
    let kind = params.choice("type", &["standard", "express", "custom", "none"])?.unwrap_or("standard");
    let name = match params.tree("business_profile")? {
        Some(profile) => profile.text("name")?,
        None => None,
    };
    let id = format!("acct_1{}", tx.secret(15));
    let mut account = Account::new(&id, name.unwrap_or("New account"), tx.now);
    kind.clone_into(&mut account.kind);
    account.email = params.settable("email")?.flatten();
    if let Some(country) = params.text("country")? {
        country.clone_into(&mut account.country);
    }
    if let Some(currency) = params.text("default_currency")? {
        currency.clone_into(&mut account.currency);
    }
    metadata::merge(&mut account.metadata, params)?;
    tx.put(account.clone());
    tx.emit_for(Some(account.id.clone()), "account.updated", account.render());
    Ok(account.render())
}

/// `POST /v1/accounts/{id}`
///
/// # Errors
/// 403, 400.
pub fn update(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let mut account = find(tx, id)?;
    if let Some(name) = call.params.tree("business_profile")?.map(|p| p.text("name")).transpose()?.flatten() {
        name.clone_into(&mut account.name);
    }
    if let Some(email) = call.params.settable("email")? {
        account.email = email;
    }
    metadata::merge(&mut account.metadata, &call.params)?;
    changed(tx, account.clone());
    Ok(account.render())
}

/// Writes an account and tells of it.
pub fn changed(tx: &mut Tx, account: Account) {
    tx.put(account.clone());
    tx.emit_for(Some(account.id.clone()), "account.updated", account.render());
}

/// `GET /v1/accounts`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(list::PARAMS)?;
    list::page(
        &tx.state.accounts,
        None,
        "account",
        "/v1/accounts",
        &call.params,
        |row| row.id != PLATFORM,
        Account::render,
    )
}
