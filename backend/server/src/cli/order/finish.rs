//! `marquee order finish`.

use std::process::ExitCode;

use clap::Args;
use marquee_core::money::Money;
use serde_json::json;

use super::find::Named;
use crate::cli::{Failure, print_json, print_line};
use crate::compose::Foundation;
use crate::serve::Services;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    order: Named,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(foundation: Foundation, options: Options) -> Result<ExitCode, Failure> {
    let found = options.order.find(&foundation).await?;
    let checkout = Services::of(foundation.clone())?.checkout;
    let finished = checkout.finish_order(found.tenant_id, found.id).await?;
    let details = json!({ "order": found.id, "status": finished.status, "taken_over": finished.taken_over });
    foundation.record("order.finish", Some(found.tenant_id), details).await?;
    let code = if finished.done { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if options.json {
        print_json(&finished)?;
        return Ok(code);
    }
    let payment = finished.payment.map_or("none", |state| state.as_str());
    print_line(format!(
        "order {}: {}, payment {payment}, {} tickets",
        found.number, finished.status, finished.tickets
    ));
    for refund in &finished.refunds {
        let amount = Money { amount: refund.amount, currency: refund.currency.clone() };
        print_line(format!("refund {}: {amount} {} ({})", refund.refund_id, refund.state, refund.reason));
    }
    if !finished.provider_asked {
        print_line(
            "the payment provider cannot be asked now: what else it knows is not taken over, try again later",
        );
    } else if !finished.done {
        print_line("not at its end yet: the worker goes on by itself, or try again in a moment");
    }
    Ok(code)
}
