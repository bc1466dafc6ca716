//! Passwords: Argon2id, checked a few at a time because each check takes 19 MiB and some tens of milliseconds.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use thiserror::Error;
use tokio::sync::Semaphore;

use super::StaffError;

/// Memory in KiB, passes, lanes: OWASP ASVS's least for Argon2id.
const COST: (u32, u32, u32) = (19 * 1_024, 2, 1);
/// Passwords checked at the same time.
const AT_ONCE: usize = 4;
/// How long a check waits for its turn.
const PATIENCE: Duration = Duration::from_secs(3);

/// A password could not be hashed.
#[derive(Debug, Error)]
#[error("the password cannot be hashed: {0}")]
pub struct PasswordError(String);

/// What is stored of a password: a PHC string with its own salt and costs.
///
/// # Errors
/// When the machine gives no random salt.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    let fault = |error: &dyn std::fmt::Display| PasswordError(error.to_string());
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| fault(&error))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password(password.as_bytes()).map_err(|error| fault(&error))?;
    Ok(hash.to_string())
}

/// The hash that stands in for an account that does not exist, so that its check takes as long.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_password("nobody's password").ok());

/// Does the password fit? Without a stored hash the same work is done for nothing.
fn fits(password: &str, stored: Option<&str>) -> bool {
    let hash = stored.or(NOBODY.as_deref());
    let Some(hash) = hash.and_then(|hash| PasswordHash::new(hash).ok()) else {
        tracing::error!("a stored password hash cannot be read");
        return false;
    };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && stored.is_some()
}

/// Checks passwords off the HTTP threads.
#[derive(Debug, Clone)]
pub(crate) struct Passwords(Arc<Semaphore>);

impl Passwords {
    pub(crate) fn new() -> Self {
        // Made now: the first unknown address must not take longer than a known one.
        LazyLock::force(&NOBODY);
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// Does the password fit what is stored of it? Never, where nothing is.
    ///
    /// # Errors
    /// `Busy` when too many others wait.
    pub(crate) async fn fit(&self, password: String, stored: Option<String>) -> Result<bool, StaffError> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(StaffError::Busy) };
        let check = move || {
            // Held until the work is done, also when nobody waits for it any more.
            let _turn = turn;
            fits(&password, stored.as_deref())
        };
        tokio::task::spawn_blocking(check).await.map_err(|_| StaffError::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_alone() {
        let hash = hash_password("correct horse 🐴").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("correct horse 🐴").unwrap(), "each has its salt");
        assert!(fits("correct horse 🐴", Some(&hash)));
        assert!(!fits("correct horse", Some(&hash)));
        assert!(!fits("", Some(&hash)));
    }

    #[test]
    fn nobody_has_no_password() {
        assert!(!fits("nobody's password", None));
        assert!(!fits("x", Some("not a hash")));
        assert!(!fits("x", Some("")));
    }
}
