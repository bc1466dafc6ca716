//! What buyers are told besides their tickets, in their language.

use marquee_entity::money::{RefundReason, RefundState};
use marquee_tenants::Tenant;

use crate::texts::{fill, texts};
use crate::types::{PaperOrder, RefundFacts};

/// Kind of the staged message that sends a [`crate::Letter`].
pub const LETTER: &str = "order.letter";

/// A letter, ready to be put into the tenant's look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    /// What it is about, and who gets it.
    pub(crate) order: PaperOrder,
    pub(crate) subject: String,
    pub(crate) paragraphs: Vec<String>,
    /// Stands before the list, where there is one.
    pub(crate) list_heading: String,
    pub(crate) list: Vec<String>,
    /// What the button that leads to the order says.
    pub(crate) show: String,
}

/// A language's words about refunds. `{…}` stands for what [`fill`] puts there.
struct Words {
    /// `{event}`, `{date}`.
    subject: &'static str,
    /// `{event}`, `{date}`: nothing was to be paid back.
    subject_free: &'static str,
    /// `{name}`.
    hello: &'static str,
    /// `{event}`, `{date}`.
    seat_lost: &'static str,
    /// `{event}`, `{date}`.
    cancelled: &'static str,
    /// `{event}`.
    postponed: &'static str,
    /// `{amount}`, `{number}`.
    money: &'static str,
    when: &'static str,
    void: &'static str,
    rest: &'static str,
    show: &'static str,
}

const EN: Words = Words {
    subject: "Your refund for {event}, {date}",
    subject_free: "Your tickets for {event}, {date}",
    hello: "Hello {name}.",
    seat_lost: "We are sorry: your payment reached us after the time for your seats had run out, and somebody else has them \
                now. You have no tickets for {event} on {date}, and you get all your money back.",
    cancelled: "{event} on {date} is cancelled. We are sorry.",
    postponed: "{event} has moved to another date, and you chose to return your tickets.",
    money: "We are paying back {amount} for your order {number}.",
    when: "It goes to the card or account you paid with. Most banks show it within 5 to 10 days.",
    void: "These tickets are no longer valid:",
    rest: "Your other tickets stay valid.",
    show: "Show my order",
};

const DE: Words = Words {
    subject: "Ihre Erstattung für {event}, {date}",
    subject_free: "Ihre Tickets für {event}, {date}",
    hello: "Guten Tag {name}.",
    seat_lost: "Es tut uns leid: Ihre Zahlung kam an, als die Zeit für Ihre Plätze abgelaufen war, und nun hat sie jemand \
                anderes. Sie haben keine Tickets für {event} am {date} und bekommen Ihr ganzes Geld zurück.",
    cancelled: "{event} am {date} fällt aus. Das tut uns leid.",
    postponed: "{event} hat einen neuen Termin, und Sie haben Ihre Tickets zurückgegeben.",
    money: "Wir zahlen Ihnen {amount} für Ihre Bestellung {number} zurück.",
    when: "Das Geld geht dorthin, womit Sie bezahlt haben. Die meisten Banken zeigen es nach 5 bis 10 Tagen.",
    void: "Diese Tickets gelten nicht mehr:",
    rest: "Ihre übrigen Tickets gelten weiter.",
    show: "Meine Bestellung zeigen",
};

/// The letter about a refund; none about one that came to nothing.
pub(crate) fn of_refund(
    tenant: &Tenant,
    order: PaperOrder,
    facts: &RefundFacts,
    withdrawn: Vec<String>,
) -> Option<Written> {
    if facts.state == RefundState::Failed {
        return None;
    }
    let language = texts(&order.locale);
    let words = if language.tag == "de" { &DE } else { &EN };
    let date = language.date(order.starts_at, tenant.timezone);
    let amount = language.money(facts.amount, &facts.currency);
    let values = [
        ("event", order.event_title.as_str()),
        ("date", &date),
        ("name", &order.buyer_name),
        ("amount", &amount),
        ("number", &order.number),
    ];
    let say = |pattern: &str| fill(pattern, &values);
    let why = match facts.reason {
        RefundReason::SeatLost => Some(words.seat_lost),
        RefundReason::Cancelled => Some(words.cancelled),
        RefundReason::Postponed => Some(words.postponed),
        RefundReason::Requested | RefundReason::Provider => None,
    };
    let opening: Vec<String> = std::iter::once(words.hello).chain(why).map(say).collect();
    let mut paragraphs = vec![opening.join(" ")];
    if facts.amount > 0 {
        paragraphs.push([say(words.money), words.when.to_owned()].join(" "));
    }
    if facts.tickets_left {
        paragraphs.push(words.rest.to_owned());
    }
    let subject = say(if facts.amount > 0 { words.subject } else { words.subject_free });
    Some(Written {
        subject,
        paragraphs,
        list_heading: words.void.to_owned(),
        list: withdrawn,
        show: words.show.to_owned(),
        order,
    })
}

#[cfg(test)]
mod tests {
    use marquee_core::ids::OrderId;

    use super::*;
    use crate::sample;

    fn written(locale: &str, reason: RefundReason, amount: i64, labels: &[&str]) -> Written {
        let mut order = sample::paper("riverside").order;
        order.locale = locale.to_owned();
        let facts = RefundFacts {
            order_id: OrderId::generate(),
            amount,
            currency: "EUR".parse().unwrap(),
            reason,
            state: RefundState::Requested,
            tickets_left: false,
        };
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        of_refund(&sample::tenant("riverside"), order, &facts, labels).unwrap()
    }

    #[test]
    fn it_says_how_much_and_which_tickets() {
        let letter = written("en-IE", RefundReason::Requested, 5_850, &["Row A · Seat 1"]);
        assert_eq!(letter.subject, "Your refund for The Cherry Orchard, Friday 4 December 2026");
        assert_eq!(letter.paragraphs[0], "Hello Ada Lovelace.");
        assert!(letter.paragraphs[1].contains("€58.50 for your order R7KQ2M"), "{letter:?}");
        assert_eq!(letter.list, ["Row A · Seat 1"]);
        let german = written("de-AT", RefundReason::Cancelled, 5_850, &[]);
        assert!(german.paragraphs[1].contains("58,50\u{a0}€"), "{german:?}");
    }

    #[test]
    fn every_reason_is_told() {
        for reason in RefundReason::ALL {
            let letter = written("en", *reason, 100, &[]);
            let explained = letter.paragraphs[0] != "Hello Ada Lovelace.";
            let silent = matches!(reason, RefundReason::Requested | RefundReason::Provider);
            assert_eq!(explained, !silent, "{reason}");
        }
    }

    #[test]
    fn nothing_is_promised_that_came_to_nothing() {
        let order = sample::paper("riverside").order;
        let facts = RefundFacts {
            order_id: OrderId::generate(),
            amount: 1,
            currency: "EUR".parse().unwrap(),
            reason: RefundReason::Requested,
            state: RefundState::Failed,
            tickets_left: false,
        };
        assert_eq!(of_refund(&sample::tenant("riverside"), order, &facts, Vec::new()), None);
    }

    #[test]
    fn where_nothing_was_paid_no_money_is_promised() {
        let letter = written("en", RefundReason::Requested, 0, &["Floor"]);
        assert_eq!(letter.subject, "Your tickets for The Cherry Orchard, Friday 4 December 2026");
        assert!(!letter.paragraphs.concat().contains('€'), "{letter:?}");
    }
}
