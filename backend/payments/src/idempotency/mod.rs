//! Idempotent calls (IETF draft `idempotency-key-header`, after Stripe's form of it).
//!
//! A key belongs to a scope (tenant, call, resource) and to one body. What a call changes and the answer stored under
//! its key are one commit. A call that ends in a refusal and changed nothing leaves no key behind; a call whose outcome
//! is not known yet leaves its key begun and open, so that whoever comes with it again goes on instead of starting anew;
//! whoever does the work of processes that died finds such calls as [`unfinished`].

mod store;
mod types;
mod wait;

pub use store::{
    Unfinished, begin, forget, forget_scope, let_go, purge, record, settle, settle_scopes, standing,
    take_over, unfinished,
};
pub use types::{Answer, Call, Fence, Standing};
pub use wait::{PATIENCE, wait};
