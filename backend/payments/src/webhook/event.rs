//! The envelope of an event; what is in it is looked up afresh.

use data_encoding::HEXLOWER;
use marquee_core::secret::sha256;
use serde_json::Value;
use thiserror::Error;

/// Kind of what has no readable id or type.
const UNREADABLE: &str = "unreadable";

/// A body that is no event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("this is no event: {0}")]
pub struct Malformed(String);

/// What an event is a reason to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// A payment: was it authorised, declined, taken, given up?
    Payment,
    /// All that the provider knows of a payment's money: refunds and disputes too.
    Money,
    /// Nothing that this program acts on.
    Nothing,
}

/// An event as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The provider's id of it; one made of the body where it has none.
    pub id: String,
    /// Its type, such as `payment_intent.succeeded`.
    pub kind: String,
    /// The connected account it is about; empty for the platform's own.
    pub account: String,
    /// Was real money moved? `None`: it does not say so in a way that can be read.
    pub live: Option<bool>,
    /// The provider's id of the payment it is about, if it is about one.
    pub intent: Option<String>,
    /// The provider's id of the charge it is about, if it is about one.
    pub charge: Option<String>,
    /// The body, byte for byte.
    pub payload: String,
}

impl Event {
    /// Reads an event. One of an odd shape is an event all the same: it is kept, and about nothing.
    ///
    /// # Errors
    /// A body that is not JSON.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let payload = std::str::from_utf8(body).map_err(|error| Malformed(error.to_string()))?;
        let envelope: Value = serde_json::from_str(payload).map_err(|error| Malformed(error.to_string()))?;
        let kept = |live, intent, charge, [id, kind, account]: [&str; 3]| Self {
            id: id.to_owned(),
            kind: kind.to_owned(),
            account: account.to_owned(),
            live,
            intent,
            charge,
            payload: payload.to_owned(),
        };
        let account = match member(&envelope, "account") {
            Value::Null => Some(""),
            account => name(account),
        };
        let (Some(id), Some(kind), Some(account)) =
            (name(member(&envelope, "id")), name(member(&envelope, "type")), account)
        else {
            let id = format!("sha256:{}", HEXLOWER.encode(&sha256(body)));
            return Ok(kept(None, None, None, [&id, UNREADABLE, ""]));
        };
        let live = match member(&envelope, "livemode") {
            Value::Null => Some(false),
            live => live.as_bool(),
        };
        let object = member(member(&envelope, "data"), "object");
        let own = |kind: &str| member(object, "object") == kind;
        let intent = reference(if own("payment_intent") {
            member(object, "id")
        } else {
            member(object, "payment_intent")
        });
        let charge = reference(if own("charge") { member(object, "id") } else { member(object, "charge") });
        Ok(kept(live, intent, charge, [id, kind, account]))
    }

    /// What it is a reason to look at, by its type.
    pub fn concern(&self) -> Concern {
        let is = |prefix: &str| self.kind.starts_with(prefix);
        if is("refund.") || is("charge.refund") || is("charge.dispute.") {
            Concern::Money
        } else if is("payment_intent.") || is("charge.") {
            Concern::Payment
        } else {
            Concern::Nothing
        }
    }
}

/// A member of an object; null where it has none, or is none.
fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// A name that a column can hold and an index find.
fn name(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty() && text.len() <= 255 && !text.contains('\0'))
}

/// The id of an object that is named, or given whole.
fn reference(value: &Value) -> Option<String> {
    name(value).or_else(|| name(member(value, "id"))).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payment_is_found_in_it() {
        let own = br#"{"id":"evt_1","type":"payment_intent.succeeded","account":"acct_1","livemode":false,
            "data":{"object":{"object":"payment_intent","id":"pi_1"}}}"#;
        let event = Event::parse(own).unwrap();
        assert_eq!((event.account.as_str(), event.intent.as_deref()), ("acct_1", Some("pi_1")));
        let of_charge = br#"{"id":"evt_2","type":"charge.captured",
            "data":{"object":{"object":"charge","id":"ch_1","payment_intent":{"id":"pi_2"}}}}"#;
        let event = Event::parse(of_charge).unwrap();
        assert_eq!((event.intent.as_deref(), event.charge.as_deref()), (Some("pi_2"), Some("ch_1")));
        let of_dispute = br#"{"id":"evt_3","type":"charge.dispute.created",
            "data":{"object":{"object":"dispute","id":"du_1","charge":"ch_2","payment_intent":null}}}"#;
        let event = Event::parse(of_dispute).unwrap();
        assert_eq!((event.intent, event.charge.as_deref()), (None, Some("ch_2")));
    }

    #[test]
    fn the_type_says_what_to_look_at() {
        for (kind, expected) in [
            ("payment_intent.amount_capturable_updated", Concern::Payment),
            ("charge.succeeded", Concern::Payment),
            ("charge.refunded", Concern::Money),
            ("charge.refund.updated", Concern::Money),
            ("refund.failed", Concern::Money),
            ("charge.dispute.closed", Concern::Money),
            ("payout.paid", Concern::Nothing),
            ("account.updated", Concern::Nothing),
            ("a.type.of.tomorrow", Concern::Nothing),
        ] {
            let body = format!(r#"{{"id":"evt_1","type":"{kind}"}}"#);
            assert_eq!(Event::parse(body.as_bytes()).unwrap().concern(), expected, "{kind}");
        }
    }

    #[test]
    fn an_odd_shape_is_kept_and_about_nothing() {
        for body in [
            r#"{"id":"evt_1","type":"payment_intent.succeeded","data":null}"#,
            r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":[1]}}"#,
            r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"payment_intent":{}}}}"#,
            r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"payment_intent":"a\u0000b"}}}"#,
        ] {
            let event = Event::parse(body.as_bytes()).unwrap();
            assert_eq!((event.id.as_str(), event.intent, event.charge), ("evt_1", None, None), "{body}");
        }
        for body in [
            "[]",
            "null",
            "{}",
            r#"{"id":1,"type":"payment_intent.succeeded"}"#,
            r#"{"id":"","type":"x"}"#,
            r#"{"id":"evt_1","type":"x","account":{}}"#,
        ] {
            let event = Event::parse(body.as_bytes()).unwrap();
            assert_eq!(
                (event.kind.as_str(), event.account.as_str(), event.live),
                (UNREADABLE, "", None),
                "{body}"
            );
            assert_eq!(
                event.id,
                Event::parse(body.as_bytes()).unwrap().id,
                "the same body is the same event"
            );
            assert_eq!(event.concern(), Concern::Nothing);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let deep = "[".repeat(100_000);
        for body in [&b""[..], b"{", b"\xff", deep.as_bytes()] {
            assert!(Event::parse(body).is_err(), "{body:?}");
        }
    }
}
