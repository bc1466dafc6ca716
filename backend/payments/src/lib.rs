//! Payments without a provider's name in them: what a provider can do, idempotent calls, the record of a payment, the
//! events that a provider sends, and the ledger.
//!
//! Promises:
//! - a call to a provider ends in one of four ways: it answered, it declined, it surely did nothing, or nobody knows;
//!   the last is never taken for any of the others;
//! - an idempotency key is bound to one body, and the answer stored under it never changes;
//! - a payment is written only by the one that holds its lease: `fence` grows with each taker, and a writer with an older
//!   one is refused; states move only as [`marquee_entity::orders::PaymentState`] allows;
//! - an event is stored as it came before anything is done about it, once, and is then only a reason to look at the
//!   object itself;
//! - the ledger balances in each transaction, and is only ever added to.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]
#![cfg_attr(test, allow(clippy::print_stderr))]

pub mod budget;
pub mod disputes;
pub mod guard;
pub mod idempotency;
pub mod ledger;
mod provider;
pub mod reconcile;
pub mod record;
pub mod refunds;
pub mod webhook;

pub use budget::{Budget, BudgetLeft, Priority};
pub use provider::{
    CancelIntent, CaptureIntent, ChargeStatus, ConfirmIntent, CreateIntent, CreateRefund, DisputeEvidence,
    Intent, IntentPage, IntentStatus, MovementPage, MovementWindow, Provider, ProviderCharge,
    ProviderDispute, ProviderError, ProviderMovement, ProviderRefund, ProviderRefundStatus, Refusal,
    SubmitEvidence,
};
