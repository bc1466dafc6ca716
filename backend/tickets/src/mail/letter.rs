use marquee_tenants::Tenant;
use serde::Serialize;

use crate::brand::{Brand, Colors, MailFaces};
use crate::letters::Written;
use crate::texts::{fill, texts};

/// What the letter's templates say. Everything a person wrote is escaped where it lands in HTML.
#[derive(Debug, Serialize)]
pub(super) struct Content<'a> {
    lang: &'a str,
    subject: &'a str,
    preview: &'a str,
    scheme: &'a str,
    colors: &'a Colors,
    faces: &'a MailFaces,
    brand: String,
    title: String,
    radius: u32,
    when: String,
    paragraphs: &'a [String],
    list_heading: &'a str,
    list: &'a [String],
    show: &'a str,
    link: &'a str,
    order_label: &'a str,
    number: &'a str,
    help: String,
    why: String,
    postal_address: &'a str,
}

pub(super) fn content<'a>(
    brand: &'a Brand,
    tenant: &'a Tenant,
    written: &'a Written,
    subject: &'a str,
    link: &'a str,
) -> Content<'a> {
    let order = &written.order;
    let words = texts(&order.locale);
    let cased = |text: &str| {
        if brand.style.uppercase_titles { text.to_uppercase() } else { text.to_owned() }
    };
    Content {
        lang: words.tag,
        subject,
        preview: written.paragraphs.first().map_or("", String::as_str),
        scheme: &brand.scheme,
        colors: &brand.colors,
        faces: &brand.style.mail,
        brand: cased(&brand.name),
        title: cased(&order.event_title),
        radius: brand.style.mail.radius,
        when: words.date_time(order.starts_at, tenant.timezone),
        paragraphs: &written.paragraphs,
        list_heading: &written.list_heading,
        list: &written.list,
        show: &written.show,
        link,
        order_label: words.order,
        number: &order.number,
        help: fill(words.help, &[("email", &tenant.support_email)]),
        why: fill(words.why, &[("brand", &brand.name)]),
        postal_address: &tenant.postal_address,
    }
}
