use std::time::SystemTime;

use marquee_core::ids::OutboxId;
use uuid::Uuid;

use super::sample::{all, facts};
use super::types::About;
use crate::brand::Brands;
use crate::mail::tests::plain;
use crate::mail::{Envelope, Templates, compose_letter};
use crate::sample as tickets;

const LINK: &str = "https://riverside.example/orders/01900000-0000-7000-8000-000000000001#t=tok_en-1";

fn bodies(facts: &super::Facts) -> (String, String, String) {
    let (brand, tenant) = (plain("riverside"), tickets::tenant("riverside"));
    let content = super::content(&brand, &tenant, facts, LINK);
    let (html, text) = Templates::load().unwrap().render_letter(&content).unwrap();
    (content.subject, html, text)
}

#[test]
fn every_letter_says_what_happened_and_what_happens_next() {
    for (name, facts) in all("riverside") {
        let (subject, html, text) = bodies(&facts);
        insta::assert_snapshot!(name, format!("{subject}\n\n{text}"));
        assert_eq!(html.matches("href=").count(), 1, "{name}: one link\n{html}");
        assert_eq!(text.matches(LINK).count(), 1, "{name}: one link\n{text}");
    }
    let (_, html, _) = bodies(&all("riverside").swap_remove(2).1);
    insta::assert_snapshot!("postponed_html", html);
}

#[test]
fn letters_speak_the_buyers_language() {
    for (name, mut facts) in all("riverside") {
        facts.order.locale = "de-AT".to_owned();
        let (subject, _, text) = bodies(&facts);
        insta::assert_snapshot!(format!("{name}_de"), format!("{subject}\n\n{text}"));
    }
}

#[test]
fn a_refund_tells_what_becomes_of_the_tickets() {
    let text = |amount, staying, rows: usize| {
        let mut letter = facts("riverside", About::Refund { amount, staying });
        letter.rows.truncate(rows);
        bodies(&letter).2
    };
    assert!(text(500, 2, 0).contains("Your tickets stay valid."));
    assert!(text(5_850, 1, 1).contains("Your other tickets stay valid."));
    assert!(text(8_700, 0, 2).contains("Your tickets are no longer valid."));
    let free = text(0, 0, 2);
    assert!(free.contains("no money has to go back") && !free.contains("Goes back to you"), "{free}");
}

#[test]
fn what_people_write_stays_text() {
    let bad = "<script>alert(1)</script>\"'&{{ link }}<mj-raw>";
    for (name, mut facts) in all("riverside") {
        facts.order.event_title = bad.to_owned();
        facts.order.buyer_name = bad.to_owned();
        if let About::Cancelled { note, .. } | About::Postponed { note, .. } = &mut facts.about {
            *note = Some(bad.to_owned());
        }
        let (_, html, text) = bodies(&facts);
        assert!(!html.contains("<script") && !html.contains("<mj-"), "{name}: {html}");
        assert!(text.contains(bad), "{name}: {text}");
        for word in ["src=", "@import", "url(", "marquee"] {
            assert!(!html.contains(word), "{name}: {word} in {html}");
        }
    }
}

#[test]
fn a_letter_has_the_mails_headers_and_no_attachment() {
    let (brand, tenant) = (plain("riverside"), tickets::tenant("riverside"));
    let envelope = Envelope { id: OutboxId(Uuid::from_u128(5)), at: SystemTime::UNIX_EPOCH };
    let mut facts = facts("riverside", About::SeatLost { amount: 1 });
    facts.order.event_title = "Ada\r\nBcc: evil@evil.example".to_owned();
    let templates = Templates::load().unwrap();
    let mail = compose_letter(&templates, &brand, &tenant, &facts, LINK, envelope).unwrap();
    let mail = String::from_utf8(mail.formatted()).unwrap();
    let (headers, body) = mail.split_once("\r\n\r\n").unwrap();
    assert!(headers.contains("Auto-Submitted: auto-generated") && !headers.contains("\r\nBcc:"), "{headers}");
    assert!(!body.contains("application/pdf"), "{body}");
}

/// Writes the letters to the folder `LOOK_AT` names, for people to look at.
#[test]
fn look_at_the_letters() {
    let Some(folder) = std::env::var_os("LOOK_AT") else { return };
    let brands = Brands::load().unwrap();
    for theme in ["riverside", "basement", "arena"] {
        let (brand, tenant) = (tickets::brand(&brands, theme), tickets::tenant(theme));
        for (name, facts) in all(theme) {
            let content = super::content(&brand, &tenant, &facts, LINK);
            let (html, _) = Templates::load().unwrap().render_letter(&content).unwrap();
            std::fs::write(std::path::Path::new(&folder).join(format!("{theme}-{name}.html")), html).unwrap();
        }
    }
}
