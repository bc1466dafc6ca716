//! Orders, payments and tickets.

use crate::text_enum::text_enum;

text_enum! {
    /// Where an order stands, as its buyer sees it.
    OrderStatus {
        /// Waiting to be paid.
        Pending = "pending",
        /// The bank asks the buyer to confirm.
        RequiresAction = "requires_action",
        /// The payment is under way.
        Processing = "processing",
        /// Paid; tickets exist.
        Paid = "paid",
        /// Some of it was paid back.
        PartiallyRefunded = "partially_refunded",
        /// All of it was paid back.
        Refunded = "refunded",
        /// Given up before it was paid.
        Cancelled = "cancelled",
        /// Its time ran out before it was paid.
        Expired = "expired",
    }
}

impl OrderStatus {
    /// May `next` follow?
    pub fn transition(self, next: Self) -> Option<Self> {
        use OrderStatus::{
            Cancelled, Expired, Paid, PartiallyRefunded, Pending, Processing, Refunded, RequiresAction,
        };
        let allowed = matches!(
            (self, next),
            (Pending, Processing | Paid | Cancelled | Expired)
                | (Processing, Pending | RequiresAction | Paid | Cancelled | Expired | Refunded)
                | (RequiresAction, Pending | Processing | Paid | Cancelled | Expired | Refunded)
                // Money that came for seats that were gone goes back.
                | (Cancelled | Expired, Refunded)
                | (Paid, PartiallyRefunded | Refunded)
                // A refund may fail after it was reported done.
                | (PartiallyRefunded, Paid | PartiallyRefunded | Refunded)
                // If it had never been paid, it is as closed as it was, and the money is still here.
                | (Refunded, Paid | PartiallyRefunded | Expired)
        );
        allowed.then_some(next)
    }

    /// Was it paid, whatever was paid back since?
    pub fn is_paid(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }

    /// May it have tickets that are good? One that was refunded has none, and may never have had any: its money came when
    /// its seats were gone, and those are somebody else's.
    pub fn may_have_tickets(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded)
    }
}

text_enum! {
    /// Where the payment of an order stands: what we know of the provider's PaymentIntent.
    PaymentState {
        /// Recorded; the provider may or may not know of it.
        Created = "created",
        /// The confirm call was, or will be, made; its outcome is unknown until read.
        Confirming = "confirming",
        /// The bank asks the buyer to confirm.
        RequiresAction = "requires_action",
        /// Refused; the buyer may try again.
        Declined = "declined",
        /// The amount is reserved on the card; the units are not sold yet.
        Authorised = "authorised",
        /// The units are sold; the capture call was, or will be, made.
        Capturing = "capturing",
        /// The money is ours.
        Captured = "captured",
        /// To be cancelled at the provider before the units are freed.
        Cancelling = "cancelling",
        /// Cancelled: nothing was or will be charged.
        Cancelled = "cancelled",
    }
}

impl PaymentState {
    /// May `next` follow? Money only moves forward: nothing leads out of `Captured` or `Cancelled`.
    pub fn transition(self, next: Self) -> Option<Self> {
        use PaymentState::{
            Authorised, Cancelled, Cancelling, Captured, Capturing, Confirming, Created, Declined,
            RequiresAction,
        };
        let allowed = matches!(
            (self, next),
            (Created, Confirming | Cancelling | Cancelled)
                | (Confirming, RequiresAction | Declined | Authorised | Captured | Cancelling | Cancelled)
                | (RequiresAction, Confirming | Declined | Authorised | Captured | Cancelling | Cancelled)
                | (Declined, Confirming | Cancelling | Cancelled)
                | (Authorised, Capturing | Cancelling)
                | (Capturing, Captured | Cancelling)
                | (Cancelling, Cancelled | Authorised | Captured)
        );
        allowed.then_some(next)
    }
}

text_enum! {
    /// Where a ticket stands.
    TicketStatus {
        /// Good for one admission.
        Valid = "valid",
        /// Its holder was let in.
        Used = "used",
        /// Withdrawn.
        Void = "void",
    }
}
