//! What moved the provider's balance, read page by page, and the ledger beside it.
//!
//! Promises:
//! - every movement of a tenant's account is stored as the provider tells it, once, and never changed; what the provider
//!   kept of it is posted in the same commit;
//! - a movement without a posting (a refund by hand, a payment whose event never came) names an order to look at, until
//!   it has one;
//! - once a day ledger and movements are compared one by one; each difference is a row that stays open until it is gone or
//!   somebody says what it was;
//! - one process reads an account at a time, under a lease with a fence; one that dies is overtaken and nothing is read
//!   twice.
//!
//! Only accounts of tenants are read: what moves the platform's own belongs to several of them.

mod breaks;
mod compare;
mod error;
mod look;
mod read;
mod store;
mod types;

use std::sync::Arc;

use marquee_core::db::Db;

pub use breaks::{breaks, resolve, tenant_of};
pub use error::ReconcileError;
pub use store::{Lease, due, put_back, take};
pub use types::{Break, Compared, Day, Due, Scope, pause};

use crate::Provider;

/// Reads and compares. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reconciler {
    db: Db,
    provider: Arc<dyn Provider>,
}

impl Reconciler {
    /// One that reads from `provider`.
    pub fn new(db: Db, provider: Arc<dyn Provider>) -> Self {
        Self { db, provider }
    }
}
