use std::path::Path;

use marquee_core::ids::OutboxId;
use uuid::Uuid;

use super::*;
use crate::brand::{Brands, Colors, MailFaces, Style};
use crate::sample;

const LINK: &str = "https://riverside.example/orders/01900000-0000-7000-8000-000000000001#t=tok_en-1";

/// A look that no theme changes, for texts that are compared whole.
pub(crate) fn plain(theme: &str) -> Brand {
    let mut brand = sample::brand(&Brands::load().unwrap(), theme);
    let color = |digits: &str| format!("#{digits}");
    brand.scheme = "light".to_owned();
    brand.colors = Colors {
        background: color("eeeeee"),
        surface: color("ffffff"),
        text: color("111111"),
        muted: color("555555"),
        line: color("cccccc"),
        accent: color("7a1f2b"),
        on_accent: color("fffffe"),
    };
    brand.style = std::sync::Arc::new(Style {
        uppercase_titles: false,
        display_scale: 1.0,
        mail: MailFaces {
            display: "'A Display', serif".to_owned(),
            display_weight: 400,
            text: "'A Text', sans-serif".to_owned(),
            radius: 2,
        },
    });
    brand
}

fn bodies(brand: &Brand, theme: &str, change: impl FnOnce(&mut Paper)) -> (String, String) {
    let mut paper = sample::paper(theme);
    change(&mut paper);
    Templates::load().unwrap().render(brand, &sample::tenant(theme), &paper, "Subject", LINK).unwrap()
}

fn message(change: impl FnOnce(&mut Paper)) -> String {
    let mut paper = sample::paper("riverside");
    change(&mut paper);
    let envelope = Envelope { id: OutboxId(Uuid::from_u128(5)), at: SystemTime::UNIX_EPOCH };
    let templates = Templates::load().unwrap();
    let tenant = sample::tenant("riverside");
    let mail =
        compose(&templates, &plain("riverside"), &tenant, &paper, LINK, b"%PDF-1.7".to_vec(), envelope);
    String::from_utf8(mail.unwrap().formatted()).unwrap()
}

fn headers(message: &str) -> String {
    let (headers, _) = message.split_once("\r\n\r\n").unwrap();
    let known = |line: &&str| !line.contains("boundary=") && !line.starts_with("Content-Type");
    headers.lines().filter(known).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_mail_says_it_all() {
    let (html, text) = bodies(&plain("riverside"), "riverside", |_| ());
    insta::assert_snapshot!("plain_text", text);
    insta::assert_snapshot!("html", html);
    insta::assert_snapshot!("headers", headers(&message(|_| ())));
}

#[test]
fn it_speaks_the_buyers_language() {
    let (_, text) = bodies(&plain("basement"), "basement", |paper| paper.order.locale = "de-DE".to_owned());
    insta::assert_snapshot!("plain_text_de", text);
}

#[test]
fn nobody_but_the_tenant_is_named_and_nothing_is_loaded() {
    let message = message(|_| ()).to_lowercase();
    for word in ["marquee", "lettre", "mrml", "x-mailer", "user-agent", "localhost"] {
        assert!(!message.contains(word), "{word}");
    }
    let (html, _) = bodies(&plain("riverside"), "riverside", |_| ());
    for word in ["src=", "@import", "<script", "fonts.googleapis", "url("] {
        assert!(!html.contains(word), "{word} in {html}");
    }
    assert_eq!(html.matches("href=").count(), 1, "{html}");
}

#[test]
fn what_people_write_stays_text() {
    let bad = "<script>alert(1)</script>\"'&{{ link }}<mj-raw>";
    let (html, text) = bodies(&plain("riverside"), "riverside", |paper| {
        paper.order.event_title = bad.to_owned();
        paper.order.buyer_name = bad.to_owned();
        paper.order.venue = bad.to_owned();
        for ticket in &mut paper.tickets {
            ticket.label = bad.to_owned();
            ticket.ticket_type = bad.to_owned();
        }
    });
    assert!(!html.contains("<script") && !html.contains("<mj-"), "{html}");
    assert!(html.contains("&lt;script&gt;"), "{html}");
    assert!(text.contains(bad), "{text}");
}

#[test]
fn names_of_any_script_fit_every_header() {
    for name in ["משה", "李小龍", "👩‍🚀 Ada", "O'Neil, \"Bob\" <x@y.example>", "Ž, (c)", &"é".repeat(200), ""]
    {
        let message = message(|paper| {
            paper.order.buyer_name = name.to_owned();
            paper.order.event_title = name.to_owned();
        });
        let headers = headers(&message);
        assert!(headers.is_ascii(), "{headers}");
        assert_eq!(headers.matches("\nTo: ").count(), 1, "{headers}");
        assert!(headers.contains("ada@example.com"), "{headers}");
        assert!(headers.lines().all(|line| line.len() <= 998), "{headers}");
    }
}

#[test]
fn no_header_can_be_smuggled_in() {
    let evil = "Ada\r\nBcc: evil@evil.example\r\n\r\n<b>\u{2028}x\n";
    let message = message(|paper| {
        paper.order.buyer_name = evil.to_owned();
        paper.order.event_title = evil.to_owned();
        paper.order.number = "R7\"\r\nX-Evil: 1".to_owned();
    });
    let headers = headers(&message);
    // What begins with a space goes on from the line before.
    let names: Vec<&str> = headers
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(
        names,
        ["From", "Reply-To", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]
    );
    assert!(message.contains("tickets-R7X-Evil1.pdf"), "{message}");
}

#[test]
fn an_address_that_is_none_is_told() {
    assert!(mailbox("Ada", "nobody").is_err());
    assert!(mailbox("Ada", "a@b.example\r\nBcc: c@d.example").is_err());
}

/// Writes the mails to the folder `LOOK_AT` names, for people to look at.
#[test]
fn look_at_the_mail() {
    let Some(folder) = std::env::var_os("LOOK_AT") else { return };
    for theme in ["riverside", "basement"] {
        let (html, _) = bodies(&sample::brand(&Brands::load().unwrap(), theme), theme, |_| ());
        std::fs::write(Path::new(&folder).join(format!("{theme}.html")), html).unwrap();
    }
}
