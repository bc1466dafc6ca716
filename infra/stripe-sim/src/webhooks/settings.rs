//! How deliveries are disturbed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How deliveries are disturbed. Every setting that is left out is its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Nothing is delivered; what is held goes out when this ends.
    pub paused: bool,
    /// How often each event is delivered.
    pub duplicates: u32,
    /// In random order.
    pub shuffle: bool,
    /// Not before so many milliseconds after the event, on the simulator's clock.
    pub delay_ms: u32,
    /// Signed with another secret.
    pub bad_signature: bool,
    /// What stands as `account` in every event: the wrong one.
    pub account: Option<String>,
    /// What stands as `api_version` in every event.
    pub api_version: Option<String>,
}

impl Settings {
    /// The event as it is sent.
    pub fn disguise(&self, mut event: Value) -> Value {
        let said = [("account", &self.account), ("api_version", &self.api_version)];
        for (name, value) in said {
            if let (Some(value), Value::Object(members)) = (value, &mut event) {
                members.insert(name.into(), json!(value));
            }
        }
        event
    }

    /// What it is signed with, instead of these secrets.
    pub fn sign_with(&self, secrets: Vec<String>) -> Vec<String> {
        if self.bad_signature {
            return secrets.iter().map(|secret| format!("whsec_not_{secret}")).collect();
        }
        secrets
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            paused: false,
            duplicates: 1,
            shuffle: false,
            delay_ms: 0,
            bad_signature: false,
            account: None,
            api_version: None,
        }
    }
}
