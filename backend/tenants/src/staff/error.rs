use marquee_core::db::DbError;
use marquee_core::problem::FieldError;
use thiserror::Error;

/// Why somebody is not signed in.
#[derive(Debug, Error)]
pub enum StaffError {
    /// Address, password, token or cookie are not good, or the session is over.
    #[error("not signed in")]
    Unauthorised,
    /// Fields that cannot be.
    #[error("{} fields are not right", .0.len())]
    Invalid(Vec<FieldError>),
    /// Too many attempts for this address or account.
    #[error("too many attempts, again in {retry_after} s")]
    RateLimited {
        /// Seconds until the next may be made.
        retry_after: u32,
    },
    /// Too many passwords are being checked.
    #[error("too many passwords are being checked")]
    Busy,
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A token could not be made.
    #[error("no access token could be made: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
}
