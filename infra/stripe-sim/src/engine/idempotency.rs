//! Idempotency keys the way Stripe keeps them: the first answer of a call that began to execute, 500s included, by
//! account; refused parameters, 401, 429 and conflicts are not kept.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::call::Call;
use super::errors::ApiError;
use super::state::State;

/// Keys are forgotten after a day, as Stripe says they may be.
const KEPT_SECONDS: i64 = 24 * 3600;

/// The longest key.
const MAX_LENGTH: usize = 255;

/// An answer under its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredAnswer {
    /// The account that the key belongs to.
    pub account: Option<String>,
    /// The key.
    pub key: String,
    /// Digest of method, path and parameters.
    pub fingerprint: String,
    /// HTTP status.
    pub status: u16,
    /// The body, byte for byte.
    pub body: String,
    /// The request that was answered first.
    pub request: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
}

/// Account and key.
pub type Scope = (Option<String>, String);

/// Calls that have begun and not yet been answered.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashSet<Scope>>);

/// Keeps a key in flight as long as it lives.
pub struct Flight<'a> {
    all: &'a InFlight,
    scope: Scope,
}

impl InFlight {
    /// Marks the key as in flight.
    ///
    /// # Errors
    /// 409 `idempotency_key_in_use`.
    pub fn begin(&self, scope: Scope) -> Result<Flight<'_>, ApiError> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(scope.clone()) {
            return Err(ApiError::idempotency_in_use(&scope.1));
        }
        Ok(Flight { all: self, scope })
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.scope);
    }
}

/// Checks a key's form.
///
/// # Errors
/// 400 when it is empty or too long.
pub fn check(key: &str) -> Result<(), ApiError> {
    if key.is_empty() || key.chars().count() > MAX_LENGTH {
        let message = format!("Idempotency keys must be between 1 and {MAX_LENGTH} characters long.");
        return Err(ApiError::invalid(message));
    }
    Ok(())
}

/// Digest of what makes two calls the same call.
pub fn fingerprint(call: &Call) -> String {
    let text = format!("{} {}\n{}", call.method, call.path, call.params.canonical());
    HEXLOWER.encode(&Sha256::digest(text))
}

/// The kept answer, if the key has one and it is not older than a day.
///
/// # Errors
/// 400 `idempotency_error` when the key was used for another call.
pub fn recall<'a>(
    state: &'a State,
    scope: &Scope,
    fingerprint: &str,
    now: i64,
) -> Result<Option<&'a StoredAnswer>, ApiError> {
    match state.answers.get(scope).filter(|answer| answer.created + KEPT_SECONDS > now) {
        None => Ok(None),
        Some(answer) if answer.fingerprint == fingerprint => Ok(Some(answer)),
        Some(_) => Err(ApiError::idempotency_mismatch(&scope.1)),
    }
}
