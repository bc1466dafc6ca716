//! What every capability stands on: ids, money, time, problems, configuration, telemetry and the database's doors.
//!
//! Promises:
//! - the pools are private: the only ways to the data are [`db::TenantTx`] and [`db::PlatformTx`];
//! - every statement of a `TenantTx` binds its tenant as `$1`, and row-level security stands behind it;
//! - errors reach people as RFC 9457 problems with a stable code ([`problem`]).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod address;
pub mod clock;
pub mod config;
pub mod crash;
pub mod db;
pub mod http;
pub mod ids;
pub mod limits;
pub mod money;
pub mod problem;
pub mod secret;
pub mod telemetry;
