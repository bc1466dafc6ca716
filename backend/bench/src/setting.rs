//! How much is measured.

use std::path::PathBuf;

use crate::cli::{Part, Run};
use crate::error::BenchError;

/// How much is measured, and of what.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The folder of the built programs.
    pub bin: PathBuf,
    /// Seconds of one measurement.
    pub seconds: f64,
    /// Times that something interleaved is measured.
    pub rounds: usize,
    /// Seats of the large house.
    pub seats: usize,
    /// Units of the large database.
    pub many_units: usize,
    /// Performances of the large programme.
    pub many_performances: usize,
    /// Hold-and-expire rounds of a churn.
    pub churns: usize,
    /// Buyers of an on-sale.
    pub buyers: usize,
    /// The strategies.
    pub strategies: Vec<String>,
    /// Parts of `holds`.
    pub parts: Vec<Part>,
}

impl Setting {
    /// What the command line asks for.
    ///
    /// # Errors
    /// When this program cannot tell where it lies.
    pub fn of(run: &Run) -> Result<Self, BenchError> {
        let own = std::env::current_exe().map_err(BenchError::system("cannot find this program"))?;
        let beside = || own.parent().map(PathBuf::from).unwrap_or_default();
        let bin = match &run.programs {
            Some(bin) => bin.canonicalize().map_err(BenchError::system("cannot find the programs"))?,
            None => beside(),
        };
        let quick = run.quick;
        Ok(Self {
            bin,
            seconds: if quick { 0.8 } else { 3.0 },
            rounds: if quick { 1 } else { 3 },
            seats: if quick { 6_000 } else { 60_000 },
            many_units: if quick { 60_000 } else { 2_000_000 },
            many_performances: if quick { 100 } else { 1_000 },
            churns: if quick { 2 } else { 20 },
            buyers: if quick { 2_000 } else { 10_000 },
            strategies: run.strategies.clone(),
            parts: run.parts.clone(),
        })
    }
}
