//! Rules for what promoters supply: bounded, printable, in range. Every fault is collected, none stops the
//! rest.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use crate::{InputFault, WriteError};

/// Names and titles, in characters.
pub(crate) const NAME: usize = 200;
/// A short text.
pub(crate) const SUMMARY: usize = 1_000;
/// A long text.
pub(crate) const DESCRIPTION: usize = 20_000;

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<InputFault>);

/// What a text may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    max: usize,
    required: bool,
    lines: bool,
}

impl Text {
    /// One line that says something.
    pub(crate) fn required(max: usize) -> Self {
        Self { max, required: true, lines: false }
    }

    /// One line, or nothing.
    pub(crate) fn optional(max: usize) -> Self {
        Self { max, required: false, lines: false }
    }

    /// Paragraphs, or nothing.
    pub(crate) fn paragraphs(max: usize) -> Self {
        Self { max, required: false, lines: true }
    }
}

impl Faults {
    /// Nothing is written unless there is no fault.
    pub(crate) fn finish(self) -> Result<(), WriteError> {
        if self.0.is_empty() { Ok(()) } else { Err(WriteError::Invalid(self.0)) }
    }

    pub(crate) fn add(&mut self, field: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(InputFault { field: field.into(), code, detail: detail.into() });
    }

    /// Adds a fault unless `holds`.
    pub(crate) fn check(&mut self, holds: bool, field: &str, code: &'static str, detail: &str) {
        if !holds {
            self.add(field, code, detail);
        }
    }

    pub(crate) fn text(&mut self, field: impl Into<String>, text: &str, rule: Text) {
        let breaks = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
        let forbidden =
            |c: char| if rule.lines { c.is_control() && c != '\n' } else { c.is_control() || breaks(c) };
        if text.chars().any(forbidden) {
            self.add(field, "control_character", "control characters and line breaks are not allowed here");
        } else if rule.required && text.trim().is_empty() {
            self.add(field, "blank", "must not be blank");
        } else if text.chars().count() > rule.max {
            self.add(field, "too_long", format!("has more than {} characters", rule.max));
        }
    }

    /// Lower-case letters, digits and inner hyphens, as in addresses.
    pub(crate) fn slug(&mut self, field: &str, text: &str) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=100).contains(&text.len())
            && text.bytes().all(plain)
            && !text.starts_with('-')
            && !text.ends_with('-');
        self.check(fits, field, "format", "must be 1 to 100 lower-case letters, digits and inner hyphens");
    }

    /// `#rrggbb`.
    pub(crate) fn color(&mut self, field: impl Into<String>, text: &str) {
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.add(field, "format", "must be a colour, #rrggbb");
        }
    }

    pub(crate) fn range<T: PartialOrd + std::fmt::Display>(
        &mut self,
        field: impl Into<String>,
        value: T,
        range: RangeInclusive<T>,
    ) {
        if !range.contains(&value) {
            self.add(field, "out_of_range", format!("must be {} to {}", range.start(), range.end()));
        }
    }

    /// A list has at least one entry where it must, and not too many.
    pub(crate) fn length(&mut self, field: impl Into<String>, length: usize, range: RangeInclusive<usize>) {
        if length < *range.start() {
            self.add(field, "empty", format!("needs at least {}", range.start()));
        } else if length > *range.end() {
            self.add(field, "too_many", format!("has more than {}", range.end()));
        }
    }

    /// No two entries read alike; `field` names the place of an entry.
    pub(crate) fn distinct<'a>(
        &mut self,
        names: impl IntoIterator<Item = &'a str>,
        field: impl Fn(usize) -> String,
    ) {
        let mut seen = HashSet::new();
        for (at, name) in names.into_iter().enumerate() {
            if !seen.insert(name.trim()) {
                self.add(field(at), "duplicate", format!("`{name}` is there twice"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(check: impl FnOnce(&mut Faults)) -> Vec<&'static str> {
        let mut faults = Faults::default();
        check(&mut faults);
        faults.0.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn any_script_is_a_name_but_no_control_character() {
        for name in ["משה", "李小龍", "🎭 Ólafur", &"x".repeat(200)] {
            assert!(codes(|f| f.text("name", name, Text::required(NAME))).is_empty(), "{name}");
        }
        for (name, code) in [
            ("", "blank"),
            (" \u{3000}", "blank"),
            ("a\0b", "control_character"),
            ("a\nb", "control_character"),
            ("a\u{2028}b", "control_character"),
            ("a\u{85}b", "control_character"),
            (&"x".repeat(201), "too_long"),
            (&"x".repeat(10_000_000), "too_long"),
        ] {
            assert_eq!(codes(|f| f.text("name", name, Text::required(NAME))), [code], "{code}");
        }
        assert!(codes(|f| f.text("text", "a\n\nb", Text::paragraphs(10))).is_empty());
        assert_eq!(codes(|f| f.text("text", "a\r\nb", Text::paragraphs(10))), ["control_character"]);
    }

    #[test]
    fn slugs_and_colours() {
        for slug in ["a", "the-cherry-orchard", "2001"] {
            assert!(codes(|f| f.slug("slug", slug)).is_empty(), "{slug}");
        }
        for slug in ["", "-a", "a-", "A", "a b", "ä", "a/b", &"a".repeat(101)] {
            assert_eq!(codes(|f| f.slug("slug", slug)), ["format"], "{slug}");
        }
        assert!(codes(|f| f.color("color", "#00ffAA")).is_empty());
        for color in ["", "red", "#fff", "#00ffag", "#00ff00;x", "00ff000"] {
            assert_eq!(codes(|f| f.color("color", color)), ["format"], "{color}");
        }
    }
}
