//! Our refunds and our ledger against what moved at the provider.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use marquee_core::db::{DbError, PlatformTx};
use marquee_core::ids::{OrderId, RefundId, TenantId};
use marquee_core::money::Currency;
use marquee_core::params;
use marquee_entity::money::RefundState;
use marquee_payments::{
    MovementWindow, Provider, ProviderError, ProviderMovement, ProviderRefund, ProviderRefundStatus, Refusal,
};
use sea_orm::FromQueryResult;
use serde_json::{Map, Value, json};

use super::Breach;
use super::provider::Account;
use crate::cli::Failure;

/// A refund as we have it.
#[derive(Debug, FromQueryResult)]
struct Refund {
    tenant_id: TenantId,
    order_id: OrderId,
    id: RefundId,
    account: Option<String>,
    provider_id: Option<String>,
    state: RefundState,
    amount: i64,
    age: f64,
}

/// A posting about something that moved at the provider.
#[derive(Debug, FromQueryResult)]
struct Posting {
    account: Option<String>,
    source_ref: String,
    currency: Currency,
    /// What it moved there, in minor units.
    money: i64,
    age: f64,
}

/// What we have on our side.
pub(super) struct Ours {
    refunds: Vec<Refund>,
    postings: Vec<Posting>,
    now: DateTime<Utc>,
}

#[derive(Debug, FromQueryResult)]
struct Now {
    now: DateTime<Utc>,
}

/// Everything that moved on an account, but for the platform's own: that is several tenants'.
pub(super) async fn read(
    provider: &dyn Provider,
    account: Option<&str>,
) -> Result<Vec<ProviderMovement>, ProviderError> {
    let mut all: Vec<ProviderMovement> = Vec::new();
    if account.is_none() {
        return Ok(all);
    }
    loop {
        let window = MovementWindow {
            after: None,
            page_after: all.last().map(|last: &ProviderMovement| last.id.clone()),
        };
        let page = provider.list_movements(account, &window).await?;
        let more = page.has_more && !page.data.is_empty();
        all.extend(page.data);
        if !more {
            return Ok(all);
        }
    }
}

/// Our refunds, and our postings about what moves at the provider.
pub(super) async fn ours(tx: &PlatformTx) -> Result<Ours, DbError> {
    let refunds = tx
        .all(
            "select r.tenant_id, r.order_id, r.id, p.account, r.provider_id, r.state, r.amount,
                 extract(epoch from marquee_now() - r.updated_at)::float8 as age
             from refunds r left join payments p on p.tenant_id = r.tenant_id and p.order_id = r.order_id
             where r.amount > 0",
            params![],
        )
        .await?;
    let postings = tx
        .all(
            "select p.account, t.source_ref, a.currency,
                 sum(case e.direction when 'debit' then e.amount else -e.amount end)::bigint as money,
                 extract(epoch from marquee_now() - t.posted_at)::float8 as age
             from ledger_transactions t
             join payments p on p.tenant_id = t.tenant_id and p.order_id = t.order_id
             join ledger_entries e on e.tenant_id = t.tenant_id and e.transaction_id = t.id
             join ledger_accounts a on a.tenant_id = e.tenant_id and a.id = e.account_id
                 and a.kind in ('stripe_pending', 'stripe_available')
             where t.kind in ('capture', 'refund', 'refund_failed', 'dispute_opened', 'dispute_closed')
             group by p.account, t.source_ref, a.currency, t.posted_at",
            params![],
        )
        .await?;
    let now: Option<Now> = tx.optional("select marquee_now() as now", params![]).await?;
    Ok(Ours { refunds, postings, now: now.ok_or(DbError::NoRow)?.now })
}

/// Where the two disagree. What is younger than `patience`, in seconds, may be under way.
pub(super) async fn compare(
    provider: &dyn Provider,
    accounts: &[Account],
    ours: &Ours,
    patience: f64,
) -> Result<Vec<Breach>, Failure> {
    let mut breaches = Vec::new();
    let mut moved: HashMap<&str, &ProviderMovement> = HashMap::new();
    for account in accounts {
        for movement in account.movements.iter().filter(|one| is_refund(one)) {
            moved.extend(movement.source.as_deref().map(|source| (source, movement)));
        }
        breaches.extend(unknown_to_us(provider, account, ours, patience).await?);
        breaches.extend(totals(account, ours, patience));
    }
    for refund in ours.refunds.iter().filter(|one| one.state != RefundState::Failed) {
        let Some(id) = refund.provider_id.as_deref() else { continue };
        match moved.get(id) {
            Some(movement) if movement.amount == -refund.amount => {}
            Some(movement) => {
                breaches.push(of_ours("refund_amount_mismatch", refund, json!(movement.amount.abs())));
            }
            None => match provider.retrieve_refund(refund.account.as_deref(), id).await {
                Err(ProviderError::Refused(Refusal::Invalid { .. })) => {
                    breaches.push(of_ours("refund_unknown_to_provider", refund, Value::Null));
                }
                Ok(known) => breaches.extend(stands_otherwise(refund, &known, patience)),
                Err(error) => return Err(error.into()),
            },
        }
    }
    Ok(breaches)
}

