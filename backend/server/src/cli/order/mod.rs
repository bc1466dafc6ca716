//! `marquee order`: what happened to an order, and the safe ways to mend it.

mod dispute_evidence;
mod find;
mod finish;
mod refund;
mod reissue;
mod show;

use std::process::ExitCode;

use clap::Subcommand;
use marquee_checkout::CheckoutError;
use marquee_core::config::Config;
use marquee_core::problem::{Code, Problem};
use serde_json::{Value, json};

use super::{Failure, fail, print_json};
use crate::compose::Foundation;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything known of an order, ours and the provider's side by side, and what would mend it.
    Show(show::Options),
    /// Pay an order back: all that is left, an amount, or single tickets.
    Refund(refund::Options),
    /// Bring an order that is stuck to its end: takes over what the provider knows (captures, refunds), goes on with what is
    /// open, issues tickets that are missing. Safe at any time.
    Finish(finish::Options),
    /// Withdraw its good tickets and issue others for the same seats; the buyer gets their mail.
    Reissue(reissue::Options),
    /// Put together what speaks for a sale whose payment is disputed: order, buyer, mails, scans; with `--submit`, send it.
    DisputeEvidence(dispute_evidence::Options),
}

pub async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    let foundation = Foundation::open(config).await?;
    match command {
        Command::Show(options) => show::run(foundation, options).await,
        Command::Refund(options) => refund::run(foundation, options).await,
        Command::Finish(options) => finish::run(foundation, options).await,
        Command::Reissue(options) => reissue::run(foundation, options).await,
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

/// As [`refuse`], in the words that HTTP has for it.
fn refuse_with(error: CheckoutError, as_json: bool) -> Result<ExitCode, Failure> {
    let problem = Problem::from(error);
    let body = problem.body();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    refuse(problem.code(), text("detail").or_else(|| text("title")).unwrap_or_default(), as_json)
}
