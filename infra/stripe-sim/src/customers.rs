//! Customers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::list;
use crate::engine::tx::Tx;
use crate::metadata::{self, Metadata};
use crate::row;

/// A customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Customer {
    /// `cus_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// Free text.
    pub description: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// The caller's.
    pub metadata: Metadata,
    /// Taken away.
    #[serde(default)]
    pub deleted: bool,
}

row!(Customer);

impl Customer {
    /// Stripe's object.
    pub fn render(&self) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "customer", "deleted": true });
        }
        json!({
            "id": self.id,
            "object": "customer",
            "address": null,
            "balance": 0,
            "created": self.created,
            "currency": null,
            "default_source": null,
            "delinquent": false,
            "description": self.description,
            "discount": null,
            "email": self.email,
            "invoice_prefix": self.id.chars().rev().take(8).collect::<String>().to_uppercase(),
            "invoice_settings": {
                "custom_fields": null,
                "default_payment_method": null,
                "footer": null,
                "rendering_options": null,
            },
            "livemode": false,
            "metadata": self.metadata,
            "name": self.name,
            "next_invoice_sequence": 1,
            "phone": self.phone,
            "preferred_locales": [],
            "shipping": null,
            "tax_exempt": "none",
            "test_clock": null,
        })
    }
}

const PARAMS: &[&str] = &[
    "address",
    "description",
    "email",
    "metadata",
    "name",
    "payment_method",
    "phone",
    "preferred_locales",
    "shipping",
];

fn fill(customer: &mut Customer, call: &Call) -> Result<(), ApiError> {
    call.params.only(PARAMS)?;
    for (name, slot) in [
        ("description", &mut customer.description),
        ("email", &mut customer.email),
        ("name", &mut customer.name),
        ("phone", &mut customer.phone),
    ] {
        if let Some(value) = call.params.settable(name)? {
            *slot = value;
        }
    }
    metadata::merge(&mut customer.metadata, &call.params)
}

fn find(tx: &Tx, id: &str) -> Result<Customer, ApiError> {
    let customer = tx.state.customers.scoped(id, tx.account()).cloned();
    customer.ok_or_else(|| ApiError::missing("customer", id, "id"))
}

/// `POST /v1/customers`
///
/// # Errors
/// 400.
pub fn create(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let mut customer = Customer {
        id: format!("cus_{}", tx.secret(14)),
        account: tx.origin.account.clone(),
        created: tx.now,
        description: None,
        email: None,
        name: None,
        phone: None,
        metadata: Metadata::new(),
        deleted: false,
    };
    fill(&mut customer, call)?;
    tx.put(customer.clone());
    tx.emit("customer.created", customer.render());
    Ok(customer.render())
}

/// `GET /v1/customers/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    find(tx, id).map(|customer| customer.render())
}

/// `POST /v1/customers/{id}`
///
/// # Errors
/// 404, 400.
pub fn update(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    let mut customer = find(tx, id)?;
    fill(&mut customer, call)?;
    tx.put(customer.clone());
    tx.emit("customer.updated", customer.render());
    Ok(customer.render())
}

/// `DELETE /v1/customers/{id}`
///
/// # Errors
/// 404.
pub fn delete(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    let mut customer = find(tx, id)?;
    tx.emit("customer.deleted", customer.render());
    customer.deleted = true;
    tx.put(customer.clone());
    Ok(customer.render())
}

/// `GET /v1/customers`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["email"]].concat())?;
    let email = call.params.text("email")?;
    list::page(
        &tx.state.customers,
        tx.account(),
        "customer",
        "/v1/customers",
        &call.params,
        |row| !row.deleted && email.is_none_or(|email| row.email.as_deref() == Some(email)),
        Customer::render,
    )
}
