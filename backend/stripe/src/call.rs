//! The calls that are made, by name.

/// One of Stripe's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    CreateIntent,
    ConfirmIntent,
    RetrieveIntent,
    CaptureIntent,
    CancelIntent,
    ListIntents,
    ListCharges,
    CreateRefund,
    RetrieveRefund,
    ListRefunds,
    RetrieveDispute,
    ListDisputes,
    SubmitEvidence,
    ListMovements,
}

impl Call {
    /// Its name, in metrics and crash points: that of the provider's method.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CreateIntent => "create_intent",
            Self::ConfirmIntent => "confirm_intent",
            Self::RetrieveIntent => "retrieve_intent",
            Self::CaptureIntent => "capture_intent",
            Self::CancelIntent => "cancel_intent",
            Self::ListIntents => "list_intents",
            Self::ListCharges => "list_charges",
            Self::CreateRefund => "create_refund",
            Self::RetrieveRefund => "retrieve_refund",
            Self::ListRefunds => "list_refunds",
            Self::RetrieveDispute => "retrieve_dispute",
            Self::ListDisputes => "list_disputes",
            Self::SubmitEvidence => "submit_evidence",
            Self::ListMovements => "list_movements",
        }
    }
}
