//! `marquee order dispute-evidence`.

use std::process::ExitCode;

use clap::Args;
use marquee_checkout::EvidenceError;
use marquee_core::problem::Code;
use serde_json::json;

use super::find::Named;
use super::refuse;
use crate::cli::{Failure, print_json, print_line};
use crate::compose::Foundation;
use crate::serve::Services;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    order: Named,
    /// Send it to the bank as the answer to the order's open dispute. Banks take one answer.
    #[arg(long)]
    submit: bool,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(foundation: Foundation, options: Options) -> Result<ExitCode, Failure> {
    let found = options.order.find(&foundation).await?;
    let checkout = Services::of(foundation.clone())?.checkout;
    let evidence = if options.submit {
        match checkout.submit_evidence(found.tenant_id, found.id).await {
            Ok(evidence) => {
                let details = json!({ "order": found.id, "dispute": evidence.dispute });
                foundation.record("order.dispute_evidence", Some(found.tenant_id), details).await?;
                evidence
            }
            Err(error @ EvidenceError::NothingOpen) => {
                return refuse(Code::OrderState, &error.to_string(), options.json);
            }
            Err(error @ EvidenceError::Provider(_)) => {
                return refuse(Code::Unavailable, &error.to_string(), options.json);
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        checkout.evidence(found.tenant_id, found.id).await?
    };
    if options.json {
        return print_json(&evidence);
    }
    print_line(evidence.text());
    match (&evidence.dispute, evidence.due_at, evidence.sent_at) {
        (None, ..) => print_line("nothing about this order is disputed"),
        (Some(dispute), _, Some(sent)) => print_line(format!("sent for {dispute} at {}", sent.to_rfc3339())),
        (Some(dispute), Some(due), None) => {
            print_line(format!("for {dispute}, until {}; send it with --submit", due.to_rfc3339()));
        }
        (Some(dispute), None, None) => print_line(format!("for {dispute}; send it with --submit")),
    }
    Ok(ExitCode::SUCCESS)
}
