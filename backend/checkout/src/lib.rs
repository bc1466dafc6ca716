//! From a hold to a paid order: the saga that joins inventory, payments and tickets.
//!
//! Promises:
//! - an order freezes its prices, its charge model, the account and the platform's fee when it is placed;
//! - nothing is called over the network inside a transaction, and every step is persisted before it is taken, so that
//!   any process can go on where another one died;
//! - units are sold before money is taken, and freed only after the provider said that none will be: what was captured
//!   owns its seats, and money that came all the same when they were gone is promised back in the commit that records
//!   it;
//! - the answer of a call to pay is stored in the commit that settles what it reports; an outcome that nobody knows is
//!   never stored as one;
//! - money goes back under a promise that is written first, never more than was captured, and tickets are withdrawn in the
//!   same commit;
//! - two drivers of one payment at once are harmless: each step is guarded by state and fence.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod answer;
mod buyer;
mod change;
mod declines;
mod dispute;
mod drive;
mod ending;
mod error;
mod expire;
mod finish;
mod intent;
mod late;
mod notice;
mod number;
mod pay;
mod place;
mod poll;
mod problem;
mod recover;
mod refund;
mod reissue;
mod routes;
#[cfg(test)]
mod sample;
mod scope;
mod service;
mod settle;
mod show;
mod store;
pub mod timeline;
mod types;
mod webhook;

pub use answer::{PayBody, PlacedBody, Reply};
pub use buyer::{Buyer, BuyerRequest};
pub use change::{
    Cancellation, CancellationBody, ChangeError, ChangeView, ChoiceRequest, Postponement, PostponementBody,
    Progress,
};
pub use dispute::{Evidence, EvidenceError};
pub use error::CheckoutError;
pub use finish::Finished;
pub use notice::NoticeBody;
pub use pay::PayRequest;
pub use place::{OrderRequest, SCOPE as ORDERS_SCOPE};
#[cfg(feature = "negative-control")]
pub use refund::{Guard as RefundGuard, promise_refund};
pub use refund::{RefundBody, RefundError, RefundRequest, RefundView, RefundWhat, TakenOver};
pub use routes::{ApiDoc, routes};
pub use service::{Checkout, CheckoutParts};
pub use show::{OrderBody, PaymentBody};
pub use types::{Line, MAX_ATTEMPTS, Order};
