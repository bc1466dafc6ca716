//! Our payments against the provider's own record.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, PlatformTx};
use marquee_core::ids::{OrderId, TenantId};
use marquee_core::params;
use marquee_entity::orders::PaymentState;
use marquee_payments::{Intent, IntentStatus, Provider, ProviderError, ProviderMovement, Refusal};
use sea_orm::FromQueryResult;
use serde_json::{Map, Value, json};

use super::{Breach, movements};
use crate::cli::Failure;
use crate::compose::Foundation;

/// A step under way is not yet a breach for this long.
pub(super) const PATIENCE_SECONDS: f64 = 60.0;

/// What the provider knows of one account.
pub(super) struct Account {
    pub(super) id: Option<String>,
    pub(super) movements: Vec<ProviderMovement>,
    intents: Vec<Intent>,
}

impl Account {
    /// Which payment each charge is of.
    pub(super) fn intent_of_charge(&self) -> HashMap<&str, &str> {
        let charges = self.intents.iter().map(|one| (one.latest_charge.as_deref(), one.id.as_str()));
        charges.filter_map(|(charge, intent)| charge.map(|charge| (charge, intent))).collect()
    }

    /// The order that a payment is for, as we told the provider.
    pub(super) fn order_of(&self, intent: &str) -> Option<OrderId> {
        self.intents.iter().find(|one| one.id == intent).and_then(|one| one.order)
    }
}

/// A payment as we have it.
#[derive(Debug, FromQueryResult)]
pub(super) struct Payment {
    tenant_id: TenantId,
    order_id: OrderId,
    account: Option<String>,
    intent_id: Option<String>,
    state: PaymentState,
    amount: i64,
    updated_at: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// Reads every payment of every account that a tenant has, and what moved there.
pub(super) async fn read(foundation: &Foundation) -> Result<Vec<Account>, Failure> {
    let accounts: BTreeSet<Option<String>> = foundation.accounts().await?.into_iter().collect();
    let provider = foundation.provider()?;
    let mut all = Vec::new();
    for id in accounts {
        let mut intents: Vec<Intent> = Vec::new();
        loop {
            let after = intents.last().map(|last| last.id.clone());
            let page = provider.list_intents(id.as_deref(), after.as_deref()).await?;
            let more = page.has_more && !page.data.is_empty();
            intents.extend(page.data);
            if !more {
                break;
            }
        }
        let movements = movements::read(&*provider, id.as_deref()).await?;
        all.push(Account { id, movements, intents });
    }
    Ok(all)
}

/// Every payment we have.
pub(super) async fn payments(tx: &PlatformTx) -> Result<Vec<Payment>, DbError> {
    tx.all(
        "select tenant_id, order_id, account, intent_id, state, amount, updated_at, marquee_now() as now from payments",
        params![],
    )
    .await
}

/// Where the two records disagree.
pub(super) async fn compare(
    foundation: &Foundation,
    accounts: &[Account],
    payments: Vec<Payment>,
) -> Result<Vec<Breach>, Failure> {
    let by_intent: HashMap<&str, &Payment> =
        payments.iter().filter_map(|one| one.intent_id.as_deref().map(|id| (id, one))).collect();
    let by_order: HashMap<OrderId, &Payment> = payments.iter().map(|one| (one.order_id, one)).collect();
    let mut breaches = Vec::new();
    let mut listed: HashMap<&str, &Intent> = HashMap::new();
    for account in accounts {
        for intent in &account.intents {
            listed.insert(&intent.id, intent);
            let ours = by_intent.get(intent.id.as_str()).copied();
            breaches.extend(unknown_to_us(account, intent, ours, &by_order));
        }
    }
    let provider = foundation.provider()?;
    for payment in &payments {
        let Some(id) = payment.intent_id.as_deref() else { continue };
        let listed = listed.get(id).copied();
        match payment.state {
            PaymentState::Captured => breaches.extend(not_captured(&*provider, payment, id, listed).await?),
            PaymentState::Cancelled => breaches.extend(left_over(&*provider, payment, listed).await?),
            _ => {}
        }
    }
    Ok(breaches)
}

/// A payment that we say is captured, where the provider does not.
async fn not_captured(
    provider: &dyn Provider,
    payment: &Payment,
    id: &str,
    listed: Option<&Intent>,
) -> Result<Option<Breach>, Failure> {
    let known = match listed {
        Some(intent) if intent.status == IntentStatus::Succeeded => Ok(intent.clone()),
        // It may have been captured since it was listed.
        _ => provider.retrieve_intent(payment.account.as_deref(), id).await,
    };
    let captured = match known {
        Ok(intent) if intent.status == IntentStatus::Succeeded => Some(intent.amount_captured),
        Ok(_) | Err(ProviderError::Refused(Refusal::Invalid { .. })) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(match captured {
        None => Some(breach("capture_unknown_to_provider", payment, id, None)),
        Some(amount) if amount != payment.amount => {
            Some(breach("captured_amount_mismatch", payment, id, captured))
        }
        Some(_) => None,
    })
}

/// A payment that we say is cancelled, for which the provider still reserves money.
async fn left_over(
    provider: &dyn Provider,
    payment: &Payment,
    listed: Option<&Intent>,
) -> Result<Option<Breach>, Failure> {
    let Some(intent) = listed.filter(|one| one.status == IntentStatus::RequiresCapture) else {
        return Ok(None);
    };
    // It may have been cancelled since it was listed.
    let fresh = provider.retrieve_intent(payment.account.as_deref(), &intent.id).await?;
    Ok((fresh.status == IntentStatus::RequiresCapture)
        .then(|| breach("authorisation_left_over", payment, &intent.id, None)))
}

fn unknown_to_us(
    account: &Account,
    intent: &Intent,
    ours: Option<&Payment>,
    by_order: &HashMap<OrderId, &Payment>,
) -> Option<Breach> {
    let about = || {
        let about = json!({"payment_intent": intent.id, "account": account.id, "order_id": intent.order,
                           "amount_captured": intent.amount_captured});
        if let Value::Object(about) = about { about } else { Map::new() }
    };
    let settled =
        |payment: &Payment| (payment.now - payment.updated_at).num_seconds() as f64 > PATIENCE_SECONDS;
    match (intent.status, ours) {
        (IntentStatus::Succeeded, None) => {
            let second = intent.order.is_some_and(|order| by_order.contains_key(&order));
            Some(Breach {
                kind: if second { "order_captured_twice" } else { "capture_unknown_to_us" },
                about: about(),
            })
        }
        (IntentStatus::Succeeded, Some(payment))
            if payment.state != PaymentState::Captured && settled(payment) =>
        {
            Some(Breach { kind: "capture_not_recorded", about: about() })
        }
        _ => None,
    }
}

fn breach(kind: &'static str, payment: &Payment, intent: &str, captured: Option<i64>) -> Breach {
    let about = json!({"tenant_id": payment.tenant_id, "order_id": payment.order_id, "payment_intent": intent,
                       "account": payment.account, "amount": payment.amount, "amount_captured": captured});
    Breach { kind, about: if let Value::Object(about) = about { about } else { Map::new() } }
}
