//! `marquee performance set`.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use marquee_catalog::{PerformanceChanges, Settings, Strategy, set_performance, show_performance};
use marquee_core::config::Config;
use marquee_core::db::Tag;
use marquee_core::ids::{PerformanceId, TenantId};
use marquee_core::params;
use sea_orm::FromQueryResult;
use serde_json::json;

use super::{Failure, print_json, print_line};
use crate::compose::{Foundation, STAFF};

const SET: Tag = Tag::new("performance.set");

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Change a performance's settings, in force everywhere within a second; without options it shows them.
    Set(Set),
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

#[derive(Debug, FromQueryResult)]
struct OwnerRow {
    tenant_id: TenantId,
}

pub async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    let Command::Set(options) = command;
    let foundation = Foundation::open(config).await?;
    let platform = foundation.db.begin_platform(STAFF).await?;
    let owner: Option<OwnerRow> =
        platform.optional("select tenant_id from performances where id = $1", params![options.id]).await?;
    platform.commit().await?;
    let tenant = owner.ok_or_else(|| format!("no performance `{}`", options.id))?.tenant_id;
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
