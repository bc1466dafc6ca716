//! Refunds, disputes and the ledger.

use crate::text_enum::text_enum;

text_enum! {
    /// Where a refund stands.
    RefundState {
        /// Promised here; the provider may or may not know of it.
        Requested = "requested",
        /// The provider has it and is not done.
        Pending = "pending",
        /// The money is on its way back to the buyer.
        Succeeded = "succeeded",
        /// It could not be paid back that way.
        Failed = "failed",
    }
}

impl RefundState {
    /// May `next` follow? A refund that succeeded may still fail later: the buyer's bank sends it back.
    pub fn transition(self, next: Self) -> Option<Self> {
        use RefundState::{Failed, Pending, Requested, Succeeded};
        let allowed = matches!(
            (self, next),
            (Requested, Pending | Succeeded | Failed) | (Pending, Succeeded | Failed) | (Succeeded, Failed)
        );
        allowed.then_some(next)
    }
}

text_enum! {
    /// Why money goes back.
    RefundReason {
        /// Somebody on the staff decided so.
        Requested = "requested",
        /// The payment came in when its seats were gone.
        SeatLost = "seat_lost",
        /// The performance was cancelled.
        Cancelled = "cancelled",
        /// The performance was postponed and the buyer does not keep the tickets.
        Postponed = "postponed",
        /// Made at the provider by hand.
        Provider = "provider",
    }
}

text_enum! {
    /// What became of a performance's date.
    ChangeKind {
        /// It does not take place.
        Cancelled = "cancelled",
        /// It takes place at another time.
        Postponed = "postponed",
    }
}

text_enum! {
    /// What a buyer wants of a postponed performance's tickets.
    PostponementChoice {
        /// Keep them for the new date.
        Keep = "keep",
        /// Have the money back.
        Return = "return",
    }
}

text_enum! {
    /// How a dispute ended.
    DisputeOutcome {
        /// The money came back.
        Won = "won",
        /// The buyer keeps it.
        Lost = "lost",
        /// It was an inquiry alone, and no money moved.
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// What an account of the ledger is for.
    AccountKind {
        /// What the provider owes and does not pay out yet.
        StripePending = "stripe_pending",
        /// What the provider would pay out now.
        StripeAvailable = "stripe_available",
        /// Sales whose shares are not decided.
        UnallocatedSales = "unallocated_sales",
        /// What a recipient is owed.
        Payable = "payable",
        /// The platform's fees.
        PlatformFeeRevenue = "platform_fee_revenue",
        /// What the provider keeps.
        ProcessingFeeExpense = "processing_fee_expense",
        /// Kept back from a recipient.
        Reserve = "reserve",
        /// Promised to buyers.
        RefundsPayable = "refunds_payable",
        /// What a recipient owes.
        RecipientReceivable = "recipient_receivable",
        /// Lost to disputes.
        DisputeLoss = "dispute_loss",
        /// On its way to recipients' banks.
        PayoutsInTransit = "payouts_in_transit",
    }
}

impl AccountKind {
    /// The side on which the account grows.
    pub fn normal_side(self) -> Direction {
        match self {
            Self::StripePending
            | Self::StripeAvailable
            | Self::ProcessingFeeExpense
            | Self::RecipientReceivable
            | Self::DisputeLoss
            | Self::PayoutsInTransit => Direction::Debit,
            Self::UnallocatedSales
            | Self::Payable
            | Self::PlatformFeeRevenue
            | Self::Reserve
            | Self::RefundsPayable => Direction::Credit,
        }
    }
}

text_enum! {
    /// A side of an account.
    Direction {
        /// Left.
        Debit = "debit",
        /// Right.
        Credit = "credit",
    }
}

text_enum! {
    /// What a transaction of the ledger records: one for each transition at the provider.
    PostingKind {
        /// Money was taken from a buyer.
        Capture = "capture",
        /// What the provider kept of it.
        ProcessingFee = "processing_fee",
        /// Money went back to a buyer.
        Refund = "refund",
        /// Money that went back was returned to us.
        RefundFailed = "refund_failed",
        /// A buyer's bank took money back.
        DisputeOpened = "dispute_opened",
        /// How that ended.
        DisputeClosed = "dispute_closed",
        /// Staff put something right.
        Correction = "correction",
    }
}
