//! What speaks for a sale, put together from our own record, and sent to the bank.

use chrono::{DateTime, Utc};
use marquee_core::db::Tag;
use marquee_core::ids::{OrderId, TenantId};
use marquee_payments::disputes::{self, Dispute};
use marquee_payments::record;
use marquee_payments::refunds::{self, Refund};
use marquee_payments::{DisputeEvidence, ProviderError, SubmitEvidence};
use serde::Serialize;
use thiserror::Error;

use super::count;
use super::store::{self as facts, Issued, Sale, Scanned};
use crate::types::Order;
use crate::{Checkout, CheckoutError, store};

const READ: Tag = Tag::new("dispute.evidence");
const SENT: Tag = Tag::new("dispute.sent");

/// Why evidence was not sent. Nothing was changed.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// No dispute of the order waits for an answer.
    #[error("no dispute of this order waits for an answer")]
    NothingOpen,
    /// The provider did not take it.
    #[error("the provider did not take it: {0}")]
    Provider(#[from] ProviderError),
    /// The order could not be read or written.
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
}

/// What speaks for a sale.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// The order.
    pub order_id: OrderId,
    /// The provider's id of the dispute that it answers; none while nothing is disputed.
    pub dispute: Option<String>,
    /// Until when the bank takes it.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Who bought.
    pub customer_name: String,
    /// Where the tickets were sent.
    pub customer_email: String,
    /// What was sold.
    pub product: String,
    /// When it takes place.
    pub service_date: String,
    /// What happened since, each with its time: paid, tickets issued and mailed, scans at the door.
    pub activity: String,
    /// The order line by line, with what was paid back.
    pub order: String,
}

impl Evidence {
    /// The whole as one text.
    pub fn text(&self) -> String {
        format!(
            "Sold: {}\nTakes place: {}\nBuyer: {} <{}>\n\n{}\n{}",
            self.product,
            self.service_date,
            self.customer_name,
            self.customer_email,
            self.order,
            self.activity
        )
    }

    fn for_the_bank(&self) -> DisputeEvidence {
        DisputeEvidence {
            customer_name: Some(self.customer_name.clone()),
            customer_email: Some(self.customer_email.clone()),
            product_description: Some(self.product.clone()),
            service_date: Some(self.service_date.clone()),
            access_activity_log: Some(self.activity.clone()),
            uncategorized_text: Some(self.order.clone()),
            ..DisputeEvidence::default()
        }
    }
}

impl Checkout {
    /// Puts together what speaks for a sale, disputed or not.
    ///
    /// # Errors
    /// `NotFound` where the tenant has no such order.
    pub async fn evidence(&self, tenant: TenantId, id: OrderId) -> Result<Evidence, CheckoutError> {
        let tx = self.parts.db.begin(tenant, READ).await?;
        let order = store::read(&tx, id).await?.ok_or(CheckoutError::NotFound)?;
        let sale = facts::sale(&tx, id).await?;
        let issued = facts::issued(&tx, id).await?;
        let scanned = facts::scanned(&tx, id).await?;
        let mail_waits = facts::mail_waits(&tx, id).await?;
        let back = refunds::of_order(&tx, id).await?;
        let disputes = disputes::of_order(&tx, id).await?;
        tx.commit().await?;
        let answered = open(&disputes).or_else(|| disputes.last());
        Ok(Evidence {
            order_id: id,
            dispute: answered.map(|dispute| dispute.provider_id.clone()),
            due_at: answered.and_then(|dispute| dispute.evidence_due_at),
            sent_at: answered.and_then(|dispute| dispute.evidence_sent_at),
            customer_name: order.buyer_name.clone(),
            customer_email: order.buyer_email.clone(),
            product: product(&sale, &issued),
            service_date: time(sale.starts_at),
            activity: activity(&order, &issued, mail_waits, &scanned),
            order: lines(&order, &issued, &back),
        })
    }

