//! Passwords and keys, drawn once for a state folder and kept there.

use rand::Rng as _;
use serde::{Deserialize, Serialize};

use crate::error::DemoError;
use crate::files;
use crate::layout::Layout;

/// Everything secret. All values are ASCII letters, digits and `_`, so they stand in a URL or a shell file as they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// Of the role that owns the tables.
    pub database_owner: String,
    /// Of the role that serves requests.
    pub database_app: String,
    /// Of the role that crosses tenants.
    pub database_platform: String,
    /// Of Redis.
    pub redis: String,
    /// The simulator's secret key.
    pub stripe_secret_key: String,
    /// The simulator's publishable key.
    pub stripe_publishable_key: String,
    /// Signs events of the platform's own account.
    pub stripe_webhook: String,
    /// Signs events of connected accounts.
    pub stripe_connect_webhook: String,
    /// `MARQUEE_SECRET_KEY`: 64 hex digits.
    pub application: String,
}

impl Secrets {
    /// Reads the folder's secrets, or draws them.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn load_or_draw(layout: &Layout) -> Result<Self, DemoError> {
        if let Some(kept) = files::read_json(&layout.secrets())? {
            return Ok(kept);
        }
        let drawn = Self::draw();
        files::write_json(&layout.secrets(), &drawn)?;
        Ok(drawn)
    }

    fn draw() -> Self {
        Self {
            database_owner: hex(16),
            database_app: hex(16),
            database_platform: hex(16),
            redis: hex(16),
            stripe_secret_key: format!("sk_test_{}", hex(24)),
            stripe_publishable_key: format!("pk_test_{}", hex(24)),
            stripe_webhook: format!("whsec_{}", hex(16)),
            stripe_connect_webhook: format!("whsec_{}", hex(16)),
            application: hex(32),
        }
    }
}

fn hex(bytes: usize) -> String {
    let mut drawn = vec![0u8; bytes];
    rand::rng().fill_bytes(&mut drawn);
    drawn.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_of_the_promised_letters_and_differ() {
        let (one, two) = (Secrets::draw(), Secrets::draw());
        assert_eq!(one.application.len(), 64);
        assert_ne!(one.application, two.application);
        let text = serde_json::to_value(&one).unwrap();
        for value in text.as_object().unwrap().values() {
            assert!(value.as_str().unwrap().chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        }
    }
}
