//! Host → tenant, branding, and staff sign-in.
//!
//! Promises:
//! - a request is served for the tenant of its `Host` header alone; forwarding headers are not believed;
//! - an unknown host, a suspended tenant and an unverified domain look the same: `unknown_host`;
//! - a change of a tenant or a domain reaches every instance within a second, by polling one small function.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod directory;
mod error;
mod host;
mod onboard;
mod routing;
pub mod staff;
mod store;
mod types;

pub use directory::Directory;
pub use error::TenancyError;
pub use host::Host;
pub use onboard::{
    Listed, NewStaff, NewTenant, add_domain, add_platform_staff, add_staff, create_tenant, list, set_status,
};
pub use routing::{CurrentTenant, Hosts, PlatformHost};
pub use types::{ChargeTerms, Tenant};
