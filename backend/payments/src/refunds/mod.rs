//! The record of money on its way back to a buyer: what was promised, how far it got, and who may write to it.
//!
//! A refund is written before the provider is asked, so `requested` is a promise that any process can keep. States move
//! only as [`marquee_entity::money::RefundState`] allows, by whoever holds the newest `fence`.

mod store;
mod types;

pub use store::{
    add_tickets, advance, by_key, by_provider, create, due, lease, note_booked, of_order, put_back, read,
    tickets_of, totals,
};
pub use types::{Created, Due, Learnt, NewRefund, Refund, Totals};
