//! The door's statements.

mod devices;
mod manifest;
mod scans;

pub(crate) use devices::{
    device, device_performances, ensure_gate, gates, insert_device, insert_invite, lock_performance,
    use_invite,
};
pub(crate) use manifest::{scans_since, tickets_since};
pub(crate) use scans::{inside, lock_tickets, record, results};
