//! `marquee device invite`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use marquee_core::config::Config;
use marquee_core::ids::PerformanceId;
use serde_json::json;

use super::{Failure, print_json, print_line};
use crate::compose::Foundation;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a code with which one scanner can sign in, once.
    Invite(Invite),
}

#[derive(Debug, Args)]
pub struct Invite {
    /// The tenant: slug or id.
    #[arg(long)]
    tenant: String,
    /// The performance it scans for.
    #[arg(long)]
    performance: PerformanceId,
    /// Answer as JSON: `{code}`.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    let Command::Invite(options) = command;
    let foundation = Foundation::open(config).await?;
    let tenant = foundation.tenant(&options.tenant)?;
    let code = marquee_door::invite(&foundation.db, tenant.id, options.performance).await?;
    foundation
        .record("device.invite", Some(tenant.id), json!({ "performance": options.performance }))
        .await?;
    if options.json {
        return print_json(&json!({ "code": code }));
    }
    print_line(format!("Type this code into one scanner of {}; it works once.", tenant.name));
    print_line(code);
    Ok(ExitCode::SUCCESS)
}
