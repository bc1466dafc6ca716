//! How deliveries are disturbed.

use serde::{Deserialize, Serialize};

/// How deliveries are disturbed. Every setting that is left out is its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Nothing is delivered; what is held goes out when this ends.
    pub paused: bool,
    /// How often each event is delivered.
    pub duplicates: u32,
    /// In random order.
    pub shuffle: bool,
    /// Not before so many milliseconds after the event.
    pub delay_ms: u32,
    /// Signed with another secret.
    pub bad_signature: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { paused: false, duplicates: 1, shuffle: false, delay_ms: 0, bad_signature: false }
    }
}
