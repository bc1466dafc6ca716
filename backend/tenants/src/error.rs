use marquee_core::db::DbError;
use thiserror::Error;

/// What reading the directory may meet.
#[derive(Debug, Error)]
pub enum TenancyError {
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A tenant's row cannot be read.
    #[error("tenant `{tenant}`: {why}")]
    Row {
        /// Slug or host.
        tenant: String,
        /// What is wrong.
        why: String,
    },
}
