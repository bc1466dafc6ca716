//! What a letter says, in the buyer's language: pure.

use marquee_tenants::Tenant;
use serde::Serialize;

use super::types::{About, Facts};
use super::words::{Words, words};
use crate::brand::{Brand, Colors, MailFaces};
use crate::mail::{TicketLine, cased, street};
use crate::texts::{Texts, fill, texts};

/// What the template says. Everything a person wrote is escaped where it lands in HTML.
#[derive(Debug, Serialize)]
pub(crate) struct LetterContent<'a> {
    lang: &'a str,
    pub(crate) subject: String,
    preview: String,
    scheme: &'a str,
    colors: &'a Colors,
    faces: &'a MailFaces,
    radius: u32,
    brand: String,
    /// One or two words: what this is about.
    kicker: &'a str,
    title: String,
    when: String,
    /// Is it not at that time?
    off: bool,
    /// The time that it replaces.
    instead_of: Option<String>,
    doors: Option<String>,
    venue: &'a str,
    street: String,
    dear: String,
    paragraphs: Vec<String>,
    /// The promoter's own words.
    note: Option<&'a str>,
    button: &'a str,
    link: &'a str,
    rows_title: &'a str,
    rows: Vec<TicketLine<'a>>,
    sum_label: &'a str,
    sum: Option<String>,
    order_label: &'a str,
    number: &'a str,
    help: String,
    why: String,
    postal_address: &'a str,
}

/// What differs from letter to letter.
struct Own<'a> {
    subject: String,
    kicker: &'a str,
    off: bool,
    instead_of: Option<String>,
    paragraphs: Vec<String>,
    note: Option<&'a str>,
    button: &'a str,
    rows_title: &'a str,
    /// What goes back.
    amount: Option<i64>,
}

/// Writes a letter.
pub(crate) fn content<'a>(
    brand: &'a Brand,
    tenant: &'a Tenant,
    facts: &'a Facts,
    link: &'a str,
) -> LetterContent<'a> {
    let order = &facts.order;
    let common = texts(&order.locale);
    let own = own(facts, common, words(common.tag), tenant);
    let when = common.date_time(order.starts_at, tenant.timezone);
    let money = |amount: i64| common.money(amount, &order.currency);
    LetterContent {
        lang: common.tag,
        subject: own.subject,
        preview: own.paragraphs.first().cloned().unwrap_or_default(),
        scheme: &brand.scheme,
        colors: &brand.colors,
        faces: &brand.style.mail,
        radius: brand.style.mail.radius,
        brand: cased(brand, &brand.name),
        kicker: own.kicker,
        title: cased(brand, &order.event_title),
        when,
        off: own.off,
        instead_of: own.instead_of,
        doors: (!own.off).then(|| common.doors(order.doors_at, tenant.timezone)),
        venue: &order.venue,
        street: street(order),
        dear: fill(words(common.tag).dear, &[("name", &order.buyer_name)]),
        paragraphs: own.paragraphs,
        note: own.note,
        button: own.button,
        link,
        rows_title: own.rows_title,
        rows: facts
            .rows
            .iter()
            .map(|row| TicketLine::new(&row.label, &row.price_level, &row.ticket_type, money(row.total)))
            .collect(),
        sum_label: words(common.tag).goes_back,
        sum: own.amount.filter(|amount| *amount > 0).map(money),
        order_label: common.order,
        number: &order.number,
        help: fill(common.help, &[("email", &tenant.support_email)]),
        why: fill(common.why, &[("brand", &brand.name)]),
        postal_address: &tenant.postal_address,
    }
}

fn own<'a>(facts: &'a Facts, common: &'static Texts, words: &'static Words, tenant: &Tenant) -> Own<'a> {
    let order = &facts.order;
    let event = order.event_title.as_str();
    let date = common.date(order.starts_at, tenant.timezone);
    let money = |amount: i64| common.money(amount, &order.currency);
    let sentences = |list: &[&str]| list.join(" ");
    match &facts.about {
        About::Cancelled { amount, note } => Own {
            subject: fill(words.cancelled_subject, &[("event", event), ("date", &date)]),
            kicker: words.cancelled,
            off: true,
            instead_of: None,
            paragraphs: vec![
                words.cancelled_lead.to_owned(),
                if *amount > 0 {
                    let back = fill(words.cancelled_money, &[("amount", &money(*amount))]);
                    sentences(&[&back, words.arrives, words.nothing_to_do])
                } else {
                    sentences(&[words.cancelled_free, words.nothing_to_do])
                },
            ],
            note: note.as_deref(),
            button: words.show_order,
            rows_title: words.not_valid,
            amount: Some(*amount),
        },
        About::Postponed { before, return_until, amount, note } => {
            let until = common.date_time(*return_until, tenant.timezone);
            let back = if *amount > 0 { words.postponed_return } else { words.postponed_return_free };
            Own {
                subject: fill(words.postponed_subject, &[("event", event), ("date", &date)]),
                kicker: words.postponed,
                off: false,
                instead_of: Some(fill(
                    words.instead_of,
                    &[("date", &common.date_time(*before, tenant.timezone))],
                )),
                paragraphs: vec![
                    words.postponed_lead.to_owned(),
                    fill(back, &[("until", &until), ("amount", &money(*amount))]),
                ],
                note: note.as_deref(),
                button: words.keep_or_return,
                rows_title: words.your_tickets,
                amount: None,
            }
        }
        About::Refund { amount, staying } => {
            let tickets = match (facts.rows.is_empty(), *staying) {
                (true, 0) => None,
                (true, _) => Some(words.all_stay),
                (false, 0) => Some(words.none_stay),
                (false, _) => Some(words.others_stay),
            };
            let lead = if *amount > 0 {
                let back = fill(words.refund_lead, &[("amount", &money(*amount))]);
                sentences(&[&back, words.arrives])
            } else {
                words.withdrawn_lead.to_owned()
            };
            let subject = if *amount > 0 { words.refund_subject } else { words.withdrawn_subject };
            Own {
                subject: fill(subject, &[("event", event), ("amount", &money(*amount))]),
                kicker: words.refund,
                off: false,
                instead_of: None,
                paragraphs: std::iter::once(lead).chain(tickets.map(str::to_owned)).collect(),
                note: None,
                button: words.show_order,
                rows_title: words.not_valid,
                amount: Some(*amount),
            }
        }
        About::SeatLost { amount } => Own {
            subject: fill(words.lost_subject, &[("event", event)]),
            kicker: words.sorry,
            off: false,
            instead_of: None,
            paragraphs: vec![
                words.lost_lead.to_owned(),
                sentences(&[&fill(words.lost_money, &[("amount", &money(*amount))]), words.arrives]),
                words.lost_again.to_owned(),
            ],
            note: None,
            button: words.show_order,
            rows_title: words.lost_rows,
            amount: Some(*amount),
        },
    }
}
