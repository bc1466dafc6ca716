//! `marquee performance set|block|unblock|cancel|postpone|changes`.

mod change;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use marquee_catalog::{PerformanceChanges, Settings, Strategy, set_performance, show_performance};
use marquee_core::config::Config;
use marquee_core::db::Tag;
use marquee_core::ids::{PerformanceId, TenantId};
use serde_json::json;

use crate::cli::{Failure, print_json, print_line};
use crate::compose::Foundation;
use crate::owner;
use crate::serve::Services;

const SET: Tag = Tag::new("performance.set");

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Change a performance's settings, in force everywhere within a second; without options it shows them.
    Set(Set),
    /// Take free seats off sale; those that are held or sold stay. Prints the seats it took, one a line.
    Block(Seats),
    /// Put blocked seats back on sale. Prints the seats it put back, one a line.
    Unblock(Seats),
    /// Call a performance off: nothing of it is sold any more, and every paid order is refunded by the worker. It cannot be taken
    /// back.
    Cancel(change::Cancel),
    /// Move a performance to another date: every buyer is told by mail, and keeps or returns their tickets.
    Postpone(change::Postpone),
    /// Show a performance's cancellation and changes of date, and how far what follows from them got.
    Changes(change::Changes),
}

#[derive(Debug, Args)]
pub struct Seats {
    /// The performance.
    id: PerformanceId,
    /// The plan's seat ids.
    #[arg(required = true)]
    seats: Vec<String>,
    /// Answer as JSON: `{seats:[…]}`.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Set {
    /// The performance.
    id: PerformanceId,
    /// How long new holds last.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=86_400))]
    hold_seconds: Option<i32>,
    /// How units are claimed: row_lock, ttl, skip_locked, redis.
    #[arg(long)]
    strategy: Option<Strategy>,
    /// When the sale begins (RFC 3339).
    #[arg(long)]
    on_sale: Option<DateTime<Utc>>,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    let foundation = Foundation::open(config).await?;
    match command {
        Command::Set(options) => set(&foundation, &options).await,
        Command::Block(options) => block(&foundation, &options, true).await,
        Command::Unblock(options) => block(&foundation, &options, false).await,
        Command::Cancel(options) => change::cancel(&foundation, options).await,
        Command::Postpone(options) => change::postpone(&foundation, options).await,
        Command::Changes(options) => change::changes(&foundation, options).await,
    }
}

async fn owner(foundation: &Foundation, id: PerformanceId) -> Result<TenantId, Failure> {
    let owner = owner::of_performance(&foundation.db, id).await?;
    Ok(owner.ok_or_else(|| format!("no performance `{id}`"))?)
}

async fn block(foundation: &Foundation, options: &Seats, block: bool) -> Result<ExitCode, Failure> {
    let owner = owner(foundation, options.id).await?;
    let tenant = foundation.tenant(&owner.to_string())?;
    let inventory = Services::of(foundation.clone())?.inventory;
    let (action, seats) = if block {
        ("performance.block", inventory.block(&tenant, options.id, &options.seats).await?)
    } else {
        ("performance.unblock", inventory.unblock(&tenant, options.id, &options.seats).await?)
    };
    foundation.record(action, Some(owner), json!({ "performance": options.id, "seats": seats })).await?;
    if options.json {
        return print_json(&json!({ "seats": seats }));
    }
    seats.iter().for_each(print_line);
    Ok(ExitCode::SUCCESS)
}

async fn set(foundation: &Foundation, options: &Set) -> Result<ExitCode, Failure> {
    let tenant = owner(foundation, options.id).await?;
    let changes = PerformanceChanges {
        hold_seconds: options.hold_seconds,
        strategy: options.strategy,
        on_sale_from: options.on_sale,
    };
    let tx = foundation.db.begin(tenant, SET).await?;
    let settings = if changes == PerformanceChanges::default() {
        show_performance(&tx, options.id).await?
    } else {
        set_performance(&tx, options.id, &changes).await?
    };
    tx.commit().await?;
    if changes != PerformanceChanges::default() {
        foundation
            .record("performance.set", Some(tenant), json!({ "performance": options.id, "to": settings }))
            .await?;
    }
    show(&settings, options.json)
}

fn show(settings: &Settings, as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        return print_json(settings);
    }
    print_line(format!("{} on {}", settings.event, settings.starts_at.to_rfc3339()));
    print_line(format!("strategy      {}", settings.strategy));
    print_line(format!("hold seconds  {}", settings.hold_seconds));
    print_line(format!(
        "on sale       {} to {}",
        settings.on_sale.from.to_rfc3339(),
        settings.on_sale.until.to_rfc3339()
    ));
    print_line(format!(
        "limits        {} an order, {} a buyer",
        settings.limit_per_order, settings.limit_per_buyer
    ));
    Ok(ExitCode::SUCCESS)
}
