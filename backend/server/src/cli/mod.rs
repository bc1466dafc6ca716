//! The command line. Answers go to standard output, everything else to standard error; failure is exit code 1.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the one room that prints")]

mod device;
mod doctor;
mod domain;
mod migrate;
mod order;
mod performance;
mod plan;
mod reconcile;
mod tenant;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use marquee_core::config::Config;
use marquee_core::telemetry::{self, Verbosity};
use serde::Serialize;

/// What a command may fail with: a sentence for whoever typed it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The ticketing platform in one program. Configuration comes from the environment (`MARQUEE_…`).
#[derive(Debug, Parser)]
#[command(name = "marquee", version, propagate_version = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the sites and the APIs.
    Serve,
    /// Do the background work: mail, expiry, recovery of payments.
    Worker,
    /// Change the database's schema, or show where it stands.
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Is the set-up sound?
    Doctor(doctor::Options),
    /// Do money, seats and tickets agree? Exit code 1 on any breach.
    Audit(audit::Options),
    /// Compare ledger and provider now, and list where they disagree. Exit code 1 while a break is open.
    Reconcile(reconcile::Options),
    /// Tenants.
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Domains of tenants.
    #[command(subcommand)]
    Domain(domain::Command),
    /// Seating plans.
    #[command(subcommand)]
    Plan(plan::Command),
    /// Orders: what happened to one, and the safe ways to mend it.
    #[command(subcommand)]
    Order(order::Command),
    /// Performances.
    #[command(subcommand)]
    Performance(performance::Command),
    /// Scanners at the door.
    #[command(subcommand)]
    Device(device::Command),
    /// Print the OpenAPI document.
    Openapi,
    /// Fill an empty database with the demo's tenants, and describe them.
    #[command(hide = true)]
    DemoSeed(crate::seed::Options),
}

use crate::audit;

/// Runs a command.
///
/// # Errors
/// Whatever the command meets, as a sentence.
pub async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let verbosity = match arguments.command {
        Command::Serve | Command::Worker => Verbosity::Service,
        _ => Verbosity::Command,
    };
    telemetry::start_logging(verbosity, std::env::var_os("MARQUEE_LOG_JSON").is_some());
    match arguments.command {
        Command::Serve => crate::serve::run(Config::from_env()?).await,
        Command::Worker => crate::worker::run(Config::from_env()?).await,
        Command::Migrate(command) => migrate::run(command).await,
        Command::Doctor(options) => doctor::run(options).await,
        Command::Audit(options) => audit::run(options, Config::from_env()?).await,
        Command::Reconcile(options) => reconcile::run(options, Config::from_env()?).await,
        Command::Tenant(command) => tenant::run(command, Config::from_env()?).await,
        Command::Domain(command) => domain::run(command, Config::from_env()?).await,
        Command::Plan(command) => plan::run(command).await,
        Command::Order(command) => order::run(command, Config::from_env()?).await,
        Command::Performance(command) => performance::run(command, Config::from_env()?).await,
        Command::Device(command) => device::run(command, Config::from_env()?).await,
        Command::Openapi => print_json(&crate::openapi::document()),
        Command::DemoSeed(options) => crate::seed::run(options, Config::from_env()?).await,
    }
}

/// Says what is wrong with the arguments, or the help that they ask for. A failure is 1, as everywhere.
pub fn unread(error: &clap::Error) -> ExitCode {
    // Where nobody listens there is nobody to tell.
    error.print().ok();
    if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Says what went wrong.
pub fn fail(sentence: &str) -> ExitCode {
    eprintln!("marquee: {sentence}");
    ExitCode::FAILURE
}

/// Prints an answer for a program.
pub fn print_json(value: &impl Serialize) -> Result<ExitCode, Failure> {
    print_line(serde_json::to_string_pretty(value)?);
    Ok(ExitCode::SUCCESS)
}

/// Prints an answer for a person. A reader who has gone has seen enough.
pub fn print_line(line: impl std::fmt::Display) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{line}")
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("marquee: cannot print: {error}");
    }
}