fn is_refund(movement: &ProviderMovement) -> bool {
    matches!(movement.kind.as_str(), "refund" | "payment_refund")
}

fn stands_otherwise(refund: &Refund, known: &ProviderRefund, patience: f64) -> Option<Breach> {
    let done = known.status == ProviderRefundStatus::Succeeded;
    let settled = refund.age > patience;
    if known.amount.amount != refund.amount {
        return Some(of_ours("refund_amount_mismatch", refund, json!(known.amount.amount)));
    }
    (settled && done != (refund.state == RefundState::Succeeded))
        .then(|| of_ours("refund_not_recorded", refund, json!(known.amount.amount)))
}

/// Refunds that took money from the balance and that we have no word of. One of ours that is being made is not yet one.
async fn unknown_to_us(
    provider: &dyn Provider,
    account: &Account,
    ours: &Ours,
    patience: f64,
) -> Result<Vec<Breach>, Failure> {
    let known: HashSet<&str> = ours.refunds.iter().filter_map(|one| one.provider_id.as_deref()).collect();
    let mut breaches = Vec::new();
    for movement in account.movements.iter().filter(|one| is_refund(one)) {
        let Some(source) = movement.source.as_deref().filter(|source| !known.contains(source)) else {
            continue;
        };
        let told = provider.retrieve_refund(account.id.as_deref(), source).await?;
        let under_way = told.refund.is_some_and(|id| {
            ours.refunds.iter().any(|one| one.id == id && one.provider_id.is_none() && one.age <= patience)
        });
        if !under_way {
            let order = told.intent.as_ref().and_then(|intent| account.order_of(intent));
            let about = json!({ "account": account.id, "refund": source, "payment_intent": told.intent,
                                "order_id": order, "amount": told.amount.amount });
            breaches.push(breach("refund_unknown_to_us", about));
        }
    }
    Ok(breaches)
}

/// Sums over an account, in each currency: what moved there with buyers, and what the ledger says of it. What is under way on
/// either side is left out.
fn totals(account: &Account, ours: &Ours, patience: f64) -> Vec<Breach> {
    let Some(id) = account.id.as_deref() else { return Vec::new() };
    let charges = account.intent_of_charge();
    let mut postings: HashMap<&str, &Posting> = ours
        .postings
        .iter()
        .filter(|one| one.account.as_deref() == Some(id))
        .map(|one| (one.source_ref.as_str(), one))
        .collect();
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for movement in &account.movements {
        let Some(source_ref) = source_ref(movement, &charges) else { continue };
        let posting = postings.remove(source_ref.as_str());
        let young = (ours.now - movement.created).num_seconds().abs() as f64 <= patience;
        if posting.is_some() || !young {
            sums.entry(movement.currency.as_str()).or_default().0 += movement.amount;
        }
        if let Some(posting) = posting {
            sums.entry(posting.currency.as_str()).or_default().1 += posting.money;
        }
    }
    for posting in postings.into_values().filter(|one| one.age > patience) {
        sums.entry(posting.currency.as_str()).or_default().1 += posting.money;
    }
    let differs = sums.into_iter().filter(|(_, (theirs, ours))| theirs != ours);
    differs
        .map(|(currency, (theirs, ours))| {
            let about = json!({ "account": id, "currency": currency, "provider": theirs, "ledger": ours });
            breach("ledger_provider_mismatch", about)
        })
        .collect()
}

/// The posting that records a movement, for those that have one.
fn source_ref(movement: &ProviderMovement, intent_of_charge: &HashMap<&str, &str>) -> Option<String> {
    let source = movement.source.as_deref()?;
    match movement.kind.as_str() {
        "charge" | "payment" => {
            Some(format!("capture:{}", intent_of_charge.get(source).copied().unwrap_or(source)))
        }
        "refund" | "payment_refund" => Some(format!("refund:{source}")),
        "refund_failure" | "payment_failure_refund" => Some(format!("refund_failed:{source}")),
        "adjustment" if movement.amount < 0 => Some(format!("dispute_opened:{source}")),
        "adjustment" => Some(format!("dispute_closed:{source}")),
        _ => None,
    }
}

fn of_ours(kind: &'static str, refund: &Refund, at_provider: Value) -> Breach {
    let about = json!({ "tenant_id": refund.tenant_id, "order_id": refund.order_id, "refund_id": refund.id,
                        "refund": refund.provider_id, "amount": refund.amount, "amount_at_provider": at_provider });
    breach(kind, about)
}

fn breach(kind: &'static str, about: Value) -> Breach {
    Breach { kind, about: if let Value::Object(about) = about { about } else { Map::new() } }
}
