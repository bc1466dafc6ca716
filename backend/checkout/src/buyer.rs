//! Who buys: what a buyer may be called, and which address is theirs.

use marquee_core::problem::FieldError;
use serde::Deserialize;

use crate::CheckoutError;

/// Longest address that mail can carry (RFC 5321).
const EMAIL_MAX: usize = 254;
/// Longest part before the `@` (RFC 5321).
const LOCAL_MAX: usize = 64;
/// Longest name, in characters.
const NAME_MAX: usize = 200;
/// Longest language tag worth reading.
const LOCALE_MAX: usize = 35;

/// A buyer as sent.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyerRequest {
    /// Where the tickets go.
    #[schema(max_length = 254)]
    pub email: String,
    /// Any script and emoji; no control characters, no line breaks.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// BCP 47 tag; the site's own language unless told otherwise.
    #[serde(default)]
    pub locale: Option<String>,
}

/// A buyer whose details can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    /// The address as written, without blanks around it.
    pub email: String,
    /// The address in lower case: who counts as the same buyer.
    pub key: String,
    /// The name.
    pub name: String,
    /// BCP 47 tag.
    pub locale: String,
}

impl Buyer {
    /// Reads a buyer; `locale` is the site's own.
    ///
    /// # Errors
    /// `Invalid` with every field at fault.
    pub fn read(request: &BuyerRequest, locale: &str) -> Result<Self, CheckoutError> {
        // Blanks around are a slip of the keyboard; anything else stays, and is judged.
        let email = request.email.trim_matches(' ');
        let name = request.name.trim_matches(' ');
        let locale = request.locale.as_deref().map(str::trim).filter(|tag| !tag.is_empty()).unwrap_or(locale);
        let faults: Vec<FieldError> = [
            check_email(email).map(|detail| fault("/buyer/email", detail)),
            check_name(name).map(|detail| fault("/buyer/name", detail)),
            check_locale(locale).map(|detail| fault("/buyer/locale", detail)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !faults.is_empty() {
            return Err(CheckoutError::Invalid(faults));
        }
        Ok(Self {
            email: email.to_owned(),
            key: email.to_lowercase(),
            name: name.to_owned(),
            locale: locale.to_owned(),
        })
    }
}

fn fault(pointer: &str, detail: &'static str) -> FieldError {
    FieldError { pointer: pointer.to_owned(), code: "invalid", detail: detail.to_owned() }
}

/// What is wrong with an address, if anything: the plain form that every mail server takes is asked for.
fn check_email(email: &str) -> Option<&'static str> {
    let Some((local, domain)) = email.rsplit_once('@') else { return Some("This is no mail address.") };
    let special = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-.".contains(&byte);
    let dots = |text: &str| text.split('.').all(|part| !part.is_empty());
    let label = |text: &str| {
        text.len() <= 63
            && !text.starts_with('-')
            && !text.ends_with('-')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let fits = email.len() <= EMAIL_MAX
        && local.len() <= LOCAL_MAX
        && local.bytes().all(special)
        && dots(local)
        && dots(domain)
        && domain.split('.').all(label);
    (!fits).then_some("This is no mail address.")
}

/// What is wrong with a name, if anything.
fn check_name(name: &str) -> Option<&'static str> {
    match name.chars().count() {
        0 => Some("A name is needed."),
        length if length > NAME_MAX => Some("At most 200 characters."),
        _ if name.chars().any(steers) => Some("No control characters and no line breaks."),
        _ => None,
    }
}

/// Control characters, line and paragraph separators, and the marks that turn the direction of all that follows.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check_locale(tag: &str) -> Option<&'static str> {
    let mut parts = tag.split('-');
    let language = parts
        .next()
        .is_some_and(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    let others =
        parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    (!(language && others && tag.len() <= LOCALE_MAX)).then_some("A language tag such as `en-GB`.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(email: &str, name: &str, locale: Option<&str>) -> Result<Buyer, CheckoutError> {
        let request = BuyerRequest {
            email: email.to_owned(),
            name: name.to_owned(),
            locale: locale.map(str::to_owned),
        };
        Buyer::read(&request, "en-GB")
    }

    fn pointers(error: CheckoutError) -> Vec<String> {
        let CheckoutError::Invalid(faults) = error else { panic!("{error}") };
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn people_of_any_script_may_buy() {
        for name in ["משה", "李小龍", "O'Brien-Ñandú", "👩‍👩‍👧", "X Æ A-12", &"é".repeat(200)]
        {
            assert_eq!(read("a@b.example", name, None).unwrap().name, name);
        }
    }

    #[test]
    fn one_buyer_however_the_address_is_written() {
        let buyer = read("  Ada.Lovelace@Example.COM ", "Ada", Some("fr")).unwrap();
        assert_eq!(buyer.email, "Ada.Lovelace@Example.COM");
        assert_eq!(buyer.key, "ada.lovelace@example.com");
        assert_eq!(buyer.locale, "fr");
        assert_eq!(read("a+b@localhost", "A", None).unwrap().locale, "en-GB");
    }

    #[test]
    fn what_could_steer_mail_or_text_is_refused() {
        for name in [
            "",
            "  ",
            "a\0b",
            "a\nb",
            "Ada\n",
            "\tAda",
            "Ada\u{85}",
            "a\r\nBcc: x@y",
            "a\u{2028}b",
            "a\u{202e}b",
            "\u{7f}",
            &"x".repeat(201),
        ] {
            assert_eq!(pointers(read("a@b.example", name, None).unwrap_err()), ["/buyer/name"], "{name:?}");
        }
        let long = format!("{}@b.example", "a".repeat(65));
        let longer = format!("a@{}example", "b.".repeat(130));
        for email in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b c",
            "a@@b",
            "a\n@b",
            "a@b\r\nBcc: c",
            "<a@b>",
            "a,b@c",
            "a..b@c",
            ".a@b",
            "a@b..c",
            "a@-b",
            "a@b.",
            "ä@b",
            &long,
            &longer,
        ] {
            assert_eq!(pointers(read(email, "A", None).unwrap_err()), ["/buyer/email"], "{email:?}");
        }
        for locale in ["x", "e n", "en_GB", "en-", "../../x", "en-GB-aaaaaaaaa"] {
            assert_eq!(
                pointers(read("a@b", "A", Some(locale)).unwrap_err()),
                ["/buyer/locale"],
                "{locale:?}"
            );
        }
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let all = ["/buyer/email", "/buyer/name", "/buyer/locale"];
        assert_eq!(pointers(read("x", "", Some("?")).unwrap_err()), all);
    }
}
