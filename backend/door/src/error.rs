use marquee_core::db::DbError;
use marquee_core::problem::FieldError;
use thiserror::Error;

/// What the door may answer instead.
#[derive(Debug, Error)]
pub enum DoorError {
    /// The code or the token is wrong, used up, run out or withdrawn.
    #[error("no such code or device")]
    Unauthorised,
    /// The tenant has no such performance, or it is not the device's.
    #[error("no such performance")]
    UnknownPerformance,
    /// Fields that cannot be.
    #[error("{} fields are not right", .0.len())]
    Invalid(Vec<FieldError>),
    /// The database said no.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl DoorError {
    /// One field that cannot be.
    pub(crate) fn field(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.into(), code, detail: detail.into() }])
    }
}
