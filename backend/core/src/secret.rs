//! The installation's secret and what is derived from it: tokens and keys that need no column of their own.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// 32 random bytes that only this installation knows (`MARQUEE_SECRET_KEY`, 64 hex digits).
#[derive(Clone)]
pub struct SecretKey(HmacBlock);

/// A key as HMAC-SHA256 takes it: padded with zeros to one block (RFC 2104).
type HmacBlock = [u8; 64];

/// The key's text is not 64 hex digits.
#[derive(Debug, Error)]
#[error("a secret key is 64 hexadecimal digits")]
pub struct SecretKeyError;

impl SecretKey {
    /// Reads 64 hex digits.
    ///
    /// # Errors
    /// Anything else is refused.
    pub fn from_hex(text: &str) -> Result<Self, SecretKeyError> {
        let mut key: HmacBlock = [0; 64];
        if text.len() != 64 || !text.is_ascii() {
            return Err(SecretKeyError);
        }
        for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
            let digits = text.get(at..at + 2).ok_or(SecretKeyError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| SecretKeyError)?;
        }
        Ok(Self(key))
    }

    /// HMAC-SHA256 over a purpose and its parts, each length-prefixed so that no two lists of parts collide.
    pub fn derive(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new(&self.0.into());
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A bearer token for `purpose` and its parts: 43 characters of URL-safe base64.
    pub fn token(&self, purpose: &str, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.derive(purpose, parts))
    }

    /// Does `token` belong to `purpose` and its parts? Compared in constant time.
    pub fn verifies(&self, purpose: &str, parts: &[&[u8]], token: &str) -> bool {
        self.token(purpose, parts).as_bytes().ct_eq(token.as_bytes()).into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// SHA-256, for tokens that are looked up and for the fingerprints of requests.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A random bearer token of 256 bits: 43 characters of URL-safe base64.
pub fn random_token(rng: &mut impl rand::Rng) -> String {
    let mut bytes = [0_u8; 32];
    rng.fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let key = SecretKey::from_hex(&"ab".repeat(32)).unwrap();
        assert_ne!(key.token("hold", &[b"ab", b"c"]), key.token("hold", &[b"a", b"bc"]));
        assert!(key.verifies("hold", &[b"a"], &key.token("hold", &[b"a"])));
        assert!(!key.verifies("order", &[b"a"], &key.token("hold", &[b"a"])));
        assert!(SecretKey::from_hex("zz").is_err());
    }
}
