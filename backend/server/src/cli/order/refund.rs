//! `marquee order refund`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use marquee_checkout::{Checkout, RefundError, RefundRequest, RefundView, RefundWhat};
use marquee_core::ids::TicketId;
use marquee_core::money::Money;
use marquee_core::problem::Code;
use marquee_entity::money::{RefundReason, RefundState};
use serde_json::json;
use uuid::Uuid;

use super::find::Named;
use super::refuse;
use crate::cli::{Failure, print_json, print_line};
use crate::compose::Foundation;
use crate::orders::Found;
use crate::serve::Services;

/// How often, and in what rhythm, it is looked whether the worker was faster and is done.
const LOOKS: u32 = 20;
const LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    order: Named,
    /// So much, in minor units; the tickets stay good unless nothing is left. Without this and `--ticket`: everything.
    #[arg(long, value_name = "MINOR", allow_hyphen_values = true)]
    amount: Option<String>,
    /// A ticket to take back at its price, by id; several times for several.
    #[arg(long, value_name = "ID")]
    ticket: Vec<String>,
    /// Why, for whoever reads it later.
    #[arg(long)]
    note: Option<String>,
    /// Names this refund: the same key again is the same refund.
    #[arg(long)]
    key: Option<String>,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(foundation: Foundation, options: Options) -> Result<ExitCode, Failure> {
    let found = options.order.find(&foundation).await?;
    let what = match what(&options) {
        Ok(what) => what,
        Err(sentence) => return refuse(Code::ValidationFailed, &sentence, options.json),
    };
    let request = RefundRequest {
        what,
        reason: RefundReason::Requested,
        change: None,
        request_key: options
            .key
            .map_or_else(|| format!("cli:{}", Uuid::now_v7()), |key| format!("cli:{key}")),
        requested_by: "cli".to_owned(),
        note: options.note,
    };
    let checkout = Services::of(foundation.clone())?.checkout;
    let refund = match checkout.request_refund(found.tenant_id, found.id, request).await {
        Ok(refund) => settled(&checkout, &found, refund).await?,
        Err(error @ (RefundError::Db(_) | RefundError::Checkout(_) | RefundError::Ledger(_))) => {
            return Err(error.into());
        }
        Err(error) => return refuse(error.code(), &error.to_string(), options.json),
    };
    let details = json!({ "order": found.id, "refund": refund.refund_id, "amount": refund.amount, "tickets": refund.tickets });
    foundation.record("order.refund", Some(found.tenant_id), details).await?;
    show(&found, &refund, options.json)
}

/// Waits a while for whoever took the refund up before us.
async fn settled(checkout: &Checkout, found: &Found, mut refund: RefundView) -> Result<RefundView, Failure> {
    for _ in 0..LOOKS {
        if refund.state != RefundState::Requested || refund.failure.is_some() {
            break;
        }
        tokio::time::sleep(LOOK).await;
        let all = checkout.refunds(found.tenant_id, found.id).await?;
        refund = all.into_iter().find(|one| one.refund_id == refund.refund_id).unwrap_or(refund);
    }
    Ok(refund)
}

fn what(options: &Options) -> Result<RefundWhat, String> {
    match (options.amount.as_deref(), options.ticket.as_slice()) {
        (None, []) => Ok(RefundWhat::Everything),
        (Some(amount), []) => {
            let amount: i64 =
                amount.parse().map_err(|_| format!("`{amount}` is no amount in minor units"))?;
            Ok(RefundWhat::Amount(amount))
        }
        (None, tickets) => {
            let id = |text: &String| text.parse().map_err(|_| format!("`{text}` is no ticket's id"));
            let tickets: Vec<TicketId> = tickets.iter().map(id).collect::<Result<_, _>>()?;
            Ok(RefundWhat::Tickets(tickets))
        }
        (Some(_), _) => Err("an amount or tickets, not both".to_owned()),
    }
}

fn show(found: &Found, refund: &RefundView, as_json: bool) -> Result<ExitCode, Failure> {
    let failed = refund.state == RefundState::Failed;
    let code = if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if as_json {
        print_json(refund)?;
        return Ok(code);
    }
    let why = refund.failure.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    print_line(format!(
        "order {}: {} {}{why}, refund {}",
        found.number,
        Money { amount: refund.amount, currency: refund.currency.clone() },
        refund.state,
        refund.refund_id
    ));
    for ticket in &refund.tickets {
        print_line(format!("void  {ticket}"));
    }
    match refund.state {
        RefundState::Requested => {
            print_line("the provider has not done it yet: the worker goes on by itself")
        }
        RefundState::Failed => {
            print_line("the provider does not pay it back: try another way, then a new refund")
        }
        RefundState::Pending | RefundState::Succeeded => {}
    }
    Ok(code)
}
