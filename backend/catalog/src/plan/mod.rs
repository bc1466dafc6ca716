//! Seating plans: read, check, repair, write and draw them. Pure: bytes in, values out.
//!
//! A plan comes as pretix's seating-plan JSON ([`parse()`], [`export()`]). Plans found in the world are dirty, so
//! [`check()`] names every fault of every seat, and [`repair()`] makes ids unique and labels unambiguous. A plan
//! without faults becomes a [`Drawing`] for the browser, whose bytes have an address of their own
//! ([`drawing_hash`]), and a list of [`SeatRef`]s, from which the seats of a performance are made.

mod arrange;
mod check;
mod drawing;
mod error;
mod export;
mod fault;
mod generate;
mod geometry;
mod label;
mod parse;
mod reader;
mod repair;
mod rules;
#[cfg(test)]
mod tests;
mod types;

pub use arrange::{SeatRef, seat_refs};
pub use check::{check, check_file};
pub use drawing::{
    AreaShape, CanvasBounds, CanvasSize, Drawing, DrawnArea, DrawnCategory, DrawnSection, DrawnText, Px,
    SeatColumns, drawing_hash,
};
pub use error::PlanError;
pub use export::export;
pub use fault::{CheckReport, Fault, FaultKind};
pub use generate::{BadSeatCount, CATEGORIES, MAX_SEATS, SeatCount, WHEELCHAIR, best_first, bowl};
pub use label::seat_label;
pub use parse::{MAX_BYTES, parse};
pub use repair::{RepairReport, SeatChange, SeatName, repair, repair_file};
pub use types::*;
