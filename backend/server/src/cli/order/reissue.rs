//! `marquee order reissue`.

use std::process::ExitCode;

use clap::Args;
use marquee_core::ids::TicketId;
use serde_json::json;

use super::find::Named;
use super::refuse_with;
use crate::cli::{Failure, print_json, print_line};
use crate::compose::Foundation;
use crate::serve::Services;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    order: Named,
    /// Only this ticket; without it every ticket that is good.
    #[arg(long)]
    ticket: Option<TicketId>,
    /// Answer as JSON: `{order_id, tickets:[…]}`.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(foundation: Foundation, options: Options) -> Result<ExitCode, Failure> {
    let found = options.order.find(&foundation).await?;
    let (tenant, order) = (found.tenant_id, found.id);
    let checkout = Services::of(foundation.clone())?.checkout;
    let tickets = match checkout.reissue(tenant, order, options.ticket).await {
        Ok(tickets) => tickets,
        Err(error) => return refuse_with(error, options.json),
    };
    let details = json!({ "order": order, "ticket": options.ticket });
    foundation.record("order.reissue", Some(tenant), details).await?;
    if options.json {
        return print_json(&json!({ "order_id": order, "tickets": tickets }));
    }
    for ticket in tickets {
        print_line(format!("{}  {}  {}", ticket.ticket_id, ticket.status, ticket.label));
    }
    Ok(ExitCode::SUCCESS)
}
