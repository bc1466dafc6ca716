//! `marquee order show`.

use std::process::ExitCode;

use clap::Args;
use marquee_checkout::timeline::{File, Moment, Remedy, Source};
use marquee_core::money::Money;

use super::find::Named;
use super::refuse_with;
use crate::cli::{Failure, print_json, print_line};
use crate::compose::Foundation;
use crate::serve::Services;

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    order: Named,
    /// Answer as JSON, as `GET /api/platform/v1/orders/{id}` does.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(foundation: Foundation, options: Options) -> Result<ExitCode, Failure> {
    let found = options.order.find(&foundation).await?;
    let services = Services::of(foundation.clone())?;
    let file = match services.checkout.file(found.tenant_id, found.id).await {
        Ok(file) => file,
        Err(error) => return refuse_with(error, options.json),
    };
    if options.json {
        return print_json(&file);
    }
    let tenant = foundation.directory.by_id(found.tenant_id);
    print(&file, tenant.as_ref().map_or("", |tenant| &tenant.name));
    Ok(ExitCode::SUCCESS)
}

fn print(file: &File, tenant: &str) {
    let order = &file.order;
    print_line(format!("{}  {}  {tenant}", order.number, order.status));
    print_line(format!("order      {}", order.order_id));
    print_line(format!("buyer      {} <{}>", order.buyer_name, order.buyer_email));
    let money = |amount| Money { amount, currency: order.currency.clone() };
    print_line(format!("total      {}", money(order.total)));
    if let Some(payment) = &file.payment {
        let intent = payment.payment_intent.as_deref().unwrap_or("not announced");
        print_line(format!("payment    {}, {intent}", payment.state));
    }
    let provider = &file.provider;
    match (&provider.error, &provider.status) {
        (Some(error), _) => print_line(format!("provider   did not answer: {error}")),
        (None, Some(status)) => print_line(format!(
            "provider   {status}, took {}, gave back {}",
            money(provider.captured),
            money(provider.refunded)
        )),
        (None, None) => {}
    }
    for ticket in &file.tickets {
        print_line(format!("ticket     {}  {}  {}", ticket.ticket_id, ticket.status, ticket.label));
    }
    for refund in &file.refunds {
        print_line(format!(
            "refund     {}  {}  {}  {}",
            refund.refund_id,
            refund.state,
            money(refund.amount),
            refund.reason
        ));
    }
    for dispute in &file.disputes {
        print_line(format!("dispute    {}  {}  {}", dispute.provider_id, dispute.status, dispute.reason));
    }
    print_line("");
    file.timeline.iter().for_each(|moment| print_line(line(moment)));
    print_line("");
    print_line(advice(file));
}

fn line(moment: &Moment) -> String {
    let who = match moment.source {
        Source::Ours => "marquee ",
        Source::Provider => "provider",
        Source::Staff => "staff   ",
    };
    let attempt = moment.attempt.map(|number| format!("  try {number}")).unwrap_or_default();
    let reference = moment.reference.as_deref().unwrap_or_default();
    let at = moment.at.format("%Y-%m-%d %H:%M:%S%.3f");
    format!("{at}  {who}  {:<24} {}{attempt}  {reference}", moment.what, moment.text).trim_end().to_owned()
}

fn advice(file: &File) -> String {
    let because = file.diagnosis.because;
    let verb = match file.diagnosis.remedy {
        Remedy::Nothing | Remedy::Wait => return because.to_owned(),
        Remedy::Finish => "finish",
        Remedy::Refund => "refund",
        Remedy::Reissue => "reissue",
    };
    format!("{because} Mend it with: marquee order {verb} {}", file.order.order_id)
}
