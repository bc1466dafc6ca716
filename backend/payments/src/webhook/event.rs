//! The envelope of an event; what is in it is looked up afresh.

use serde::Deserialize;
use thiserror::Error;

/// A body that is no event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("this is no event: {0}")]
pub struct Malformed(String);

/// An event as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The provider's id of it.
    pub id: String,
    /// Its type, such as `payment_intent.succeeded`.
    pub kind: String,
    /// The connected account it is about; empty for the platform's own.
    pub account: String,
    /// Was real money moved?
    pub live: bool,
    /// The payment it is about, if it is about one.
    pub intent: Option<String>,
    /// The body, byte for byte.
    pub payload: String,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    livemode: bool,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    object: Object,
}

#[derive(Default, Deserialize)]
struct Object {
    #[serde(default)]
    object: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    payment_intent: Option<serde_json::Value>,
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// A body that is not JSON of that shape.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let payload = std::str::from_utf8(body).map_err(|error| Malformed(error.to_string()))?;
        let envelope: Envelope =
            serde_json::from_str(payload).map_err(|error| Malformed(error.to_string()))?;
        let named = |text: &str| !text.is_empty() && text.len() <= 255 && !text.contains('\0');
        if !named(&envelope.id) || !named(&envelope.kind) {
            return Err(Malformed("it has no id or type".to_owned()));
        }
        let object = envelope.data.object;
        let intent = match object.object.as_deref() {
            Some("payment_intent") => object.id,
            _ => object.payment_intent.and_then(|value| value.as_str().map(str::to_owned)),
        };
        Ok(Self {
            id: envelope.id,
            kind: envelope.kind,
            account: envelope.account.unwrap_or_default().replace('\0', ""),
            live: envelope.livemode,
            intent: intent.filter(|id| named(id)),
            payload: payload.to_owned(),
        })
    }
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
            "data":{"object":{"object":"charge","id":"ch_1","payment_intent":"pi_2"}}}"#;
        assert_eq!(Event::parse(of_charge).unwrap().intent.as_deref(), Some("pi_2"));
        let other =
            br#"{"id":"evt_3","type":"a.type.of.tomorrow","data":{"object":{"id":"x","payment_intent":{}}}}"#;
        assert_eq!(Event::parse(other).unwrap().intent, None);
    }

    #[test]
    fn nonsense_is_refused() {
        for body in [&b""[..], b"[]", b"{}", b"\xff", br#"{"id":1,"type":"x"}"#, br#"{"id":"","type":"x"}"#] {
            assert!(Event::parse(body).is_err(), "{body:?}");
        }
    }
}