    /// Sends it to the bank as the answer to the order's open dispute, once: banks take one answer.
    ///
    /// # Errors
    /// `NothingOpen`; `Provider` when it was not taken.
    pub async fn submit_evidence(&self, tenant: TenantId, id: OrderId) -> Result<Evidence, EvidenceError> {
        let evidence = self.evidence(tenant, id).await?;
        let tx = self.parts.db.begin(tenant, READ).await.map_err(CheckoutError::from)?;
        let disputes = disputes::of_order(&tx, id).await.map_err(CheckoutError::from)?;
        let payment = record::read(&tx, id).await.map_err(CheckoutError::from)?;
        tx.commit().await.map_err(CheckoutError::from)?;
        let (Some(dispute), Some(payment)) = (open(&disputes), payment) else {
            return Err(EvidenceError::NothingOpen);
        };
        let call = SubmitEvidence {
            account: payment.account.clone(),
            dispute: dispute.provider_id.clone(),
            evidence: evidence.for_the_bank(),
            key: format!("dispute:{}:evidence", dispute.id),
        };
        let known = self.parts.provider.submit_evidence(&call).await?;
        let tx = self.parts.db.begin(tenant, SENT).await.map_err(CheckoutError::from)?;
        disputes::note_evidence(&tx, dispute.id, &evidence.text()).await.map_err(CheckoutError::from)?;
        tx.commit().await.map_err(CheckoutError::from)?;
        count("answered");
        self.take_dispute(tenant, &payment, &known).await?;
        Ok(self.evidence(tenant, id).await?)
    }
}

/// The dispute that waits for an answer.
fn open(disputes: &[Dispute]) -> Option<&Dispute> {
    disputes.iter().find(|dispute| dispute.outcome.is_none() && dispute.evidence_sent_at.is_none())
}

fn product(sale: &Sale, issued: &[Issued]) -> String {
    let place: Vec<&str> = [sale.venue.as_str(), &sale.address, &sale.city]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let cancelled = if sale.cancelled { " (cancelled)" } else { "" };
    format!(
        "{} tickets for {}{cancelled}, {}, {}; sold by {}",
        issued.len(),
        sale.title,
        time(sale.starts_at),
        place.join(", "),
        sale.seller
    )
}

/// Each event on a line of its own, with its time.
fn activity(order: &Order, issued: &[Issued], mail_waits: bool, scanned: &[Scanned]) -> String {
    let mut lines =
        vec![(order.created_at, format!("order {} placed by {}", order.number, order.buyer_email))];
    lines.extend(order.paid_at.map(|at| (at, "paid".to_owned())));
    for ticket in issued {
        lines.push((ticket.issued_at, format!("ticket issued: {}", ticket.label)));
        lines.extend(ticket.voided_at.map(|at| (at, format!("ticket withdrawn: {}", ticket.label))));
    }
    if let Some(first) = issued.iter().map(|ticket| ticket.issued_at).min()
        && !mail_waits
    {
        lines.push((
            first,
            format!(
                "mail with the tickets staged for {}, handed to the mail server since",
                order.buyer_email
            ),
        ));
    }
    for scan in scanned {
        let way = if scan.direction == "in" { "entry" } else { "exit" };
        lines.push((
            scan.scanned_at,
            format!("{way} at {} ({}): {}, {}", scan.gate, scan.device, scan.label, scan.verdict),
        ));
    }
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(at, what)| format!("{}  {what}\n", time(at))).collect()
}

fn lines(order: &Order, issued: &[Issued], back: &[Refund]) -> String {
    let currency = order.currency.as_str();
    let mut text = format!("Order {}: {} {currency} (minor units)\n", order.number, order.total);
    for ticket in issued {
        text.push_str(&format!(
            "- {}, {}: {} {currency}, {}\n",
            ticket.label, ticket.ticket_type, ticket.price, ticket.status
        ));
    }
    for refund in back {
        text.push_str(&format!("- paid back: {} {currency}, {}\n", refund.amount, refund.state));
    }
    text
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
