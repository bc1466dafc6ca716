use marquee_core::db::DbError;
use thiserror::Error;

use crate::ProviderError;
use crate::ledger::LedgerError;

/// Why an account was not read or compared.
#[derive(Debug, Error)]
pub enum ReconcileError {
    /// Somebody else took the account's lease meanwhile.
    #[error("another process reads the account")]
    Overtaken,
    /// The provider could not be asked.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// A fee could not be posted.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}
