//! What can go wrong while a page is made.

use thiserror::Error;

/// Why a page could not be shown.
#[derive(Debug, Error)]
pub enum PageError {
    /// There is no such event, performance or page at this site.
    #[error("not found")]
    NotFound,
    /// What the page shows cannot be had at the moment.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A theme's file is missing or does not parse, or a template asked for what is not there.
    #[error("theme `{theme}`: {reason}")]
    Theme {
        /// The theme's name.
        theme: String,
        /// What is wrong, with the file and place where known.
        reason: String,
    },
    /// A picture could not be drawn.
    #[error("poster: {0}")]
    Poster(String),
}
