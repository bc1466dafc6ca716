//! Signatures of the form `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>` (docs.stripe.com/webhooks).

use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

/// How far the time of a signature may be from now.
pub const TOLERANCE_SECONDS: i64 = 300;
/// Signatures looked at in one header; a sender has one for each secret of a rotation.
const MAX_SIGNATURES: usize = 8;

/// Why an event is not taken for genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadSignature {
    /// The header is missing or of another form.
    #[error("the signature header cannot be read")]
    Unreadable,
    /// Signed too long ago, or in the future.
    #[error("the signature is too old")]
    Stale,
    /// Signed by somebody else, or changed on the way.
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks `body` against a signature header made with any of `secrets`, at `now` (Unix seconds).
///
/// # Errors
/// Says what is wrong with it.
pub fn verify(header: &str, body: &[u8], secrets: &[String], now: i64) -> Result<(), BadSignature> {
    let mut time: Option<(&str, i64)> = None;
    let mut given = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) if time.is_none() => {
                time = Some((text, text.parse().map_err(|_| BadSignature::Unreadable)?));
            }
            Some(("t", _)) => return Err(BadSignature::Unreadable),
            Some(("v1", hex)) if given.len() < MAX_SIGNATURES => {
                given.extend(HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok());
            }
            _ => {}
        }
    }
    let (text, time) = time.ok_or(BadSignature::Unreadable)?;
    if given.is_empty() {
        return Err(BadSignature::Unreadable);
    }
    let mut genuine = Choice::from(0);
    for secret in secrets {
        let expected = mac(secret, text, body);
        for one in &given {
            genuine |= expected.as_slice().ct_eq(one);
        }
    }
    if !bool::from(genuine) {
        return Err(BadSignature::Mismatch);
    }
    if now.saturating_sub(time).saturating_abs() > TOLERANCE_SECONDS {
        return Err(BadSignature::Stale);
    }
    Ok(())
}

/// The header that a sender with `secret` makes at `time` (Unix seconds).
pub fn sign(secret: &str, body: &[u8], time: i64) -> String {
    let text = time.to_string();
    format!("t={text},v1={}", data_encoding::HEXLOWER.encode(&mac(secret, &text, body)))
}

fn mac(secret: &str, time: &str, body: &[u8]) -> [u8; 32] {
    let mut mac = keyed(secret.as_bytes());
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// HMAC takes keys of any length: longer ones than a block are hashed first (RFC 2104).
fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    let mut block = [0_u8; 64];
    if secret.len() > block.len() {
        block[..32].copy_from_slice(&marquee_core::secret::sha256(secret));
    } else {
        for (to, from) in block.iter_mut().zip(secret) {
            *to = *from;
        }
    }
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn secrets(list: &[&str]) -> Vec<String> {
        list.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn a_known_signature_matches() {
        // printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
        let own = sign("whsec_test", br#"{"id":"evt_1"}"#, NOW);
        let known = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
        assert_eq!(own, format!("t=1700000000,v1={known}"));
        assert_eq!(verify(&own, br#"{"id":"evt_1"}"#, &secrets(&["whsec_test"]), NOW), Ok(()));
    }

    #[test]
    fn any_of_several_secrets_will_do() {
        let header = sign("new", b"{}", NOW);
        assert_eq!(verify(&header, b"{}", &secrets(&["old", "new"]), NOW), Ok(()));
        let both = format!("{},v1={}", sign("other", b"{}", NOW), header.split_once("v1=").unwrap().1);
        assert_eq!(verify(&both, b"{}", &secrets(&["new"]), NOW), Ok(()));
    }

    #[test]
    fn whatever_was_changed_does_not_match() {
        let header = sign("secret", b"{}", NOW);
        let known = secrets(&["secret"]);
        assert_eq!(verify(&header, b"{ }", &known, NOW), Err(BadSignature::Mismatch));
        assert_eq!(verify(&header, b"{}", &secrets(&["other"]), NOW), Err(BadSignature::Mismatch));
        assert_eq!(verify(&header, b"{}", &[], NOW), Err(BadSignature::Mismatch));
        let moved = header.replace(&NOW.to_string(), &(NOW + 1).to_string());
        assert_eq!(verify(&moved, b"{}", &known, NOW), Err(BadSignature::Mismatch));
        let older_scheme = header.replace("v1=", "v0=");
        assert_eq!(verify(&older_scheme, b"{}", &known, NOW), Err(BadSignature::Unreadable));
    }

    #[test]
    fn old_and_future_signatures_are_refused() {
        let known = secrets(&["secret"]);
        for (at, expected) in [
            (NOW - 300, Ok(())),
            (NOW + 300, Ok(())),
            (NOW - 301, Err(BadSignature::Stale)),
            (NOW + 301, Err(BadSignature::Stale)),
            (i64::MIN, Err(BadSignature::Stale)),
        ] {
            assert_eq!(verify(&sign("secret", b"{}", at), b"{}", &known, NOW), expected, "{at}");
        }
    }

    #[test]
    fn nonsense_is_unreadable() {
        for header in ["", "t=", "v1=00", "t=x,v1=00", "t=1,v1=zz", "t=1,t=2,v1=00", "t=1"] {
            assert_eq!(verify(header, b"", &secrets(&["s"]), 1), Err(BadSignature::Unreadable), "{header}");
        }
    }

    #[test]
    fn long_secrets_are_hashed_first() {
        let long = "s".repeat(100);
        assert_eq!(verify(&sign(&long, b"{}", NOW), b"{}", &secrets(&[&long]), NOW), Ok(()));
    }
}
