//! Which part of the list of events is asked for.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use marquee_core::ids::EventId;
use marquee_core::problem::{FieldError, Problem};
use serde::Deserialize;
use uuid::Uuid;

use crate::Event;

/// Events of a page unless told otherwise.
const DEFAULT_LIMIT: usize = 50;
/// Events of a page at most.
const MAX_LIMIT: usize = 100;
/// Group, moment, id.
const CURSOR_BYTES: usize = 1 + 8 + 16;

/// Where an event stands in the list: what is yet to be played by its next start, then what has been, latest
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cursor {
    over: bool,
    /// Microseconds; reversed for what is over.
    at: i64,
    id: EventId,
}

/// The part that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Page {
    pub(crate) after: Option<Cursor>,
    pub(crate) limit: usize,
}

impl Cursor {
    /// An event's place in the list at `now`.
    pub(crate) fn of(event: &Event, now: DateTime<Utc>) -> Self {
        let starts = |over: bool| {
            let those = event.performances.iter().filter(move |one| (one.ends_at <= now) == over);
            those.map(|one| one.starts_at.timestamp_micros())
        };
        match (starts(false).min(), starts(true).max()) {
            (Some(next), _) => Self { over: false, at: next, id: event.id },
            (None, Some(last)) => Self { over: true, at: last.saturating_neg(), id: event.id },
            (None, None) => Self { over: false, at: i64::MAX, id: event.id },
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: [&[u8]; 3] = [&[u8::from(self.over)], &self.at.to_be_bytes(), self.id.0.as_bytes()];
        f.write_str(&BASE64URL_NOPAD.encode(&parts.concat()))
    }
}

/// Not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadCursor;

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| BadCursor)?;
        let bytes: [u8; CURSOR_BYTES] = bytes.try_into().map_err(|_| BadCursor)?;
        let (group, rest) = bytes.split_first().ok_or(BadCursor)?;
        let (at, id) = rest.split_first_chunk().ok_or(BadCursor)?;
        let over = match group {
            0 => false,
            1 => true,
            _ => return Err(BadCursor),
        };
        let id = EventId(Uuid::from_slice(id).map_err(|_| BadCursor)?);
        Ok(Self { over, at: i64::from_be_bytes(*at), id })
    }
}

/// The query as sent; unknown parameters are nobody's business.
#[derive(Debug, Default, Deserialize)]
struct Query {
    cursor: Option<String>,
    limit: Option<String>,
}

impl Page {
    /// Reads `cursor` and `limit` of a query string.
    ///
    /// # Errors
    /// `validation_failed` naming each that cannot be.
    pub(crate) fn of(query: &str) -> Result<Self, Problem> {
        let query = actix_web::web::Query::<Query>::from_query(query)
            .map_err(|error| Problem::field("", "invalid", error.to_string()))?;
        let mut errors = Vec::new();
        let mut fault = |pointer: &str, code, detail: String| {
            errors.push(FieldError { pointer: pointer.to_owned(), code, detail });
        };
        let after = query.cursor.as_ref().and_then(|text| {
            let cursor = text.parse();
            if cursor.is_err() {
                fault("/cursor", "invalid", "Send the `next` of an earlier page.".to_owned());
            }
            cursor.ok()
        });
        let limit = query.limit.as_ref().map_or(Some(DEFAULT_LIMIT), |text| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let limit = text.parse().ok().filter(|limit| digits && (1..=MAX_LIMIT).contains(limit));
            if limit.is_none() {
                fault("/limit", "out_of_range", format!("Send a number from 1 to {MAX_LIMIT}."));
            }
            limit
        });
        match limit {
            Some(limit) if errors.is_empty() => Ok(Self { after, limit }),
            _ => Err(Problem::fields(errors)),
        }
    }

    /// The page's part of `items`, and the cursor of the next page.
    pub(crate) fn cut<T>(&self, mut items: Vec<(Cursor, T)>) -> (Vec<T>, Option<String>) {
        items.sort_by_key(|(cursor, _)| *cursor);
        items.retain(|(cursor, _)| self.after.is_none_or(|after| *cursor > after));
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = items.last().filter(|_| more).map(|(cursor, _)| cursor.to_string());
        (items.into_iter().map(|(_, item)| item).collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use marquee_core::problem::Code;
    use proptest::prelude::*;

    use super::*;

    fn cursor() -> impl Strategy<Value = Cursor> {
        (any::<bool>(), any::<i64>(), any::<u128>()).prop_map(|(over, at, id)| Cursor {
            over,
            at,
            id: EventId(Uuid::from_u128(id)),
        })
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went(cursor in cursor()) {
            prop_assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
        }

        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn what_looks_like_a_cursor_has_one_spelling(text in "[A-Za-z0-9_-]{30,40}") {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn no_query_breaks_the_reader(query in any::<String>()) {
            if let Ok(page) = Page::of(&query) {
                prop_assert!((1..=MAX_LIMIT).contains(&page.limit));
            }
        }

        #[test]
        fn pages_hold_everything_once(
            cursors in prop::collection::btree_set(cursor(), 0..40),
            limit in 1_usize..=10,
        ) {
            let items: Vec<_> = cursors.iter().rev().map(|cursor| (*cursor, *cursor)).collect();
            let mut seen = Vec::new();
            let mut page = Page { after: None, limit };
            loop {
                let (part, next) = page.cut(items.clone());
                prop_assert!(part.len() <= limit);
                seen.extend(part);
                let Some(next) = next else { break };
                page.after = Some(next.parse().unwrap());
            }
            prop_assert_eq!(seen, cursors.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn limits_are_small_numbers() {
        assert_eq!(Page::of("").unwrap().limit, 50);
        assert_eq!(Page::of("limit=1&utm_source=x").unwrap().limit, 1);
        assert_eq!(Page::of("limit=100").unwrap().limit, 100);
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=",
            "limit=%2B5",
            "limit=1e2",
            "limit=99999999999999999999",
            "limit=1&limit=2",
            "cursor=",
            "cursor=x",
            "cursor=AA==",
        ] {
            let problem = Page::of(query).unwrap_err();
            assert_eq!(problem.code(), Code::ValidationFailed, "{query}");
        }
        let both = Page::of("limit=0&cursor=x").unwrap_err();
        assert_eq!(both.body()["errors"].as_array().unwrap().len(), 2);
    }
}
