//! The demo's supervisor: one command from built binaries to a running house.
//!
//! What it promises:
//! - All state lies under `var/<PORT>/`; a second port runs beside the first, a second start on one port refuses.
//! - Postgres never runs as root, whoever starts the demo and wherever the checkout lies (see [`postgres`]).
//! - A process that dies is started again on the same data and ports, within five seconds (see [`supervise`]).
//! - `demo.json` exists exactly while the demo is ready, and is true: it is replaced whole, never edited.
//! - No process outlives the supervisor: the kernel tells each one when its parent dies, and the next start ends what
//!   is left (see [`leftovers`]).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod app;
pub mod boot;
pub mod cli;
pub mod environment;
pub mod error;
pub mod files;
pub mod layout;
pub mod leftovers;
pub mod lock;
pub mod logs;
pub mod mail;
pub mod manifest;
pub mod ports;
pub mod postgres;
pub mod print;
pub mod probe;
pub mod process;
pub mod redis;
pub mod secrets;
pub mod signals;
pub mod stripe;
pub mod supervise;
