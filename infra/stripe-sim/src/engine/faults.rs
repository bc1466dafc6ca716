//! Faults on demand: which call, how often, and what happens to it.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::ApiError;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection is reset and the call does not happen.
    Refuse,
    /// The call does not happen; the answer has the status in `value`, or the status, code and so on of the object there.
    Status,
    /// The call waits `value` milliseconds before it happens, its idempotency key in flight.
    StallMs,
    /// The call happens; the connection is reset instead of the answer.
    DropResponse,
    /// The call happens; the answer comes `value` milliseconds later.
    DelayMs,
    /// The call happens; what is answered, and kept under its key, is a 500.
    #[serde(rename = "stored_500")]
    Stored500,
    /// The call does not happen; what is answered, and kept under its key, is a 500.
    #[serde(rename = "kept_500")]
    Kept500,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `METHOD /whole/path`; `*` stands for one segment.
    #[serde(rename = "match")]
    pub pattern: String,
    /// How many calls it still hits.
    #[serde(default = "once")]
    pub times: u64,
    /// What happens.
    #[serde(rename = "fault")]
    pub kind: FaultKind,
    /// Status, an answer's parts, or milliseconds.
    #[serde(default)]
    pub value: Value,
}

fn once() -> u64 {
    1
}

impl Fault {
    /// `value` as a number; also when it came as a text.
    pub fn number(&self) -> Option<u64> {
        self.value.as_u64().or_else(|| self.value.as_str().and_then(|text| text.parse().ok()))
    }

    /// The status in `value`, alone or as a member.
    pub fn status(&self) -> Option<u16> {
        let number = self.value.get("status").and_then(Value::as_u64).or_else(|| self.number());
        number.and_then(|status| u16::try_from(status).ok())
    }

    /// What is answered instead of the call made under `key`.
    pub fn refusal(&self, key: Option<&str>) -> ApiError {
        let text = |name: &str| self.value.get(name).and_then(Value::as_str);
        let mut error = match self.status().unwrap_or(500) {
            409 => ApiError::idempotency_in_use(key.unwrap_or("unknown")),
            status => ApiError::with_status(status),
        };
        if let Some(code) = text("code") {
            error = error.code(code);
        }
        if let Some(message) = text("message") {
            message.clone_into(&mut error.message);
        }
        if let Some(code) = text("decline_code") {
            error = error.with("decline_code", code.into());
        }
        if let Some(seconds) = self.value.get("retry_after").and_then(Value::as_u64) {
            error.retry_after = u32::try_from(seconds).ok();
        }
        error
    }

