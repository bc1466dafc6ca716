//! Payment methods, made from the test cards and test accounts.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cards::{self, Behaviour, Later, TestCard};
use crate::engine::call::Call;
use crate::engine::errors::ApiError;
use crate::engine::form::Params;
use crate::engine::list;
use crate::engine::tx::Tx;
use crate::local_methods::{self, Kind};
use crate::metadata::{self, Metadata};
use crate::row;

/// A payment method.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// `pm_…`
    pub id: String,
    /// Connected account.
    pub account: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// What it is.
    #[serde(default)]
    pub kind: Kind,
    /// The bank or account, where it is no card.
    #[serde(default)]
    pub detail: String,
    /// Which test card, by name.
    pub card: String,
    /// 1–12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
    /// Stripe's `billing_details`.
    pub billing_details: Value,
    /// The customer it is attached to.
    pub customer: Option<String>,
    /// The caller's.
    pub metadata: Metadata,
}

row!(PaymentMethod);

impl PaymentMethod {
    /// The test card behind it.
    pub fn test_card(&self) -> &'static TestCard {
        static FALLBACK: &TestCard = match cards::CARDS.first() {
            Some(card) => card,
            None => unreachable!(),
        };
        cards::by_name(&self.card).unwrap_or(FALLBACK)
    }

    /// What it does when it is charged.
    pub fn behaviour(&self) -> Behaviour {
        match self.kind {
            Kind::Card => self.test_card().behaviour,
            other => local_methods::behaviour(other, &self.detail),
        }
    }

    /// What comes after the charge.
    pub fn later(&self) -> Later {
        match self.kind {
            Kind::Card => self.test_card().later,
            _ => local_methods::later(&self.detail),
        }
    }

    fn card(&self) -> Value {
        let card = self.test_card();
        json!({
            "brand": card.brand,
            "checks": { "address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass" },
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": self.exp_month,
            "exp_year": self.exp_year,
            "fingerprint": card.fingerprint(),
            "funding": card.funding,
            "generated_from": null,
            "last4": card.last4(),
            "networks": { "available": [card.brand], "preferred": null },
            "regulated_status": "unregulated",
            "three_d_secure_usage": { "supported": true },
            "wallet": null,
        })
    }

    /// What a payment method and a confirmation token's preview have in common.
    pub fn preview(&self) -> Value {
        let mut object = json!({
            "allow_redisplay": "unspecified",
            "billing_details": self.billing_details,
            "customer": self.customer,
            "customer_account": null,
            "type": self.kind.name(),
        });
        let inside = match self.kind {
            Kind::Card => self.card(),
            other => local_methods::preview(other, &self.detail),
        };
        if let Value::Object(members) = &mut object {
            members.insert(self.kind.name().into(), inside);
        }
        object
    }

    /// Stripe's object.
    pub fn render(&self) -> Value {
        let mut object = json!({ "id": self.id, "object": "payment_method" });
        if let (Value::Object(members), Value::Object(preview)) = (&mut object, self.preview()) {
            members.extend(preview);
            members.insert("created".into(), json!(self.created));
            members.insert("livemode".into(), json!(false));
            members.insert("metadata".into(), json!(self.metadata));
        }
        object
    }
}

/// Stripe's `billing_details` from parameters.
///
/// # Errors
/// 400 for a hash where a text belongs.
pub fn billing_details(params: Option<&Params>) -> Result<Value, ApiError> {
    let empty = Params::default();
    let params = params.unwrap_or(&empty);
    params.only(&["address", "email", "name", "phone", "tax_id"])?;
    let text = |params: &Params, name: &str| params.settable(name).map(Option::flatten);
    let address = params.tree("address")?.unwrap_or(&empty);
    Ok(json!({
        "address": {
            "city": text(address, "city")?,
            "country": text(address, "country")?,
            "line1": text(address, "line1")?,
            "line2": text(address, "line2")?,
            "postal_code": text(address, "postal_code")?,
            "state": text(address, "state")?,
        },
        "email": text(params, "email")?,
        "name": text(params, "name")?,
        "phone": text(params, "phone")?,
        "tax_id": text(params, "tax_id")?,
    }))
}

fn make(
    tx: &Tx,
    card: &TestCard,
    expiry: (i64, i64),
    billing_details: Value,
    metadata: Metadata,
) -> PaymentMethod {
    PaymentMethod {
        id: tx.id("pm"),
        account: tx.origin.account.clone(),
        created: tx.now,
        kind: Kind::Card,
        detail: String::new(),
        card: card.name().to_owned(),
        exp_month: expiry.0,
        exp_year: expiry.1,
        billing_details,
        customer: None,
        metadata,
    }
}

/// One that is no card.
fn local(tx: &Tx, kind: Kind, detail: String, billing_details: Value, metadata: Metadata) -> PaymentMethod {
    PaymentMethod {
        id: tx.id("pm"),
        account: tx.origin.account.clone(),
        created: tx.now,
        kind,
        detail,
        card: String::new(),
        exp_month: 0,
        exp_year: 0,
        billing_details,
        customer: None,
        metadata,
    }
}

/// Seconds since the epoch → year and month (civil calendar, UTC).
fn year_and_month(now: i64) -> (i64, i64) {
    let days = now.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year_of_era + era * 400 + carry, month)
}

/// Finds the payment method called `id`, or makes one from the test card or test account of that name. It is not yet written.
///
/// # Errors
/// 404 `resource_missing`.
pub fn named(tx: &Tx, id: &str) -> Result<PaymentMethod, ApiError> {
    if let Some(card) = cards::by_name(id) {
        let (year, month) = year_and_month(tx.now);
        return Ok(make(tx, card, (month, year + 1), billing_details(None)?, Metadata::new()));
    }
    if let Some((kind, detail)) = local_methods::by_name(id) {
        return Ok(local(tx, kind, detail, billing_details(None)?, Metadata::new()));
    }
    let known = tx.state.methods.scoped(id, tx.account()).cloned();
    known.ok_or_else(|| ApiError::missing("PaymentMethod", id, "payment_method"))
}

