//! The harness of the tests from outside: the real programs over a real database, as the application's own roles.
//!
//! - [`cluster`]: one private Postgres and Redis for the whole test process, with a migrated template in which two tenants
//!   sell a seated and a standing performance each ([`fixtures`]);
//! - [`database`]: a clone of the template for one test;
//! - [`house`]: servers, worker, payment simulator and mail catcher over one clone, each ended when the test ends, also
//!   when it fails, and by the kernel when the test process dies;
//! - [`crowd`], [`stage`], [`ledger`]: ten thousand buyers of one performance, and what must be true of it afterwards;
//! - [`books`]: what must be true of money, whatever happened;
//! - [`campaign`]: how the long campaigns keep apart, repeat and tell;
//! - [`skew`]: a server whose clock is wrong; [`crash`]: one that dies at a given point;
//! - [`client`], [`site`], [`money`], [`mail`]: what a fan, the provider and a mailbox see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a harness fails by panicking, and tells why on standard error"
)]

pub mod books;
pub mod campaign;
pub mod client;
pub mod cluster;
pub mod crash;
pub mod crowd;
pub mod database;
pub mod fixtures;
pub mod house;
pub mod keeper;
pub mod ledger;
pub mod line;
pub mod mail;
pub mod money;
pub mod running;
pub mod schema;
pub mod site;
pub mod skew;
pub mod stage;
pub mod wait;
