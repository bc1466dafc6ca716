//! A call of the API, after its headers have been understood.

use super::errors::ApiError;
use super::form::Params;

/// Which key the caller showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// The platform's own servers.
    Secret,
    /// A browser.
    Publishable,
}

/// A call of the API.
#[derive(Debug, Clone)]
pub struct Call {
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// The path, with `/v1`.
    pub path: String,
    /// Query and body.
    pub params: Params,
    /// Which key the caller showed.
    pub key: KeyKind,
}

impl Call {
    /// The path's segments after `/v1`.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).skip(1).collect()
    }

    /// Refuses a browser.
    ///
    /// # Errors
    /// 403 `secret_key_required`.
    pub fn secret_only(&self) -> Result<(), ApiError> {
        match self.key {
            KeyKind::Secret => Ok(()),
            KeyKind::Publishable => Err(ApiError::forbidden(
                "secret_key_required",
                "This API call cannot be made with a publishable API key. Please use a secret API key.",
            )),
        }
    }
}
