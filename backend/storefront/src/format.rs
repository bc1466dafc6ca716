//! Dates and prices as people say them.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;
use fluent_bundle::FluentArgs;
use marquee_core::money::Currency;
use serde::Serialize;

use crate::i18n::Texts;

/// How a locale writes numbers and prices.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct NumberStyle {
    decimal: char,
    group: char,
    symbol_first: bool,
}

/// Decimal mark, group mark and the symbol's place of a language, from CLDR.
pub fn number_style(locale: &str) -> NumberStyle {
    let style = |decimal, group, symbol_first| NumberStyle { decimal, group, symbol_first };
    match locale {
        "de-CH" | "de-LI" => return style('.', '’', true),
        "de-AT" => return style(',', '.', true),
        _ => {}
    }
    match locale.split('-').next().unwrap_or_default() {
        "de" | "es" | "it" | "da" | "el" | "hr" | "sl" | "ro" => style(',', '.', false),
        "nl" | "pt" | "tr" => style(',', '.', true),
        "fr" | "cs" | "pl" | "sv" | "nb" | "fi" | "sk" | "uk" | "ru" | "bg" | "hu" => {
            style(',', '\u{202f}', false)
        }
        _ => style('.', ',', true),
    }
}

/// The sign of a currency, or its code.
fn symbol(currency: &str) -> &str {
    match currency {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        "JPY" => "¥",
        "INR" => "₹",
        "KRW" => "₩",
        "ILS" => "₪",
        "UAH" => "₴",
        other => other,
    }
}

/// A price: `€58.00`, `58,00 €`, `CHF 58.00`.
pub fn money(amount: i64, currency: &Currency, locale: &str) -> String {
    let style = number_style(locale);
    let digits = currency.minor_digits();
    let unit = 10_u64.pow(digits);
    let absolute = amount.unsigned_abs();
    let mut number = grouped(absolute / unit, style.group);
    if digits > 0 {
        number.push(style.decimal);
        number.push_str(&format!("{:0width$}", absolute % unit, width = digits as usize));
    }
    let sign = if amount < 0 { "−" } else { "" };
    let symbol = symbol(currency.as_str());
    let spaced = symbol.chars().count() > 1 || ["de", "nl", "pt"].iter().any(|one| locale.starts_with(one));
    match (style.symbol_first, spaced) {
        (true, false) => format!("{sign}{symbol}{number}"),
        (true, true) => format!("{sign}{symbol}\u{a0}{number}"),
        (false, _) => format!("{sign}{number}\u{a0}{symbol}"),
    }
}

/// Digits in groups of three.
fn grouped(number: u64, mark: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// A moment in the ways that pages say it.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    /// RFC 3339 with the zone's offset, for `<time datetime>`.
    pub iso: String,
    /// `Fri`.
    pub weekday: String,
    /// `4`.
    pub day: u32,
    /// `Dec`.
    pub month: String,
    /// `December`.
    pub month_long: String,
    /// `2026`.
    pub year: i32,
    /// `2026-12`, to group by.
    pub month_key: String,
    /// `20:00`.
    pub time: String,
    /// `Fri 4 Dec`.
    pub date: String,
    /// `Friday 4 December 2026`.
    pub date_long: String,
}

/// Says moments in one zone and language.
pub struct Calendar<'a> {
    /// The zone.
    pub zone: Tz,
    /// The texts.
    pub texts: &'a Texts,
    /// The language.
    pub language: &'a str,
}

impl Calendar<'_> {
    /// A moment in this zone and language.
    pub fn moment(&self, at: DateTime<Utc>) -> Moment {
        let local = at.with_timezone(&self.zone);
        let word = |key: String| self.texts.get(self.language, &key, None).unwrap_or_default();
        let weekday_number = local.weekday().num_days_from_monday() + 1;
        let weekday = word(format!("weekday-short-{weekday_number}"));
        let month = word(format!("month-short-{}", local.month()));
        let month_long = word(format!("month-{}", local.month()));
        let date = self.date("date-short", &weekday, local.day(), &month, local.year());
        let weekday_long = word(format!("weekday-{weekday_number}"));
        let date_long = self.date("date-long", &weekday_long, local.day(), &month_long, local.year());
        Moment {
            iso: local.to_rfc3339(),
            weekday,
            day: local.day(),
            month,
            month_long,
            year: local.year(),
            month_key: format!("{:04}-{:02}", local.year(), local.month()),
            time: format!("{:02}:{:02}", local.hour(), local.minute()),
            date,
            date_long,
        }
    }

    fn date(&self, key: &str, weekday: &str, day: u32, month: &str, year: i32) -> String {
        let mut args = FluentArgs::new();
        args.set("weekday", weekday);
        args.set("day", day.to_string());
        args.set("month", month);
        args.set("year", year.to_string());
        self.texts.get(self.language, key, Some(&args)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_as_people_write_them() {
        let mut lines = String::new();
        for (locale, amount, currency) in [
            ("en-IE", 5800, "EUR"),
            ("en-GB", 1_234_567, "GBP"),
            ("en-IE", 0, "EUR"),
            ("en-US", -550, "USD"),
            ("en-GB", 5800, "CHF"),
            ("de-DE", 123_456, "EUR"),
            ("de-AT", 123_456, "EUR"),
            ("de-CH", 12_345_678, "CHF"),
            ("fr-FR", 123_456, "EUR"),
            ("nl-NL", 5800, "EUR"),
            ("ja-JP", 5800, "JPY"),
            ("en-GB", 5_800_500, "KWD"),
            ("en-IE", i64::MIN, "EUR"),
        ] {
            let currency: Currency = currency.parse().unwrap();
            let price = money(amount, &currency, locale);
            lines.push_str(&format!("{locale} {amount} {currency}: {price}\n").replace('\u{a0}', "~"));
        }
        insta::assert_snapshot!(lines);
    }

    #[test]
    fn dates_as_people_say_them() {
        let sources = ["dates.ftl"].map(|file| {
            let source = crate::theme::text(&format!("base/locales/en/{file}")).unwrap();
            ("en".to_owned(), file.to_owned(), source)
        });
        let texts = Texts::new("base", &sources).unwrap();
        let mut lines = Vec::new();
        for (zone, at) in [
            (chrono_tz::Europe::Dublin, "2026-12-04T20:00:00Z"),
            (chrono_tz::Europe::London, "2026-07-31T23:30:00Z"),
            (chrono_tz::Europe::Berlin, "2026-10-25T00:30:00Z"),
            (chrono_tz::America::New_York, "2027-01-01T04:59:00Z"),
        ] {
            let calendar = Calendar { zone, texts: &texts, language: "en" };
            let moment = calendar.moment(at.parse().unwrap());
            lines.push(format!(
                "{at} {zone}: {}, {} | {} | {}",
                moment.date, moment.time, moment.date_long, moment.iso
            ));
        }
        insta::assert_snapshot!(lines.join("\n"));
    }
}
