//! Where a device stands in a manifest that it reads page by page and then keeps current.

use data_encoding::BASE64URL_NOPAD;
use uuid::Uuid;

/// A place among scans: microseconds since 1970 at which the server got one, and its id.
pub(crate) type ScanPlace = (i64, Uuid);

/// A place in the manifest. Opaque to devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Tickets that changed after this are told, in microseconds since 1970.
    pub(crate) since: i64,
    /// `since` of the next round, fixed when this one began; none yet where a round is to begin.
    pub(crate) horizon: Option<i64>,
    /// The last ticket told; none when all were.
    pub(crate) tickets: Option<Uuid>,
    /// The last scan told; none when all were.
    pub(crate) scans: Option<ScanPlace>,
}

impl Cursor {
    /// The beginning of a round that tells what changed after `since`.
    pub(crate) fn round(since: i64) -> Self {
        Self { since, horizon: None, tickets: Some(Uuid::nil()), scans: Some((since, Uuid::nil())) }
    }

    /// The text that devices send back.
    pub(crate) fn encode(&self) -> String {
        let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
        let id = |value: Option<Uuid>| value.map(|id| id.simple().to_string()).unwrap_or_default();
        let text = [
            "1".to_owned(),
            self.since.to_string(),
            number(self.horizon),
            id(self.tickets),
            number(self.scans.map(|(at, _)| at)),
            id(self.scans.map(|(_, id)| id)),
        ]
        .join(".");
        BASE64URL_NOPAD.encode(text.as_bytes())
    }

    /// Reads what [`Cursor::encode`] wrote.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let parts: Vec<&str> = text.split('.').collect();
        let ["1", since, horizon, tickets, scan_at, scan_id] = parts.as_slice() else { return None };
        let scan_at = optional(scan_at, time)?;
        let scan_id = optional(scan_id, |id| Uuid::try_parse(id).ok())?;
        Some(Self {
            since: time(since)?,
            horizon: optional(horizon, time)?,
            tickets: optional(tickets, |id| Uuid::try_parse(id).ok())?,
            scans: scan_at.zip(scan_id),
        })
    }
}

/// A time that the database can hold: up to the year 3000.
fn time(text: &str) -> Option<i64> {
    text.parse().ok().filter(|micros| (0..32_503_680_000_000_000).contains(micros))
}

/// Nothing for an empty part; the whole cursor is refused for an unreadable one.
fn optional<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { read(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back() {
        let id = Uuid::from_u128(7);
        for cursor in [
            Cursor::round(0),
            Cursor { since: 5, horizon: Some(9), tickets: None, scans: Some((8, id)) },
            Cursor { since: 5, horizon: Some(9), tickets: Some(id), scans: None },
            Cursor { since: 5, horizon: Some(9), tickets: None, scans: None },
        ] {
            assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let encoded = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let texts = [
            String::new(),
            "?".to_owned(),
            encoded("1.0..."),
            encoded("2.0....."),
            encoded("1.-1...."),
            encoded("1.99999999999999999...."),
            encoded("1.0..x.."),
            encoded("1.0....\0"),
        ];
        for text in texts {
            assert_eq!(Cursor::decode(&text), None, "{text}");
        }
    }
}
