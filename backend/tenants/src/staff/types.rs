//! The rules of sign-in, without a database.

use std::fmt;

use marquee_core::ids::{StaffId, TenantId};
use marquee_core::problem::FieldError;
use marquee_entity::tenancy::StaffRole;
use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Bytes of an email address (RFC 5321).
const MAX_EMAIL: usize = 254;
/// Bytes of a password: beyond that it is no password but work for the server.
const MAX_PASSWORD: usize = 1_024;

/// A session of somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, DeriveValueType)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

/// Whose staff somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Realm {
    /// A tenant's.
    Tenant(TenantId),
    /// The platform's own.
    Platform,
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(id) => id.fmt(f),
            Self::Platform => f.write_str("platform"),
        }
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Member {
    /// Their id.
    pub id: StaffId,
    /// Their address, in lower case.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they may do at their tenant; the platform's staff have no role there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<StaffRole>,
}

/// An address as it is stored and compared: without the space around it, in lower case.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// What cannot be an address or a password. The database holds no NUL, and nobody has a line break in an address.
pub(crate) fn faults(email: &str, password: &str) -> Vec<FieldError> {
    let fault = |right: bool, pointer: &str, detail: &str| {
        (!right).then(|| FieldError {
            pointer: pointer.to_owned(),
            code: "invalid",
            detail: detail.to_owned(),
        })
    };
    let is_email = !email.is_empty() && email.len() <= MAX_EMAIL && !email.chars().any(char::is_control);
    let is_password = !password.is_empty() && password.len() <= MAX_PASSWORD;
    [
        fault(is_email, "/email", "An email address."),
        fault(is_password, "/password", "A password of at most 1,024 bytes."),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_without_case_and_space() {
        assert_eq!(normal_email("  Owner@Riverside.Example \n"), "owner@riverside.example");
        assert_eq!(normal_email("ÄÖ@example.org"), "äö@example.org");
    }

    #[test]
    fn what_cannot_be_is_named() {
        assert!(faults("a@b", "x").is_empty());
        let pointers = |email: &str, password: &str| -> Vec<String> {
            faults(email, password).into_iter().map(|fault| fault.pointer).collect()
        };
        assert_eq!(pointers("", ""), ["/email", "/password"]);
        assert_eq!(pointers("a\0@b", "x"), ["/email"]);
        assert_eq!(pointers(&"a".repeat(255), "x"), ["/email"]);
        assert_eq!(pointers("a@b", &"x".repeat(1_025)), ["/password"]);
    }
}
