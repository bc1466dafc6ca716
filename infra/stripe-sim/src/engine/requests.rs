//! The last calls of the API, for whoever wants to know what was really asked.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

/// How many calls are remembered.
const KEPT: usize = 20_000;

/// A call and how it ended.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// `req_…`, as in the answer's `Request-Id`.
    pub id: String,
    /// Milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Query and body.
    pub params: Value,
    /// The connected account.
    pub account: Option<String>,
    /// The idempotency key.
    pub idempotency_key: Option<String>,
    /// The answer's status; `null` when there was none.
    pub status: Option<u16>,
    /// Whether the answer came from an earlier call with the same key.
    pub replayed: bool,
    /// The fault that hit it.
    pub fault: Option<super::faults::FaultKind>,
}

/// The last calls.
#[derive(Debug, Default)]
pub struct RequestLog(Mutex<VecDeque<Entry>>);

impl RequestLog {
    /// Remembers a call.
    pub fn add(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push_back(entry);
        if entries.len() > KEPT {
            entries.pop_front();
        }
    }

    /// All that are remembered, oldest first.
    pub fn all(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
