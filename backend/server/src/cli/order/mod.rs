//! `marquee order refund|finish|dispute-evidence`.

mod dispute_evidence;
mod find;
mod finish;
mod refund;

use std::process::ExitCode;

use clap::Subcommand;
use marquee_core::config::Config;
use marquee_core::problem::Code;
use serde_json::json;

use super::{Failure, fail, print_json};
use crate::compose::Foundation;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Pay an order back: all that is left, an amount, or single tickets.
    Refund(refund::Options),
    /// Bring an order that is stuck to its end: takes over what the provider knows (captures, refunds), goes on with what is
    /// open, issues tickets that are missing. Safe at any time.
    Finish(finish::Options),
    /// Put together what speaks for a sale whose payment is disputed: order, buyer, mails, scans; with `--submit`, send it.
    DisputeEvidence(dispute_evidence::Options),
}

pub async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    let foundation = Foundation::open(config).await?;
    match command {
        Command::Refund(options) => refund::run(foundation, options).await,
        Command::Finish(options) => finish::run(foundation, options).await,
        Command::DisputeEvidence(options) => dispute_evidence::run(foundation, options).await,
    }
}

/// Says why not: the stable code and a sentence, and both as JSON where a program asked.
fn refuse(code: Code, sentence: &str, as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        print_json(&json!({ "code": code.as_str(), "detail": sentence }))?;
    }
    Ok(fail(&format!("{}: {sentence}", code.as_str())))
}
