//! Why a file is not a plan at all.

use super::fault::Fault;

/// A file that could not be read as a seating plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// More bytes than a plan may have.
    #[error("the file has {bytes} bytes; a plan may have {limit}")]
    TooLarge {
        /// Bytes of the file.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Nested deeper, or made of more values, than any plan is.
    #[error("the file is not a seating plan: {reason}")]
    TooComplex {
        /// Which bound was passed.
        reason: &'static str,
    },
    /// Not JSON.
    #[error("the file is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// JSON, but not of the format's shape.
    #[error("the file does not have the shape of a seating plan: {} faults, the first at {}: {}",
            .0.len(), first(.0).0, first(.0).1)]
    Malformed(Vec<Fault>),
}

fn first(faults: &[Fault]) -> (&str, &str) {
    faults.first().map_or(("", ""), |fault| (fault.pointer.as_str(), fault.detail.as_str()))
}
