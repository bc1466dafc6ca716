//! Balance transactions: movements of an account's balance.

use marquee_payments::{ProviderError, ProviderMovement};
use stripe_core::BalanceTransaction;

use super::{currency, id, time};

/// The part of the fees that goes to the platform.
const APPLICATION_FEE: &str = "application_fee";

/// Stripe's balance transaction as ours: its `fee` holds the platform's share too, ours does not.
pub(crate) fn movement(from: BalanceTransaction) -> Result<ProviderMovement, ProviderError> {
    let application_fee: i64 =
        from.fee_details.iter().filter(|fee| fee.type_ == APPLICATION_FEE).map(|fee| fee.amount).sum();
    Ok(ProviderMovement {
        id: from.id.as_str().to_owned(),
        kind: from.type_.as_str().to_owned(),
        source: id(from.source.as_ref()),
        amount: from.amount,
        fee: from.fee.saturating_sub(application_fee),
        application_fee,
        net: from.net,
        currency: currency(&from.currency)?,
        created: time(from.created),
        available: time(from.available_on),
    })
}