/// Makes a payment method from `payment_method_data`, as a payment form sends it. It is not yet written.
///
/// # Errors
/// 402 for a card number, expiry or security code that no card has; 400 for a type or an account that is not known.
pub fn from_data(tx: &Tx, data: &Params) -> Result<PaymentMethod, ApiError> {
    let name = data.required("type")?;
    let kind = Kind::named(name).ok_or_else(|| {
        ApiError::invalid(format!("The payment method type \"{name}\" is invalid.")).param("type")
    })?;
    if kind != Kind::Card {
        let (detail, billing) =
            (local_methods::detail(kind, data)?, billing_details(data.tree("billing_details")?)?);
        return Ok(local(tx, kind, detail, billing, metadata::new(data)?));
    }
    let card = data.tree("card")?.ok_or_else(|| {
        ApiError::invalid("Missing required param: card.").code("parameter_missing").param("card")
    })?;
    card.only(&["cvc", "exp_month", "exp_year", "number", "token", "networks"])?;
    let wrong = |code: &str, message: &str, at: &str| {
        let mut error = ApiError::card(code, message).param(at);
        error.began = false;
        error
    };
    let number: String = card.required("number")?.chars().filter(|digit| !" -".contains(*digit)).collect();
    if !cards::passes_luhn(&number) {
        return Err(wrong("incorrect_number", "Your card number is incorrect.", "number"));
    }
    let month = card.integer("exp_month")?.unwrap_or_default();
    let year = card.integer("exp_year")?.map_or(0, |year| if year < 100 { 2000 + year } else { year });
    if !(1..=12).contains(&month) {
        return Err(wrong("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month"));
    }
    if (year, month) < year_and_month(tx.now) || year > year_and_month(tx.now).0 + 50 {
        return Err(wrong("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year"));
    }
    if let Some(cvc) = card.text("cvc")?
        && !(cvc.chars().all(|digit| digit.is_ascii_digit()) && (3..=4).contains(&cvc.len()))
    {
        return Err(wrong("invalid_cvc", "Your card's security code is invalid.", "cvc"));
    }
    let known = cards::by_number(&number).ok_or_else(|| {
        wrong("card_declined", "Your card was declined. Only test cards are known here.", "number")
            .with("decline_code", json!("test_mode_live_card"))
    })?;
    let billing = billing_details(data.tree("billing_details")?)?;
    Ok(make(tx, known, (month, year), billing, metadata::new(data)?))
}

/// `POST /v1/payment_methods`
///
/// # Errors
/// As [`from_data`].
pub fn create(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    let own = ["type", "card", "billing_details", "metadata", "allow_redisplay"];
    call.params.only(&[&own[..], &["ideal", "bancontact", "sepa_debit"]].concat())?;
    let token = call.params.tree("card")?.map(|card| card.text("token")).transpose()?.flatten();
    let method = match token.and_then(|token| token.strip_prefix("tok_")) {
        Some(token) => named(tx, &format!("pm_card_{token}"))?,
        None => from_data(tx, &call.params)?,
    };
    tx.put(method.clone());
    Ok(method.render())
}

/// `GET /v1/payment_methods/{id}`
///
/// # Errors
/// 404.
pub fn retrieve(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    named(tx, id).map(|method| method.render())
}

/// `GET /v1/payment_methods`
///
/// # Errors
/// As every list.
pub fn list(tx: &mut Tx, call: &Call) -> Result<Value, ApiError> {
    call.params.only(&[list::PARAMS, &["customer", "type"]].concat())?;
    let customer = call.params.text("customer")?;
    list::page(
        &tx.state.methods,
        tx.account(),
        "PaymentMethod",
        "/v1/payment_methods",
        &call.params,
        |row| row.customer.is_some() && customer.is_none_or(|id| row.customer.as_deref() == Some(id)),
        PaymentMethod::render,
    )
}

/// `POST /v1/payment_methods/{id}/attach`
///
/// # Errors
/// 404 for the method or the customer.
pub fn attach(tx: &mut Tx, call: &Call, id: &str) -> Result<Value, ApiError> {
    call.params.only(&["customer"])?;
    let customer = call.params.required("customer")?;
    if tx.state.customers.scoped(customer, tx.account()).is_none() {
        return Err(ApiError::missing("customer", customer, "customer"));
    }
    let mut method = named(tx, id)?;
    method.customer = Some(customer.to_owned());
    tx.put(method.clone());
    tx.emit("payment_method.attached", method.render());
    Ok(method.render())
}

/// `POST /v1/payment_methods/{id}/detach`
///
/// # Errors
/// 404.
pub fn detach(tx: &mut Tx, id: &str) -> Result<Value, ApiError> {
    let mut method = named(tx, id)?;
    method.customer = None;
    tx.put(method.clone());
    tx.emit("payment_method.detached", method.render());
    Ok(method.render())
}

#[cfg(test)]
mod tests {
    use super::year_and_month;

    #[test]
    fn knows_the_calendar() {
        assert_eq!(year_and_month(0), (1970, 1));
        assert_eq!(year_and_month(951_782_399), (2000, 2));
        assert_eq!(year_and_month(951_868_800), (2000, 3));
        assert_eq!(year_and_month(1_798_761_599), (2026, 12));
        assert_eq!(year_and_month(1_798_761_600), (2027, 1));
    }
}
