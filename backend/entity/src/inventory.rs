//! Units and holds.

use crate::text_enum::text_enum;

text_enum! {
    /// Where a unit stands.
    UnitState {
        /// Anybody may have it.
        Free = "free",
        /// Kept for a buyer until it expires.
        Held = "held",
        /// Being paid for: no claim and no sweep touches it.
        Confirming = "confirming",
        /// Somebody owns it.
        Sold = "sold",
        /// Not for sale.
        Blocked = "blocked",
    }
}

text_enum! {
    /// Where a hold stands.
    HoldState {
        /// Its units wait for the buyer.
        Active = "active",
        /// Its units are being paid for.
        Confirming = "confirming",
        /// Its units are sold.
        Completed = "completed",
        /// The buyer gave it back.
        Released = "released",
        /// Its time ran out.
        Expired = "expired",
    }
}

impl HoldState {
    /// May `next` follow?
    pub fn transition(self, next: Self) -> Option<Self> {
        use HoldState::{Active, Completed, Confirming, Expired, Released};
        let allowed = matches!(
            (self, next),
            (Active, Confirming | Released | Expired)
                | (Confirming, Active | Completed | Released | Expired)
                | (Completed, Released)
        );
        allowed.then_some(next)
    }
}

impl UnitState {
    /// May `next` follow?
    pub fn transition(self, next: Self) -> Option<Self> {
        use UnitState::{Blocked, Confirming, Free, Held, Sold};
        let allowed = matches!(
            (self, next),
            (Free, Held | Blocked)
                | (Held, Held | Confirming | Free)
                | (Confirming, Held | Sold | Free)
                | (Sold | Blocked, Free)
        );
        allowed.then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_paid_for_cannot_be_claimed() {
        assert!(UnitState::Sold.transition(UnitState::Held).is_none());
        assert!(UnitState::Free.transition(UnitState::Sold).is_none());
        assert!(HoldState::Expired.transition(HoldState::Confirming).is_none());
        assert!(HoldState::Completed.transition(HoldState::Active).is_none());
    }
}
