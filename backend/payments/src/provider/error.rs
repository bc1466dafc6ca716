//! The ways in which a call may fail.

use thiserror::Error;

/// How a call to a provider may fail.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// The bank said no. Nothing was charged.
    #[error("declined: {decline_code}")]
    Declined {
        /// Stable code of the reason.
        decline_code: String,
        /// A sentence for the buyer.
        message: String,
        /// The provider's fingerprint of the card: the same for the same card, and no card number.
        fingerprint: Option<String>,
    },
    /// The call surely had no effect.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It may have had its effect or not: time-out, broken connection, an error on the provider's side.
    #[error("outcome unknown: {0}")]
    Unknown(String),
    /// As [`Self::Unknown`], and asking again under its key will never tell: the call is over, and what the provider keeps as
    /// its answer, and gave again, is an error on its side.
    #[error("outcome unknown, and the provider keeps no answer: {0}")]
    Unanswered(String),
}

/// Why a call surely had no effect.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It never reached the provider.
    #[error("the provider is out of reach: {0}")]
    Unreachable(String),
    /// The provider had no time for it.
    #[error("the provider is busy: {0}")]
    Busy(String),
    /// The provider does not accept it.
    #[error("the provider refuses it: {code}: {message}")]
    Invalid {
        /// Stable code.
        code: String,
        /// The parameter at fault.
        param: Option<String>,
        /// A sentence for logs.
        message: String,
    },
}

impl ProviderError {
    /// Is the parameter `name` what the provider did not accept?
    pub fn is_about(&self, name: &str) -> bool {
        matches!(self, Self::Refused(Refusal::Invalid { param: Some(param), .. }) if param == name)
    }

    /// May it have had its effect or not?
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::Unanswered(_))
    }

    /// Did the provider or the bank decide against it?
    pub fn is_definite(&self) -> bool {
        matches!(self, Self::Declined { .. } | Self::Refused(Refusal::Invalid { .. }))
    }

    /// Did the call never get through to a decision?
    pub fn never_arrived(&self) -> bool {
        matches!(self, Self::Refused(Refusal::Unreachable(_) | Refusal::Busy(_)))
    }
}
