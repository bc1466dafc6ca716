//! The words of mail and paper, and how each language writes dates and prices.

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;
use marquee_core::money::Currency;

/// A language's words. `{…}` stands for what [`fill`] puts there.
#[derive(Debug, PartialEq)]
pub(crate) struct Texts {
    /// BCP 47 tag.
    pub(crate) tag: &'static str,
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) months: [&'static str; 12],
    /// `{weekday}`, `{day}`, `{month}`, `{year}`.
    pub(crate) date: &'static str,
    /// `{date}`, `{time}`.
    pub(crate) date_time: &'static str,
    pub(crate) decimal: char,
    pub(crate) group: char,
    pub(crate) symbol_first: bool,

    /// `{time}`.
    pub(crate) doors: &'static str,
    /// `{n}`, `{of}`.
    pub(crate) ticket_of: &'static str,
    pub(crate) one_ticket: &'static str,
    /// `{n}`.
    pub(crate) tickets: &'static str,
    pub(crate) gate: &'static str,
    pub(crate) or: &'static str,
    pub(crate) ticket: &'static str,
    pub(crate) name: &'static str,
    pub(crate) order: &'static str,
    pub(crate) qr: &'static str,
    pub(crate) admission: &'static str,
    /// `{email}`.
    pub(crate) questions: &'static str,
    /// `{event}`.
    pub(crate) document: &'static str,
    /// `{event}`, `{date}`.
    pub(crate) subject: &'static str,
    /// `{name}`.
    pub(crate) thanks: &'static str,
    pub(crate) attached: &'static str,
    pub(crate) show: &'static str,
    pub(crate) total: &'static str,
    /// `{email}`.
    pub(crate) help: &'static str,
    /// `{brand}`.
    pub(crate) why: &'static str,
}

const EN: Texts = Texts {
    tag: "en",
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    date: "{weekday} {day} {month} {year}",
    date_time: "{date}, {time}",
    decimal: '.',
    group: ',',
    symbol_first: true,
    doors: "Doors {time}",
    ticket_of: "Ticket {n} of {of}",
    one_ticket: "1 ticket",
    tickets: "{n} tickets",
    gate: "Entrance",
    or: " or ",
    ticket: "Ticket",
    name: "Name",
    order: "Order",
    qr: "QR code for the door",
    admission: "Good for one admission. Show this page on paper or on your phone.",
    questions: "Questions? {email}",
    document: "Tickets for {event}",
    subject: "Your tickets for {event}, {date}",
    thanks: "Thank you, {name}.",
    attached: "Your tickets are attached as a PDF to print or keep on your phone. They are also on your order’s page.",
    show: "Show my tickets",
    total: "Total paid",
    help: "Something not right? Reply to this mail or write to {email}.",
    why: "You get this mail because you bought tickets from {brand}.",
};

const DE: Texts = Texts {
    tag: "de",
    weekdays: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    date: "{weekday}, {day}. {month} {year}",
    date_time: "{date}, {time} Uhr",
    decimal: ',',
    group: '.',
    symbol_first: false,
    doors: "Einlass {time} Uhr",
    ticket_of: "Ticket {n} von {of}",
    one_ticket: "1 Ticket",
    tickets: "{n} Tickets",
    gate: "Eingang",
    or: " oder ",
    ticket: "Ticket",
    name: "Name",
    order: "Bestellung",
    qr: "QR-Code für den Einlass",
    admission: "Gilt für einen Einlass. Zeigen Sie diese Seite auf Papier oder auf dem Telefon.",
    questions: "Fragen? {email}",
    document: "Tickets für {event}",
    subject: "Ihre Tickets für {event}, {date}",
    thanks: "Vielen Dank, {name}.",
    attached: "Ihre Tickets hängen als PDF an, zum Drucken oder fürs Telefon. Sie stehen auch auf der Seite Ihrer Bestellung.",
    show: "Meine Tickets zeigen",
    total: "Bezahlt",
    help: "Stimmt etwas nicht? Antworten Sie auf diese Mail oder schreiben Sie an {email}.",
    why: "Sie bekommen diese Mail, weil Sie bei {brand} Tickets gekauft haben.",
};

/// The words of a locale; English where we have no better.
pub(crate) fn texts(locale: &str) -> &'static Texts {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    if language.eq_ignore_ascii_case("de") { &DE } else { &EN }
}

