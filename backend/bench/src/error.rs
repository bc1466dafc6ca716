//! Why a benchmark could not be run, for the person at the terminal.

use marquee_demo::error::DemoError;
use thiserror::Error;

/// What stopped a benchmark. A figure short of its target is no error.
#[derive(Debug, Error)]
pub enum BenchError {
    /// A process, folder or port could not be had.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The database refused something.
    #[error("the database: {0}")]
    Sql(#[from] sqlx::Error),
    /// The system refused something.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system answered.
        source: std::io::Error,
    },
    /// Something did not come out as it must for the figures to mean anything.
    #[error("{0}")]
    Failed(String),
}

impl BenchError {
    /// A failure in words.
    pub fn failed(why: impl std::fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// An I/O error with what was tried.
    pub fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
