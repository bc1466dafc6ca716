//! The door: scanners, their verdicts, and what they need to work without a network.
//!
//! Promises:
//! - a provisioning code makes one device; two who send it at once get one device and one refusal;
//! - a ticket admits once: the key `admissions_inside_key` refuses a second admission until its holder has left;
//! - a scan is kept for ever under the id its device gave it, and its verdict never changes: whoever sends the id
//!   again, at once or later, from this device or another, reads the verdict that was given;
//! - a batch is kept as a whole or not at all;
//! - only hashes of codes and tokens are stored, and a device withdrawn is refused at its next call.
//!
//! # When a scan happened
//! A gate's opening time is compared with the database's clock for a scan sent online. One made offline is placed at
//! `scanned_at + clock_offset_ms`, the offset being what the device's clock must be put forward by to tell the server's
//! time; a scan cannot lie ahead of the server's clock.
//!
//! # Going out
//! `direction: out` of somebody inside is `admit`: they may pass, and the ticket admits again. Leaving needs no gate that
//! takes the ticket and no opening time. Out of somebody who is not inside is `duplicate`, with no `first_scan`: that
//! passage was used up when they left, or they never came in.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod batch;
mod code;
mod cursor;
mod error;
mod invite;
mod manifest;
mod provision;
mod routes;
mod scan;
mod store;
mod types;

pub use error::DoorError;
pub use invite::invite;
pub use manifest::{Manifest, ManifestGate, ManifestKey, ManifestScan, ManifestTicket, manifest};
pub use provision::{DeviceGate, DevicePerformance, NewDevice, ProvisionedDevice, provision};
pub use routes::{ApiDoc, Door, routes};
pub use scan::{ScanBatch, ScanResults, scan};
pub use types::{FirstScan, Scan, ScanResult, ScannedTicket};
