use thiserror::Error;

/// Why a text is no ticket code of this tenant. At the door each of them reads `fake`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Another length or alphabet, or a version that is not known.
    #[error("not a ticket code")]
    Malformed,
    /// Signed with a key that the tenant does not have.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// The signature does not fit what the code says.
    #[error("the signature does not fit")]
    Forged,
}
