//! The catalog's errors as people and programs meet them.

use marquee_core::problem::{Code, Problem};

use crate::CatalogError;

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            // Whoever reads has told it once already.
            CatalogError::Unavailable(_) => Code::Unavailable.into(),
            CatalogError::Unreadable(_) => {
                tracing::error!(%error, "the catalog cannot be read");
                Code::Internal.into()
            }
        }
    }
}
