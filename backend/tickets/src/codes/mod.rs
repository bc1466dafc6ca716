//! Ticket codes: what stands in the QR, signed so that a scanner without a network can tell a ticket from a fake.
//!
//! # Format
//! 144 characters of Crockford's base 32 (`0-9A-Z` without `I L O U`, upper case), 90 bytes big-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 0 | version, `1` |
//! | 1 | key id |
//! | 2–17 | ticket id (UUID) |
//! | 18–25 | performance reference: the last eight bytes of the performance's UUID |
//! | 26–89 | Ed25519 signature of bytes 0–25 |
//!
//! The alphabet is a subset of QR's alphanumeric mode: with error correction M a code makes a version 6 symbol of
//! 41 × 41 modules. A code is compared and read as it stands; another case or spacing is another text, hence a fake.
//! Holder and seat are not in it: they are looked up, or come with the device's manifest.

mod base32;
mod error;

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use marquee_core::ids::{PerformanceId, TenantId, TicketId};
use marquee_core::secret::SecretKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use error::CodeError;

/// Characters of a code.
pub const CODE_LENGTH: usize = 144;
/// The key that new codes are signed with.
pub const CURRENT_KEY: KeyId = KeyId(1);

const VERSION: u8 = 1;
const SIGNED: usize = 26;
const SIGNATURE: usize = 64;

/// Which of a tenant's keys signed a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub u8);

/// The public half of a tenant's key: with it a code can be checked, not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    /// Its id among the tenant's keys.
    pub kid: KeyId,
    /// 32 bytes, as Ed25519 (RFC 8032) writes them.
    pub bytes: [u8; 32],
}

/// As much of a performance's id as a code carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PerformanceRef(pub [u8; 8]);

impl From<PerformanceId> for PerformanceRef {
    /// The last eight bytes: those of a UUIDv7 are random, the first ones tell the time.
    fn from(id: PerformanceId) -> Self {
        Self((id.0.as_u128() as u64).to_be_bytes())
    }
}

/// What a genuine code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedCode {
    /// The ticket.
    pub ticket_id: TicketId,
    /// What it is for.
    pub performance: PerformanceRef,
    /// The key that signed it.
    pub kid: KeyId,
}

/// Signs a tenant's codes. The private key is derived from the installation's secret and never stored.
pub struct Signer {
    kid: KeyId,
    key: SigningKey,
}

impl Signer {
    /// The tenant's key with this id.
    pub fn derive(secret: &SecretKey, tenant: TenantId, kid: KeyId) -> Self {
        let seed = secret.derive("ticket-key", &[tenant.0.as_bytes(), &[kid.0]]);
        Self { kid, key: SigningKey::from_bytes(&seed) }
    }

    /// The half that devices get.
    pub fn public_key(&self) -> PublicKey {
        PublicKey { kid: self.kid, bytes: self.key.verifying_key().to_bytes() }
    }