    /// Says what is wrong with the rule, if anything is.
    ///
    /// # Errors
    /// A sentence for people.
    pub fn check(&self) -> Result<(), String> {
        let (method, path) = self.pattern.split_once(' ').unwrap_or_default();
        if method.is_empty() || !path.starts_with('/') {
            return Err(format!(
                "`match` must look like `POST /v1/payment_intents/*/confirm`, not `{}`",
                self.pattern
            ));
        }
        const PARTS: [&str; 5] = ["status", "code", "message", "decline_code", "retry_after"];
        let mut parts = self.value.as_object().into_iter().flat_map(|parts| parts.keys());
        if let Some(unknown) = parts.find(|part| !PARTS.contains(&part.as_str())) {
            return Err(format!("`value` has no member `{unknown}`, only {}", PARTS.join(", ")));
        }
        match (self.kind, self.number()) {
            (FaultKind::Status, _) => match self.status() {
                Some(400..=599) => Ok(()),
                _ => Err("`value` must be a status from 400 to 599, or an object with one".into()),
            },
            (FaultKind::DelayMs | FaultKind::StallMs, Some(_)) => Ok(()),
            (FaultKind::DelayMs | FaultKind::StallMs, None) => Err("`value` must be milliseconds".into()),
            _ => Ok(()),
        }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let Some((wanted, pattern)) = self.pattern.split_once(' ') else { return false };
        let mut segments = path.split('/');
        let same = pattern
            .split('/')
            .all(|part| segments.next().is_some_and(|s| part == s || (part == "*" && !s.is_empty())));
        (wanted == method || wanted == "*") && same && segments.next().is_none()
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds a rule.
    pub fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The rules still in force, oldest first.
    pub fn all(&self) -> Vec<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest rule that hits this call; it counts as used.
    pub fn hit(&self, method: &str, path: &str) -> Option<Fault> {
        if path == "/_sim" || path.starts_with("/_sim/") {
            return None;
        }
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rules.iter_mut().rev().find(|rule| rule.times > 0 && rule.matches(method, path))?;
        rule.times -= 1;
        let hit = rule.clone();
        rules.retain(|rule| rule.times > 0);
        Some(hit)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(pattern: &str, times: u64, kind: FaultKind) -> Fault {
        Fault { pattern: pattern.into(), times, kind, value: json!(5) }
    }

    #[test]
    fn a_star_is_one_segment() {
        let rule = fault("POST /v1/payment_intents/*/confirm", 1, FaultKind::Refuse);
        assert!(rule.matches("POST", "/v1/payment_intents/pi_1/confirm"));
        for (method, path) in [
            ("GET", "/v1/payment_intents/pi_1/confirm"),
            ("POST", "/v1/payment_intents/pi_1"),
            ("POST", "/v1/payment_intents/pi_1/confirm/x"),
            ("POST", "/v1/payment_intents/pi_1/x/confirm"),
            ("POST", "/v1/payment_intents//confirm"),
            ("POST", "/payment_intents/pi_1/confirm"),
        ] {
            assert!(!rule.matches(method, path), "{method} {path}");
        }
    }

    #[test]
    fn the_newest_wins_and_runs_out() {
        let faults = Faults::default();
        faults.add(fault("GET /v1/balance", 2, FaultKind::Refuse));
        faults.add(fault("GET /v1/*", 1, FaultKind::Stored500));
        let kinds: Vec<_> = (0..4).map(|_| faults.hit("GET", "/v1/balance").map(|rule| rule.kind)).collect();
        assert_eq!(
            kinds,
            [Some(FaultKind::Stored500), Some(FaultKind::Refuse), Some(FaultKind::Refuse), None]
        );
        assert!(faults.all().is_empty());
    }

    #[test]
    fn the_controls_are_never_hit() {
        let faults = Faults::default();
        faults.add(fault("GET /_sim/money", 1, FaultKind::Refuse));
        faults.add(fault("GET /*/*", 1, FaultKind::Refuse));
        assert_eq!(faults.hit("GET", "/_sim/money"), None);
    }

    #[test]
    fn a_refusal_has_the_parts_it_was_given() {
        let value =
            json!({ "status": 400, "code": "balance_insufficient", "message": "No.", "retry_after": 7 });
        let rule = Fault { value, ..fault("POST /v1/x", 1, FaultKind::Status) };
        assert!(rule.check().is_ok());
        let error = rule.refusal(None);
        assert_eq!((error.status, error.code.as_deref()), (400, Some("balance_insufficient")));
        assert_eq!((error.message.as_str(), error.retry_after), ("No.", Some(7)));
        let busy = Fault { value: json!(429), ..rule.clone() };
        assert_eq!(busy.refusal(None).retry_after, Some(1));
        let used = Fault { value: json!(409), ..rule.clone() };
        assert!(used.refusal(Some("key-1")).message.contains("key-1"));
        for bad in [json!({ "status": 200 }), json!({ "code": "x" }), json!({ "status": 400, "colour": 1 })] {
            assert!(Fault { value: bad.clone(), ..rule.clone() }.check().is_err(), "{bad}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for bad in ["/v1/x", "POST", "POST v1/x", ""] {
            assert!(fault(bad, 1, FaultKind::Refuse).check().is_err(), "{bad}");
        }
        assert!(fault("POST /v1/x", 1, FaultKind::Status).check().is_err(), "status 5");
        let delay = Fault { value: Value::Null, ..fault("POST /v1/x", 1, FaultKind::DelayMs) };
        assert!(delay.check().is_err());
    }
}
