//! The mail with an order's tickets, and letters about an order: the tenant's name, address and look, HTML and plain
//! text; tickets have their PDF attached.
//!
//! It carries the headers written here and no others; each names the tenant or nobody. The `Message-ID` is the staged
//! message's id at the tenant's host, so a mail that had to be handed over twice can be recognised as one.

mod body;
mod send;

use std::time::SystemTime;

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MessageBuilder, MultiPart};
use marquee_core::ids::OutboxId;
use marquee_tenants::Tenant;

use crate::brand::Brand;
use crate::letter::{self, Facts};
use crate::texts::{fill, texts};
use crate::{Paper, PaperOrder, TicketError};

pub(crate) use body::{Templates, TicketLine, cased, street};
pub(crate) use send::Mailer;
#[cfg(test)]
pub(crate) use send::TIMEOUT;

/// Which delivery this is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    /// The staged message.
    pub(crate) id: OutboxId,
    /// When it is sent.
    pub(crate) at: SystemTime,
}

/// Writes the mail.
///
/// # Errors
/// `Mail` for an address that is none, or a template that fails.
pub(crate) fn compose(
    templates: &Templates,
    brand: &Brand,
    tenant: &Tenant,
    paper: &Paper,
    link: &str,
    pdf: Vec<u8>,
    envelope: Envelope,
) -> Result<Message, TicketError> {
    let order = &paper.order;
    let words = texts(&order.locale);
    let date = words.date(order.starts_at, tenant.timezone);
    let subject = one_line(&fill(words.subject, &[("event", &order.event_title), ("date", &date)]));
    let (html, text) = templates.render(brand, tenant, paper, &subject, link)?;
    let pdf_type = ContentType::parse("application/pdf").map_err(|error| mail(&error))?;
    let attached = Attachment::new(file_name(&order.number)).body(pdf, pdf_type);
    headers(brand, tenant, order, subject, envelope)?
        .multipart(
            MultiPart::mixed().multipart(MultiPart::alternative_plain_html(text, html)).singlepart(attached),
        )
        .map_err(|error| mail(&error))
}

/// Writes a letter about an order.
///
/// # Errors
/// As [`compose`].
pub(crate) fn compose_letter(
    templates: &Templates,
    brand: &Brand,
    tenant: &Tenant,
    facts: &Facts,
    link: &str,
    envelope: Envelope,
) -> Result<Message, TicketError> {
    let content = letter::content(brand, tenant, facts, link);
    let (html, text) = templates.render_letter(&content)?;
    headers(brand, tenant, &facts.order, one_line(&content.subject), envelope)?
        .multipart(MultiPart::alternative_plain_html(text, html))
        .map_err(|error| mail(&error))
}

fn headers(
    brand: &Brand,
    tenant: &Tenant,
    order: &PaperOrder,
    subject: String,
    envelope: Envelope,
) -> Result<MessageBuilder, TicketError> {
    Ok(Message::builder()
        .from(mailbox(&brand.name, &tenant.mail_from)?)
        .reply_to(mailbox(&brand.name, &tenant.support_email)?)
        .to(mailbox(&order.buyer_name, &order.buyer_email)?)
        .subject(subject)
        .date(envelope.at)
        .message_id(Some(format!("<{}@{}>", envelope.id, tenant.host)))
        // RFC 3834: out-of-office programs do not answer.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        )))
}

/// The name under which an order's PDF is kept.
pub(crate) fn file_name(number: &str) -> String {
    let plain: String = number.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("tickets-{plain}.pdf")
}

/// Can mail be sent in the name of this address?
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox, TicketError> {
    let address = address.parse().map_err(|error| mail(&error))?;
    let name = one_line(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// A header's text: whatever breaks lines or steers terminals is a space.
fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.split(breaks).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn mail(error: &dyn std::fmt::Display) -> TicketError {
    TicketError::Mail(error.to_string())
}

#[cfg(test)]
pub(crate) mod tests;