    /// The code of a ticket.
    pub fn sign(&self, ticket: TicketId, performance: PerformanceId) -> String {
        let mut bytes = Vec::with_capacity(SIGNED + SIGNATURE);
        bytes.extend_from_slice(&[VERSION, self.kid.0]);
        bytes.extend_from_slice(ticket.0.as_bytes());
        bytes.extend_from_slice(&PerformanceRef::from(performance).0);
        let signature = self.key.sign(&bytes);
        bytes.extend_from_slice(&signature.to_bytes());
        base32::encode(&bytes)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Reads a code and checks it against a tenant's public keys.
///
/// # Errors
/// [`CodeError`] for whatever this tenant did not sign.
pub fn verify(code: &str, keys: &[PublicKey]) -> Result<VerifiedCode, CodeError> {
    if code.len() != CODE_LENGTH {
        return Err(CodeError::Malformed);
    }
    let bytes = base32::decode(code).ok_or(CodeError::Malformed)?;
    let (signed, signature) = bytes.split_at_checked(SIGNED).ok_or(CodeError::Malformed)?;
    let (head, performance) = signed.split_at_checked(SIGNED - 8).ok_or(CodeError::Malformed)?;
    let [VERSION, kid, ticket @ ..] = head else {
        return Err(CodeError::Malformed);
    };
    let ticket = Uuid::from_slice(ticket).map_err(|_| CodeError::Malformed)?;
    let performance = performance.try_into().map_err(|_| CodeError::Malformed)?;
    let signature = signature.try_into().map_err(|_| CodeError::Malformed)?;
    let kid = KeyId(*kid);
    let key = keys.iter().find(|key| key.kid == kid).ok_or(CodeError::UnknownKey)?;
    let key = VerifyingKey::from_bytes(&key.bytes).map_err(|_| CodeError::UnknownKey)?;
    // The strict check also refuses keys and signatures of small order, under which one signature fits many texts.
    key.verify_strict(signed, &ed25519_dalek::Signature::from_bytes(signature))
        .map_err(|_| CodeError::Forged)?;
    Ok(VerifiedCode { ticket_id: TicketId(ticket), performance: PerformanceRef(performance), kid })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret() -> SecretKey {
        SecretKey::from_hex(&"5a".repeat(32)).unwrap()
    }

    fn tenant(n: u128) -> TenantId {
        TenantId(Uuid::from_u128(n))
    }

    fn signer() -> Signer {
        Signer::derive(&secret(), tenant(1), CURRENT_KEY)
    }

    #[test]
    fn a_code_reads_back() {
        let (ticket, performance) = (TicketId::generate(), PerformanceId::generate());
        let code = signer().sign(ticket, performance);
        assert_eq!(code.len(), CODE_LENGTH);
        assert!(code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{code}");
        let read = verify(&code, &[signer().public_key()]).unwrap();
        assert_eq!(
            read,
            VerifiedCode { ticket_id: ticket, performance: performance.into(), kid: CURRENT_KEY }
        );
    }

    #[test]
    fn keys_differ_by_tenant_and_id() {
        let code = signer().sign(TicketId::generate(), PerformanceId::generate());
        let other = Signer::derive(&secret(), tenant(2), CURRENT_KEY).public_key();
        assert_eq!(verify(&code, &[other]), Err(CodeError::Forged));
        assert_eq!(verify(&code, &[]), Err(CodeError::UnknownKey));
        let next = Signer::derive(&secret(), tenant(1), KeyId(2)).public_key();
        assert_eq!(verify(&code, &[next]), Err(CodeError::UnknownKey));
        assert_eq!(verify(&code, &[PublicKey { kid: CURRENT_KEY, ..next }]), Err(CodeError::Forged));
    }

    #[test]
    fn another_length_or_spelling_is_refused() {
        let keys = [signer().public_key()];
        let code = signer().sign(TicketId::generate(), PerformanceId::generate());
        let spelled = [
            String::new(),
            code.to_lowercase(),
            format!("{code} "),
            format!(" {code}"),
            format!("{code}00000000"),
            code[..CODE_LENGTH - 8].to_owned(),
            code[..CODE_LENGTH - 1].to_owned(),
            "é".repeat(CODE_LENGTH / 2),
            "0".repeat(CODE_LENGTH),
        ];
        for text in spelled {
            assert_eq!(verify(&text, &keys), Err(CodeError::Malformed), "{text}");
        }
    }

    #[test]
    fn every_character_counts() {
        let keys = [signer().public_key()];
        let code = signer().sign(TicketId::generate(), PerformanceId::generate());
        for at in 0..CODE_LENGTH {
            for letter in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars() {
                let mut changed = code.clone();
                changed.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
                assert_eq!(verify(&changed, &keys).is_ok(), changed == code, "{changed}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn one_changed_character_is_a_fake(ticket: u128, performance: u128, at in 0..CODE_LENGTH, letter in "[ -~]") {
            let keys = [signer().public_key(), Signer::derive(&secret(), tenant(1), KeyId(2)).public_key()];
            let code = signer().sign(TicketId(Uuid::from_u128(ticket)), PerformanceId(Uuid::from_u128(performance)));
            prop_assert!(verify(&code, &keys).is_ok());
            let mut changed = code.clone();
            changed.replace_range(at..at + 1, &letter);
            prop_assume!(changed != code);
            prop_assert!(verify(&changed, &keys).is_err(), "{changed}");
        }

        #[test]
        fn any_text_is_answered(text in ".{0,200}") {
            prop_assert!(verify(&text, &[signer().public_key()]).is_err());
        }
    }
}
