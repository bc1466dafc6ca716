//! `marquee reconcile`.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use marquee_checkout::Checkout;
use marquee_core::config::Config;
use marquee_core::ids::{BreakId, TenantId};
use marquee_core::params;
use marquee_payments::reconcile::{self, Break, Compared};
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::json;

use super::{Failure, print_json, print_line};
use crate::compose::{Foundation, STAFF};
use crate::serve::Services;

/// Looks for the worker to be done with an account, and the pause between two.
const LOOKS: u32 = 60;
const LOOK: Duration = Duration::from_secs(1);
/// Breaks told of, of each tenant.
const TOLD: i64 = 1_000;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    now: Now,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a break was: it is not listed again.
    Resolve(Resolve),
}

#[derive(Debug, Args)]
struct Now {
    /// Only this tenant, by slug or id.
    #[arg(long)]
    tenant: Option<String>,
    /// Answer as JSON: `{accounts:[{tenant_id, account, days, opened, closed}], breaks:[…]}`.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Resolve {
    /// The break's id.
    id: BreakId,
    /// What it was.
    #[arg(long)]
    note: String,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, FromQueryResult)]
struct AccountRow {
    tenant_id: TenantId,
    account: String,
}

#[derive(Debug, Serialize)]
struct Account {
    tenant_id: TenantId,
    account: String,
    #[serde(flatten)]
    compared: Compared,
}

#[derive(Debug, Serialize)]
struct Report {
    accounts: Vec<Account>,
    breaks: Vec<Break>,
}

pub async fn run(options: Options, config: Config) -> Result<ExitCode, Failure> {
    let foundation = Foundation::open(config).await?;
    match options.command {
        Some(Command::Resolve(resolve)) => resolved(&foundation, resolve).await,
        None => now(&foundation, options.now).await,
    }
}

async fn now(foundation: &Foundation, options: Now) -> Result<ExitCode, Failure> {
    let tenant = options.tenant.as_deref().map(|name| foundation.tenant(name)).transpose()?;
    let tenant = tenant.map(|tenant| tenant.id);
    let checkout = Services::of(foundation.clone())?.checkout;
    let mut accounts = Vec::new();
    for AccountRow { tenant_id, account } in accounts_of(foundation, tenant).await? {
        let compared = compare(&checkout, tenant_id, &account).await?;
        accounts.push(Account { tenant_id, account, compared });
    }
    let breaks = reconcile::breaks(&foundation.db, tenant, None, TOLD).await?;
    let report = Report { accounts, breaks };
    if options.json {
        print_json(&report)?;
    } else {
        show(&report);
    }
    Ok(if report.breaks.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn accounts_of(foundation: &Foundation, tenant: Option<TenantId>) -> Result<Vec<AccountRow>, Failure> {
    let tx = foundation.db.begin_platform(STAFF).await?;
    let rows = tx
        .all(
            "select t.id as tenant_id, t.payment_account as account from tenants t
             where t.payment_account is not null and coalesce(t.id = $1, true)
             union select c.tenant_id, c.account from provider_cursors c where coalesce(c.tenant_id = $1, true)
             order by 1, 2",
            params![tenant],
        )
        .await?;
    tx.commit().await?;
    Ok(rows)
}

/// Waits for the worker where it reads the account just now.
async fn compare(checkout: &Checkout, tenant: TenantId, account: &str) -> Result<Compared, Failure> {
    for _ in 0..LOOKS {
        if let Some(compared) = checkout.reconcile(tenant, account).await? {
            return Ok(compared);
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(format!("the worker reads `{account}`: try again in a moment").into())
}

fn show(report: &Report) {
    for Account { account, compared, .. } in &report.accounts {
        print_line(format!("{account}: {} opened, {} closed", compared.opened, compared.closed));
        for day in &compared.days {
            let (currency, difference) = (day.currency.as_str(), day.provider - day.ledger);
            print_line(format!(
                "  {}  {currency}  {:>6} movements  provider {:>12}  ledger {:>12}  difference {difference}",
                day.day, day.count, day.provider, day.ledger
            ));
        }
    }
    for one in &report.breaks {
        print_line(format!("{}  {}  {}  {}", one.id, one.kind, one.reference, one.about));
    }
    match report.breaks.len() {
        0 => print_line("ledger and provider agree"),
        open => print_line(format!("{open} breaks are open: marquee reconcile resolve BREAK --note …")),
    }
}

async fn resolved(foundation: &Foundation, options: Resolve) -> Result<ExitCode, Failure> {
    let note = options.note.trim();
    if note.is_empty() {
        return Err("say what it was: --note".into());
    }
    let tenant = reconcile::tenant_of(&foundation.db, options.id).await?;
    let tenant = tenant.ok_or_else(|| format!("no break `{}`", options.id))?;
    let details = json!({ "break": options.id, "note": note });
    foundation.record("reconciliation.resolve", Some(tenant), details).await?;
    let one = reconcile::resolve(&foundation.db, tenant, options.id, "cli", note).await?;
    if options.json {
        return print_json(&one);
    }
    let (by, what) = (one.resolved_by.unwrap_or_default(), one.resolution.unwrap_or_default());
    print_line(format!("{}  {}  resolved by {by}: {what}", one.kind, one.reference));
    Ok(ExitCode::SUCCESS)
}
