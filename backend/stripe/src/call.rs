//! The calls that are made, by name and urgency.

use marquee_payments::Priority;

/// One of Stripe's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    CreateIntent,
    ConfirmIntent,
    RetrieveIntent,
    CaptureIntent,
    CancelIntent,
    ListIntents,
    RetrieveCharge,
    ListCharges,
    CreateRefund,
    RetrieveRefund,
    ListRefunds,
    RetrieveDispute,
    ListDisputes,
    SubmitEvidence,
    ListMovements,
    CardOf,
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
            Self::RetrieveCharge => "retrieve_charge",
            Self::ListCharges => "list_charges",
            Self::CreateRefund => "create_refund",
            Self::RetrieveRefund => "retrieve_refund",
            Self::ListRefunds => "list_refunds",
            Self::RetrieveDispute => "retrieve_dispute",
            Self::ListDisputes => "list_disputes",
            Self::SubmitEvidence => "submit_evidence",
            Self::ListMovements => "list_movements",
            Self::CardOf => "card_of",
        }
    }

    /// How urgent it is.
    pub(crate) fn priority(self) -> Priority {
        match self {
            Self::ConfirmIntent => Priority::Confirm,
            Self::CreateIntent | Self::CardOf => Priority::Create,
            Self::CaptureIntent => Priority::Capture,
            Self::CancelIntent => Priority::Cancel,
            Self::CreateRefund | Self::SubmitEvidence => Priority::Refund,
            Self::RetrieveIntent
            | Self::RetrieveCharge
            | Self::RetrieveRefund
            | Self::RetrieveDispute
            | Self::ListCharges => Priority::Refetch,
            // Each event about a refund leads to two of these: a cancelled show must not keep buyers waiting who come back from
            // their banks.
            Self::ListRefunds | Self::ListDisputes | Self::ListIntents | Self::ListMovements => {
                Priority::Report
            }
        }
    }
}
