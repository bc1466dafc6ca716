//! How many calls a provider takes.

/// What is left of a provider's budget of calls, for this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLeft {
    /// Calls a second; none where they are not limited.
    pub rate: Option<u32>,
    /// Calls that could be made at once.
    pub left: u32,
    /// Calls that wait for their turn.
    pub waiting: usize,
}

impl BudgetLeft {
    /// No limit.
    pub const UNLIMITED: Self = Self { rate: None, left: u32::MAX, waiting: 0 };
}
