//! One cell: a point at which a process dies, under one fault.

use crate::faults::Fault;

/// Which process dies, and in which part of an order's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The server, from the order to the last event.
    Server,
    /// The worker that goes on where a server died in the middle of a confirm.
    Worker,
    /// The command that promises a refund.
    Refund,
    /// The worker that keeps such a promise.
    Refunder,
}

impl Actor {
    /// All, in the order of the rows.
    pub const ALL: [Self; 4] = [Self::Server, Self::Worker, Self::Refund, Self::Refunder];

    /// Those to try: all, or the ones that were asked for by their names in `MARQUEE_ACTORS`, separated by commas.
    pub fn wanted() -> Vec<Self> {
        wanted("MARQUEE_ACTORS", &Self::ALL, Self::name)
    }

    /// For the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Worker => "worker",
            Self::Refund => "refund",
            Self::Refunder => "refunder",
        }
    }
}

/// A row: a point that a process passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whose.
    pub actor: Actor,
    /// `commit:pay.sell:before`
    pub point: String,
}

/// A cell.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Number of its row.
    pub row: usize,
    /// Who dies where.
    pub at: Row,
    /// What else goes wrong.
    pub fault: Fault,
}

/// What came of a cell.
#[derive(Debug)]
pub struct Outcome {
    /// The process died, or stood still, at the very point. Else it was never passed under this fault, and the process was
    /// killed when its caller had an answer.
    pub at_the_point: bool,
    /// It stood still, and was woken while a later try of its order was under way.
    pub woke_in_a_try: bool,
    /// What is wrong afterwards.
    pub wrong: Vec<String>,
    /// From the crash until everything was at rest, in seconds.
    pub took: f64,
}

/// Of all, those that a variable names.
pub fn wanted<T: Copy>(variable: &str, all: &[T], name: fn(T) -> &'static str) -> Vec<T> {
    let names = std::env::var(variable).ok();
    let is_wanted =
        |one: &T| names.as_deref().is_none_or(|names| names.split(',').any(|known| known == name(*one)));
    all.iter().copied().filter(is_wanted).collect()
}
