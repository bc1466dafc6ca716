//! Stripe's objects as ours.

mod charge;
mod dispute;
mod intent;
mod movement;
mod refund;

use std::fmt::Display;

use chrono::{DateTime, Utc};
use marquee_core::money::{Currency, Money};
use marquee_payments::ProviderError;
use stripe_types::{Expandable, Object, Timestamp};

pub(crate) use charge::charge;
pub(crate) use dispute::dispute;
pub(crate) use intent::{fingerprint, intent};
pub(crate) use movement::movement;
pub(crate) use refund::refund;

/// The metadata field that names the order.
pub(crate) const ORDER: &str = "order_id";
/// The metadata field that names the refund.
pub(crate) const REFUND: &str = "refund_id";

/// # Errors
/// `Unknown` where the code is none of ISO 4217: nothing of ours is in such.
fn currency(from: &stripe_types::Currency) -> Result<Currency, ProviderError> {
    let code = from.to_string().to_ascii_uppercase();
    code.parse().map_err(|_| ProviderError::Unknown(format!("an amount in `{code}`")))
}

fn money(amount: i64, code: &stripe_types::Currency) -> Result<Money, ProviderError> {
    Ok(Money { amount, currency: currency(code)? })
}

fn time(seconds: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// The id of an object that Stripe names or, asked for it, sends whole.
fn id<T: Object>(from: Option<&Expandable<T>>) -> Option<String>
where
    T::Id: Display,
{
    from.map(|named| named.id().to_string())
}

#[cfg(test)]
mod tests;
