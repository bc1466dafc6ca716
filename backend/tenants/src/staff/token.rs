//! Access tokens: JWTs of ten minutes, signed with a key of their realm's own.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use marquee_core::clock::SharedClock;
use marquee_core::ids::StaffId;
use marquee_core::secret::SecretKey;
use serde::{Deserialize, Serialize};

use super::StaffError;
use super::types::{Realm, SessionId};

/// Seconds that an access token is good for.
pub(crate) const ACCESS_SECONDS: i64 = 600;
const ISSUER: &str = "sessions";
const ALGORITHM: Algorithm = Algorithm::HS256;
/// Seconds by which the clocks of two instances may differ.
const LEEWAY: u64 = 5;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: StaffId,
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// What a good token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// Who.
    pub(crate) staff: StaffId,
    /// Since which sign-in.
    pub(crate) session: SessionId,
}

/// Makes and reads access tokens.
#[derive(Debug, Clone)]
pub(crate) struct AccessTokens {
    secret: SecretKey,
    clock: SharedClock,
}

impl AccessTokens {
    pub(crate) fn new(secret: SecretKey, clock: SharedClock) -> Self {
        Self { secret, clock }
    }

    /// A new token.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(crate) fn issue(&self, realm: Realm, bearer: Bearer) -> Result<String, StaffError> {
        let now = self.clock.now().timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: realm.to_string(),
            sub: bearer.staff,
            sid: bearer.session,
            iat: now,
            nbf: now,
            exp: now + ACCESS_SECONDS,
        };
        let key = EncodingKey::from_secret(&self.key(realm));
        Ok(jsonwebtoken::encode(&Header::new(ALGORITHM), &claims, &key)?)
    }

    /// Reads a token of this realm; nothing if it is not one, or not now.
    pub(crate) fn read(&self, realm: Realm, token: &str) -> Option<Bearer> {
        let mut rules = Validation::new(ALGORITHM);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "nbf", "exp"]);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[realm]);
        rules.validate_nbf = true;
        rules.leeway = LEEWAY;
        let key = DecodingKey::from_secret(&self.key(realm));
        let read = jsonwebtoken::decode::<Claims>(token, &key, &rules)
            .inspect_err(|error| tracing::debug!(%error, "access token refused"));
        let claims = read.ok()?.claims;
        Some(Bearer { staff: claims.sub, session: claims.sid })
    }

    fn key(&self, realm: Realm) -> [u8; 32] {
        self.secret.derive("access-token", &[realm.to_string().as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{TimeDelta, Utc};
    use marquee_core::clock::{ManualClock, SystemClock};
    use marquee_core::ids::TenantId;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    const A: Realm = Realm::Tenant(TenantId(Uuid::from_u128(1)));
    const B: Realm = Realm::Tenant(TenantId(Uuid::from_u128(2)));

    fn secret() -> SecretKey {
        SecretKey::from_hex(&"5a".repeat(32)).unwrap()
    }

    fn tokens() -> AccessTokens {
        AccessTokens::new(secret(), Arc::new(SystemClock))
    }

    fn tokens_at(offset: i64) -> AccessTokens {
        AccessTokens::new(secret(), Arc::new(ManualClock::at(Utc::now() + TimeDelta::seconds(offset))))
    }

    fn bearer() -> Bearer {
        Bearer { staff: StaffId(Uuid::from_u128(3)), session: SessionId(Uuid::from_u128(4)) }
    }

    /// A token of realm A with these claims changed (null: left out).
    fn changed(changes: &Value) -> String {
        let now = Utc::now().timestamp();
        let mut claims = json!({
            "iss": ISSUER, "aud": A.to_string(), "sub": bearer().staff, "sid": bearer().session,
            "iat": now, "nbf": now, "exp": now + 60,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let key = EncodingKey::from_secret(&tokens().key(A));
        jsonwebtoken::encode(&Header::new(ALGORITHM), &claims, &key).unwrap()
    }

    #[test]
    fn a_token_is_good_in_its_realm_and_time() {
        let token = tokens().issue(A, bearer()).unwrap();
        assert_eq!(tokens().read(A, &token), Some(bearer()));
        assert_eq!(tokens().read(B, &token), None);
        assert_eq!(tokens().read(Realm::Platform, &token), None);
        let platform = tokens().issue(Realm::Platform, bearer()).unwrap();
        assert_eq!(tokens().read(Realm::Platform, &platform), Some(bearer()));
        assert_eq!(tokens().read(A, &platform), None);

        let early = tokens_at(60).issue(A, bearer()).unwrap();
        assert_eq!(tokens().read(A, &early), None, "not yet");
        let late = tokens_at(-ACCESS_SECONDS - 30).issue(A, bearer()).unwrap();
        assert_eq!(tokens().read(A, &late), None, "no more");
    }

    #[test]
    fn every_claim_is_required_and_checked() {
        assert_eq!(tokens().read(A, &changed(&json!({}))), Some(bearer()), "the control");
        let now = Utc::now().timestamp();
        for changes in [
            json!({"iss": null}),
            json!({"iss": "another"}),
            json!({"aud": null}),
            json!({"aud": B.to_string()}),
            json!({"aud": []}),
            json!({"sub": null}),
            json!({"sid": null}),
            json!({"nbf": null}),
            json!({"nbf": now + 60}),
            json!({"exp": null}),
            json!({"exp": now - 60}),
            json!({"exp": (now + 60).to_string()}),
        ] {
            assert_eq!(tokens().read(A, &changed(&changes)), None, "{changes}");
        }
    }

    #[test]
    fn another_algorithm_or_key_is_refused() {
        let now = Utc::now().timestamp();
        let claims = json!({
            "iss": ISSUER, "aud": A.to_string(), "sub": bearer().staff, "sid": bearer().session,
            "iat": now, "nbf": now, "exp": now + 60,
        });
        let key = tokens().key(A);
        let swapped =
            jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims, &EncodingKey::from_secret(&key));
        assert_eq!(tokens().read(A, &swapped.unwrap()), None);
        let foreign =
            jsonwebtoken::encode(&Header::new(ALGORITHM), &claims, &EncodingKey::from_secret(b"guess"));
        assert_eq!(tokens().read(A, &foreign.unwrap()), None);

        let good = changed(&json!({}));
        let payload = good.split('.').nth(1).unwrap();
        // {"alg":"none","typ":"JWT"}
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.");
        for text in [none.as_str(), &good[..good.len() - 2], "", "a.b.c", "..", "not a token"] {
            assert_eq!(tokens().read(A, text), None, "{text}");
        }
    }
}
