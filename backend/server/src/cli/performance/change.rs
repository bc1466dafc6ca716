//! `marquee performance cancel|postpone|changes`.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use marquee_checkout::{Cancellation, ChangeError, ChangeView, CheckoutError, Postponement};
use marquee_core::ids::PerformanceId;
use marquee_core::money::Money;
use marquee_entity::money::ChangeKind;
use serde_json::json;

use super::owner;
use crate::cli::{Failure, fail, print_json, print_line};
use crate::compose::Foundation;
use crate::serve::Services;

#[derive(Debug, Args)]
pub struct Cancel {
    /// The performance.
    id: PerformanceId,
    /// What buyers are told beside that it is cancelled: one paragraph.
    #[arg(long)]
    note: Option<String>,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Postpone {
    /// The performance.
    id: PerformanceId,
    /// When it starts instead (RFC 3339).
    #[arg(long)]
    new_start: DateTime<Utc>,
    /// When the doors open then; left out, as long before the start as they did.
    #[arg(long)]
    new_doors: Option<DateTime<Utc>>,
    /// Until when buyers may return their tickets: in the future, and not after the new start.
    #[arg(long)]
    return_until: DateTime<Utc>,
    /// What buyers are told beside the dates: one paragraph.
    #[arg(long)]
    note: Option<String>,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Changes {
    /// The performance.
    id: PerformanceId,
    /// Answer as JSON: `{changes:[…]}`.
    #[arg(long)]
    json: bool,
}

pub async fn cancel(foundation: &Foundation, options: Cancel) -> Result<ExitCode, Failure> {
    let tenant = owner(foundation, options.id).await?;
    let checkout = Services::of(foundation.clone())?.checkout;
    let what = Cancellation { note: options.note, requested_by: "cli".to_owned() };
    let changed = checkout.cancel_performance(tenant, options.id, &what).await;
    answer(foundation, "performance.cancel", tenant, changed, options.json).await
}

pub async fn postpone(foundation: &Foundation, options: Postpone) -> Result<ExitCode, Failure> {
    let tenant = owner(foundation, options.id).await?;
    let checkout = Services::of(foundation.clone())?.checkout;
    let what = Postponement {
        starts_at: options.new_start,
        doors_at: options.new_doors,
        return_until: options.return_until,
        note: options.note,
        requested_by: "cli".to_owned(),
    };
    let changed = checkout.postpone_performance(tenant, options.id, &what).await;
    answer(foundation, "performance.postpone", tenant, changed, options.json).await
}

pub async fn changes(foundation: &Foundation, options: Changes) -> Result<ExitCode, Failure> {
    let tenant = owner(foundation, options.id).await?;
    let checkout = Services::of(foundation.clone())?.checkout;
    let changes = checkout.performance_changes(tenant, options.id).await?;
    if options.json {
        return print_json(&json!({ "changes": changes }));
    }
    if changes.is_empty() {
        print_line("as planned: neither cancelled nor postponed");
    }
    changes.iter().for_each(show);
    Ok(ExitCode::SUCCESS)
}

/// A refusal says its stable code, as HTTP has it.
async fn answer(
    foundation: &Foundation,
    action: &str,
    tenant: marquee_core::ids::TenantId,
    changed: Result<ChangeView, ChangeError>,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let change = match changed {
        Ok(change) => change,
        Err(error @ ChangeError::Checkout(CheckoutError::Db(_))) => return Err(error.into()),
        Err(error) => {
            let code = error.code().as_str();
            if as_json {
                print_json(&json!({ "code": code, "detail": error.to_string() }))?;
            }
            return Ok(fail(&format!("{code}: {error}")));
        }
    };
    let details = json!({ "performance": change.performance_id, "change": change.change_id, "starts_at": change.starts_at_after });
    foundation.record(action, Some(tenant), details).await?;
    if as_json {
        return print_json(&change);
    }
    show(&change);
    if change.done_at.is_none() {
        print_line(format!(
            "the worker goes on with it: `marquee performance changes {}`",
            change.performance_id
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn show(change: &ChangeView) {
    let progress = &change.progress;
    let state = if change.done_at.is_some() { "done" } else { "under way" };
    match (change.kind, change.starts_at_after, change.return_until) {
        (ChangeKind::Postponed, Some(after), Some(until)) => {
            print_line(format!(
                "postponed from {} to {}, {state}",
                change.starts_at_before.to_rfc3339(),
                after.to_rfc3339()
            ));
            print_line(format!("return until  {}", until.to_rfc3339()));
            print_line(format!(
                "orders        {}: {} told, {} keep, {} returned",
                progress.orders,
                progress.orders - progress.left,
                progress.kept,
                progress.returned
            ));
        }
        _ => {
            print_line(format!("cancelled {}, {state}", change.created_at.to_rfc3339()));
            print_line(format!("orders        {}, {} left", progress.orders, progress.left));
        }
    }
    print_line(format!(
        "refunds       {} done, {} under way, {} failed; {}",
        progress.succeeded,
        progress.requested,
        progress.failed,
        Money { amount: progress.amount, currency: change.currency.clone() }
    ));
    if progress.disputed > 0 {
        print_line(format!(
            "disputed      {}: not refunded while the buyer's bank decides",
            progress.disputed
        ));
    }
}