/// `pattern` with each `{name}` replaced once, left to right: what is put in is never read as a pattern.
pub(crate) fn fill(pattern: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(pattern.len() + 32);
    let mut rest = pattern;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        text.push_str(before);
        text.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

impl Texts {
    /// `Friday 4 December 2026`.
    pub(crate) fn date(&self, at: DateTime<Utc>, zone: Tz) -> String {
        let local = at.with_timezone(&zone);
        let word =
            |words: &[&'static str], index: u32| words.get(index as usize).copied().unwrap_or_default();
        fill(
            self.date,
            &[
                ("weekday", word(&self.weekdays, local.weekday().num_days_from_monday())),
                ("day", &local.day().to_string()),
                ("month", word(&self.months, local.month0())),
                ("year", &local.year().to_string()),
            ],
        )
    }

    /// `Friday 4 December 2026, 20:00`.
    pub(crate) fn date_time(&self, at: DateTime<Utc>, zone: Tz) -> String {
        fill(self.date_time, &[("date", &self.date(at, zone)), ("time", &time(at, zone))])
    }

    /// `Doors 19:15`.
    pub(crate) fn doors(&self, at: DateTime<Utc>, zone: Tz) -> String {
        fill(self.doors, &[("time", &time(at, zone))])
    }

    /// `2 tickets`.
    pub(crate) fn count(&self, tickets: usize) -> String {
        if tickets == 1 {
            self.one_ticket.to_owned()
        } else {
            fill(self.tickets, &[("n", &tickets.to_string())])
        }
    }

    /// `€58.00`, `58,00 €`.
    pub(crate) fn money(&self, amount: i64, currency: &Currency) -> String {
        let (digits, symbol) = (currency.minor_digits() as usize, symbol(currency.as_str()));
        let unit = 10_u64.pow(digits as u32);
        let absolute = amount.unsigned_abs();
        let mut number = self.grouped(absolute / unit);
        if digits > 0 {
            number.push(self.decimal);
            number.push_str(&format!("{:0digits$}", absolute % unit));
        }
        let sign = if amount < 0 { "−" } else { "" };
        let gap = if self.symbol_first && symbol.chars().count() == 1 { "" } else { "\u{a0}" };
        if self.symbol_first {
            format!("{sign}{symbol}{gap}{number}")
        } else {
            format!("{sign}{number}{gap}{symbol}")
        }
    }

    fn grouped(&self, number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::with_capacity(digits.len() * 4 / 3 + 4);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(self.group);
            }
            text.push(digit);
        }
        text
    }
}

/// `20:00`.
fn time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%H:%M").to_string()
}

/// The currency's sign or code.
fn symbol(code: &str) -> &str {
    match code {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        "JPY" => "¥",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: i64, currency: &str, locale: &str) -> String {
        texts(locale).money(amount, &currency.parse().unwrap())
    }

    #[test]
    fn prices_read_as_people_write_them() {
        assert_eq!(money(5_850, "EUR", "en-IE"), "€58.50");
        assert_eq!(money(5_850, "EUR", "de-AT"), "58,50\u{a0}€");
        assert_eq!(money(123_456_789, "GBP", "en-GB"), "£1,234,567.89");
        assert_eq!(money(5, "CHF", "en"), "CHF\u{a0}0.05");
        assert_eq!(money(1_200, "JPY", "fr"), "¥1,200");
        assert_eq!(money(-1_050, "USD", "en"), "−$10.50");
        assert!(money(i64::MIN, "EUR", "de").starts_with('−'));
    }

    #[test]
    fn dates_are_told_in_the_tenants_zone() {
        let at: DateTime<Utc> = "2026-12-04T23:30:00Z".parse().unwrap();
        let berlin: Tz = "Europe/Berlin".parse().unwrap();
        assert_eq!(texts("en-IE").date_time(at, berlin), "Saturday 5 December 2026, 00:30");
        assert_eq!(texts("de").date_time(at, Tz::UTC), "Freitag, 4. Dezember 2026, 23:30 Uhr");
        assert_eq!(texts("de").doors(at, berlin), "Einlass 00:30 Uhr");
    }

    #[test]
    fn what_is_filled_in_is_not_read_again() {
        assert_eq!(fill("Thank you, {name}.", &[("name", "{email}")]), "Thank you, {email}.");
        assert_eq!(fill("{a} { {b}", &[("a", "1"), ("b", "2")]), "1 ");
        assert_eq!(texts("en").count(1), "1 ticket");
        assert_eq!(texts("en").count(3), "3 tickets");
    }
}
