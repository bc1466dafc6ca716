//! What reading and writing the catalog may meet.

use marquee_core::db::DbError;
use thiserror::Error;

/// Why the catalog cannot be read.
#[derive(Debug, Clone, Error)]
pub enum CatalogError {
    /// The database is out of reach and nothing is known from before.
    #[error("the catalog cannot be read: {0}")]
    Unavailable(String),
    /// A row cannot be read, or a query failed: a defect.
    #[error("the catalog is unreadable: {0}")]
    Unreadable(String),
}

impl From<DbError> for CatalogError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Contention => Self::Unavailable(error.to_string()),
            DbError::Unique(_) | DbError::NoRow | DbError::Other(_) => Self::Unreadable(error.to_string()),
        }
    }
}
