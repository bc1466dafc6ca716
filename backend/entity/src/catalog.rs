//! What is on sale.

use crate::text_enum::text_enum;

text_enum! {
    /// Where a performance stands, as fans see it. Derived, never stored.
    PerformanceState {
        /// Its sale has not begun.
        Scheduled = "scheduled",
        /// Tickets can be had.
        OnSale = "on_sale",
        /// None are left.
        SoldOut = "sold_out",
        /// It is over, or its sale is.
        Ended = "ended",
        /// It will not take place.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// How units are claimed.
    Strategy {
        /// SELECT … FOR UPDATE, then decide.
        RowLock = "row_lock",
        /// One conditional update; free, or held and expired at the write.
        Ttl = "ttl",
        /// Any free unit of a price level, skipping those that others are reaching for.
        SkipLocked = "skip_locked",
        /// Held in Redis, written on payment.
        Redis = "redis",
    }
}
