use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

use crate::problem::{Code, Problem};

/// What a statement may meet. Decided by SQLSTATE: names of constraints differ on a distributed database.
#[derive(Debug, Error)]
pub enum DbError {
    /// No connection could be had, it broke, or the server cannot serve just now: the outcome of what was under way is unknown.
    #[error("the database is out of reach: {0}")]
    Unavailable(String),
    /// A unique key or constraint said no (SQLSTATE 23505, 23P01).
    #[error("refused by the unique key `{0}`")]
    Unique(String),
    /// Another transaction was in the way (40001, 40P01, 55P03): nothing happened, the same again may work.
    #[error("another transaction was in the way")]
    Contention,
    /// A row that the caller takes for granted is not there.
    #[error("no such row")]
    NoRow,
    /// Anything else is a defect.
    #[error("{0}")]
    Other(Box<DbErr>),
}

impl DbError {
    pub(super) fn from_sqlx(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some("23505" | "23P01") => Self::Unique(database.constraint().unwrap_or_default().to_owned()),
                Some("40001" | "40P01" | "55P03") => Self::Contention,
                Some(code) if is_away(code) => Self::Unavailable(database.message().to_owned()),
                _ => Self::Other(Box::new(DbErr::Custom(error.to_string()))),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(error.to_string()),
            _ => Self::Other(Box::new(DbErr::Custom(error.to_string()))),
        }
    }

    /// No connection could be made or had, whatever the reason: the server's refusal too is no fault of a statement.
    pub(super) fn no_connection(error: sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }

    /// Is it worth trying again at once?
    pub fn is_contention(&self) -> bool {
        matches!(self, Self::Contention)
    }
}

/// Does this SQLSTATE say that the server cannot serve just now, whatever it is asked? It stops or starts (57P, 57014), the
/// connection is lost (08) or was closed because its transaction rested too long (25P03), it only reads because another one has
/// taken its place (25006), or it lacks memory, disk or connections (53).
fn is_away(code: &str) -> bool {
    ["57P", "08", "53"].iter().any(|class| code.starts_with(class))
        || matches!(code, "57014" | "25P03" | "25006")
}

impl From<DbErr> for DbError {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(inner))
            | DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => match std::sync::Arc::try_unwrap(inner) {
                Ok(inner) => Self::from_sqlx(inner),
                Err(shared) => Self::Unavailable(shared.to_string()),
            },
            DbErr::ConnectionAcquire(reason) => Self::Unavailable(reason.to_string()),
            other => Self::Other(Box::new(other)),
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(reason) => {
                tracing::warn!(reason, "the database is out of reach");
                Problem::new(Code::Unavailable)
            }
            DbError::Contention => Problem::new(Code::Overloaded),
            DbError::Unique(_) | DbError::NoRow | DbError::Other(_) => {
                tracing::error!(%error, "a statement failed");
                Problem::new(Code::Internal)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_cannot_serve_is_away() {
        for code in ["25P03", "25006", "53100", "53200", "53300", "57P01", "57014", "08006"] {
            assert!(is_away(code), "{code}");
        }
        for code in ["23505", "40001", "42601", "25P02", "22003", "55P03"] {
            assert!(!is_away(code), "{code}");
        }
    }
}
