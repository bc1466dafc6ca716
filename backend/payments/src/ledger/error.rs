use marquee_core::db::DbError;
use thiserror::Error;

/// Why a posting was not made. The caller's transaction must not commit.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// Its debits and credits differ, or it has fewer than two entries.
    #[error("the posting `{0}` does not balance")]
    Unbalanced(String),
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}
