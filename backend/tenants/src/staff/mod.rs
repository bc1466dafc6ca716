//! Sign-in of people who work with Marquee: a tenant's staff on the tenant's host, the platform's on its own.
//!
//! Promises:
//! - a wrong address and a wrong password are the same answer after the same work, and both are limited;
//! - passwords are kept as Argon2id (19 MiB, 2 passes) and checked off the HTTP threads, a few at a time;
//! - an access token is good for ten minutes, on the host of its realm alone, and only while its session lasts: signing out
//!   takes effect at the next call;
//! - the refresh token lives in a `__Host-` cookie that no script reads, and only its hash is stored.

mod cookie;
mod error;
mod extract;
mod password;
mod routes;
mod sign_in;
mod store;
mod token;
mod types;

pub use error::StaffError;
pub use extract::{PlatformSession, StaffSession};
pub use password::{PasswordError, hash_password};
pub use routes::{AccessToken, ApiDoc, Credentials, PlatformMe, StaffMe, TenantMe, routes};
pub use sign_in::Staff;
pub use types::{Member, SessionId, normal_email};
